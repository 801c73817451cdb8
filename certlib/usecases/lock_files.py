"""Lock: what is published can be taken away or replaced by nobody, for as long as is set.

Not before publication: what a burned intent left must still be removable (INV-1). Which files
wait for their lock is written in the transaction that publishes them, so none is forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from certlib.errors import CertlibError
from certlib.registry import Registry

_MOST_FAILURES = 3
"""In one round: the store is down, and asking for the rest would only take time."""


class LockingStore(Protocol):
    """An object store that can lock what it keeps."""

    def retain(self, name: str, until: datetime) -> None:
        """Locks an object until then; again is no error.

        Raises:
            StoreUnavailable: the store does not answer, or does not lock.
        """
        ...


@dataclass(frozen=True, slots=True)
class Locked:
    """What one round did: numbers of files."""

    locked: int = 0
    failed: int = 0


class LockFiles:
    """Locks published files."""

    def __init__(self, registry: Registry, objects: LockingStore, days: int) -> None:
        self._registry = registry
        self._objects = objects
        self._span = timedelta(days=days)

    def run(self, limit: int = 200) -> Locked:
        """One round over at most `limit` files. Several processes may do this at once.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._registry.read() as session:
            due = session.locks_due(limit)
        done, failed = [], []
        for item in due:
            try:
                self._objects.retain(item.object_name, item.since + self._span)
            except CertlibError:
                failed.append(item.object_name)
                if len(failed) == _MOST_FAILURES:
                    break
            else:
                done.append(item.object_name)
        if due:
            with self._registry.begin() as uow:
                uow.locks_done(done)
                for name in failed:
                    uow.lock_failed(name)
                uow.commit()
        return Locked(len(done), len(failed))
