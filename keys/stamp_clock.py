"""The clock of the timestamp authority: it tells the time, or why it cannot be believed.

ETSI EN 319 421 section 7.7.2 wants a clock that is kept within the accuracy stated, and no token
once it is known not to be. A machine cannot know the right time by itself; it does know when its
clock was set: against the last token, against the counter that nobody can set, and by the kernel's
own word. That is what is asked here, at every token.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from certlib.clock_errors import ClockNotTrusted, jumped, set_back, unsynchronised
from certlib.ports import Clock
from keys.clock_mark import ClockMark, MarkFile

__all__ = ["ACCURACY", "ClockStanding", "FollowedClock", "Machine", "StampClock"]

ACCURACY: Final = 1
"""Seconds by which genTime may be off: half for rounding to a second, half for the clock."""

_SECOND: Final = 1_000_000_000
_TOLERANCE: Final = _SECOND // 2
_LOOK: Final = _SECOND
_KEEP: Final = 5 * _SECOND
_SETTLED: Final = 60 * _SECOND


class Machine(Protocol):
    """What a machine knows of time."""

    def wall(self) -> int:
        """Nanoseconds since 1970 in UTC, by the clock that people and time sources set."""
        ...

    def steady(self) -> int:
        """Nanoseconds by the counter that nobody can set; sleep counts."""
        ...

    def boot(self) -> str:
        """Names this run of the kernel; "" where nobody knows."""
        ...

    def synchronised(self) -> bool | None:
        """Whether a time source keeps the clock, by the kernel's word; None: it does not say."""
        ...


class FollowedClock:
    """A machine that knows nothing but a `Clock`: no jump can be told from passing time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wall(self) -> int:
        """By the clock."""
        return int(self._clock.now().timestamp()) * _SECOND

    def steady(self) -> int:
        """By the clock, too."""
        return self.wall()

    def boot(self) -> str:
        """Nobody knows."""
        return ""

    def synchronised(self) -> bool | None:
        """Nobody says."""
        return None


@dataclass(frozen=True, slots=True)
class ClockStanding:
    """How it is with the clock.

    Attributes:
        problem: why nothing is stamped, None when the clock is believed.
        synchronised: the kernel's word; None where it does not say.
        jump: seconds by which the clock was set since it was last believed.
        behind: seconds by which it stands before the last token on record; 0.0 when after.
    """

    problem: ClockNotTrusted | None
    synchronised: bool | None
    jump: float
    behind: float


class StampClock:
    """`certlib.ports.Clock` for tokens. Threads and processes share what is known of the clock.

    A jump stands until the clock is back where it was, until the kernel has said for a minute that
    a time source keeps it as it is now, or until an operator accepts it. A clock that was set back
    waits for the last token's time, or for an operator.
    """

    def __init__(self, machine: Machine, marks: MarkFile, *, required: bool = False) -> None:
        """Nothing is read yet.

        Args:
            machine: its clocks.
            marks: what is kept of the clock.
            required: nothing is stamped while the kernel says that nobody keeps the clock.
        """
        self._machine = machine
        self._marks = marks
        self._required = required
        self._lock = threading.Lock()
        self._mark: ClockMark | None = None
        self._offset = 0
        self._last = 0
        self._look_at = -1
        self._moved: tuple[int, int] | None = None

    def now(self) -> datetime:
        """Aware UTC, the nearest whole second; never before an earlier answer.

        Raises:
            ClockNotTrusted: the clock cannot be believed.
            SigningUnavailable: what is kept of it cannot be read or written.
        """
        with self._lock:
            wall, steady = self._machine.wall(), self._machine.steady()
            if (
                steady >= self._look_at
                or abs(wall - steady - self._offset) > _TOLERANCE
                or wall + _TOLERANCE < self._last
            ):
                self._look(wall, steady)
            self._last = wall = max(self._last, wall)
        return datetime.fromtimestamp((wall + _TOLERANCE) // _SECOND, UTC)

    def standing(self) -> ClockStanding:
        """How it is now; nothing is written.

        Raises:
            SigningUnavailable: what is kept cannot be read.
        """
        with self._lock:
            wall, steady = self._machine.wall(), self._machine.steady()
            try:
                mark = self._kept(wall, steady)
            except ClockNotTrusted as error:
                return ClockStanding(error, self._machine.synchronised(), 0.0, 0.0)
            problem, synchronised = self._problem(mark, wall, steady)
            jump, behind = wall - steady - mark.offset, max(mark.last, self._last) - wall
        return ClockStanding(problem, synchronised, jump / _SECOND, max(0, behind) / _SECOND)

    def accept(self) -> ClockStanding:
        """An operator has looked: from now on the clock as it stands is believed.

        Returns:
            How it was before.

        Raises:
            SigningUnavailable: the folder cannot be written.
        """
        before = self.standing()
        wall, steady = self._machine.wall(), self._machine.steady()
        self._marks.accept(ClockMark(self._machine.boot(), wall - steady, wall, wall))
        return before

    def _look(self, wall: int, steady: int) -> None:
        """Compares with what is kept, and keeps how it is now."""
        self._look_at = -1  # whatever goes wrong below, the next token looks again
        mark = self._kept(wall, steady)
        problem, synchronised = self._problem(mark, wall, steady)
        if problem is not None and not self._has_settled(problem, synchronised, wall, steady):
            raise problem
        self._moved = None
        self._keep(mark, wall, steady)

    def _kept(self, wall: int, steady: int) -> ClockMark:
        """The mark that counts for this run of the kernel; a new one where there is none."""
        kept, boot = self._marks.read(), self._machine.boot()
        own = self._mark
        if kept is not None and own is not None and kept.accepted != own.accepted:
            self._last = kept.last  # an operator has spoken: what we remember is void
        if kept is None:
            kept = ClockMark(boot, wall - steady, 0)
        elif kept.boot != boot or not boot:
            # Another run of the kernel, or none that has a name: our own memory is all there is.
            offset = own.offset if own is not None else wall - steady
            kept = ClockMark(boot, offset, kept.last, kept.accepted)
        self._mark = kept
        return kept

    def _problem(
        self, mark: ClockMark, wall: int, steady: int
    ) -> tuple[ClockNotTrusted | None, bool | None]:
        synchronised = self._machine.synchronised()
        behind, jump = max(mark.last, self._last) - wall, wall - steady - mark.offset
        if behind > _TOLERANCE:
            return set_back(behind / _SECOND), synchronised
        if abs(jump) > _TOLERANCE:
            return jumped(jump / _SECOND), synchronised
        if self._required and synchronised is False:
            return unsynchronised(), synchronised
        return None, synchronised

    def _has_settled(
        self, problem: ClockNotTrusted, synchronised: bool | None, wall: int, steady: int
    ) -> bool:
        """Whether a time source has set the clock, and has kept it there for a minute."""
        offset = wall - steady
        moved = self._moved
        if moved is None or abs(moved[0] - offset) > _TOLERANCE or synchronised is not True:
            self._moved = offset, steady
            return False
        return problem.values["reason"] == "jumped" and steady - moved[1] >= _SETTLED

    def _keep(self, mark: ClockMark, wall: int, steady: int) -> None:
        offset = wall - steady
        if abs(offset - mark.offset) <= _TOLERANCE:
            offset = mark.offset  # what is kept stands: small steps must not add up unseen
        now = ClockMark(mark.boot, offset, wall, mark.accepted)
        if offset != mark.offset or wall - mark.last >= _KEEP:
            if not self._marks.write(now):
                return  # an operator spoke just now: the next token looks again
            self._mark = now
        self._offset, self._look_at = offset, steady + _LOOK
