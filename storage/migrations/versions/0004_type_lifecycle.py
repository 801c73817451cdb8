"""The life of type versions: what was founded before gets its place in the catalogue."""

import json
from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, instant, one_of, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records = op.create_table(
        "type_records",
        text("type_code"),
        text("version"),
        text("status"),
        text("definition"),
        text("authors"),
        text("reviewer"),
        text("publisher"),
        text("remark"),
        day("published_from", optional=True),
        day("usable_until", optional=True),
        count("row_version"),
        instant("changed_at"),
        sa.CheckConstraint("row_version >= 1", name="ck_type_records_row_version"),
        sa.CheckConstraint("version <> ''", name="ck_type_records_version_filled"),
        one_of("type_records", "status", ("draft", "reviewed", "published", "withdrawn")),
        sa.PrimaryKeyConstraint("type_code", "version", name="pk_type_records"),
        **STRICT,
    )
    known = op.get_bind().execute(
        sa.text("SELECT type_code, version, status, definition FROM type_versions")
    )
    rows = [_founded(*row) for row in known]
    if rows:
        op.bulk_insert(records, rows)


def _founded(type_code: str, version: str, status: str, definition: str) -> dict[str, object]:
    said = json.loads(definition)
    return {
        "type_code": type_code,
        "version": version,
        "status": status,
        "definition": definition,
        "authors": "[]",
        "reviewer": "",
        "publisher": "",
        "remark": "",
        "published_from": _day(said.get("published_from")),
        "usable_until": _day(said.get("usable_until")),
        "row_version": 1,
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
