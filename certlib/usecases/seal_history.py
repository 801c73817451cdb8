"""Seal the history: batches of records under a Merkle root, a signature and a timestamp.

Everything is made before anything is kept, so whatever dies when, there is no batch or a whole
one. Any number of processes may try: a batch's number is its key, and the first one keeps it.
What is sealed is kept outside the database too, and held against it before anything more is sealed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from certlib import merkle
from certlib.canonical import canonical_bytes
from certlib.errors import Conflict, Corrupt
from certlib.ports import Clock, KeyHandle, TimestampSource
from certlib.registry import AuditRecord, BatchHeader, HistoryTail, Registry, SealedBatch
from certlib.registry.seals import batch_digest
from certlib.usecases.keep_batches import KeepBatches


@dataclass(frozen=True, slots=True)
class SealingOptions:
    """When a batch is due.

    Attributes:
        node: stands in every header.
        records: most records of a batch; as many as that are sealed at once.
        seconds: the age at which a record is sealed however few there are.
    """

    node: str
    records: int = 1000
    seconds: float = 60.0


class SealHistory:
    """Seals what the history has grown by.

    Args:
        registry: the record.
        kept: batches outside the database.
        key: gives the key of the history; asked for each batch.
        timestamps: an RFC 3161 authority, ours or another.
        clock: the only source of time.
        options: when a batch is due.
    """

    def __init__(
        self,
        registry: Registry,
        kept: KeepBatches,
        key: Callable[[], KeyHandle],
        timestamps: TimestampSource,
        clock: Clock,
        options: SealingOptions,
    ) -> None:
        self._registry = registry
        self._kept = kept
        self._key = key
        self._timestamps = timestamps
        self._clock = clock
        self._options = options

    @property
    def contradicted(self) -> str:
        """Which kept batch stands against the database, "" while none does."""
        return self._kept.contradicted

    def run(self, *, everything: bool = False) -> int:
        """Seals all batches that are due, or `everything` there is; how many it kept.

        Raises:
            HistoryRolledBack: batches are kept that the database does not have so: it was set
                back or written anew, and nothing is sealed.
            Corrupt: the records are not the chain they should be: nothing more is sealed.
            SigningUnavailable: key or timestamp authority does not answer.
            StoreUnavailable: registry or object store does not answer.
        """
        if not self._kept.settled:
            self._kept.hold()
        kept = 0
        while True:
            with self._registry.read() as session:
                tail = session.history_tail()
                if not tail.records or not (everything or self._due(tail)):
                    return kept
            self._kept.hold()
            with self._registry.read() as session:
                if not session.history_tail().records:
                    return kept  # another process has sealed them meanwhile
                last = session.last_batch()
                after = 0 if last is None else last.header.last
                records = session.audit_trail(after, self._options.records)
            batch = self._batch(last, records)
            if not self._keep(batch):
                return kept  # another process was faster, and goes on
            self._kept.put(batch)
            kept += 1

    def _due(self, tail: HistoryTail) -> bool:
        # A gap where the oldest record should be is no reason to wait: the batch will name it.
        waited = timedelta.max if tail.since is None else self._clock.now() - tail.since
        full = tail.records >= self._options.records
        return full or waited >= timedelta(seconds=self._options.seconds)

    def _batch(self, last: SealedBatch | None, records: Sequence[AuditRecord]) -> SealedBatch:
        leaves = _leaves(last, records)
        key = self._key()
        header = BatchHeader(
            number=1 if last is None else last.header.number + 1,
            first=records[0].sequence,
            last=records[-1].sequence,
            root=merkle.root(leaves).hex(),
            head=records[-1].digest,
            previous="" if last is None else last.digest,
            sealed_at=self._clock.now(),
            node=self._options.node,
            certificate=hashlib.sha256(key.chain[0]).hexdigest(),
        )
        signed = header.canonical()
        signature = key.sign(signed)
        token = self._timestamps.token(batch_digest(signed, signature))
        return SealedBatch(header, key.chain[0], signature, token)

    def _keep(self, batch: SealedBatch) -> bool:
        try:
            with self._registry.begin() as uow:
                uow.add_batch(batch)
                uow.commit()
        except Conflict:
            return False
        return True


def _leaves(last: SealedBatch | None, records: Sequence[AuditRecord]) -> list[bytes]:
    """Leaf hashes of the records.

    Raises:
        Corrupt: a record was changed, or does not follow the one before: no seal for that.
    """
    sequence, previous = (0, "") if last is None else (last.header.last, last.header.head)
    if not records:
        raise Corrupt(what=f"audit_history {sequence + 1}")
    leaves: list[bytes] = []
    for record in records:
        line = canonical_bytes(record.canonical_line())
        follows = (record.sequence, record.previous) == (sequence + 1, previous)
        if not follows or hashlib.sha256(line).hexdigest() != record.digest:
            raise Corrupt(what=f"audit_history {record.sequence}")
        leaves.append(merkle.leaf_hash(line))
        sequence, previous = record.sequence, record.digest
    return leaves
