"""Numbers that the library draws: one row for each issuer, type and text around the serial."""

from functools import cache

from sqlalchemy import Executable, bindparam, func, select

from certlib.document import ORIGINAL
from certlib.errors import Conflict
from certlib.numbers import NumberPattern
from storage.link import Link, inserting
from storage.lookup import number_hash
from storage.prepared import Prepared
from storage.tables import FaceNumberRow, FaceSerialRow, table

_SERIALS = table(FaceSerialRow)
_NUMBERS = table(FaceNumberRow)
_TRIES = 1000
"""Numbers already on faces, from before the library drew them, that one draw steps over."""
_TAKEN = Prepared(
    select(func.count())
    .select_from(_NUMBERS)
    .where(_NUMBERS.c.issuer_code == bindparam("issuer_code"))
    .where(_NUMBERS.c.type_code == bindparam("type_code"))
    .where(_NUMBERS.c.form == ORIGINAL.kind)
    .where(_NUMBERS.c.number_hash == bindparam("number_hash"))
)


def draw(link: Link, issuer_code: str, type_code: str, pattern: NumberPattern) -> str:
    """The next free number; the row is locked until the unit ends, so nobody draws it again.

    Raises:
        Conflict: a thousand numbers in a row are on faces already.
    """
    stem = {"issuer_code": issuer_code, "type_code": type_code, "stem": pattern.stem}
    for _ in range(_TRIES):
        row = link.first(_drawing(link.dialect), **stem, last=1)
        number = pattern.number(1 if row is None else int(row[0]))
        held = link.first(
            _TAKEN,
            issuer_code=issuer_code,
            type_code=type_code,
            number_hash=number_hash(link.cipher, number),
        )
        if held is None or held[0] == 0:
            return number
    raise Conflict


@cache
def _drawing(dialect: str) -> Executable:
    statement = inserting(_SERIALS, dialect).values(
        {column.name: bindparam(column.name) for column in _SERIALS.columns}
    )
    return statement.on_conflict_do_update(
        index_elements=list(_SERIALS.primary_key), set_={"last": _SERIALS.c.last + 1}
    ).returning(_SERIALS.c.last)
