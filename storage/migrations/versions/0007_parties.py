"""Who issues as what and for whom; dated names and codes of holders and departments."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, one_of, text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CAPACITIES = ("own", "subordinate", "delegated", "entrusted")


def upgrade() -> None:
    _widen_issue_list()
    _name_acting_units()


def _widen_issue_list() -> None:
    # The key grows, which no engine can do in place: set the rows aside, make the table anew.
    op.execute("CREATE TABLE issue_list_before AS SELECT * FROM issue_list")
    op.drop_table("issue_list")
    op.create_table(
        "issue_list",
        text("type_code"),
        text("issuer_code"),
        text("principal_code"),
        day("effective_from"),
        day("effective_to", optional=True),
        text("basis"),
        text("capacity"),
        count("row_version"),
        one_of("issue_list", "capacity", _CAPACITIES),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name="ck_issue_list_period"
        ),
        sa.CheckConstraint(
            "(capacity = 'own') = (principal_code = '') AND principal_code <> issuer_code",
            name="ck_issue_list_principal",
        ),
        sa.CheckConstraint("row_version >= 1", name="ck_issue_list_row_version"),
        sa.PrimaryKeyConstraint(
            "type_code", "issuer_code", "principal_code", "effective_from", name="pk_issue_list"
        ),
        **STRICT,
    )
    op.create_index("ix_issue_list_issuer", "issue_list", ["issuer_code"])
    op.create_index("ix_issue_list_principal", "issue_list", ["principal_code"])
    op.execute(
        "INSERT INTO issue_list (type_code, issuer_code, principal_code, effective_from,"
        " effective_to, basis, capacity, row_version)"
        " SELECT type_code, issuer_code, '', effective_from, effective_to, basis, 'own', 1"
        " FROM issue_list_before"
    )
    op.drop_table("issue_list_before")


def _name_acting_units() -> None:
    # Until now every certificate was made by its issuer itself.
    acting = text("acting_code")
    acting.server_default = sa.DefaultClause("")
    op.add_column("certificates", acting)
    op.create_index("ix_certificates_acting", "certificates", ["acting_code", "identifier"])
    op.create_index("ix_certificates_issuer", "certificates", ["issuer_code", "identifier"])
