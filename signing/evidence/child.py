"""Reading strangers' files in children that can be killed (architecture.md section 3).

A child has no keys, no network, no files but its own code; its memory, its processor time and the
wall time of one file are limited. A service keeps all of them warm; elsewhere one is started at the
first question and ended when idle.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from certlib.evidence import ChangeFacts, ChangeGrade, FileFacts
from certlib.ports import TrustMaterial
from signing.evidence.pool import ChildOptions, ChildPool, PoolBusyError
from signing.evidence.process import ChildGoneError, ChildSlowError, ReadingChild
from signing.evidence.watching import NobodyWatches, Reading, ReadingWatch

__all__ = ["ChildEvidenceReader", "ChildOptions"]

_SMALLEST = b"%PDF-1.7\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of one file: facts, what it cost, how long."""

    facts: FileFacts
    incident: str = ""
    waited: float = 0.0


class ChildEvidenceReader:
    """`certlib.ports.EvidenceReader` for files of strangers. Threads may share one.

    Never raises on hostile input: a child that takes too long is killed (`timeout`), one that dies
    is replaced (`crashed`, `memory`), one that says what no child says is killed (`crashed`), and
    more questions than children are turned away (`busy`).
    """

    def __init__(
        self,
        trust: Callable[[], TrustMaterial],
        options: ChildOptions | None = None,
        watch: ReadingWatch | None = None,
    ) -> None:
        """Reads with what `trust` answers at each question; starts nothing yet."""
        self._trust = trust
        self._options = options or ChildOptions()
        self._watch = watch or NobodyWatches()
        self._pool = ChildPool(self._options, self._watch)

    @property
    def alive(self) -> int:
        """How many children there are."""
        return self._pool.alive

    @property
    def measures(self) -> tuple[str, ...]:
        """What protects us from the children that wait now (`signing.evidence.sandbox`)."""
        held = [child.measures for child in self._pool.idle.waiting]
        return tuple(name for name in held[0] if all(name in one for one in held)) if held else ()

    def read(self, pdf: bytes) -> FileFacts:
        """Facts of `pdf`."""
        started = time.perf_counter()
        told = self._told(pdf)
        digest, size = told.facts.sha256 or hashlib.sha256(pdf).hexdigest(), len(pdf)
        seconds = time.perf_counter() - started
        self._watch.read(
            Reading(
                sha256=digest,
                size=size,
                outcome=told.facts.fault or "read",
                incident=told.incident,
                detail=told.facts.fault_detail if told.incident else "",
                waited=told.waited,
                seconds=seconds - told.waited,
            )
        )
        return replace(told.facts, sha256=digest, size=size, milliseconds=round(seconds * 1000, 3))

    def warm(self) -> None:
        """Starts one child ahead of the first question.

        Raises:
            OSError, ChildGoneError, ChildSlowError: no process can be started.
        """
        if not self._pool.idle.waiting:
            self._pool.idle.keep(self._pool.start())

    def keep_warm(self) -> None:
        """From now on all children are started ahead, in the background, and know whom to trust."""
        self._pool.keep_warm(self._prepared)

    def close(self) -> None:
        """Ends every child; the reader answers `busy` from now on."""
        self._pool.close()

    def _prepared(self, child: ReadingChild) -> None:
        child.read(_SMALLEST, self._trust())

    def _told(self, pdf: bytes) -> _Told:
        if not pdf or len(pdf) > self._options.limits.most:
            return _Told(_fault("too-large" if pdf else "empty"))
        trust = self._trust()
        started = time.monotonic()
        deadline = started + self._options.queue_seconds
        while True:
            try:
                child = self._pool.take(deadline)
            except PoolBusyError:
                return _Told(_fault("busy"), "", time.monotonic() - started)
            except (ChildGoneError, ChildSlowError, OSError) as error:
                # It did not come up: the file has nothing to do with it.
                return _Told(_fault("crashed", f"start: {type(error).__name__}"))
            waited = time.monotonic() - started
            try:
                return replace(self._with(child, pdf, trust), waited=waited)
            except ChildGoneError as error:
                if not error.unseen:
                    raise

    def _with(self, child: ReadingChild, pdf: bytes, trust: TrustMaterial) -> _Told:
        """What the child makes of the file; a child that the file has cost is gone afterwards.

        Raises:
            ChildGoneError: it had ended before it saw the file.
        """
        try:
            facts = child.read(pdf, trust)
        except ChildSlowError:
            return self._lost(child, "timeout", "timeout")
        except ChildGoneError as error:
            if error.unseen:
                self._pool.lose(child, "gone")
                raise
            cause = "lied" if error.lied else error.fault
            return self._lost(child, cause, error.fault, str(error))
        except BaseException:
            self._pool.lose(child, "crashed")
            raise
        if facts.fault in ("memory", "crashed"):
            # It caught the fault itself; what it has been through, nobody knows.
            self._pool.lose(child, facts.fault)
            return _Told(facts, facts.fault)
        self._pool.give_back(child)
        return _Told(facts)

    def _lost(self, child: ReadingChild, cause: str, fault: str, detail: str = "") -> _Told:
        self._pool.lose(child, cause)
        return _Told(_fault(fault, detail), cause)


def _fault(fault: str, detail: str = "") -> FileFacts:
    return FileFacts(
        sha256="",
        size=0,
        readable=False,
        fault=fault,
        fault_detail=detail,
        changes=ChangeFacts(ChangeGrade.UNEXPLAINED),
    )
