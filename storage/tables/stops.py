"""Rows of what stops sealing."""

from datetime import datetime
from typing import Any, ClassVar

from storage.tables.base import STRICT, Row, filled, flag, instant, optional_instant, text


class SealingStopRow(Row, table=True):
    """The last stop of all sealing, or of one key; in force while `lifted_at` is empty."""

    __tablename__ = "sealing_stops"
    __table_args__: ClassVar[Any] = (filled("scope"), filled("stopped_by"), STRICT)

    scope: str = text(primary_key=True)
    since: datetime = instant()
    stopped_by: str = text()
    confirmed_by: str = text()
    reason: str = text()
    final: bool = flag()
    lifted_at: datetime | None = optional_instant()
    lifted_by: str = text()
    lift_confirmed_by: str = text()
