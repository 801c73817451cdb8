"""Certificates with their holders, names, files, steps and restrictions."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, flag, instant, one_of, sealed, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_STATES = (
    "DRAFT",
    "ISSUED",
    "SUSPENDED",
    "SUPERSEDED",
    "DEREGISTERED",
    "ANNULLED",
    "WITHDRAWN",
    "REVOKED",
    "TRANSFERRED_OUT",
    "VOIDED",
)
_ACTIONS = (
    "seal",
    "suspend",
    "restore",
    "supersede",
    "deregister",
    "annul",
    "withdraw",
    "revoke",
    "transfer-out",
    "void",
)


def upgrade() -> None:
    op.create_table(
        "certificates",
        text("identifier"),
        text("state"),
        day("valid_from"),
        day("valid_to", optional=True),
        text("type_code"),
        text("issuer_code"),
        count("row_version"),
        day("renewal_pending_since", optional=True),
        instant("changed_at"),
        text("serial"),
        text("version"),
        text("type_version"),
        text("division_code"),
        text("form"),
        text("number_hash", optional=True),
        day("issue_date"),
        instant("recorded_at"),
        text("supersedes"),
        text("superseded_by"),
        text("paper"),
        flag("demonstration"),
        text("target_level"),
        text("reached_level"),
        instant("timestamp_due", optional=True),
        text("storage_key"),
        text("template_digest"),
        text("fonts_digest"),
        text("typst_digest"),
        text("content_digest"),
        sealed("content"),
        one_of(
            "certificates",
            "paper",
            ("none", "pending", "synced", "collected", "lost", "declared-void"),
        ),
        one_of("certificates", "reached_level", _LEVELS),
        one_of("certificates", "state", _STATES),
        one_of("certificates", "target_level", _LEVELS),
        sa.CheckConstraint("row_version >= 1", name="ck_certificates_row_version"),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name="ck_certificates_validity"
        ),
        sa.ForeignKeyConstraint(
            ["identifier"], ["intents.identifier"], name="fk_certificates_intents"
        ),
        sa.ForeignKeyConstraint(
            ["type_code", "type_version"],
            ["type_versions.type_code", "type_versions.version"],
            name="fk_certificates_type_versions",
        ),
        sa.PrimaryKeyConstraint("identifier", name="pk_certificates"),
        **STRICT,
    )
    op.create_index(
        "ix_certificates_lineage", "certificates", ["issuer_code", "type_code", "serial", "version"]
    )
    op.create_index("ix_certificates_number", "certificates", ["number_hash"])
    op.create_index("ix_certificates_timestamp_due", "certificates", ["timestamp_due"])
    op.create_index("ix_certificates_type", "certificates", ["type_code", "identifier"])
    op.create_table(
        "certificate_holders",
        text("identifier"),
        count("position"),
        text("code_type"),
        text("code_hash"),
        sealed("code"),
        sa.CheckConstraint("position >= 0", name="ck_certificate_holders_position"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_certificate_holders_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", "position", name="pk_certificate_holders"),
        **STRICT,
    )
    op.create_index(
        "ix_certificate_holders_code", "certificate_holders", ["code_hash", "code_type"]
    )
    op.create_table(
        "holder_names",
        text("identifier"),
        count("position"),
        count("sequence"),
        text("name_hash"),
        sealed("name"),
        instant("recorded_at"),
        sa.CheckConstraint("sequence >= 0", name="ck_holder_names_sequence"),
        sa.ForeignKeyConstraint(
            ["identifier", "position"],
            ["certificate_holders.identifier", "certificate_holders.position"],
            name="fk_holder_names_certificate_holders",
        ),
        sa.PrimaryKeyConstraint("identifier", "position", "sequence", name="pk_holder_names"),
        **STRICT,
    )
    op.create_index("ix_holder_names_name", "holder_names", ["name_hash"])
    op.create_table(
        "certificate_files",
        text("identifier"),
        text("sha256"),
        text("object_name"),
        count("size"),
        text("form"),
        count("revision"),
        text("level"),
        instant("stored_at"),
        text("kind"),
        sealed("purpose", optional=True),
        day("expires_on", optional=True),
        one_of("certificate_files", "kind", ("original", "purpose_copy", "receipt")),
        one_of("certificate_files", "level", (*_LEVELS, "")),
        sa.CheckConstraint("length(sha256) = 64", name="ck_certificate_files_sha256"),
        sa.CheckConstraint("revision >= 0", name="ck_certificate_files_revision"),
        sa.CheckConstraint("size > 0", name="ck_certificate_files_size"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_certificate_files_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", "sha256", name="pk_certificate_files"),
        sa.UniqueConstraint(
            "identifier", "object_name", name="uq_certificate_files_identifier_object_name"
        ),
        **STRICT,
    )
    op.create_index("ix_certificate_files_sha256", "certificate_files", ["sha256"])
    op.create_table(
        "state_changes",
        text("identifier"),
        count("sequence"),
        text("action"),
        text("reason_code"),
        day("effective_from"),
        text("legal_basis"),
        text("document_number"),
        text("authority"),
        sealed("note", optional=True),
        text("from_state"),
        text("to_state"),
        instant("recorded_at"),
        text("actor"),
        one_of("state_changes", "action", _ACTIONS),
        one_of("state_changes", "from_state", _STATES),
        one_of("state_changes", "to_state", _STATES),
        sa.CheckConstraint("sequence >= 1", name="ck_state_changes_sequence"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_state_changes_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", "sequence", name="pk_state_changes"),
        **STRICT,
    )
    op.create_table(
        "restrictions",
        text("identifier"),
        text("kind"),
        text("authority"),
        text("document_number"),
        day("effective_from"),
        day("effective_to", optional=True),
        day("lifted_on", optional=True),
        instant("recorded_at", optional=True),
        one_of(
            "restrictions",
            "kind",
            ("seized", "frozen", "mortgaged", "objection", "closed", "irregular"),
        ),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name="ck_restrictions_period"
        ),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_restrictions_certificates"
        ),
        sa.PrimaryKeyConstraint(
            "identifier",
            "kind",
            "authority",
            "document_number",
            "effective_from",
            name="pk_restrictions",
        ),
        **STRICT,
    )
