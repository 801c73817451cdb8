"""The change feed: one line for each act that moved a certificate's version or named its holder.

Lines are written by the commit of their act, from what the acts have made of the certificates, so
no use case has to think of the feed. They carry the sequence of the audit record. Whoever commits
holds the lock on the chain's head until the commit is visible: sequences become visible in their
order, and what was read up to one of them is complete (`storage.audit_chain`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Row, Select, bindparam, func, insert, select

from certlib.ids import ROOT
from certlib.registry import OutboxEvent
from certlib.registry.notices import BESIDE_THE_RECORD, Change, ChangeQuery
from certlib.states import State
from certlib.webhooks import CHANGED
from storage import outbox
from storage.holdings import held
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import AuditHeadRow, CertificateChangeRow, CertificateRow, table

QUIET: Final = frozenset({"reserve", "burn", "verify", "reveal"})
"""Acts that never move a certificate's version: the record need not be asked."""

_CHANGES = table(CertificateChangeRow)
_CERTIFICATES = table(CertificateRow)
_HEAD = table(AuditHeadRow)
_INSERT = insert(_CHANGES)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)
_SEEN = (
    select(func.max(_CHANGES.c.row_version))
    .where(_CHANGES.c.identifier == _CERTIFICATES.c.identifier)
    .scalar_subquery()
)
_ROWS = select(
    _CERTIFICATES.c.identifier,
    _CERTIFICATES.c.type_code,
    _CERTIFICATES.c.issuer_code,
    _CERTIFICATES.c.state,
    _CERTIFICATES.c.row_version,
).where(_CERTIFICATES.c.identifier.in_(_MANY))
_MOVED = _ROWS.where(_CERTIFICATES.c.row_version > func.coalesce(_SEEN, 0))
_OF_VERSIONS = Prepared(
    select(_CHANGES)
    .where(_CHANGES.c.identifier.in_(_MANY))
    .where(_CHANGES.c.act.not_in(sorted(BESIDE_THE_RECORD)))
    .order_by(_CHANGES.c.sequence)
)
_LAST = Prepared(select(_HEAD.c.sequence).where(_HEAD.c.id == 1))


def note(link: Link, records: Iterable[Mapping[str, Any]]) -> None:
    """Adds the lines of the coming commit; `records` are its rows of the history."""
    told = [
        record
        for record in records
        if record["act"] not in QUIET and record["target"].startswith(ROOT)
    ]
    if not told:
        return
    moving = [record for record in told if record["act"] not in BESIDE_THE_RECORD]
    beside = [record for record in told if record["act"] in BESIDE_THE_RECORD]
    lines = _lines(link, _MOVED, moving)
    link.change(_INSERT, [*lines, *_lines(link, _ROWS, beside)])
    outbox.add(link, _unannounced(link, lines))


def _lines(
    link: Link, rows: Select[Any], records: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Lines of the records whose certificates are among `rows`."""
    by_target = [(record["target"], record) for record in records]
    targets = sorted({target for target, _ in by_target})
    found = {row.identifier: row for row in link.fetch_of(rows, targets)} if targets else {}
    return [_line(record, found[target]) for target, record in by_target if target in found]


def _unannounced(link: Link, lines: Iterable[Mapping[str, Any]]) -> list[OutboxEvent]:
    """Events for versions that no use case has announced itself: receivers are told of each."""
    missing = {
        key: line
        for line in lines
        if (key := outbox.event_key(line["identifier"], line["row_version"])) not in link.announced
    }
    return [
        OutboxEvent(
            key,
            CHANGED,
            line["identifier"],
            {"state": line["state"], "row_version": line["row_version"]},
            line["recorded_at"],
        )
        for key, line in missing.items()
    ]


def _line(record: Mapping[str, Any], certificate: Row[Any]) -> dict[str, Any]:
    return {
        "sequence": record["sequence"],
        "identifier": certificate.identifier,
        "type_code": certificate.type_code,
        "issuer_code": certificate.issuer_code,
        "act": record["act"],
        "state": certificate.state,
        "row_version": certificate.row_version,
        "recorded_at": record["at"],
    }


def page(link: Link, query: ChangeQuery) -> Sequence[Change]:
    """Lines after `query.after`, in their order."""
    columns = _CHANGES.c
    statement = select(_CHANGES).where(columns.sequence > query.after)
    if query.within is not None:
        statement = statement.where(held(_CHANGES, query.within))
    if query.since is not None:
        statement = statement.where(columns.recorded_at >= query.since)
    if query.until is not None:
        statement = statement.where(columns.recorded_at <= query.until)
    if query.type_codes:
        statement = statement.where(columns.type_code.in_(sorted(query.type_codes)))
    rows = link.fetch(statement.order_by(columns.sequence).limit(max(query.limit, 0)))
    return [change_of(row) for row in rows]


def of_versions(link: Link, identifiers: Iterable[str]) -> dict[tuple[str, int], Change]:
    """The last line of each version of these certificates that says how it came about."""
    rows = link.fetch_of(_OF_VERSIONS, sorted(set(identifiers)))
    return {(row.identifier, row.row_version): change_of(row) for row in rows}


def last_sequence(link: Link) -> int:
    """The sequence of the last committed act."""
    row = link.first(_LAST)
    return 0 if row is None else int(row.sequence)


def change_of(row: Row[Any]) -> Change:
    """The line behind a row that has its columns."""
    return Change(
        sequence=row.sequence,
        identifier=row.identifier,
        type_code=row.type_code,
        issuer_code=row.issuer_code,
        act=row.act,
        state=State(row.state),
        row_version=row.row_version,
        recorded_at=row.recorded_at,
    )
