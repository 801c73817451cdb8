"""Sealed batches of the history: one table that only grows."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, instant, sealed, text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "history_batches"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        count("number"),
        count("first_sequence"),
        count("last_sequence"),
        instant("sealed_at"),
        text("digest"),
        text("header"),
        sealed("certificate"),
        sealed("signature"),
        sealed("token"),
        sa.PrimaryKeyConstraint("number", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("first_sequence", name=f"uq_{_TABLE}_first_sequence"),
        sa.CheckConstraint("number >= 1", name=f"ck_{_TABLE}_number"),
        sa.CheckConstraint("first_sequence >= 1", name=f"ck_{_TABLE}_first_sequence"),
        sa.CheckConstraint("last_sequence >= first_sequence", name=f"ck_{_TABLE}_last_sequence"),
        sa.CheckConstraint("length(digest) = 64", name=f"ck_{_TABLE}_digest"),
        **STRICT,
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("UPDATE", "DELETE"):
        op.execute(_on_postgresql(act) if postgresql else _on_sqlite(act))
    if postgresql:
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _on_sqlite(act: str) -> str:
    return (
        f"CREATE TRIGGER {_TABLE}_no_{act.lower()} BEFORE {act} ON {_TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
    )


def _on_postgresql(act: str) -> str:
    return (
        f"CREATE TRIGGER {_TABLE}_no_{act.lower()} BEFORE {act} ON {_TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
