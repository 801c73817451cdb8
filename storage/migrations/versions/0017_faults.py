"""How many attempts at an intent failed for a fault of its own, and not because of an outage."""

from alembic import op

from storage.migrations.shapes import count

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of rows of before nobody knows: their outages are forgiven, and so are their faults.
    for table in ("intents", "form_intents"):
        op.add_column(table, count("faults", optional=True))
