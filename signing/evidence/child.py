"""Reading strangers' files in children that can be killed (architecture.md section 3).

A child has no keys, no network and no temp files; its memory, processor time and the wall time of
one file are limited. It is started at the first question, kept warm, and ended when idle, so an
idle server stays small.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from certlib.evidence import ChangeFacts, ChangeGrade, FileFacts
from certlib.ports import TrustMaterial
from signing.evidence.process import ChildGoneError, ChildLimits, ChildSlowError, ReadingChild
from signing.idle import IdleChildren

__all__ = ["ChildEvidenceReader", "ChildOptions"]


@dataclass(frozen=True, slots=True)
class ChildOptions:
    """Limits of the pool; seconds and bytes.

    Attributes:
        children: how many files are read at once.
        queue_seconds: how long a question waits for a free child before it is `busy`.
        idle_seconds: how long a child without work lives on.
        files: a child is replaced after so many files.
        resident: a child is replaced when it has needed more memory than this.
    """

    children: int = 2
    queue_seconds: float = 2.0
    idle_seconds: float = 30.0
    files: int = 500
    resident: int = 300 * 1024 * 1024
    limits: ChildLimits = field(default_factory=ChildLimits)


class ChildEvidenceReader:
    """`certlib.ports.EvidenceReader` for files of strangers. Threads may share one.

    Never raises on hostile input: a child that takes too long is killed (`timeout`), one that dies
    is replaced (`crashed`, `memory`), and more questions than children are turned away (`busy`).
    """

    def __init__(
        self, trust: Callable[[], TrustMaterial], options: ChildOptions | None = None
    ) -> None:
        """Reads with what `trust` answers at each question; starts nothing yet."""
        self._trust = trust
        self._options = options or ChildOptions()
        self._places = threading.BoundedSemaphore(self._options.children)
        self._idle: IdleChildren[ReadingChild] = IdleChildren(self._options.idle_seconds)

    def read(self, pdf: bytes) -> FileFacts:
        """Facts of `pdf`."""
        started = time.perf_counter()
        facts = self._answer(pdf)
        return replace(
            facts,
            # What the child says of itself is not believed where we know it ourselves.
            sha256=hashlib.sha256(pdf).hexdigest(),
            size=len(pdf),
            milliseconds=round((time.perf_counter() - started) * 1000, 3),
        )

    def warm(self) -> None:
        """Starts one child ahead of the first question.

        Raises:
            OSError: no process can be started.
        """
        if not self._idle.waiting:
            self._idle.keep(ReadingChild(self._options.limits))

    def close(self) -> None:
        """Ends every child; the reader answers `busy` from now on."""
        self._idle.close()

    def _answer(self, pdf: bytes) -> FileFacts:
        if not pdf or len(pdf) > self._options.limits.most:
            return _fault("too-large" if pdf else "empty")
        if self._idle.closed or not self._places.acquire(timeout=self._options.queue_seconds):
            return _fault("busy")
        try:
            return self._asked(pdf)
        except ChildSlowError:
            return _fault("timeout")
        except ChildGoneError as error:
            return _fault(error.fault, str(error))
        except OSError as error:
            return _fault("crashed", type(error).__name__)
        finally:
            self._places.release()

    def _asked(self, pdf: bytes) -> FileFacts:
        trust = self._trust()
        child = self._idle.take()
        if child is not None:
            try:
                return self._with(child, pdf, trust)
            except ChildGoneError as error:
                # It ended by itself while idle; it has not seen this file.
                if error.code != 0:
                    raise
        return self._with(ReadingChild(self._options.limits), pdf, trust)

    def _with(self, child: ReadingChild, pdf: bytes, trust: TrustMaterial) -> FileFacts:
        try:
            facts = child.read(pdf, trust)
        except BaseException:
            child.kill()
            raise
        worn = child.files >= self._options.files or child.memory > self._options.resident
        if worn or facts.fault in ("memory", "crashed"):
            child.end()
        else:
            self._idle.keep(child)
        return facts


def _fault(fault: str, detail: str = "") -> FileFacts:
    return FileFacts(
        sha256="",
        size=0,
        readable=False,
        fault=fault,
        fault_detail=detail,
        changes=ChangeFacts(ChangeGrade.UNEXPLAINED),
    )
