"""Status rows of many certificates with one statement: that of one, asked for a list."""

from collections.abc import Iterable, Mapping, Sequence

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


_PAGE = text(
    STATUS_SQL.replace(
        "c.identifier = :identifier",
        "c.identifier > :after AND c.state <> 'DRAFT' ORDER BY c.identifier LIMIT :most",
    )
).bindparams(bindparam("today", type_=Day))
_FILES = text(
    "SELECT identifier, sha256 FROM certificate_files"
    " WHERE identifier IN :identifiers AND kind = 'original' ORDER BY identifier, sha256"
).bindparams(bindparam("identifiers", expanding=True))


def page(link: Link, after: str, most: int) -> Sequence[tuple[StatusRow, tuple[str, ...]]]:
    """Rows after an identifier, with the digests of their original files; in their order."""
    today = legal_day(link.clock.now())
    found = link.fetch(_PAGE, after=after, most=most, today=today)
    rows = [status_row(tuple(row)) for row in found]
    files: dict[str, list[str]] = {row.identifier: [] for row in rows}
    for file in link.fetch_of(_FILES, list(files)):
        files[file.identifier].append(file.sha256)
    return [(row, tuple(files[row.identifier])) for row in rows]


def many(link: Link, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
    """Rows by identifier; what is not on record is absent."""
    asked = sorted(set(identifiers))
    today = legal_day(link.clock.now())
    rows = link.fetch(_MANY, identifiers=asked, today=today) if asked else ()
    found = (status_row(tuple(row)) for row in rows)
    return {row.identifier: row for row in found}
