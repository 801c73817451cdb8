"""The append-only history: sequences without a gap, each digest over the one before.

Records wait in the unit and are chained last, right before COMMIT: `audit_head` is one row that
every writer locks, so it is locked for the shortest time and always after all other rows. The
change feed is written with them: it stands on their sequences (`storage.changes`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from certlib.canonical import canonical_bytes, digest
from certlib.errors import Corrupt
from certlib.registry import AuditRecord
from storage import changes, witness
from storage.columns import instant_text
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import AuditHeadRow, AuditRow, table

_ACTOR = "registry"
_BASELINE_ROWS = 200
_HISTORY = table(AuditRow)
_HEAD = table(AuditHeadRow)
_LOCK_HEAD = Prepared(
    select(_HEAD.c.sequence, _HEAD.c.digest).where(_HEAD.c.id == 1).with_for_update()
)
_MOVE_HEAD = (
    update(_HEAD)
    .where(_HEAD.c.id == 1)
    .values(sequence=bindparam("b_sequence"), digest=bindparam("b_digest"))
)
_INSERT = insert(_HISTORY)
_AFTER = Prepared(
    select(_HISTORY)
    .where(_HISTORY.c.sequence > bindparam("after"))
    .order_by(_HISTORY.c.sequence)
    .limit(bindparam("count"))
)
_OF_TARGET = (
    select(_HISTORY)
    .where(_HISTORY.c.target == bindparam("target"), _HISTORY.c.sequence > bindparam("after"))
    .order_by(_HISTORY.c.sequence)
)


def append(link: Link, records: Iterable[AuditRecord]) -> None:
    """Keeps records for the coming commit.

    Raises:
        Unsupported: details that canonical JSON does not carry, or an instant without a zone.
    """
    for record in records:
        instant_text(record.at)
        canonical_bytes(record.canonical_line())
        link.audit.append(record)


def write(link: Link) -> None:
    """Chains and writes what waits, and what this unit's rows are now.

    Raises:
        Corrupt: the head is missing.
    """
    rows_now = link.testimony()
    if rows_now:
        link.audit.append(_testimony(link, rows_now))
    if not link.audit:
        return
    head = _locked_head(link)
    sequence, previous, rows = int(head.sequence), str(head.digest), []
    for record in link.audit:
        sequence += 1
        line = replace(record, sequence=sequence, previous=previous).canonical_line()
        previous = digest(line)
        rows.append(_row(record, line, previous))
    link.change(_INSERT, rows)
    changes.note(link, rows)
    link.change(_MOVE_HEAD, {"b_sequence": sequence, "b_digest": previous})
    link.audit.clear()


def take_baseline(link: Link) -> None:
    """Bears witness to every row there is, once: what an earlier release wrote, it did not.

    Every writer waits until it is done, so no row changes between being read and being named.

    Raises:
        Corrupt: the head is missing.
    """
    _locked_head(link)
    if of_target(link, witness.BASELINE):
        return
    now, parts = link.clock.now(), 0
    for part in witness.everything(link.connection, link.cipher, _BASELINE_ROWS):
        details = {"acts": 0, "rows": part}
        append(link, [AuditRecord(now, _ACTOR, witness.BASELINE, witness.TARGET, details)])
        write(link)
        parts += 1
    append(link, [AuditRecord(now, _ACTOR, witness.BASELINE, witness.BASELINE, {"parts": parts})])


def trail(link: Link, after: int, limit: int) -> Sequence[AuditRecord]:
    """Records whose sequence is above `after`."""
    return [_record(row) for row in link.fetch(_AFTER, after=after, count=limit)]


def of_target(
    link: Link, target: str, after: int = 0, limit: int | None = None
) -> Sequence[AuditRecord]:
    """Records of one target whose sequence is above `after`, oldest first."""
    rows = link.fetch(_OF_TARGET.limit(limit), target=target, after=after)
    return [_record(row) for row in rows]


def _locked_head(link: Link) -> Row[Any]:
    head = link.first(_LOCK_HEAD)
    if head is None:
        raise Corrupt(what="audit_head")
    return head


def _testimony(link: Link, rows: dict[str, Any]) -> AuditRecord:
    """`acts` says how many of the records right before it belong to the same unit."""
    actor = link.audit[0].actor if link.audit else _ACTOR
    details = {"acts": len(link.audit), "rows": rows}
    return AuditRecord(link.clock.now(), actor, witness.ACT, witness.TARGET, details)


def _row(record: AuditRecord, line: dict[str, Any], digest_: str) -> dict[str, Any]:
    return {
        "sequence": line["sequence"],
        "at": record.at,
        "actor": record.actor,
        "act": record.act,
        "target": record.target,
        "details": canonical_bytes(record.details).decode(),
        "previous": line["previous"],
        "digest": digest_,
    }


def _record(row: Row[Any]) -> AuditRecord:
    return AuditRecord(
        at=row.at,
        actor=row.actor,
        act=row.act,
        target=row.target,
        details=json.loads(row.details),
        sequence=row.sequence,
        previous=row.previous,
        digest=row.digest,
    )
