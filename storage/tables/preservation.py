"""Rows about the care of seals: one for the newest file of each form of a certificate."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.preservation import LEVELS, Reason
from storage.tables.base import (
    STRICT,
    Row,
    count,
    flag,
    instant,
    one_of,
    optional_instant,
    text,
)


class SealCareRow(Row, table=True):
    """Until when the newest file can be judged by itself, and when it is to be cared for.

    Made from the file, and can be made from it again: `plan` "" says that nobody has looked yet.
    `coming` is the revision under whose name an object may lie that is not on record yet, or 0.
    """

    __tablename__ = "seal_care"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(
            ["identifier", "sha256"], ["certificate_files.identifier", "certificate_files.sha256"]
        ),
        one_of("level", LEVELS),
        one_of("target_level", LEVELS),
        one_of("basis", (*Reason, "")),
        one_of("reason", (*Reason, "")),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("coming >= 0", name="coming"),
        CheckConstraint("(plan = '') = (ends_at IS NULL)", name="planned"),
        Index("ix_seal_care_due", "due_at", "retry_at"),
        Index("ix_seal_care_plan", "plan"),
        Index("ix_seal_care_below", "below", "level", "stored_at"),
        Index("ix_seal_care_ends", "ends_at"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    form: str = text(primary_key=True)
    copy_number: int = count(primary_key=True)
    type_code: str = text()
    sha256: str = text()
    level: str = text()
    target_level: str = text()
    below: bool = flag()
    stored_at: datetime = instant()
    basis: str = text()
    proof_ends_at: datetime | None = optional_instant()
    algorithms: str = text()
    ends_at: datetime | None = optional_instant()
    reason: str = text()
    due_at: datetime = instant()
    plan: str = text()
    retry_at: datetime = instant()
    attempts: int = count()
    last_error: str = text()
    coming: int = count()
