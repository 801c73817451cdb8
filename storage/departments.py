"""Departments with the name of the day, their dated names, and the successions between them."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, insert, select, update

from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes
from certlib.departments import DatedName, Department, Succession, SuccessionKind
from certlib.errors import Corrupt, StaleVersion
from certlib.sources import Source
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import (
    DepartmentNameRow,
    DepartmentRow,
    SuccessionRow,
    VoidedEventRow,
    table,
)

_DEPARTMENTS = table(DepartmentRow)
_NAMES = table(DepartmentNameRow)
_SUCCESSIONS = table(SuccessionRow)
_VOIDED = table(VoidedEventRow)


def _today(column: str) -> ColumnElement[Any]:
    """The name in force on the day asked for: the last dated one, else the first registered."""
    dated = (
        select(_NAMES.c[column])
        .where(_NAMES.c.credit_code == _DEPARTMENTS.c.credit_code)
        .where(_NAMES.c.effective_from <= bindparam("today"))
        .where(~exists(_VOIDED.c.event_id).where(_VOIDED.c.event_id == _NAMES.c.event_id))
        .order_by(
            _NAMES.c.effective_from.desc(), _NAMES.c.recorded_at.desc(), _NAMES.c.event_id.desc()
        )
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(dated, _DEPARTMENTS.c[column]).label(f"{column}_today")


def _with_voids(of: Any, *order: Any) -> Select[Any]:  # noqa: ANN401 -- a table, its columns
    voided = _VOIDED.c.recorded_at.label("voided_at")
    joined = of.outerjoin(_VOIDED, _VOIDED.c.event_id == of.c.event_id)
    return select(of, voided).select_from(joined).order_by(*order)


_ALL = select(_DEPARTMENTS, _today("name"), _today("short_name")).order_by(
    _DEPARTMENTS.c.credit_code
)
_EVERY = Prepared(_ALL)
_ONE = Prepared(_ALL.where(_DEPARTMENTS.c.credit_code == bindparam("credit_code")))
_FIRST = select(_DEPARTMENTS).where(_DEPARTMENTS.c.credit_code == bindparam("credit_code"))
_NAMES_OF = Prepared(
    _with_voids(_NAMES, _NAMES.c.effective_from, _NAMES.c.recorded_at, _NAMES.c.event_id).where(
        _NAMES.c.credit_code == bindparam("credit_code")
    )
)
_ALL_SUCCESSIONS = Prepared(
    _with_voids(
        _SUCCESSIONS,
        _SUCCESSIONS.c.effective_from,
        _SUCCESSIONS.c.recorded_at,
        _SUCCESSIONS.c.event_id,
    )
)
_CHANGE = (
    update(_DEPARTMENTS)
    .where(_DEPARTMENTS.c.credit_code == bindparam("b_credit_code"))
    .where(_DEPARTMENTS.c.row_version == bindparam("b_expected"))
    .values(
        row_version=_DEPARTMENTS.c.row_version + 1,
        **{
            name: bindparam(f"b_{name}")
            for name in ("division_code", "level", "effective_from", "effective_to")
        },
    )
)


def department(link: Link, credit_code: str) -> Department | None:
    """A department by its credit code, with the name it bears today."""
    row = link.first(_ONE, credit_code=credit_code, today=legal_day(link.clock.now()))
    return None if row is None else _department(row)


def departments(link: Link) -> Sequence[Department]:
    """All departments by credit code, with the names they bear today."""
    rows = link.fetch(_EVERY, today=legal_day(link.clock.now()))
    return [_department(row) for row in rows]


def department_row(one: Department) -> dict[str, Any]:
    """A department's row, its name that of its registration."""
    return {
        "credit_code": one.credit_code,
        "name": one.name,
        "short_name": one.short_name,
        "division_code": one.division_code,
        "level": one.level,
        "effective_from": one.effective_from,
        "effective_to": one.effective_to,
        "row_version": one.row_version,
    }


def add_department(link: Link, one: Department) -> None:
    """Registers a department; `Conflict` when its code is taken."""
    link.change(insert(_DEPARTMENTS), department_row(one))


def change_department(link: Link, one: Department, expected_version: int) -> None:
    """Keeps everything but names; `StaleVersion`."""
    values = {
        "b_credit_code": one.credit_code,
        "b_expected": expected_version,
        "b_division_code": one.division_code,
        "b_level": one.level,
        "b_effective_from": one.effective_from,
        "b_effective_to": one.effective_to,
    }
    if link.change(_CHANGE, values) == 0:
        raise StaleVersion


def names(link: Link, credit_code: str) -> Sequence[DatedName]:
    """Dated names of a department by day; its first name has no day and is not among them."""
    rows = link.fetch(_NAMES_OF, credit_code=credit_code)
    return [
        DatedName(
            row.event_id,
            row.credit_code,
            row.name,
            row.short_name,
            row.effective_from,
            source_of(row),
        )
        for row in rows
    ]


def add_name(link: Link, name: DatedName) -> None:
    """Keeps a dated name for ever."""
    row = {
        "event_id": name.event_id,
        "credit_code": name.credit_code,
        "name": name.name,
        "short_name": name.short_name,
        "effective_from": name.effective_from,
    }
    link.change(insert(_NAMES), row | source_columns(name.source))


def successions(link: Link) -> Sequence[Succession]:
    """All successions by day."""
    return [_succession(row) for row in link.fetch(_ALL_SUCCESSIONS)]


def add_succession(link: Link, one: Succession) -> None:
    """Keeps a succession for ever."""
    row = {
        "event_id": one.event_id,
        "kind": one.kind,
        "predecessor_code": one.predecessor_code,
        "successor_code": one.successor_code,
        "effective_from": one.effective_from,
        "type_codes": canonical_bytes(sorted(one.type_codes)).decode(),
    }
    link.change(insert(_SUCCESSIONS), row | source_columns(one.source))


def source_columns(source: Source) -> dict[str, Any]:
    """Columns that every dated event has; being declared void is a row of its own."""
    return {
        "basis": source.basis,
        "document_number": source.document_number,
        "recorded_at": source.recorded_at,
        "actor": source.actor,
    }


def source_of(row: Row[Any]) -> Source:
    """The inverse, of a row with `voided_at`."""
    return Source(row.basis, row.document_number, row.recorded_at, row.actor, row.voided_at)


def _department(row: Row[Any]) -> Department:
    return Department(
        credit_code=row.credit_code,
        name=row.name_today,
        short_name=row.short_name_today,
        division_code=row.division_code,
        level=row.level,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        row_version=row.row_version,
    )


def _succession(row: Row[Any]) -> Succession:
    try:
        types = frozenset(json.loads(row.type_codes))
    except (ValueError, TypeError) as error:
        raise Corrupt(what="department_successions.type_codes") from error
    return Succession(
        event_id=row.event_id,
        kind=SuccessionKind(row.kind),
        predecessor_code=row.predecessor_code,
        successor_code=row.successor_code,
        effective_from=row.effective_from,
        source=source_of(row),
        type_codes=types,
    )
