"""What the pool of reading children tells whoever watches it: figures and incidents, no content."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["CAUSES", "INCIDENTS", "NobodyWatches", "Reading", "ReadingWatch"]

INCIDENTS = ("timeout", "memory", "crashed", "lied")
"""Why a file may cost a child."""
CAUSES = (*INCIDENTS, "worn", "idle", "gone", "closed")
"""Why children end; `gone` is one that ended while it had nothing to do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of one file went.

    Attributes:
        sha256, size: of the file, by our own count.
        outcome: `read`, or the fault as in `FileFacts.fault`.
        incident: the file has cost a child: one of `INCIDENTS`; or "".
        detail: what the service saw of the child's end; nothing of the file.
        waited: seconds until a child was free.
        seconds: with the child.
    """

    sha256: str
    size: int
    outcome: str
    incident: str
    detail: str
    waited: float
    seconds: float


class ReadingWatch(Protocol):
    """Is told from several threads."""

    def started(self, measures: tuple[str, ...]) -> None:
        """A child has come up, with these measures in force."""
        ...

    def ended(self, cause: str) -> None:
        """A child has gone, for one of `CAUSES`."""
        ...

    def read(self, reading: Reading) -> None:
        """A file has been answered for."""
        ...


class NobodyWatches:
    """For readers of a moment: the command line, the doctor."""

    def started(self, measures: tuple[str, ...]) -> None:
        """Nothing."""

    def ended(self, cause: str) -> None:
        """Nothing."""

    def read(self, reading: Reading) -> None:
        """Nothing."""
