"""Paper twins and blank forms."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, instant, one_of, text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATUS = ("none", "pending", "synced", "collected", "lost", "declared-void")


def upgrade() -> None:
    op.create_table(
        "paper_sheets",
        text("identifier"),
        text("form"),
        count("copy_number"),
        text("print_number"),
        text("issuer_code"),
        text("type_code"),
        text("blank_number"),
        text("place"),
        instant("printed_at"),
        text("replaces"),
        text("status"),
        day("status_on", optional=True),
        text("notice"),
        instant("recorded_at"),
        text("actor"),
        one_of("paper_sheets", "status", _STATUS),
        sa.CheckConstraint("copy_number >= 0", name="ck_paper_sheets_copy_number"),
        sa.CheckConstraint("print_number <> ''", name="ck_paper_sheets_print_number_filled"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["intents.identifier"], name="fk_paper_sheets_intents"
        ),
        sa.PrimaryKeyConstraint(
            "identifier", "form", "copy_number", "print_number", name="pk_paper_sheets"
        ),
        sa.UniqueConstraint(
            "issuer_code",
            "type_code",
            "form",
            "print_number",
            name="uq_paper_sheets_issuer_code_type_code_form_print_number",
        ),
        **STRICT,
    )
    op.create_table(
        "blank_forms",
        text("issuer_code"),
        text("type_code"),
        text("form"),
        text("number"),
        text("status"),
        day("received_on"),
        instant("changed_at"),
        text("identifier"),
        text("note"),
        one_of("blank_forms", "status", ("received", "used", "spoiled")),
        sa.CheckConstraint("number <> ''", name="ck_blank_forms_number_filled"),
        sa.PrimaryKeyConstraint(
            "issuer_code", "type_code", "form", "number", name="pk_blank_forms"
        ),
        **STRICT,
    )
    op.create_table(
        "untwinned_prints",
        text("issuer_code"),
        text("type_code"),
        text("print_number"),
        text("number"),
        day("printed_on"),
        instant("recorded_at"),
        text("actor"),
        text("identifier"),
        sa.CheckConstraint("print_number <> ''", name="ck_untwinned_prints_print_number_filled"),
        sa.PrimaryKeyConstraint(
            "issuer_code", "type_code", "print_number", name="pk_untwinned_prints"
        ),
        **STRICT,
    )
    op.create_index(
        "ix_untwinned_prints_waiting",
        "untwinned_prints",
        ["identifier", "issuer_code", "print_number"],
    )
    # Certificates whose paper is pending, or still out after the end, are listed by state.
    op.create_index("ix_certificates_paper", "certificates", ["paper", "issuer_code", "identifier"])
