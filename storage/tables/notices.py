"""Rows of what leaves the house: the change feed."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.states import State
from storage.tables.base import STRICT, Row, count, filled, instant, one_of, text


class CertificateChangeRow(Row, table=True):
    """One line of the change feed. Append-only by trigger; written by the commit of its act.

    `sequence` is that of the audit record: the lock on the chain's head puts lines in the order
    of their commits, so that a reader never sees one appear behind another.
    """

    __tablename__ = "certificate_changes"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["sequence"], ["audit_history.sequence"]),
        ForeignKeyConstraint(["identifier"], ["certificates.identifier"]),
        one_of("state", State),
        filled("act"),
        CheckConstraint("row_version >= 1", name="row_version"),
        Index("ix_certificate_changes_identifier", "identifier", "row_version"),
        Index("ix_certificate_changes_issuer", "issuer_code", "sequence"),
        Index("ix_certificate_changes_type", "type_code", "sequence"),
        STRICT,
    )

    sequence: int = count(primary_key=True)
    identifier: str = text()
    type_code: str = text()
    issuer_code: str = text()
    act: str = text()
    state: str = text()
    row_version: int = count()
    recorded_at: datetime = instant()
