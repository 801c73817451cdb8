"""Locks on files: what was published and is not locked yet in a store that locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LockDue:
    """A published file that waits for its lock.

    Attributes:
        since: when it was stored; its lock is counted from there, whoever sets it when.
    """

    object_name: str
    since: datetime


class LockReads(Protocol):
    """What is asked about locks."""

    def locks_due(self, limit: int) -> Sequence[LockDue]:
        """Files that wait, those that failed least often first, then oldest first."""
        ...


class LockWrites(Protocol):
    """What is kept about locks."""

    def locks_done(self, object_names: Iterable[str]) -> None:
        """These wait no longer."""
        ...

    def lock_everything(self) -> None:
        """Lets every file and every kept batch wait for its lock: a restored bucket has none."""
        ...

    def lock_failed(self, object_name: str) -> None:
        """Counts an attempt that failed: the others come first next time."""
        ...
