"""Rows about objects in a store that locks."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from storage.tables.base import STRICT, Row, count, instant, text


class ObjectLockRow(Row, table=True):
    """A published object that is not locked yet; the row goes when it is."""

    __tablename__ = "object_locks_due"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_object_locks_due_waiting", "attempts", "since", "object_name"),
        STRICT,
    )

    object_name: str = text(primary_key=True)
    since: datetime = instant()
    attempts: int = count()
