"""Files that wait for their lock, and what was ever served never changes: by trigger as well."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, instant, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "object_locks_due"
_FILES = "certificate_files"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        text("object_name"),
        instant("since"),
        count("attempts"),
        sa.CheckConstraint("attempts >= 0", name=f"ck_{_TABLE}_attempts"),
        sa.PrimaryKeyConstraint("object_name", name=f"pk_{_TABLE}"),
        **STRICT,
    )
    op.create_index(f"ix_{_TABLE}_waiting", _TABLE, ["attempts", "since", "object_name"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {_FILES}_no_update BEFORE UPDATE ON {_FILES} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        # Nobody but its owner makes anything in this schema, whatever release founded it.
        op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        return
    op.execute(
        f"CREATE TRIGGER {_FILES}_no_update BEFORE UPDATE ON {_FILES} "
        f"BEGIN SELECT RAISE(ABORT, '{_FILES} is append-only'); END"
    )
