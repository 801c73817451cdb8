"""What all tables share: one metadata, names for every constraint, STRICT tables on SQLite."""
# ruff: noqa: ANN401 -- a field's declared type stands at its annotation, as with SQLModel's Field

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, MetaData, Table
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from storage.columns import Count, Day, Flag, Instant, KeyText, Sealed

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Named constraints: faults are told apart by name, and migrations can speak of them."""

STRICT: dict[str, Any] = {"sqlite_strict": True}
"""Last member of every `__table_args__`."""


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of all rows; `Row.metadata` is the whole schema."""

    __table_args__: ClassVar[Any] = (STRICT,)


def table(row: type[Row]) -> Table:
    """The Core table behind a row class, for statements on hot paths."""
    return Row.metadata.tables[str(row.__tablename__)]


def text(*, primary_key: bool = False) -> Any:
    """A text column that is compared byte by byte."""
    return Field(sa_type=KeyText, primary_key=primary_key)


def optional_text() -> Any:
    """A text column that may be absent."""
    return Field(default=None, sa_type=KeyText, nullable=True)


def instant() -> Any:
    """An aware UTC instant."""
    return Field(sa_type=Instant)


def optional_instant() -> Any:
    """An aware UTC instant that may be absent."""
    return Field(default=None, sa_type=Instant, nullable=True)


def day(*, primary_key: bool = False) -> Any:
    """A legal date."""
    return Field(sa_type=Day, primary_key=primary_key)


def optional_day() -> Any:
    """A legal date that may be absent."""
    return Field(default=None, sa_type=Day, nullable=True)


def count(*, primary_key: bool = False) -> Any:
    """A whole number; the database never chooses it."""
    more: dict[str, Any] = {"sa_column_kwargs": {"autoincrement": False}} if primary_key else {}
    return Field(sa_type=Count, primary_key=primary_key, **more)


def optional_count() -> Any:
    """A whole number that may be absent."""
    return Field(default=None, sa_type=Count, nullable=True)


def flag() -> Any:
    """Yes or no."""
    return Field(sa_type=Flag)


def optional_flag() -> Any:
    """Yes, no, or nothing said."""
    return Field(default=None, sa_type=Flag, nullable=True)


def sealed() -> Any:
    """Ciphertext."""
    return Field(sa_type=Sealed)


def optional_sealed() -> Any:
    """Ciphertext that may be absent."""
    return Field(default=None, sa_type=Sealed, nullable=True)


def one_of(column: str, values: Iterable[str], name: str = "") -> CheckConstraint:
    """CHECK that a column holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or column)


def filled(column: str) -> CheckConstraint:
    """CHECK that a text column is not empty."""
    return CheckConstraint(f"{column} <> ''", name=f"{column}_filled")


def period() -> CheckConstraint:
    """CHECK that a period does not end before it starts."""
    return CheckConstraint("effective_to IS NULL OR effective_to >= effective_from", name="period")
