"""Rows of issuing in steps: drafts, files added later, drawn numbers, planned successions."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.preservation import LEVELS
from certlib.registry import DraftStatus, IntentStatus
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
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


class DraftRow(Row, table=True):
    """A certificate that was made and not sealed. Kept for ever, as its identifier is used up.

    `approved_by` and `forms` are canonical JSON lists; `succession` is canonical JSON, sealed.
    """

    __tablename__ = "drafts"
    __table_args__: ClassVar[Any] = (
        filled("identifier"),
        filled("made_by"),
        one_of("status", DraftStatus),
        CheckConstraint("row_version >= 1", name="row_version"),
        CheckConstraint("approvals_required >= 0", name="approvals_required"),
        Index("ix_drafts_issuer", "issuer_code", "status", "recorded_at", "identifier"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    status: str = text()
    issuer_code: str = text()
    acting_code: str = text()
    type_code: str = text()
    type_version: str = text()
    number_hash: str | None = optional_text()
    made_by: str = text()
    actor: str = text()
    approved_by: str = text()
    approvals_required: int = count()
    forms: str = text()
    supersedes: str = text()
    succession: bytes | None = optional_sealed()
    row_version: int = count()
    recorded_at: datetime = instant()
    changed_at: datetime = instant()
    ended_by: str = text()
    note: bytes | None = optional_sealed()
    content_digest: str = text()
    content: bytes = sealed()


class FormIntentRow(Row, table=True):
    """What we mean to add to a certificate: one more file, with its own sealing metadata."""

    __tablename__ = "form_intents"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["identifier"], ["certificates.identifier"]),
        one_of("status", IntentStatus),
        one_of("seal_level", LEVELS),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("round >= 1", name="round"),
        CheckConstraint("length(storage_key) = 32", name="storage_key"),
        Index("ix_form_intents_status", "status", "recorded_at", "storage_key"),
        Index("ix_form_intents_storage_key", "storage_key", unique=True),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    form: str = text(primary_key=True)
    copy_number: int = count(primary_key=True)
    round: int = count(primary_key=True)
    status: str = text()
    storage_key: str = text()
    seal_level: str = text()
    template_digest: str = text()
    fonts_digest: str = text()
    typst_digest: str = text()
    client_id: str = text()
    route: str = text()
    idempotency_key: str = text()
    requested_by: str = text()
    actor: str = text()
    sealed_by: str = text()
    approved_by: str = text()
    approvals_required: int = count()
    attempts: int = count()
    last_error: str = text()
    burn_reason: str = text()
    recorded_at: datetime = instant()
    lease_until: datetime | None = optional_instant()
    content_digest: str = text()
    content: bytes = sealed()
    faults: int | None = optional_count()


class FaceSerialRow(Row, table=True):
    """The last serial drawn for an issuer, a type and the text around the serial."""

    __tablename__ = "face_serials"
    __table_args__: ClassVar[Any] = (CheckConstraint("last >= 1", name="last"), STRICT)

    issuer_code: str = text(primary_key=True)
    type_code: str = text(primary_key=True)
    stem: str = text(primary_key=True)
    last: int = count()


class PlannedSuccessionRow(Row, table=True):
    """A version in force that a renewal replaces from the day `due` on."""

    __tablename__ = "planned_successions"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["identifier"], ["certificates.identifier"]),
        Index("ix_planned_successions_due", "due", "identifier"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    due: date = day()
