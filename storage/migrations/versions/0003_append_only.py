"""What may never change: triggers on both engines, and the head of the audit chain."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NO_UPDATE = ("audit_history", "state_changes", "type_versions")
# An identifier that was used once stays known for ever, published or burned.
_NO_DELETE = (*_NO_UPDATE, "audit_head", "intents", "certificates", "certificate_files")

_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23000';
END $$
"""


def upgrade() -> None:
    op.execute("INSERT INTO audit_head (id, sequence, digest) VALUES (1, 0, '')")
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(_REFUSE)
    for act, tables in (("UPDATE", _NO_UPDATE), ("DELETE", _NO_DELETE)):
        for table in tables:
            op.execute(_on_postgresql(table, act) if postgresql else _on_sqlite(table, act))
    if postgresql:
        for table in _NO_DELETE:
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )


def _on_sqlite(table: str, act: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _on_postgresql(table: str, act: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
