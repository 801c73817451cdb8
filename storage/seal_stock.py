"""The stock of seals by how long it can be judged by itself: what the timetable shows."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    select,
)

from certlib.preservation import Reason
from certlib.registry.preservation import StockGroup
from certlib.states import RUNNING
from storage.link import Link
from storage.tables import CertificateRow, SealCareRow, table

__all__ = ["RUNS", "stock"]

_CARE, _CERTIFICATES = table(SealCareRow), table(CertificateRow)
# By the certificate's own row, at each question: one that stands again is cared for at once.
RUNS = exists().where(
    _CERTIFICATES.c.identifier == _CARE.c.identifier, _CERTIFICATES.c.state.in_(sorted(RUNNING))
)


def stock(link: Link, at: datetime) -> Iterator[StockGroup]:
    """Files of what has not ended, as they stand at `at`, by type and year of their end."""
    for row in link.fetch(_stock(link.dialect), at=at):
        yield StockGroup(
            type_code=row.type_code,
            level=row.level,
            target_level=row.target_level,
            reason=Reason(row.reason) if row.reason else None,
            year=int(row.year or 0),
            files=int(row.files),
            ended=int(row.ended),
            due=int(row.due),
            first_end=row.first_end,
        )


def _stock(dialect: str) -> Select[Any]:
    year: ColumnElement[Any] = func.substr(
        _CARE.c.ends_at, literal_column("1"), literal_column("4")
    )
    if dialect == "postgresql":
        year = extract("year", func.timezone(literal_column("'UTC'"), _CARE.c.ends_at))
    keys = (_CARE.c.type_code, _CARE.c.reason, year, _CARE.c.level, _CARE.c.target_level)
    at = bindparam("at", type_=_CARE.c.ends_at.type)
    return (
        select(
            _CARE.c.type_code,
            _CARE.c.level,
            _CARE.c.target_level,
            _CARE.c.reason,
            cast(year, Integer).label("year"),
            func.count().label("files"),
            func.sum(case((_CARE.c.ends_at < at, 1), else_=0)).label("ended"),
            func.sum(case((_CARE.c.due_at <= at, 1), else_=0)).label("due"),
            func.min(_CARE.c.ends_at).label("first_end"),
        )
        .where(RUNS)
        .group_by(*keys)
        .order_by(*keys)
    )
