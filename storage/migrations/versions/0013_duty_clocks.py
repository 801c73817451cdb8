"""Since when a certificate's periodic duties run, where that is not its day of issue."""

from alembic import op

from storage.migrations.shapes import text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows of before stay as they are: what the history witnesses is not rewritten.
    op.add_column("certificates", text("duties_since", optional=True))
