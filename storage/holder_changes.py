"""Holders' changes: found by any code or name in them, and by whatever they are linked to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, or_, select

from certlib.document import Holder
from certlib.holder_changes import ChangeKind, HolderChange, HolderKey
from certlib.holders import normalise_code_type
from certlib.sources import Source
from storage.departments import source_columns
from storage.encryption import Place
from storage.link import Link
from storage.lookup import code_hash, name_hash
from storage.prepared import Prepared
from storage.tables import HolderChangePartyRow, HolderChangeRow, VoidedEventRow, table

_CHANGES = table(HolderChangeRow)
_PARTIES = table(HolderChangePartyRow)
_VOIDED = table(VoidedEventRow)
_PROOF = ("basis", "document_number")
_ROLES = ("before", "after")


def add(link: Link, change: HolderChange) -> None:
    """Keeps a change for ever."""
    row = {
        "event_id": change.event_id,
        "kind": change.kind,
        "effective_from": change.effective_from,
        "reason_code": change.reason_code,
        "department_code": change.department_code,
    }
    source = source_columns(change.source)
    for column in _PROOF:
        place = Place(_CHANGES.name, column, change.event_id)
        source[column] = link.cipher.seal_text(source[column], place)
    link.change(insert(_CHANGES), row | source)
    link.change(insert(_PARTIES), list(_party_rows(link, change)))


def find(link: Link, event_id: str) -> HolderChange | None:
    """One change, void or not."""
    found = _changes(link, link.fetch(_WHOLE.where(_CHANGES.c.event_id == event_id)))
    return found[0] if found else None


def related(
    link: Link, keys: Iterable[HolderKey], names: Iterable[str] = ()
) -> Sequence[HolderChange]:
    """Every change of these holders and of all that are linked with them: one query.

    A key without type stands for a code of whatever type. The walk over shared codes ends, however
    they are linked: an event is visited once.
    """
    codes = sorted({code_hash(link.cipher, key.code_type, key.code) for key in keys})
    hashes = sorted({name_hash(link.cipher, name) for name in names})
    if not codes and not hashes:
        return []
    return _changes(link, link.fetch(_RELATED, codes=codes, names=hashes))


def _whole() -> Select[Any]:
    voided = _VOIDED.c.recorded_at.label("voided_at")
    parties = (_PARTIES.c[name] for name in ("role", "position", "code_type", "code", "name"))
    return (
        select(_CHANGES, *parties, voided)
        .join(_PARTIES, _PARTIES.c.event_id == _CHANGES.c.event_id)
        .outerjoin(_VOIDED, _VOIDED.c.event_id == _CHANGES.c.event_id)
        .order_by(
            _CHANGES.c.effective_from,
            _CHANGES.c.recorded_at,
            _CHANGES.c.event_id,
            _PARTIES.c.position,
        )
    )


def _related() -> Select[Any]:
    here, next_ = _PARTIES.alias("here"), _PARTIES.alias("next")
    seeds = or_(
        _PARTIES.c.code_hash.in_(bindparam("codes", expanding=True)),
        _PARTIES.c.name_hash.in_(bindparam("names", expanding=True)),
    )
    reached = select(_PARTIES.c.event_id).where(seeds).cte("reached", recursive=True)
    reached = reached.union(
        select(next_.c.event_id)
        .select_from(reached)
        .join(here, here.c.event_id == reached.c.event_id)
        .join(next_, next_.c.code_hash == here.c.code_hash)
    )
    return _WHOLE.where(_CHANGES.c.event_id.in_(select(reached.c.event_id)))


_WHOLE = _whole()
_RELATED = Prepared(_related())


def _party_rows(link: Link, change: HolderChange) -> Iterable[Mapping[str, Any]]:
    for role, sides in zip(_ROLES, (change.before, change.after), strict=True):
        for position, holder in enumerate(sides):
            row = _row(change.event_id, role, position)
            yield {
                "event_id": change.event_id,
                "role": role,
                "position": position,
                "code_type": normalise_code_type(holder.code_type),
                "code_hash": code_hash(link.cipher, holder.code_type, holder.code),
                "code": link.cipher.seal_text(holder.code, Place(_PARTIES.name, "code", row)),
                "name_hash": name_hash(link.cipher, holder.name),
                "name": link.cipher.seal_text(holder.name, Place(_PARTIES.name, "name", row)),
            }


def _changes(link: Link, rows: Sequence[Row[Any]]) -> list[HolderChange]:
    """Rows of `_WHOLE`, one for each holder, as changes in their order."""
    heads: dict[str, Row[Any]] = {}
    sides: dict[tuple[str, str], list[Holder]] = {}
    for row in rows:
        heads.setdefault(row.event_id, row)
        sides.setdefault((row.event_id, row.role), []).append(_holder(link, row))
    return [
        HolderChange(
            event_id=event_id,
            kind=ChangeKind(row.kind),
            before=tuple(sides.get((event_id, "before"), ())),
            after=tuple(sides.get((event_id, "after"), ())),
            effective_from=row.effective_from,
            source=_source(link, row),
            reason_code=row.reason_code,
            department_code=row.department_code,
        )
        for event_id, row in heads.items()
    ]


def _source(link: Link, row: Row[Any]) -> Source:
    basis, document_number = (
        link.cipher.open_text(
            bytes(getattr(row, column)), Place(_CHANGES.name, column, row.event_id)
        )
        for column in _PROOF
    )
    return Source(basis, document_number, row.recorded_at, row.actor, row.voided_at)


def _holder(link: Link, row: Row[Any]) -> Holder:
    place = _row(row.event_id, row.role, row.position)
    return Holder(
        link.cipher.open_text(bytes(row.name), Place(_PARTIES.name, "name", place)),
        row.code_type,
        link.cipher.open_text(bytes(row.code), Place(_PARTIES.name, "code", place)),
    )


def _row(event_id: str, role: str, position: int) -> str:
    return f"{event_id}\x1f{role}\x1f{position}"
