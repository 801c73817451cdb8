"""Stops of sealing: of everything, or of one key."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, flag, instant, text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLE = "sealing_stops"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        text("scope"),
        instant("since"),
        text("stopped_by"),
        text("confirmed_by"),
        text("reason"),
        flag("final"),
        instant("lifted_at", optional=True),
        text("lifted_by"),
        text("lift_confirmed_by"),
        sa.PrimaryKeyConstraint("scope", name=f"pk_{_TABLE}"),
        sa.CheckConstraint("scope <> ''", name=f"ck_{_TABLE}_scope_filled"),
        sa.CheckConstraint("stopped_by <> ''", name=f"ck_{_TABLE}_stopped_by_filled"),
        **STRICT,
    )
