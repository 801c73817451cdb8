"""Rows of the paper twin: printed sheets, blank forms, prints without a certificate."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from certlib.certificate import PaperStatus
from certlib.paper import BlankStatus
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
    filled,
    instant,
    one_of,
    optional_day,
    text,
)


class SheetRow(Row, table=True):
    """One printed sheet of a certificate."""

    __tablename__ = "paper_sheets"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["identifier"], ["intents.identifier"]),
        UniqueConstraint("issuer_code", "type_code", "form", "print_number"),
        one_of("status", PaperStatus),
        CheckConstraint("copy_number >= 0", name="copy_number"),
        filled("print_number"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    form: str = text(primary_key=True)
    copy_number: int = count(primary_key=True)
    print_number: str = text(primary_key=True)
    issuer_code: str = text()
    type_code: str = text()
    blank_number: str = text()
    place: str = text()
    printed_at: datetime = instant()
    replaces: str = text()
    status: str = text()
    status_on: date | None = optional_day()
    notice: str = text()
    recorded_at: datetime = instant()
    actor: str = text()


class BlankFormRow(Row, table=True):
    """One numbered blank form in the stock of an issuer."""

    __tablename__ = "blank_forms"
    __table_args__: ClassVar[Any] = (one_of("status", BlankStatus), filled("number"), STRICT)

    issuer_code: str = text(primary_key=True)
    type_code: str = text(primary_key=True)
    form: str = text(primary_key=True)
    number: str = text(primary_key=True)
    status: str = text()
    received_on: date = day()
    changed_at: datetime = instant()
    identifier: str = text()
    note: str = text()


class UntwinnedPrintRow(Row, table=True):
    """Paper that was printed while no electronic certificate stood behind it."""

    __tablename__ = "untwinned_prints"
    __table_args__: ClassVar[Any] = (
        Index("ix_untwinned_prints_waiting", "identifier", "issuer_code", "print_number"),
        filled("print_number"),
        STRICT,
    )

    issuer_code: str = text(primary_key=True)
    type_code: str = text(primary_key=True)
    print_number: str = text(primary_key=True)
    number: str = text()
    printed_on: date = day()
    recorded_at: datetime = instant()
    actor: str = text()
    identifier: str = text()
