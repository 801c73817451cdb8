"""The care of seals: a table made from the files that are there, which stay as they are."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, flag, instant, one_of, text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "seal_care"
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_REASONS = ("signer", "timestamp", "archive", "algorithm", "")
# Files of before: nobody has looked at them yet, the service does so by and by.
_FILL = """
INSERT INTO seal_care (identifier, form, copy_number, type_code, sha256, level, target_level, below,
    stored_at, basis, proof_ends_at, algorithms, ends_at, reason, due_at, plan, retry_at,
    attempts, last_error, coming)
SELECT f.identifier, f.form, f.copy_number, c.type_code, f.sha256, f.level, c.target_level,
    {below}, f.stored_at, '', NULL, '', NULL, '', f.stored_at, '', f.stored_at, 0, '', 0
FROM certificate_files f JOIN certificates c ON c.identifier = f.identifier
WHERE f.kind = 'original' AND f.revision = (
    SELECT max(g.revision) FROM certificate_files g
    WHERE g.identifier = f.identifier AND g.form = f.form AND g.copy_number = f.copy_number
        AND g.kind = 'original')
"""
_BELOW = (
    "CASE WHEN (f.level = 'B-B' AND c.target_level <> 'B-B') OR (f.level = 'B-T' AND "
    "c.target_level IN ('B-LT', 'B-LTA')) OR (f.level = 'B-LT' AND c.target_level = 'B-LTA') "
    "THEN {yes} ELSE {no} END"
)


def upgrade() -> None:
    op.create_table(
        _TABLE,
        text("identifier"),
        text("form"),
        count("copy_number"),
        text("type_code"),
        text("sha256"),
        text("level"),
        text("target_level"),
        flag("below"),
        instant("stored_at"),
        text("basis"),
        instant("proof_ends_at", optional=True),
        text("algorithms"),
        instant("ends_at", optional=True),
        text("reason"),
        instant("due_at"),
        text("plan"),
        instant("retry_at"),
        count("attempts"),
        text("last_error"),
        count("coming"),
        sa.ForeignKeyConstraint(
            ["identifier", "sha256"],
            ["certificate_files.identifier", "certificate_files.sha256"],
            name=f"fk_{_TABLE}_certificate_files",
        ),
        one_of(_TABLE, "level", _LEVELS),
        one_of(_TABLE, "target_level", _LEVELS),
        one_of(_TABLE, "basis", _REASONS),
        one_of(_TABLE, "reason", _REASONS),
        sa.CheckConstraint("attempts >= 0", name=f"ck_{_TABLE}_attempts"),
        sa.CheckConstraint("coming >= 0", name=f"ck_{_TABLE}_coming"),
        sa.CheckConstraint("(plan = '') = (ends_at IS NULL)", name=f"ck_{_TABLE}_planned"),
        sa.PrimaryKeyConstraint("identifier", "form", "copy_number", name=f"pk_{_TABLE}"),
        **STRICT,
    )
    indexes = {
        "due": ["due_at", "retry_at"],
        "plan": ["plan"],
        "below": ["below", "level", "stored_at"],
        "ends": ["ends_at"],
    }
    for name, columns in indexes.items():
        op.create_index(f"ix_{_TABLE}_{name}", _TABLE, columns)
    postgresql = op.get_bind().dialect.name == "postgresql"
    below = _BELOW.format(yes="TRUE", no="FALSE") if postgresql else _BELOW.format(yes=1, no=0)
    op.execute(_FILL.format(below=below))
