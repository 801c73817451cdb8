"""Rows of what is public: certificates, holders, files, face numbers, history, restrictions.

Every unique key names the issuer: an identifier contains its issuer's code, and face numbers
carry it as a column. No key is drawn from a sequence, so rows may live on many machines.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql_text

from certlib.certificate import PaperStatus, RestrictionKind
from certlib.preservation import LEVELS
from certlib.states import Action, State
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
    filled,
    flag,
    instant,
    one_of,
    optional_day,
    optional_flag,
    optional_instant,
    optional_sealed,
    optional_text,
    period,
    sealed,
    text,
)

FILE_KINDS = ("original", "purpose_copy", "receipt")


_ACTING = sql_text("acting_code <> ''")
"""Few certificates are made by entrusted units: the others need no place in that index."""


def _of_certificate() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["identifier"], ["certificates.identifier"])


class CertificateRow(Row, table=True):
    """One version of a certificate; (type, issuer, serial) is its lineage.

    `valid_from` falls back on the issue date. `content` is sealed canonical JSON. `acting_code` is
    the entrusted unit, or "". `holder_hash` is the `code_hash` of the sole holder, "" where there
    are several, NULL in rows of before schema 0014. An index has all that a status look-up reads.
    """

    __tablename__ = "certificates"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["identifier"], ["intents.identifier"]),
        ForeignKeyConstraint(
            ["type_code", "type_version"], ["type_versions.type_code", "type_versions.version"]
        ),
        one_of("state", State),
        one_of("paper", PaperStatus),
        one_of("target_level", LEVELS),
        one_of("reached_level", LEVELS),
        CheckConstraint("row_version >= 1", name="row_version"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        Index("ix_certificates_issuer", "issuer_code", "identifier"),
        Index(
            "ix_certificates_acting",
            "acting_code",
            "identifier",
            sqlite_where=_ACTING,
            postgresql_where=_ACTING,
        ),
        Index("ix_certificates_type", "type_code", "identifier"),
        Index("ix_certificates_number", "number_hash"),
        Index("ix_certificates_timestamp_due", "timestamp_due"),
        Index("ix_certificates_paper", "paper", "issuer_code", "identifier"),
        Index(
            "ix_certificates_status",
            "identifier",
            "state",
            "valid_from",
            "valid_to",
            "type_code",
            "issuer_code",
            "row_version",
            "renewal_pending_since",
            "changed_at",
            "issue_date",
            "type_version",
            "paper",
            "duties_since",
            "holder_hash",
        ),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    state: str = text()
    valid_from: date = day()
    valid_to: date | None = optional_day()
    type_code: str = text()
    issuer_code: str = text()
    row_version: int = count()
    renewal_pending_since: date | None = optional_day()
    changed_at: datetime = instant()
    serial: str = text()
    version: str = text()
    type_version: str = text()
    division_code: str = text()
    form: str = text()
    number_hash: str | None = optional_text()
    issue_date: date = day()
    recorded_at: datetime = instant()
    supersedes: str = text()
    superseded_by: str = text()
    paper: str = text()
    demonstration: bool = flag()
    target_level: str = text()
    reached_level: str = text()
    timestamp_due: datetime | None = optional_instant()
    storage_key: str = text()
    template_digest: str = text()
    fonts_digest: str = text()
    typst_digest: str = text()
    content_digest: str = text()
    content: bytes = sealed()
    acting_code: str = text()
    duties_since: str | None = optional_text()
    holder_hash: str | None = optional_text()


class CertificateHolderRow(Row, table=True):
    """A holder of a certificate: its code, sealed, and the keyed hash that finds it."""

    __tablename__ = "certificate_holders"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        CheckConstraint("position >= 0", name="position"),
        Index("ix_certificate_holders_code", "code_hash", "code_type"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    position: int = count(primary_key=True)
    code_type: str = text()
    code_hash: str = text()
    code: bytes = sealed()


class HolderNameRow(Row, table=True):
    """A name of a holder, dated: sequence 0 is the sealed one, others are former names."""

    __tablename__ = "holder_names"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(
            ["identifier", "position"],
            ["certificate_holders.identifier", "certificate_holders.position"],
        ),
        CheckConstraint("sequence >= 0", name="sequence"),
        Index("ix_holder_names_name", "name_hash"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    position: int = count(primary_key=True)
    sequence: int = count(primary_key=True)
    name_hash: str = text()
    name: bytes = sealed()
    recorded_at: datetime = instant()


class CertificateFileRow(Row, table=True):
    """A file that was served; every digest ever served stays known."""

    __tablename__ = "certificate_files"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        UniqueConstraint("identifier", "object_name"),
        one_of("kind", FILE_KINDS),
        one_of("level", (*LEVELS, "")),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        Index("ix_certificate_files_sha256", "sha256"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    sha256: str = text(primary_key=True)
    object_name: str = text()
    size: int = count()
    form: str = text()
    revision: int = count()
    level: str = text()
    stored_at: datetime = instant()
    kind: str = text()
    purpose: bytes | None = optional_sealed()
    expires_on: date | None = optional_day()
    copy_number: int = count()
    content_digest: str = text()


class FaceNumberRow(Row, table=True):
    """Who holds a number on the face; the key makes it unique among current versions.

    `identifier` holds it, `successor` is an intent that takes it over when it is published.
    """

    __tablename__ = "face_numbers"
    __table_args__: ClassVar[Any] = (
        filled("identifier"),
        STRICT,
    )

    issuer_code: str = text(primary_key=True)
    type_code: str = text(primary_key=True)
    form: str = text(primary_key=True)
    number_hash: str = text(primary_key=True)
    identifier: str = text()
    successor: str = text()


class StateChangeRow(Row, table=True):
    """One step of the bitemporal history. Append-only by trigger."""

    __tablename__ = "state_changes"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        CheckConstraint("sequence >= 1", name="sequence"),
        one_of("action", Action),
        one_of("from_state", State),
        one_of("to_state", State),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    sequence: int = count(primary_key=True)
    action: str = text()
    reason_code: str = text()
    effective_from: date = day()
    legal_basis: str = text()
    document_number: str = text()
    authority: str = text()
    note: bytes | None = optional_sealed()
    from_state: str = text()
    to_state: str = text()
    recorded_at: datetime = instant()
    actor: str = text()
    until: date | None = optional_day()
    automatic: bool | None = optional_flag()
    receiving_authority: str | None = optional_text()
    receiving_division: str | None = optional_text()


class RestrictionRow(Row, table=True):
    """A seizure, freeze, mortgage, objection, closure order or irregularity entry."""

    __tablename__ = "restrictions"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        one_of("kind", RestrictionKind),
        period(),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    kind: str = text(primary_key=True)
    authority: str = text(primary_key=True)
    document_number: str = text(primary_key=True)
    effective_from: date = day(primary_key=True)
    effective_to: date | None = optional_day()
    lifted_on: date | None = optional_day()
    recorded_at: datetime | None = optional_instant()
    lift_document: str | None = optional_text()
    lifted_at: datetime | None = optional_instant()
