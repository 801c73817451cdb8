"""The change feed, filled from the history; webhooks and their deliveries."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.shapes import STRICT, count, instant, one_of, sealed, text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STATES = (
    "DRAFT",
    "ISSUED",
    "SUSPENDED",
    "SUPERSEDED",
    "DEREGISTERED",
    "ANNULLED",
    "WITHDRAWN",
    "REVOKED",
    "TRANSFERRED_OUT",
    "VOIDED",
)
# Acts of the first release that made a step of a certificate's history. The steps are numbered
# from 1 as the row's versions are, and stand in the history in the same order.
_FILL = """
INSERT INTO certificate_changes
    (sequence, identifier, type_code, issuer_code, act, state, row_version, recorded_at)
SELECT acts.sequence, acts.target, c.type_code, c.issuer_code, acts.act, steps.to_state,
       acts.place, acts.at
FROM (SELECT sequence, target, act, at,
             ROW_NUMBER() OVER (PARTITION BY target ORDER BY sequence) AS place
      FROM audit_history
      WHERE act IN ('issue', 'supersede', 'suspend', 'restore', 'deregister', 'annul', 'withdraw',
                    'revoke', 'transfer-out', 'void')) AS acts
JOIN certificates c ON c.identifier = acts.target
JOIN state_changes steps ON steps.identifier = acts.target AND steps.sequence = acts.place
"""


def upgrade() -> None:
    _feed()
    _webhooks()


def _feed() -> None:
    op.create_table(
        "certificate_changes",
        count("sequence"),
        text("identifier"),
        text("type_code"),
        text("issuer_code"),
        text("act"),
        text("state"),
        count("row_version"),
        instant("recorded_at"),
        sa.ForeignKeyConstraint(
            ["sequence"],
            ["audit_history.sequence"],
            name="fk_certificate_changes_audit_history",
        ),
        sa.ForeignKeyConstraint(
            ["identifier"],
            ["certificates.identifier"],
            name="fk_certificate_changes_certificates",
        ),
        one_of("certificate_changes", "state", _STATES),
        sa.CheckConstraint("act <> ''", name="ck_certificate_changes_act_filled"),
        sa.CheckConstraint("row_version >= 1", name="ck_certificate_changes_row_version"),
        sa.PrimaryKeyConstraint("sequence", name="pk_certificate_changes"),
        **STRICT,
    )
    for name, columns in (
        ("identifier", ["identifier", "row_version"]),
        ("issuer", ["issuer_code", "sequence"]),
        ("type", ["type_code", "sequence"]),
    ):
        op.create_index(f"ix_certificate_changes_{name}", "certificate_changes", columns)
    op.execute(_FILL)
    _append_only("certificate_changes")


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        text("webhook_id"),
        text("department_code"),
        text("topics"),
        text("type_codes"),
        text("description"),
        instant("created_at"),
        text("created_by"),
        instant("disabled_at", optional=True),
        text("disabled_reason"),
        instant("former_until", optional=True),
        sealed("url"),
        sealed("secret"),
        sealed("former_secret", optional=True),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason = '')", name="ck_webhooks_disabled"
        ),
        one_of("webhooks", "disabled_reason", ("", "asked", "gone")),
        sa.CheckConstraint(
            "(former_secret IS NULL) = (former_until IS NULL)", name="ck_webhooks_former"
        ),
        sa.CheckConstraint("webhook_id <> ''", name="ck_webhooks_webhook_id_filled"),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_webhooks"),
        **STRICT,
    )
    op.create_index("ix_webhooks_department", "webhooks", ["department_code", "webhook_id"])
    op.create_table(
        "webhook_deliveries",
        text("delivery_id"),
        text("webhook_id"),
        text("event_id"),
        text("topic"),
        count("sequence"),
        text("status"),
        count("attempts"),
        instant("created_at"),
        instant("next_at"),
        instant("last_at", optional=True),
        count("last_status"),
        text("last_error"),
        instant("delivered_at", optional=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.webhook_id"], name="fk_webhook_deliveries_webhooks"
        ),
        sa.ForeignKeyConstraint(
            ["sequence"],
            ["certificate_changes.sequence"],
            name="fk_webhook_deliveries_certificate_changes",
        ),
        sa.CheckConstraint("attempts >= 0", name="ck_webhook_deliveries_attempts"),
        sa.CheckConstraint(
            "(delivered_at IS NOT NULL) = (status = 'delivered')",
            name="ck_webhook_deliveries_delivered",
        ),
        sa.CheckConstraint(
            "last_status BETWEEN 0 AND 999", name="ck_webhook_deliveries_last_status"
        ),
        one_of("webhook_deliveries", "status", ("waiting", "delivered", "dead")),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_webhook_deliveries"),
        **STRICT,
    )
    for name, columns in (
        ("due", ["webhook_id", "status", "next_at"]),
        ("newest", ["webhook_id", "sequence"]),
        ("settled", ["status", "last_at"]),
    ):
        op.create_index(f"ix_webhook_deliveries_{name}", "webhook_deliveries", columns)


def _append_only(table: str) -> None:
    """As revision 0003 did for the history itself."""
    if op.get_bind().dialect.name == "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
