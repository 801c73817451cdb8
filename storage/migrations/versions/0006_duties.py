"""What stands beside the state: periods, receivers, liftings, renewals, results, deliveries."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, day, flag, instant, one_of, sealed, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ACTIONS = (
    "seal",
    "suspend",
    "restore",
    "supersede",
    "deregister",
    "annul",
    "withdraw",
    "revoke",
    "transfer-out",
    "void",
)
_NO_UPDATE = ("periodic_results",)
_NO_DELETE = ("periodic_results", "renewal_applications", "restrictions", "deliveries")


def upgrade() -> None:
    _widen()
    _renewals()
    _results()
    _deliveries()
    _standing()
    _refuse_changes()


def _widen() -> None:
    op.add_column("state_changes", day("until", optional=True))
    op.add_column("state_changes", flag("automatic", optional=True))
    op.add_column("state_changes", text("receiving_authority", optional=True))
    op.add_column("state_changes", text("receiving_division", optional=True))
    op.add_column("restrictions", text("lift_document", optional=True))
    op.add_column("restrictions", instant("lifted_at", optional=True))


def _renewals() -> None:
    op.create_table(
        "renewal_applications",
        text("identifier"),
        count("sequence"),
        day("applied_on"),
        text("case_number"),
        instant("recorded_at"),
        text("actor"),
        text("outcome", optional=True),
        day("decided_on", optional=True),
        text("document_number"),
        instant("decided_at", optional=True),
        text("decided_by"),
        one_of("renewal_applications", "outcome", ("granted", "refused", "withdrawn")),
        sa.CheckConstraint("sequence >= 1", name="ck_renewal_applications_sequence"),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_on IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name="ck_renewal_applications_decided",
        ),
        sa.ForeignKeyConstraint(
            ["identifier"],
            ["certificates.identifier"],
            name="fk_renewal_applications_certificates",
        ),
        sa.PrimaryKeyConstraint("identifier", "sequence", name="pk_renewal_applications"),
        **STRICT,
    )
    # Until now an application was one day on the certificate's own row.
    op.execute(
        "INSERT INTO renewal_applications (identifier, sequence, applied_on, case_number, "
        "recorded_at, actor, document_number, decided_by) "
        "SELECT identifier, 1, renewal_pending_since, '', changed_at, '', '', '' "
        "FROM certificates WHERE renewal_pending_since IS NOT NULL"
    )


def _results() -> None:
    op.create_table(
        "periodic_results",
        text("identifier"),
        count("sequence"),
        text("duty_code"),
        text("result"),
        day("done_on"),
        day("period_start", optional=True),
        day("next_due", optional=True),
        text("authority"),
        text("document_number"),
        instant("recorded_at"),
        text("actor"),
        one_of("periodic_results", "result", ("passed", "failed", "conditional", "exempt")),
        sa.CheckConstraint("duty_code <> ''", name="ck_periodic_results_duty_code_filled"),
        sa.CheckConstraint("sequence >= 1", name="ck_periodic_results_sequence"),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_periodic_results_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", "sequence", name="pk_periodic_results"),
        **STRICT,
    )
    op.create_index(
        "ix_periodic_results_duty",
        "periodic_results",
        ["identifier", "duty_code", "done_on", "sequence"],
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        text("identifier"),
        text("issuer_code"),
        text("type_code"),
        day("decision_date", optional=True),
        day("delivered_on", optional=True),
        text("channel", optional=True),
        sealed("receiver", optional=True),
        flag("late"),
        instant("recorded_at", optional=True),
        text("actor"),
        one_of("deliveries", "channel", ("counter", "post", "online")),
        sa.CheckConstraint(
            "(delivered_on IS NULL) = (channel IS NULL)", name="ck_deliveries_delivered"
        ),
        sa.ForeignKeyConstraint(
            ["identifier"], ["certificates.identifier"], name="fk_deliveries_certificates"
        ),
        sa.PrimaryKeyConstraint("identifier", name="pk_deliveries"),
        **STRICT,
    )
    op.create_index("ix_deliveries_issuer", "deliveries", ["issuer_code", "identifier"])


def _standing() -> None:
    op.create_table(
        "certificate_standing",
        text("identifier"),
        text("action"),
        text("reason_code"),
        day("begins"),
        day("effective_from"),
        day("until", optional=True),
        flag("automatic"),
        flag("personal"),
        day("granted_on", optional=True),
        text("results"),
        one_of("certificate_standing", "action", _ACTIONS),
        sa.ForeignKeyConstraint(
            ["identifier"],
            ["certificates.identifier"],
            name="fk_certificate_standing_certificates",
        ),
        sa.PrimaryKeyConstraint("identifier", name="pk_certificate_standing"),
        **STRICT,
    )
    op.execute(
        "INSERT INTO certificate_standing (identifier, action, reason_code, begins, "
        "effective_from, automatic, personal, results) "
        "SELECT s.identifier, s.action, s.reason_code, (SELECT b.effective_from "
        "FROM state_changes b WHERE b.identifier = s.identifier AND b.sequence = 1), "
        "s.effective_from, 1 = 0, "
        "EXISTS (SELECT 1 FROM certificate_holders h "
        "WHERE h.identifier = s.identifier AND h.code_type NOT IN ('001', '099')), '[]' "
        "FROM state_changes s JOIN certificates c ON c.identifier = s.identifier "
        "WHERE s.sequence = (SELECT max(n.sequence) FROM state_changes n "
        "WHERE n.identifier = s.identifier) "
        "AND (s.sequence > 1 OR c.renewal_pending_since IS NOT NULL)"
    )


def _refuse_changes() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
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
