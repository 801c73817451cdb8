"""INV-7: the history is what was sealed, batch by batch, and no batch is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from api.audit.batches import Batch, BatchChain, Fault, Header
from api.audit.checks.kept import Bounds, KeptBatches
from api.audit.database import Row, Snapshot
from api.audit.history import Record
from api.audit.merkle import leaf, root
from api.audit.report import Invariant
from api.audit.trust import Trust

_BATCHES = (
    "SELECT number, first_sequence, last_sequence, sealed_at, digest, header, certificate, "
    "signature, token FROM history_batches ORDER BY number"
)
_ROOT = ("batch-root", "记录与封签时不符", "the records are not those that were sealed")
_MISSING = ("batch-records", "封签的记录缺失", "records that were sealed are missing")
_REWRITTEN = ("batch-rewritten", "与先前导出的批次不同", "another batch than was exported before")
_ROLLED_BACK = ("batch-gone", "先前导出过的批次已不存在", "exported before, and gone since")
_GAP = ("batch-gap", "批次之间有缺口", "there is a gap before this batch")
_OVERDUE = (
    "unsealed-overdue",
    "记录早应封签而未封签",
    "not sealed long after it should have been",
)
_FIRST_WORDS = frozenset({"baseline", "witness"})
"""Acts with which the record of this release begins."""
_COLUMNS = ("batch-columns", "批次栏目与封签头不符", "the columns say something else")


@dataclass(frozen=True, slots=True)
class Claims:
    """What is known of the batches beforehand.

    Attributes:
        first: sequence of the first record that is walked; batches before it are believed.
        earlier: number → digest (hex) of batches that were exported some time before.
    """

    first: int = 1
    earlier: Mapping[int, str] = field(default_factory=dict)


class SealedHistory:
    """Walks along the history and holds it against its seals.

    Attributes:
        found: what was checked and found.
        unsealed: how many records no seal covers yet; `since`: when the first was written.
    """

    def __init__(
        self, snapshot: Snapshot, trust: Trust, claims: Claims, kept: KeptBatches, bounds: Bounds
    ) -> None:
        self.found = Invariant("INV-7")
        self._claims = claims
        self._kept = kept
        self._bounds = bounds
        self._began = ""
        self._batches = self._read(snapshot, trust)
        self._header = next(self._batches, None)
        self._leaves: list[bytes] = []
        self.unsealed, self.since = 0, ""
        self._covered = claims.first - 1

    def see(self, record: Record) -> None:
        """Takes the next record."""
        if record.act in _FIRST_WORDS:
            self._began = self._began or record.at
        while self._header is not None and record.sequence > self._header.last:
            self._close()
        if self._header is None:
            self.since = self.since or record.at
            self.unsealed += 1
        elif record.sequence >= self._header.first:
            self._leaves.append(leaf(record.line))
            if record.sequence == self._header.last:
                self._close()

    def end(self) -> None:
        """No record comes any more."""
        while self._header is not None:
            self._close()
        # What an earlier release wrote waits from the first start of this one on.
        due = bool(self.since and self._began) and max(self.since, self._began)
        if due and self._bounds.over(due):
            self.found.broken(str(self._covered + 1), *_OVERDUE)

    def _close(self) -> None:
        """The records of the batch at hand are all there, or never will be."""
        header, leaves = self._header, self._leaves
        if header is not None:
            if len(leaves) != header.count:
                self._broken(header.batch, _MISSING)
            elif root(leaves).hex() != header.root:
                self._broken(header.batch, _ROOT)
            self._covered = header.last
        self._header, self._leaves = next(self._batches, None), []

    def _read(self, snapshot: Snapshot, trust: Trust) -> Iterator[Header]:
        chain = BatchChain(trust, anywhere=self._claims.first > 1)
        earlier = dict(self._claims.earlier)
        before = (0, 0)
        for row in snapshot.rows(_BATCHES):
            batch = _batch(row)
            if earlier.pop(batch.number, batch.digest.hex()) != batch.digest.hex():
                self._broken(batch.number, _REWRITTEN)
            believed = row["last_sequence"] < self._claims.first
            for fault in self._kept.take(batch, row["sealed_at"], read=not believed):
                self._broken(batch.number, fault)
            if not believed:
                yield from self._looked_at(row, batch, chain)
                continue
            if (batch.number - 1, row["first_sequence"] - 1) != before:
                self._broken(batch.number, _GAP)
            before = (batch.number, row["last_sequence"])
        for number in earlier:
            self._broken(number, _ROLLED_BACK)
        for name, (code, zh, en) in self._kept.left():
            self.found.broken(name, code, zh, en)

    def _looked_at(self, row: Row, batch: Batch, chain: BatchChain) -> Iterator[Header]:
        self.found.checked += 1
        header, faults = chain.take(batch)
        for fault in faults:
            self._broken(batch.number, fault)
        if header is not None:
            if not _agrees(row, batch, header):
                self._broken(batch.number, _COLUMNS)
            yield header

    def _broken(self, number: int, fault: Fault) -> None:
        code, zh, en = fault
        self.found.broken(f"batch {number}", code, zh, en)


def _batch(row: Row) -> Batch:
    return Batch(
        row["number"],
        row["header"].encode(),
        bytes(row["certificate"]),
        bytes(row["signature"]),
        bytes(row["token"]),
    )


def _agrees(row: Row, batch: Batch, header: Header) -> bool:
    said = (header.first, header.last, header.sealed_at, batch.digest.hex())
    return said == tuple(
        row[name] for name in ("first_sequence", "last_sequence", "sealed_at", "digest")
    )
