"""Rows of what changes about holders and departments: dated events, kept for ever.

An event that was an error is declared void by a row of its own; both stay on record.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.departments import SuccessionKind
from certlib.holder_changes import ChangeKind
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
    filled,
    instant,
    one_of,
    sealed,
    text,
)


class DepartmentNameRow(Row, table=True):
    """A department's name from a day on; `departments.name` is the one before the first of them."""

    __tablename__ = "department_names"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["credit_code"], ["departments.credit_code"]),
        filled("name"),
        Index("ix_department_names_code", "credit_code", "effective_from"),
        STRICT,
    )

    event_id: str = text(primary_key=True)
    credit_code: str = text()
    name: str = text()
    short_name: str = text()
    effective_from: date = day()
    basis: str = text()
    document_number: str = text()
    recorded_at: datetime = instant()
    actor: str = text()


class SuccessionRow(Row, table=True):
    """From a day on one department stands in another's place; `type_codes` is a JSON list."""

    __tablename__ = "department_successions"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(
            ["predecessor_code"],
            ["departments.credit_code"],
            name="fk_department_successions_predecessor",
        ),
        ForeignKeyConstraint(
            ["successor_code"],
            ["departments.credit_code"],
            name="fk_department_successions_successor",
        ),
        one_of("kind", SuccessionKind),
        CheckConstraint("predecessor_code <> successor_code", name="apart"),
        CheckConstraint("(kind = 'functions-moved') = (type_codes <> '[]')", name="type_codes"),
        STRICT,
    )

    event_id: str = text(primary_key=True)
    kind: str = text()
    predecessor_code: str = text()
    successor_code: str = text()
    effective_from: date = day()
    type_codes: str = text()
    basis: str = text()
    document_number: str = text()
    recorded_at: datetime = instant()
    actor: str = text()


class HolderChangeRow(Row, table=True):
    """Something that happened to holders; who they are stands in `holder_change_parties`.

    The proof behind it may name them: it is sealed too.
    """

    __tablename__ = "holder_changes"
    __table_args__: ClassVar[Any] = (one_of("kind", ChangeKind), filled("event_id"), STRICT)

    event_id: str = text(primary_key=True)
    kind: str = text()
    effective_from: date = day()
    reason_code: str = text()
    department_code: str = text()
    basis: bytes = sealed()
    document_number: bytes = sealed()
    recorded_at: datetime = instant()
    actor: str = text()


class HolderChangePartyRow(Row, table=True):
    """A holder right before or right after a change, by the name it bore then."""

    __tablename__ = "holder_change_parties"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["event_id"], ["holder_changes.event_id"]),
        one_of("role", ("before", "after")),
        CheckConstraint("position >= 0", name="position"),
        Index("ix_holder_change_parties_code", "code_hash"),
        Index("ix_holder_change_parties_name", "name_hash"),
        STRICT,
    )

    event_id: str = text(primary_key=True)
    role: str = text(primary_key=True)
    position: int = count(primary_key=True)
    code_type: str = text()
    code_hash: str = text()
    code: bytes = sealed()
    name_hash: str = text()
    name: bytes = sealed()


class VoidedEventRow(Row, table=True):
    """A dated name, a succession or a holder's change that was an error."""

    __tablename__ = "voided_events"
    __table_args__: ClassVar[Any] = (filled("event_id"), STRICT)

    event_id: str = text(primary_key=True)
    reason: bytes = sealed()
    recorded_at: datetime = instant()
    actor: str = text()
