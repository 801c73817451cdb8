"""Keep sealed batches in the object store too: whoever rewrites the database cannot rewrite those.

A batch's row is committed first, its object is put right after. So a name in the store always had
its row before, and a crash between the two leaves a row whose object the next round puts: the same
octets, whoever puts them. A name in the store that the database knows nothing of, or knows
otherwise, has no such innocent cause: history was set back or written anew, and nothing of it is
sealed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from certlib.history_errors import HistoryRolledBack
from certlib.ports import BatchStore
from certlib.registry import Registry, SealedBatch
from certlib.registry.seals import batch_name, batch_number

Lock = Callable[[str, datetime], None]
"""Locks an object until then; again is no error, and never shortens a lock."""


class KeepBatches:
    """Keeps batches in the object store and holds the database against them.

    Args:
        registry: the record.
        objects: where they are kept.
        lock: of a store that can; None where it cannot.
        days: how long a batch is locked, from its seal on.

    Attributes:
        contradicted: what stands against the database, "" while nothing does.
    """

    def __init__(
        self, registry: Registry, objects: BatchStore, lock: Lock | None = None, days: int = 0
    ) -> None:
        self._registry = registry
        self._objects = objects
        self._lock = lock
        self._span = timedelta(days=days)
        self._walked = False
        self._settled = False
        self._highest = 0
        self.contradicted = ""

    @property
    def settled(self) -> bool:
        """Whether every batch was seen in the store since this process began."""
        return self._settled

    def hold(self) -> None:
        """Puts what is missing; then the database has all batches that are kept, and no other.

        Raises:
            HistoryRolledBack: it has not. Nothing may be sealed.
            Corrupt: a kept batch does not decrypt or is damaged.
            StoreUnavailable: registry or store does not answer.
        """
        self._settled = False
        try:
            self._hold()
        except HistoryRolledBack as error:
            self.contradicted = str(error.values["what"])
            raise
        self.contradicted = ""
        self._settled = True

    def put(self, batch: SealedBatch) -> None:
        """Keeps a batch whose row is committed.

        Raises:
            HistoryRolledBack: another batch is kept under its number.
            Corrupt, StoreUnavailable: as the store raises them; `hold` tries again.
        """
        self._settled = False
        self._put(batch)
        self._highest = max(self._highest, batch.header.number)
        self._settled = True

    def _hold(self) -> None:
        last = self._last()
        number = 0 if last is None else last.header.number
        if number < self._highest:  # this process has seen more, whatever the store says now
            raise HistoryRolledBack(what=f"batch {self._highest}")
        self._highest = number
        if not self._walked:
            self._walk(number)
        if last is not None:
            self._put(last)
        beyond = number + 1
        if self._objects.get(batch_name(beyond)) is not None:
            self._need(beyond)
        self._walked = True

    def _walk(self, number: int) -> None:
        """Once in each process: every name, and every batch that has none."""
        kept = {batch_number(name) for name in self._objects.batches()}
        newest = max(kept, default=0)
        if newest > number:
            self._need(newest)
        missing = set(range(1, number + 1)) - kept
        # Of the newest that is there the lock may be missing: whoever put it died then.
        for wanted in sorted(missing | {newest} - {0}):
            with self._registry.read() as session:
                found = session.batches(wanted - 1, 1)
            for batch in found:
                self._put(batch)

    def _need(self, number: int) -> None:
        """A batch that is kept must be on record by now: its row was committed before."""
        last = self._last()
        if last is None or last.header.number < number:
            raise HistoryRolledBack(what=f"batch {number}")

    def _last(self) -> SealedBatch | None:
        with self._registry.read() as session:
            return session.last_batch()

    def _put(self, batch: SealedBatch) -> None:
        name, content = batch_name(batch.header.number), batch.kept()
        kept = self._objects.get(name)
        if kept is None:
            self._objects.put_once(name, content)
        elif kept != content:
            raise HistoryRolledBack(what=f"batch {batch.header.number}")
        if self._lock is not None:
            self._lock(name, batch.header.sealed_at + self._span)
