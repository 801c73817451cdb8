"""What a department is responsible for, as a condition on rows with issuer and type."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Table, and_, false, or_

from certlib.departments import Holding


def held(of: Table, parts: Iterable[Holding]) -> ColumnElement[bool]:
    """Rows that belong to one of the parts; none when there is no part."""
    return or_(false(), *(_held(of, part) for part in parts))


def _held(of: Table, part: Holding) -> ColumnElement[bool]:
    conditions = [of.c.issuer_code == part.issuer_code]
    if part.only is not None:
        conditions.append(_among(of.c.type_code, part.only))
    if part.but:
        conditions.append(of.c.type_code.not_in(sorted(part.but)))
    if part.acting_code:
        conditions.append(of.c.acting_code == part.acting_code)
    return and_(*conditions)


def _among(column: ColumnElement[str], values: frozenset[str]) -> ColumnElement[bool]:
    # A list of one hides from SQLite that rows come in the order of the index.
    return column == next(iter(values)) if len(values) == 1 else column.in_(sorted(values))
