"""Rows of the sealed history."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, UniqueConstraint

from storage.tables.base import STRICT, Row, count, instant, sealed, text


class HistoryBatchRow(Row, table=True):
    """A batch of the audit history under its seal. Append-only by trigger.

    `header` is the canonical JSON that `signature` covers; the columns before it repeat what the
    service looks for. Nothing in it is secret or encrypted.
    """

    __tablename__ = "history_batches"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("first_sequence"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("first_sequence >= 1", name="first_sequence"),
        CheckConstraint("last_sequence >= first_sequence", name="last_sequence"),
        CheckConstraint("length(digest) = 64", name="digest"),
        STRICT,
    )

    number: int = count(primary_key=True)
    first_sequence: int = count()
    last_sequence: int = count()
    sealed_at: datetime = instant()
    digest: str = text()
    header: str = text()
    certificate: bytes = sealed()
    signature: bytes = sealed()
    token: bytes = sealed()
