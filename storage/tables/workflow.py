"""Rows of the way: intents, idempotency keys, the audit chain, the outbox."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from certlib.preservation import LEVELS
from certlib.registry import IntentStatus
from storage.tables.base import (
    STRICT,
    Row,
    count,
    filled,
    instant,
    one_of,
    optional_count,
    optional_instant,
    optional_sealed,
    optional_text,
    sealed,
    text,
)


class IntentRow(Row, table=True):
    """What we mean to seal. Kept for ever, so that an identifier is never used twice.

    `approved_by` and `forms` are canonical JSON lists; `succession` is canonical JSON, sealed.
    """

    __tablename__ = "intents"
    __table_args__: ClassVar[Any] = (
        filled("identifier"),
        one_of("status", IntentStatus),
        one_of("seal_level", LEVELS),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("approvals_required >= 0", name="approvals_required"),
        CheckConstraint("length(storage_key) = 32", name="storage_key"),
        Index("ix_intents_status", "status", "recorded_at", "identifier"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    status: str = text()
    issuer_code: str = text()
    type_code: str = text()
    form: str = text()
    number_hash: str | None = optional_text()
    storage_key: str = text()
    seal_level: str = text()
    template_digest: str = text()
    fonts_digest: str = text()
    typst_digest: str = text()
    client_id: str = text()
    route: str = text()
    idempotency_key: str = text()
    requested_by: str = text()
    approved_by: str = text()
    approvals_required: int = count()
    supersedes: str = text()
    supersede_reason: str = text()
    attempts: int = count()
    last_error: str = text()
    burn_reason: str = text()
    recorded_at: datetime = instant()
    lease_until: datetime | None = optional_instant()
    content_digest: str = text()
    content: bytes = sealed()
    actor: str = text()
    sealed_by: str = text()
    forms: str = text()
    base_version: int = count()
    succession: bytes | None = optional_sealed()
    faults: int | None = optional_count()


class IdempotencyRow(Row, table=True):
    """One use of an `Idempotency-Key`; `answer` is sealed canonical JSON."""

    __tablename__ = "idempotency"
    __table_args__: ClassVar[Any] = (one_of("status", ("running", "done")), STRICT)

    client_id: str = text(primary_key=True)
    route: str = text(primary_key=True)
    key: str = text(primary_key=True)
    request_digest: str = text()
    status: str = text()
    created_at: datetime = instant()
    identifier: str = text()
    answer: bytes | None = optional_sealed()


class AuditRow(Row, table=True):
    """One line of the history. Append-only by trigger; each digest covers the one before."""

    __tablename__ = "audit_history"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("length(digest) = 64", name="digest"),
        Index("ix_audit_history_target", "target", "sequence"),
        STRICT,
    )

    sequence: int = count(primary_key=True)
    at: datetime = instant()
    actor: str = text()
    act: str = text()
    target: str = text()
    details: str = text()
    previous: str = text()
    digest: str = text()


class AuditHeadRow(Row, table=True):
    """The one row that says where the chain ends; its lock puts writers in a line."""

    __tablename__ = "audit_head"
    __table_args__: ClassVar[Any] = (CheckConstraint("id = 1", name="single"), STRICT)

    id: int = count(primary_key=True)
    sequence: int = count()
    digest: str = text()


class OutboxRow(Row, table=True):
    """An effect to deliver at least once; `payload` is sealed canonical JSON."""

    __tablename__ = "outbox"
    __table_args__: ClassVar[Any] = (
        filled("event_id"),
        filled("topic"),
        Index("ix_outbox_waiting", "delivered_at", "lease_until", "created_at"),
        STRICT,
    )

    event_id: str = text(primary_key=True)
    topic: str = text()
    identifier: str = text()
    payload: bytes = sealed()
    created_at: datetime = instant()
    attempts: int = count()
    last_error: str = text()
    lease_until: datetime | None = optional_instant()
    delivered_at: datetime | None = optional_instant()
