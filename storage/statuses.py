"""Status rows of many certificates with one statement: that of one, asked for a list."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, text

from certlib.calendar import legal_day
from certlib.registry import StatusRow
from storage.columns import Day
from storage.link import Link
from storage.status import status_row
from storage.status_sql import STATUS_SQL

_MANY = text(STATUS_SQL.replace("= :identifier", "IN :identifiers")).bindparams(
    bindparam("today", type_=Day), bindparam("identifiers", expanding=True)
)


def many(link: Link, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
    """Rows by identifier; what is not on record is absent."""
    asked = sorted(set(identifiers))
    today = legal_day(link.clock.now())
    rows = link.fetch(_MANY, identifiers=asked, today=today) if asked else ()
    found = (status_row(tuple(row)) for row in rows)
    return {row.identifier: row for row in found}
