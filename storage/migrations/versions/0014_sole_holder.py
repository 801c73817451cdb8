"""Who alone holds a certificate, in its own row: the public look-up reads one page less."""

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
