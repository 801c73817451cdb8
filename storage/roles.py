"""Least rights on PostgreSQL: what service, auditor, public look-up and signers may do.

Four group roles without a login, the same in every database of a server; the operator's logins
are made members of them. The owner of the tables is none of the four: it migrates, and nothing
else. Whoever is not named here has no right at all (default deny), so a new table has no reader
until it has its line in `RIGHTS`; a test asks for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from certlib.errors import StoreUnfit
from storage.engines import EngineOptions, engines
from storage.faults import NOT_ALLOWED, fault_code, translating

__all__ = [
    "APPLICATION",
    "AUDITOR",
    "RIGHTS",
    "SIGNER",
    "STATUS",
    "Rights",
    "apply",
    "grants",
    "script",
]

APPLICATION: Final = "certlib_application"
AUDITOR: Final = "certlib_auditor"
STATUS: Final = "certlib_status"
SIGNER: Final = "certlib_signer"
GROUPS: Final = (APPLICATION, AUDITOR, STATUS, SIGNER)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the service may do with a table beside reading it.

    Attributes:
        update: every column, none, or these.
    """

    insert: bool = True
    update: bool | tuple[str, ...] = False
    delete: bool = False

    def words(self) -> Iterator[str]:
        """Privileges as GRANT names them."""
        yield "SELECT"
        if self.insert:
            yield "INSERT"
        if isinstance(self.update, tuple):
            yield f"UPDATE ({', '.join(self.update)})"
        elif self.update:
            yield "UPDATE"
        if self.delete:
            yield "DELETE"


APPEND: Final = Rights()
"""Rows come and stay as they are: history, sealed batches, files that were served."""
CHANGE: Final = Rights(update=True)
"""Rows come and change, and none ever goes."""
WORK: Final = Rights(update=True, delete=True)
"""Rows that are no record: they go when their work is done."""

RIGHTS: Final[Mapping[str, Rights]] = {
    "audit_head": Rights(insert=False, update=("sequence", "digest")),
    "audit_history": APPEND,
    "blank_forms": CHANGE,
    "certificate_changes": APPEND,
    "certificate_files": APPEND,
    "certificate_holders": APPEND,
    "certificate_standing": CHANGE,
    "certificate_types": CHANGE,
    "certificates": Rights(
        update=(
            "state",
            "row_version",
            "renewal_pending_since",
            "changed_at",
            "superseded_by",
            "paper",
            "reached_level",
            "timestamp_due",
        )
    ),
    "clients": CHANGE,
    "deliveries": Rights(
        update=("delivered_on", "channel", "receiver", "late", "recorded_at", "actor")
    ),
    "department_names": APPEND,
    "department_successions": APPEND,
    "departments": CHANGE,
    "drafts": Rights(
        update=("status", "approved_by", "row_version", "changed_at", "ended_by", "note")
    ),
    "face_numbers": WORK,
    "face_serials": CHANGE,
    "form_intents": Rights(
        update=("status", "attempts", "faults", "last_error", "burn_reason", "lease_until")
    ),
    "history_batches": APPEND,
    "holder_change_parties": APPEND,
    "holder_changes": APPEND,
    "holder_names": APPEND,
    "idempotency": WORK,
    "intents": Rights(
        update=("status", "attempts", "faults", "last_error", "burn_reason", "lease_until")
    ),
    "issue_list": CHANGE,
    "object_locks_due": WORK,
    "outbox": CHANGE,
    "paper_sheets": WORK,
    "periodic_results": APPEND,
    "planned_successions": Rights(delete=True),
    "renewal_applications": Rights(
        update=("outcome", "decided_on", "document_number", "decided_at", "decided_by")
    ),
    "seal_care": CHANGE,
    "restrictions": Rights(update=("effective_to", "lifted_on", "lift_document", "lifted_at")),
    "sealing_stops": CHANGE,
    "state_changes": APPEND,
    "type_records": CHANGE,
    "type_versions": APPEND,
    "untwinned_prints": CHANGE,
    "use_list": CHANGE,
    "voided_events": APPEND,
    "webhook_deliveries": WORK,
    "webhooks": WORK,
}
"""Every table of the schema, with what the service may do to it."""

