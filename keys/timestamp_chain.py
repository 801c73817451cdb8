"""Several timestamp authorities in an order: the first that works stamps, within a stated time."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from certlib.errors import CertlibError, KeyUnusable, SigningUnavailable, Unavailable
from keys.breaker import Breaker

__all__ = ["LimitedSource", "NamedSource", "SourceStanding", "TimestampChain"]

_LEAST: Final = 0.05


class LimitedSource(Protocol):
    """An authority that can be given less time than it would take."""

    def token_within(self, imprint: bytes, algorithm: str, seconds: float) -> bytes:
        """As `certlib.ports.TimestampSource.token`, in `seconds` at most."""
        ...


@dataclass(frozen=True, slots=True)
class NamedSource:
    """An authority of the chain.

    Attributes:
        seconds: the longest that one token of it may take.
        outside: asked over a network, so worth asking by the way whether it is back.
    """

    name: str
    source: LimitedSource
    seconds: float
    outside: bool = True


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How it is with one authority.

    Attributes:
        works: whether it is asked at all.
        fault: why the last token of it failed, "" when it did not.
        tokens, failures: since the start.
    """

    name: str
    works: bool
    fault: str
    tokens: int
    failures: int


class TimestampChain:
    """`certlib.ports.TimestampSource` over several; threads share it."""

    def __init__(
        self, sources: Sequence[NamedSource], seconds: float, steady: Callable[[], float]
    ) -> None:
        """Asks `sources` in their order, all of them together for `seconds` at most.

        Args:
            sources: names are unique.
            seconds: bound of one token, whoever fails how.
            steady: seconds by a counter that nobody sets.
        """
        self._sources = tuple(sources)
        self._seconds = seconds
        self._steady = steady
        self._lock = threading.Lock()
        self._breakers = {one.name: Breaker(steady) for one in self._sources}
        self._faults: dict[str, str] = {}
        self._counts: Counter[tuple[str, bool]] = Counter()

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """A token of the first authority that gives one.

        Raises:
            Unsupported: no authority stamps such a digest.
            SigningUnavailable: none of them did in time; `what` names each and why.
        """
        until = self._steady() + self._seconds
        for one in self._sources:
            left = until - self._steady()
            if left < _LEAST:
                break
            if self._breakers[one.name].lets():
                found = self._tried(one, imprint, algorithm, min(left, one.seconds))
                if found is not None:
                    return found
        with self._lock:
            said = "; ".join(f"{name}: {fault}" for name, fault in self._faults.items())
        raise SigningUnavailable(what=f"no timestamp authority answers ({said or 'no time left'})")

    def probe(self, imprint: bytes) -> None:
        """Asks authorities outside that are left alone and may be tried again; never raises.

        So it is the worker, and no request, that waits for one that is still away.
        """
        for one in self._sources:
            breaker = self._breakers[one.name]
            if one.outside and not breaker.closed and breaker.lets():
                self._tried(one, imprint, "sha256", one.seconds)

    def standing(self) -> tuple[SourceStanding, ...]:
        """How it is with each, in order."""
        with self._lock:
            return tuple(
                SourceStanding(
                    one.name,
                    self._breakers[one.name].closed,
                    self._faults.get(one.name, ""),
                    self._counts[one.name, True],
                    self._counts[one.name, False],
                )
                for one in self._sources
            )

    def _tried(
        self, one: NamedSource, imprint: bytes, algorithm: str, seconds: float
    ) -> bytes | None:
        breaker = self._breakers[one.name]
        try:
            token = one.source.token_within(imprint, algorithm, seconds)
        except (Unavailable, KeyUnusable) as error:
            breaker.failed()
            with self._lock:
                self._faults[one.name] = _fault(error)
                self._counts[one.name, False] += 1
            return None
        breaker.succeeded()
        with self._lock:
            self._faults.pop(one.name, None)
            self._counts[one.name, True] += 1
        return token


def _fault(error: CertlibError) -> str:
    """A few words; of a clock that is not believed the stable one."""
    return str(error.values.get("reason") or error.values.get("what", error.code))
