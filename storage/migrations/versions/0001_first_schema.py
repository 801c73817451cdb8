"""Catalogue, intents, face numbers, idempotency, outbox, audit history."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, instant, one_of, sealed, text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


def upgrade() -> None:
    op.create_table(
        "audit_head",
        count("id"),
        count("sequence"),
        text("digest"),
        sa.CheckConstraint("id = 1", name="ck_audit_head_single"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        **STRICT,
    )
    op.create_table(
        "audit_history",
        count("sequence"),
        instant("at"),
        text("actor"),
        text("act"),
        text("target"),
        text("details"),
        text("previous"),
        text("digest"),
        sa.CheckConstraint("length(digest) = 64", name="ck_audit_history_digest"),
        sa.CheckConstraint("sequence >= 1", name="ck_audit_history_sequence"),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_history"),
        **STRICT,
    )
    op.create_index("ix_audit_history_target", "audit_history", ["target", "sequence"])
    op.create_table(
        "certificate_types",
        text("type_code"),
        text("name"),
        text("name_en"),
        text("category"),
        text("holder_category"),
        text("defining_body_code"),
        sa.CheckConstraint("name <> ''", name="ck_certificate_types_name_filled"),
        sa.CheckConstraint("type_code <> ''", name="ck_certificate_types_type_code_filled"),
        sa.PrimaryKeyConstraint("type_code", name="pk_certificate_types"),
        **STRICT,
    )
    op.create_table(
        "clients",
        text("client_id"),
        text("name"),
        text("department_code"),
        text("scopes"),
        text("secret_hash"),
        instant("created_at"),
        instant("disabled_at", optional=True),
        sa.CheckConstraint("client_id <> ''", name="ck_clients_client_id_filled"),
        sa.CheckConstraint("secret_hash <> ''", name="ck_clients_secret_hash_filled"),
        sa.PrimaryKeyConstraint("client_id", name="pk_clients"),
        **STRICT,
    )
    op.create_table(
        "departments",
        text("credit_code"),
        text("name"),
        text("short_name"),
        text("division_code"),
        text("level"),
        sa.CheckConstraint("credit_code <> ''", name="ck_departments_credit_code_filled"),
        sa.CheckConstraint("name <> ''", name="ck_departments_name_filled"),
        sa.PrimaryKeyConstraint("credit_code", name="pk_departments"),
        **STRICT,
    )
    op.create_table(
        "face_numbers",
        text("issuer_code"),
        text("type_code"),
        text("form"),
        text("number_hash"),
        text("identifier"),
        text("successor"),
        sa.CheckConstraint("identifier <> ''", name="ck_face_numbers_identifier_filled"),
        sa.PrimaryKeyConstraint(
            "issuer_code", "type_code", "form", "number_hash", name="pk_face_numbers"
        ),
        **STRICT,
    )
    op.create_table(
        "idempotency",
        text("client_id"),
        text("route"),
        text("key"),
        text("request_digest"),
        text("status"),
        instant("created_at"),
        text("identifier"),
        sealed("answer", optional=True),
        one_of("idempotency", "status", ("running", "done")),
        sa.PrimaryKeyConstraint("client_id", "route", "key", name="pk_idempotency"),
        **STRICT,
    )
    op.create_table(
        "intents",
        text("identifier"),
        text("status"),
        text("issuer_code"),
        text("type_code"),
        text("form"),
        text("number_hash", optional=True),
        text("storage_key"),
        text("seal_level"),
        text("template_digest"),
        text("fonts_digest"),
        text("typst_digest"),
        text("client_id"),
        text("route"),
        text("idempotency_key"),
        text("requested_by"),
        text("approved_by"),
        count("approvals_required"),
        text("supersedes"),
        text("supersede_reason"),
        count("attempts"),
        text("last_error"),
        text("burn_reason"),
        instant("recorded_at"),
        instant("lease_until", optional=True),
        text("content_digest"),
        sealed("content"),
        sa.CheckConstraint("identifier <> ''", name="ck_intents_identifier_filled"),
        one_of("intents", "seal_level", _LEVELS),
        one_of("intents", "status", ("pending", "published", "burned")),
        sa.CheckConstraint("approvals_required >= 0", name="ck_intents_approvals_required"),
        sa.CheckConstraint("attempts >= 0", name="ck_intents_attempts"),
        sa.CheckConstraint("length(storage_key) = 32", name="ck_intents_storage_key"),
        sa.PrimaryKeyConstraint("identifier", name="pk_intents"),
        **STRICT,
    )
    op.create_index("ix_intents_status", "intents", ["status", "recorded_at", "identifier"])
    op.create_table(
        "issue_list",
        text("type_code"),
        text("issuer_code"),
        day("effective_from"),
        day("effective_to", optional=True),
        text("basis"),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name="ck_issue_list_period"
        ),
        sa.PrimaryKeyConstraint("type_code", "issuer_code", "effective_from", name="pk_issue_list"),
        **STRICT,
    )
    op.create_table(
        "outbox",
        text("event_id"),
        text("topic"),
        text("identifier"),
        sealed("payload"),
        instant("created_at"),
        count("attempts"),
        text("last_error"),
        instant("lease_until", optional=True),
        instant("delivered_at", optional=True),
        sa.CheckConstraint("event_id <> ''", name="ck_outbox_event_id_filled"),
        sa.CheckConstraint("topic <> ''", name="ck_outbox_topic_filled"),
        sa.PrimaryKeyConstraint("event_id", name="pk_outbox"),
        **STRICT,
    )
    op.create_index("ix_outbox_waiting", "outbox", ["delivered_at", "lease_until", "created_at"])
    op.create_table(
        "use_list",
        text("type_code"),
        text("consumer_code"),
        text("matter_code"),
        day("effective_from"),
        day("effective_to", optional=True),
        text("basis"),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name="ck_use_list_period"
        ),
        sa.PrimaryKeyConstraint(
            "type_code", "consumer_code", "matter_code", "effective_from", name="pk_use_list"
        ),
        **STRICT,
    )
    op.create_table(
        "type_versions",
        text("type_code"),
        text("version"),
        count("ordinal"),
        text("status"),
        text("definition"),
        text("definition_digest"),
        sa.CheckConstraint("version <> ''", name="ck_type_versions_version_filled"),
        sa.CheckConstraint("ordinal >= 1", name="ck_type_versions_ordinal"),
        sa.ForeignKeyConstraint(
            ["type_code"],
            ["certificate_types.type_code"],
            name="fk_type_versions_certificate_types",
        ),
        sa.PrimaryKeyConstraint("type_code", "version", name="pk_type_versions"),
        sa.UniqueConstraint("type_code", "ordinal", name="uq_type_versions_type_code_ordinal"),
        **STRICT,
    )
