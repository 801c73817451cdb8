"""Column shapes for revisions: a released revision must go on meaning what it meant."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from storage.columns import Count, Day, Flag, Instant, KeyText, Sealed

STRICT: dict[str, Any] = {"sqlite_strict": True}
"""SQLite checks types of STRICT tables only."""


def text(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Text compared byte by byte."""
    return sa.Column(name, KeyText(), nullable=optional)


def instant(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Aware UTC instant."""
    return sa.Column(name, Instant(), nullable=optional)


def day(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Legal date."""
    return sa.Column(name, Day(), nullable=optional)


def count(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Whole number that the database never chooses."""
    return sa.Column(name, Count(), nullable=optional, autoincrement=False)


def flag(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Yes or no."""
    return sa.Column(name, Flag(), nullable=optional)


def sealed(name: str, *, optional: bool = False) -> sa.Column[Any]:
    """Ciphertext."""
    return sa.Column(name, Sealed(), nullable=optional)


def one_of(table: str, column: str, values: Iterable[str]) -> sa.CheckConstraint:
    """CHECK that a column holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"ck_{table}_{column}")
