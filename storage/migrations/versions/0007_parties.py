"""Who issues as what and for whom; dated names and codes of holders and departments."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, instant, one_of, sealed, text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CAPACITIES = ("own", "subordinate", "delegated", "entrusted")
_KINDS = ("merged", "renamed", "functions-moved")
_CHANGES = ("renamed", "recoded", "merged", "divided", "died", "dissolved")
_EVENTS = (
    "department_names",
    "department_successions",
    "holder_changes",
    "holder_change_parties",
    "voided_events",
)


def upgrade() -> None:
    _widen_issue_list()
    _name_acting_units()
    _widen_departments()
    _date_departments()
    _date_holders()
    _void_events()
    for table in _EVENTS:
        _keep_for_ever(table)


def _widen_issue_list() -> None:
    _made_anew(
        "issue_list",
        {"principal_code": "''", "capacity": "'own'", "row_version": "1"},
        text("type_code"),
        text("issuer_code"),
        text("principal_code"),
        day("effective_from"),
        day("effective_to", optional=True),
        text("basis"),
        text("capacity"),
        count("row_version"),
        one_of("issue_list", "capacity", _CAPACITIES),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name="ck_issue_list_period"
        ),
        sa.CheckConstraint(
            "(capacity = 'own') = (principal_code = '') AND principal_code <> issuer_code",
            name="ck_issue_list_principal",
        ),
        sa.CheckConstraint("row_version >= 1", name="ck_issue_list_row_version"),
        sa.PrimaryKeyConstraint(
            "type_code", "issuer_code", "principal_code", "effective_from", name="pk_issue_list"
        ),
    )
    op.create_index("ix_issue_list_issuer", "issue_list", ["issuer_code"])
    op.create_index("ix_issue_list_principal", "issue_list", ["principal_code"])


def _widen_departments() -> None:
    _made_anew(
        "departments",
        {"effective_from": "NULL", "effective_to": "NULL", "row_version": "1"},
        text("credit_code"),
        text("name"),
        text("short_name"),
        text("division_code"),
        text("level"),
        day("effective_from", optional=True),
        day("effective_to", optional=True),
        count("row_version"),
        sa.CheckConstraint("credit_code <> ''", name="ck_departments_credit_code_filled"),
        sa.CheckConstraint("name <> ''", name="ck_departments_name_filled"),
        sa.CheckConstraint("row_version >= 1", name="ck_departments_row_version"),
        sa.PrimaryKeyConstraint("credit_code", name="pk_departments"),
    )


def _made_anew(table: str, added: dict[str, str], *parts: sa.schema.SchemaItem) -> None:
    """Keys and checks cannot be added in place on SQLite: rows go aside and come back."""
    kept = [part.name for part in parts if isinstance(part, sa.Column) and part.name not in added]
    aside = f"{table}_before"
    op.execute(f"CREATE TABLE {aside} AS SELECT * FROM {table}")  # noqa: S608 -- ours
    op.drop_table(table)
    op.create_table(table, *parts, **STRICT)
    into, values = ", ".join([*kept, *added]), ", ".join([*kept, *added.values()])
    op.execute(f"INSERT INTO {table} ({into}) SELECT {values} FROM {aside}")  # noqa: S608 -- ours
    op.drop_table(aside)


def _name_acting_units() -> None:
    # Until now every certificate was made by its issuer itself.
    acting = text("acting_code")
    acting.server_default = sa.DefaultClause("")
    op.add_column("certificates", acting)
    few = sa.text("acting_code <> ''")
    op.create_index(
        "ix_certificates_acting",
        "certificates",
        ["acting_code", "identifier"],
        sqlite_where=few,
        postgresql_where=few,
    )
    op.create_index("ix_certificates_issuer", "certificates", ["issuer_code", "identifier"])
    # An identifier begins with type, issuer and serial: the primary key orders lineages.
    op.drop_index("ix_certificates_lineage", "certificates")


def _date_departments() -> None:
    op.create_table(
        "department_names",
        text("event_id"),
        text("credit_code"),
        text("name"),
        text("short_name"),
        day("effective_from"),
        *_source(),
        sa.CheckConstraint("name <> ''", name="ck_department_names_name_filled"),
        sa.ForeignKeyConstraint(
            ["credit_code"], ["departments.credit_code"], name="fk_department_names_departments"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_department_names"),
        **STRICT,
    )
    op.create_index(
        "ix_department_names_code", "department_names", ["credit_code", "effective_from"]
    )
    op.create_table(
        "department_successions",
        text("event_id"),
        text("kind"),
        text("predecessor_code"),
        text("successor_code"),
        day("effective_from"),
        text("type_codes"),
        *_source(),
        one_of("department_successions", "kind", _KINDS),
        sa.CheckConstraint(
            "predecessor_code <> successor_code", name="ck_department_successions_apart"
        ),
        sa.CheckConstraint(
            "(kind = 'functions-moved') = (type_codes <> '[]')",
            name="ck_department_successions_type_codes",
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{end}_code"],
                ["departments.credit_code"],
                name=f"fk_department_successions_{end}",
            )
            for end in ("predecessor", "successor")
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_department_successions"),
        **STRICT,
    )


def _date_holders() -> None:
    op.create_table(
        "holder_changes",
        text("event_id"),
        text("kind"),
        day("effective_from"),
        text("reason_code"),
        text("department_code"),
        sealed("basis"),
        sealed("document_number"),
        instant("recorded_at"),
        text("actor"),
        one_of("holder_changes", "kind", _CHANGES),
        sa.CheckConstraint("event_id <> ''", name="ck_holder_changes_event_id_filled"),
        sa.PrimaryKeyConstraint("event_id", name="pk_holder_changes"),
        **STRICT,
    )
    op.create_table(
        "holder_change_parties",
        text("event_id"),
        text("role"),
        count("position"),
        text("code_type"),
        text("code_hash"),
        sealed("code"),
        text("name_hash"),
        sealed("name"),
        one_of("holder_change_parties", "role", ("before", "after")),
        sa.CheckConstraint("position >= 0", name="ck_holder_change_parties_position"),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["holder_changes.event_id"],
            name="fk_holder_change_parties_holder_changes",
        ),
        sa.PrimaryKeyConstraint("event_id", "role", "position", name="pk_holder_change_parties"),
        **STRICT,
    )
    op.create_index("ix_holder_change_parties_code", "holder_change_parties", ["code_hash"])
    op.create_index("ix_holder_change_parties_name", "holder_change_parties", ["name_hash"])


def _void_events() -> None:
    op.create_table(
        "voided_events",
        text("event_id"),
        sealed("reason"),
        instant("recorded_at"),
        text("actor"),
        sa.CheckConstraint("event_id <> ''", name="ck_voided_events_event_id_filled"),
        sa.PrimaryKeyConstraint("event_id", name="pk_voided_events"),
        **STRICT,
    )


def _source() -> tuple[sa.Column[Any], ...]:
    return text("basis"), text("document_number"), instant("recorded_at"), text("actor")


def _keep_for_ever(table: str) -> None:
    """No event is changed or removed; revision 0003 made the function on PostgreSQL."""
    if op.get_bind().dialect.name != "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    for act, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
