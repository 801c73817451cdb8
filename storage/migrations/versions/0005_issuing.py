"""Issuing in two steps, several files of one certificate, drawn numbers, planned successions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, instant, one_of, sealed, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_NO_DELETE = ("drafts", "form_intents")


def upgrade() -> None:
    _widen_intents()
    _widen_files()
    _make_drafts()
    _make_form_intents()
    _make_small_tables()
    for table in _NO_DELETE:
        _forbid_delete(table)


def _widen_intents() -> None:
    """Until now whoever asked also sealed, and each certificate had one file."""
    for column in (
        _with_default(text("actor"), "''"),
        _with_default(text("sealed_by"), "''"),
        _with_default(text("forms"), "'[]'"),
        _with_default(count("base_version"), "0"),
        sealed("succession", optional=True),
    ):
        op.add_column("intents", column)
    op.execute(
        "UPDATE intents SET actor = requested_by, sealed_by = requested_by, "
        "forms = '[[\"' || form || '\",0]]'"
    )


def _widen_files() -> None:
    op.add_column("certificate_files", _with_default(count("copy_number"), "0"))
    op.add_column("certificate_files", _with_default(text("content_digest"), "''"))
    op.execute(
        "UPDATE certificate_files SET content_digest = (SELECT c.content_digest FROM certificates c"
        " WHERE c.identifier = certificate_files.identifier) WHERE kind = 'original'"
    )


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        text("identifier"),
        text("status"),
        text("issuer_code"),
        text("acting_code"),
        text("type_code"),
        text("type_version"),
        text("number_hash", optional=True),
        text("made_by"),
        text("actor"),
        text("approved_by"),
        count("approvals_required"),
        text("forms"),
        text("supersedes"),
        sealed("succession", optional=True),
        count("row_version"),
        instant("recorded_at"),
        instant("changed_at"),
        text("ended_by"),
        sealed("note", optional=True),
        text("content_digest"),
        sealed("content"),
        sa.CheckConstraint("identifier <> ''", name="ck_drafts_identifier_filled"),
        sa.CheckConstraint("made_by <> ''", name="ck_drafts_made_by_filled"),
        one_of("drafts", "status", ("open", "sealed", "returned", "discarded")),
        sa.CheckConstraint("row_version >= 1", name="ck_drafts_row_version"),
        sa.CheckConstraint("approvals_required >= 0", name="ck_drafts_approvals_required"),
        sa.PrimaryKeyConstraint("identifier", name="pk_drafts"),
        **STRICT,
    )
    columns = ["issuer_code", "status", "recorded_at", "identifier"]
    op.create_index("ix_drafts_issuer", "drafts", columns)


def _make_form_intents() -> None:
    op.create_table(
        "form_intents",
        text("identifier"),
        text("form"),
        count("copy_number"),
        count("round"),
        text("status"),
        text("storage_key"),
        text("seal_level"),
        text("template_digest"),
        text("fonts_digest"),
        text("typst_digest"),
        text("client_id"),
        text("route"),
        text("idempotency_key"),
        text("requested_by"),
        text("actor"),
        text("sealed_by"),
        text("approved_by"),
        count("approvals_required"),
        count("attempts"),
        text("last_error"),
        text("burn_reason"),
        instant("recorded_at"),
        instant("lease_until", optional=True),
        text("content_digest"),
        sealed("content"),
        one_of("form_intents", "status", ("pending", "published", "burned")),
        one_of("form_intents", "seal_level", _LEVELS),
        sa.CheckConstraint("attempts >= 0", name="ck_form_intents_attempts"),
        sa.CheckConstraint("round >= 1", name="ck_form_intents_round"),
        sa.CheckConstraint("length(storage_key) = 32", name="ck_form_intents_storage_key"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_form_intents_certificates"
        ),
        sa.PrimaryKeyConstraint(
            "identifier", "form", "copy_number", "round", name="pk_form_intents"
        ),
        **STRICT,
    )
    columns = ["status", "recorded_at", "storage_key"]
    op.create_index("ix_form_intents_status", "form_intents", columns)
    op.create_index("ix_form_intents_storage_key", "form_intents", ["storage_key"], unique=True)


def _make_small_tables() -> None:
    op.create_table(
        "face_serials",
        text("issuer_code"),
        text("type_code"),
        text("stem"),
        count("last"),
        sa.CheckConstraint("last >= 1", name="ck_face_serials_last"),
        sa.PrimaryKeyConstraint("issuer_code", "type_code", "stem", name="pk_face_serials"),
        **STRICT,
    )
    op.create_table(
        "planned_successions",
        text("identifier"),
        day("due"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_planned_successions_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", name="pk_planned_successions"),
        **STRICT,
    )
    columns = ["due", "identifier"]
    op.create_index("ix_planned_successions_due", "planned_successions", columns)


def _with_default(column: sa.Column[Any], value: str) -> sa.Column[Any]:
    """Rows that are there already need something to stand in the new column."""
    column.server_default = sa.DefaultClause(sa.text(value))
    return column


def _forbid_delete(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for act, scope in (("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
