"""The sole holder by keyed hash, and an index of all that the public look-up reads of a row."""

from alembic import op

from storage.migrations.shapes import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows of before stay as they are: what the history witnesses is not rewritten.
    op.add_column("certificates", text("holder_hash", optional=True))
    op.drop_index("ix_certificate_holders_of", "certificate_holders")
    op.create_index(
        "ix_certificates_status",
        "certificates",
        [
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
        ],
    )