PUBLIC: Final[Mapping[str, tuple[str, ...]]] = {
    "certificates": (
        "identifier",
        "state",
        "valid_from",
        "valid_to",
        "type_code",
        "issuer_code",
        "row_version",
        "renewal_pending_since",
        "changed_at",
        "issue_date",
        "type_version",
        "paper",
        "duties_since",
        "holder_hash",
    ),
    "certificate_standing": (
        "identifier",
        "action",
        "reason_code",
        "begins",
        "effective_from",
        "until",
        "automatic",
        "personal",
        "granted_on",
        "results",
    ),
    "restrictions": ("identifier", "effective_from", "effective_to", "lifted_on"),
    "certificate_holders": ("identifier", "position", "code_type", "code_hash"),
    "holder_change_parties": ("event_id", "role", "code_type", "code_hash"),
    "holder_changes": ("event_id", "kind", "effective_from"),
    "voided_events": ("event_id",),
}
"""Columns behind the public look-up: of holders keyed hashes, no content, no decision's details."""

AWAITED: Final[Mapping[str, tuple[str, ...]]] = {
    "intents": (
        "identifier",
        "status",
        "issuer_code",
        "storage_key",
        "attempts",
        "lease_until",
        "forms",
    ),
    "form_intents": (
        "identifier",
        "form",
        "copy_number",
        "status",
        "storage_key",
        "attempts",
        "lease_until",
    ),
    "certificates": ("identifier", "issuer_code"),
    "voided_events": ("event_id",),
}
"""Columns behind what a signer asks: what is about to be sealed, nothing of what it says; and
which names of departments were declared void, without which none can be told."""

_IS_OWNER: Final = (
    "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'certificates'::regclass"
)


def grants(groups: Sequence[str] = GROUPS) -> Iterator[str]:
    """Statements that give the groups their rights in this database, and nobody else any."""
    everybody = ", ".join(groups)
    # A table's REVOKE takes the rights to its columns too.
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {AUDITOR}"
    yield f"GRANT SELECT ON alembic_version TO {APPLICATION}"
    for table, rights in RIGHTS.items():
        yield f"GRANT {', '.join(rights.words())} ON {table} TO {APPLICATION}"
    for table, columns in PUBLIC.items():
        yield f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {STATUS}"
    if SIGNER in groups:
        for table, columns in AWAITED.items():
            yield f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {SIGNER}"
        yield f"GRANT SELECT ON departments, department_names, sealing_stops TO {SIGNER}"


def script() -> str:
    """The whole as SQL for an operator's own hands; to be run again after every upgrade."""
    made = [
        f"DO $$ BEGIN CREATE ROLE {group} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for group in GROUPS
    ]
    return "".join(f"{statement};\n" for statement in ["BEGIN", *made, *grants(), "COMMIT"])


def apply(engine_url: str) -> None:
    """Makes the groups and gives them their rights; again changes nothing.

    Args:
        engine_url: the owner's login; it must be allowed to create roles where there are none.

    Raises:
        StoreUnavailable: the database does not answer.
        StoreUnfit: the login has not the right to do it, or the database has no roles.
    """
    made = engines(EngineOptions(engine_url))
    if made.is_sqlite:
        raise StoreUnfit(what="SQLite 没有角色", what_en="SQLite has no roles")
    try:
        with translating(), made.write.begin() as connection, _allowed():
            if not connection.scalar(text(_IS_OWNER)):
                # PostgreSQL would only warn, and grant nothing.
                raise _not_owner()
            for group in _missing(connection):
                connection.execute(text(f"CREATE ROLE {group} NOLOGIN"))
            _grant(connection)
    finally:
        made.close()


@contextmanager
def _allowed() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if fault_code(error.orig) != NOT_ALLOWED:
            raise
        raise _not_owner() from None


def _not_owner() -> StoreUnfit:
    return StoreUnfit(
        what="建立角色须用数据库所有者的登录（CERTLIB_MIGRATION_URL），且有 CREATEROLE 权限",
        what_en="roles are made by the database's owner (CERTLIB_MIGRATION_URL), who needs "
        "CREATEROLE",
    )


def refresh(connection: Connection) -> None:
    """After an upgrade: new tables get their rights, where the groups are in use.

    An earlier release made three groups: those go on, without signers.
    """
    missing = _missing(connection)
    if set(missing) <= {SIGNER}:
        _grant(connection, [group for group in GROUPS if group not in missing])


def _missing(connection: Connection) -> list[str]:
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    return [group for group in GROUPS if group not in known]


def _grant(connection: Connection, groups: Sequence[str] = GROUPS) -> None:
    for statement in grants(groups):
        connection.exec_driver_sql(statement)
