"""Rows of what leaves the house: the change feed, webhooks, deliveries."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.registry.notices import DeliveryStatus
from certlib.states import State
from storage.tables.base import (
    STRICT,
    Row,
    count,
    filled,
    instant,
    one_of,
    optional_instant,
    optional_sealed,
    sealed,
    text,
)


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


class WebhookRow(Row, table=True):
    """Where a department's system is told. Address and secrets are sealed.

    `topics` and `type_codes` are canonical JSON lists.
    """

    __tablename__ = "webhooks"
    __table_args__: ClassVar[Any] = (
        filled("webhook_id"),
        one_of("disabled_reason", ("", "asked", "gone")),
        CheckConstraint("(former_secret IS NULL) = (former_until IS NULL)", name="former"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason = '')", name="disabled"),
        Index("ix_webhooks_department", "department_code", "webhook_id"),
        STRICT,
    )

    webhook_id: str = text(primary_key=True)
    department_code: str = text()
    topics: str = text()
    type_codes: str = text()
    description: str = text()
    created_at: datetime = instant()
    created_by: str = text()
    disabled_at: datetime | None = optional_instant()
    disabled_reason: str = text()
    former_until: datetime | None = optional_instant()
    url: bytes = sealed()
    secret: bytes = sealed()
    former_secret: bytes | None = optional_sealed()


class WebhookDeliveryRow(Row, table=True):
    """One event on its way to one webhook; the id follows from both, so there is one at most."""

    __tablename__ = "webhook_deliveries"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"]),
        ForeignKeyConstraint(["sequence"], ["certificate_changes.sequence"]),
        one_of("status", DeliveryStatus),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("last_status BETWEEN 0 AND 999", name="last_status"),
        CheckConstraint("(delivered_at IS NOT NULL) = (status = 'delivered')", name="delivered"),
        Index("ix_webhook_deliveries_due", "webhook_id", "status", "next_at"),
        Index("ix_webhook_deliveries_newest", "webhook_id", "sequence"),
        Index("ix_webhook_deliveries_settled", "status", "last_at"),
        STRICT,
    )

    delivery_id: str = text(primary_key=True)
    webhook_id: str = text()
    event_id: str = text()
    topic: str = text()
    sequence: int = count()
    status: str = text()
    attempts: int = count()
    created_at: datetime = instant()
    next_at: datetime = instant()
    last_at: datetime | None = optional_instant()
    last_status: int = count()
    last_error: str = text()
    delivered_at: datetime | None = optional_instant()
