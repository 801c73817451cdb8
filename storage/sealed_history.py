"""Sealed batches of the history."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from certlib.errors import Corrupt
from certlib.registry.seals import BatchHeader, HistoryTail, SealedBatch
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import AuditHeadRow, AuditRow, HistoryBatchRow, table

_BATCHES = table(HistoryBatchRow)
_HISTORY = table(AuditRow)
_HEAD = table(AuditHeadRow)
_INSERT = insert(_BATCHES)
_LAST = Prepared(select(_BATCHES).order_by(_BATCHES.c.number.desc()).limit(1))
_AFTER = Prepared(
    select(_BATCHES)
    .where(_BATCHES.c.number > bindparam("after"))
    .order_by(_BATCHES.c.number)
    .limit(bindparam("count"))
)
_ENDS = Prepared(
    select(_BATCHES.c.number, _BATCHES.c.last_sequence).order_by(_BATCHES.c.number.desc()).limit(1)
)
_NEWEST = Prepared(select(_HEAD.c.sequence))
_OLDEST = Prepared(select(_HISTORY.c.at).where(_HISTORY.c.sequence == bindparam("sequence")))


class SealedHistoryReading:
    """The part of a session that reads them."""

    _link: Link

    def last_batch(self) -> SealedBatch | None:
        """The newest batch."""
        row = self._link.first(_LAST)
        return None if row is None else _batch(row)

    def batches(self, after: int = 0, limit: int = 100) -> Sequence[SealedBatch]:
        """Batches whose number is above `after`, in order."""
        return [_batch(row) for row in self._link.fetch(_AFTER, after=after, count=limit)]

    def history_tail(self) -> HistoryTail:
        """What no seal covers yet."""
        last = self._link.first(_ENDS)
        number, sealed = (0, 0) if last is None else (int(last.number), int(last.last_sequence))
        head = self._link.first(_NEWEST)
        waiting = 0 if head is None else int(head.sequence) - sealed
        oldest = self._link.first(_OLDEST, sequence=sealed + 1) if waiting > 0 else None
        return HistoryTail(number, max(0, waiting), None if oldest is None else oldest.at)


class SealedHistoryWriting(SealedHistoryReading):
    """The part of a unit of work that keeps them."""

    def add_batch(self, batch: SealedBatch) -> None:
        """Keeps a batch for ever; `Conflict` when those records are sealed already."""
        header = batch.header
        row = {
            "number": header.number,
            "first_sequence": header.first,
            "last_sequence": header.last,
            "sealed_at": header.sealed_at,
            "digest": batch.digest,
            "header": header.canonical().decode(),
            "certificate": batch.certificate,
            "signature": batch.signature,
            "token": batch.token,
        }
        self._link.change(_INSERT, row)


def _batch(row: Row[Any]) -> SealedBatch:
    try:
        said = json.loads(row.header)
        header = BatchHeader(
            number=said["batch"],
            first=said["first"],
            last=said["last"],
            root=said["root"],
            head=said["head"],
            previous=said["previous"],
            sealed_at=datetime.fromisoformat(said["sealed_at"]),
            node=said["node"],
            certificate=said["certificate"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(what="history_batches.header") from error
    return SealedBatch(header, bytes(row.certificate), bytes(row.signature), bytes(row.token))
