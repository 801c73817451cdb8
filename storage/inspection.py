"""A database looked at from beside it: nothing is migrated, granted or written.

Each function opens and closes its own connection, so that it can be asked beside a running
service, before a start and after an upgrade.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from certlib.errors import StoreUnavailable
from certlib.ports import Clock
from storage import roles
from storage.engines import EngineOptions, engines
from storage.faults import translating
from storage.migrations import configuration, newest, revision

__all__ = [
    "DatabaseFacts",
    "RightsFacts",
    "ServerFacts",
    "Sight",
    "database",
    "login_rights",
    "seen_by",
]

_SECONDS: Final = 5.0
_POWERS: Final = (
    "superuser",
    "createrole",
    "createdb",
    "bypass",
    "replication",
    "owner",
    "ddl",
)
_SERVER: Final = text(
    "SELECT clock_timestamp() AS now, pg_is_in_recovery() AS replica,"
    " current_setting('server_version_num')::int AS version,"
    " current_setting('server_encoding') AS encoding,"
    " current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable,"
    " current_setting('max_connections')::int"
    "   - current_setting('superuser_reserved_connections')::int AS places,"
    " (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL) AS used,"
    " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS own_limit"
)
_LOGIN: Final = text(
    "SELECT rolsuper AS superuser, rolcreaterole AS createrole, rolcreatedb AS createdb,"
    " rolbypassrls AS bypass, rolreplication AS replication,"
    " (SELECT count(*) > 0 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
    "   WHERE nspname = 'public' AND relkind = 'r' AND pg_has_role(relowner, 'USAGE')) AS owner,"
    " has_schema_privilege('public', 'CREATE') AS ddl"
    " FROM pg_roles WHERE rolname = current_user"
)
_TABLES: Final = text(
    "SELECT relname AS table_name, has_table_privilege(c.oid, 'INSERT') AS insert,"
    " has_table_privilege(c.oid, 'DELETE') AS delete,"
    " has_table_privilege(c.oid, 'TRUNCATE') AS truncate,"
    " has_table_privilege(c.oid, 'SELECT') AS select"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
    " WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname"
)
_COLUMNS: Final = text(
    "SELECT relname AS table_name, attname AS column_name,"
    " has_column_privilege(c.oid, attnum, 'UPDATE') AS update,"
    " has_column_privilege(c.oid, attnum, 'SELECT') AS select"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE nspname = 'public' AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
    " ORDER BY relname, attnum"
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A PostgreSQL server.

    Attributes:
        version: as the server counts them, 160004 for 16.4.
        durable: commits are synced, pages whole.
        offset: its clock minus ours, seconds; both are read to the second.
        places: connections for ordinary logins; used: how many there are.
        own_limit: most connections of this login, -1 for no limit of its own.
    """

    version: int
    encoding: str
    replica: bool
    durable: bool
    offset: float
    places: int
    used: int
    own_limit: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database that answers.

    Attributes:
        revision: of its schema, "" where there is none; newest: what this release needs.
        known: this release knows that revision.
        server: None for SQLite.
    """

    revision: str
    newest: str
    known: bool
    server: ServerFacts | None


@dataclass(frozen=True, slots=True)
class RightsFacts:
    """What the service's login may do, against `storage.roles.RIGHTS`.

    Attributes:
        powers: rights over the server or the schema, which it must not have.
        excess: rights to tables beyond its own, `UPDATE audit_history` for example.
        missing: rights that the service needs and the login has not.
    """

    powers: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tables: int = field(default=0, compare=False)


def database(url: str, clock: Clock) -> DatabaseFacts:
    """Whether it answers, and what it is.

    Raises:
        Corrupt: its file is damaged.
        StoreUnavailable: it does not answer, or an SQLite file is not there.
    """
    with _looking(url) as connection:
        has = revision(connection)
        known = {item.revision for item in _revisions()}
        server = None
        if connection.dialect.name == "postgresql":
            server = _server(connection, clock.now())
        return DatabaseFacts(has, newest(), has in known, server)


def login_rights(url: str) -> RightsFacts:
    """What the login of a PostgreSQL URL may do to the record.

    Raises:
        StoreUnavailable: it does not answer.
    """
    with _looking(url) as connection:
        (login,) = connection.execute(_LOGIN)
        tables = connection.execute(_TABLES).all()
        columns = connection.execute(_COLUMNS).all()
    powers = tuple(name for name in _POWERS if getattr(login, name))
    has = {row.table_name: _rights_of(row) for row in tables}
    for row in columns:
        if row.update:
            has[row.table_name].add(f"UPDATE ({row.column_name})")
    wanted = _wanted({(row.table_name, row.column_name) for row in columns})
    excess = [
        f"{word} {name}"
        for name, words in has.items()
        for word in sorted(words - wanted.get(name, {"SELECT"}))
    ]
    missing = [
        f"{word} {name}"
        for name, words in wanted.items()
        for word in sorted(words - has.get(name, set()))
    ]
    return RightsFacts(powers, tuple(excess), tuple(missing), len(tables))


@dataclass(frozen=True, slots=True)
class Sight:
    """Columns as `table.column`: `excess` are read and need not be, `missing` the other way."""

    excess: tuple[str, ...]
    missing: tuple[str, ...]


def seen_by(url: str) -> Sight:
    """What the login of the public look-up can read, against what it needs.

    Raises:
        StoreUnavailable: it does not answer.
    """
    with _looking(url) as connection:
        rows = connection.execute(_COLUMNS).all()
    seen = {f"{row.table_name}.{row.column_name}" for row in rows if row.select}
    needed = {f"{table}.{column}" for table, columns in roles.PUBLIC.items() for column in columns}
    return Sight(tuple(sorted(seen - needed)), tuple(sorted(needed - seen)))


@contextmanager
def _looking(url: str) -> Iterator[Connection]:
    options = EngineOptions(url, pool_size=1, timeout=_SECONDS)
    address = options.address
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file():
        # Connecting would make an empty one.
        raise StoreUnavailable(what="database file")
    made = engines(options)
    try:
        with translating(), made.read.connect() as connection:
            yield connection
    finally:
        made.close()


def _revisions() -> Iterator[Any]:
    return iter(ScriptDirectory.from_config(configuration()).walk_revisions())


def _server(connection: Connection, now: datetime) -> ServerFacts:
    (row,) = connection.execute(_SERVER)
    return ServerFacts(
        version=int(row.version),
        encoding=str(row.encoding),
        replica=bool(row.replica),
        durable=bool(row.durable),
        offset=(row.now.astimezone(UTC) - now).total_seconds(),
        places=int(row.places),
        used=int(row.used),
        own_limit=int(row.own_limit),
    )


def _rights_of(row: Any) -> set[str]:  # noqa: ANN401 - a row has no type of its own
    names = ("select", "insert", "delete", "truncate")
    return {name.upper() for name in names if getattr(row, name)}


def _wanted(columns: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Rights by table, updates by column."""
    wanted: dict[str, set[str]] = {}
    for name, rights in roles.RIGHTS.items():
        words = {"SELECT"}
        words |= {"INSERT"} if rights.insert else set()
        words |= {"DELETE"} if rights.delete else set()
        if isinstance(rights.update, tuple):
            words |= {f"UPDATE ({column})" for column in rights.update}
        elif rights.update:
            words |= {f"UPDATE ({column})" for table, column in columns if table == name}
        wanted[name] = words
    return wanted
