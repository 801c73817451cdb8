"""Engines: one for writing, one for snapshots, both with what durability needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from certlib.errors import StoreUnavailable
from storage.prepared import ask

_TURN_SECONDS: Final = 0.02

NETWORK: Final[Mapping[str, int]] = {
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""A server whose machine has gone is noticed in twenty seconds, not in two hours (libpq)."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to reach the database.

    Attributes:
        url: `sqlite:////folder/file.db` or `postgresql://user:secret@host/name`.
        pool_size: connections for reading (SQLite) or of each kind (PostgreSQL).
        timeout: seconds to wait for a lock, a connection or a statement.
    """

    url: str = field(repr=False)
    pool_size: int = 8
    timeout: float = 10.0

    @property
    def address(self) -> URL:
        """The URL with the driver we use.

        Raises:
            StoreUnavailable: neither SQLite nor PostgreSQL, or no URL at all.
        """
        try:
            url = make_url(self.url)
        except ArgumentError as error:
            raise StoreUnavailable(what="database URL") from error
        match url.get_backend_name():
            case "sqlite" if url.database:
                return url.set(drivername="sqlite+pysqlite")
            case "postgresql":
                return url.set(drivername="postgresql+psycopg")
            case _:
                raise StoreUnavailable(what="database URL")


class SameFile:
    """Notices that the file behind open SQLite connections has gone or is another one.

    An open connection goes on with a file whose name was taken away: it would answer from, and
    commit to, what no later start finds (INV-13, INV-14).
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._mark: tuple[int, int] | None = None

    def check(self) -> None:
        """To be asked before each use.

        Raises:
            StoreUnavailable: there is no file, or not the one that was there at first.
        """
        try:
            found = self._path.stat()
        except OSError as error:
            raise StoreUnavailable(what="database file") from error
        mark = found.st_dev, found.st_ino
        if self._mark is None:
            self._mark = mark
        if mark != self._mark:
            raise StoreUnavailable(what="database file")


@dataclass(frozen=True, slots=True)
class Engines:
    """The two engines of a registry."""

    write: Engine
    read: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether there is one writer per file."""
        return self.write.dialect.name == "sqlite"

    def close(self) -> None:
        """Closes every idle connection."""
        self.read.dispose()
        self.write.dispose()


def engines(options: EngineOptions) -> Engines:
    """Both engines; nothing is connected yet."""
    url = options.address
    if url.get_backend_name() == "sqlite":
        return Engines(
            write=_sqlite(options, url, begin="BEGIN IMMEDIATE", size=1, query_only=False),
            read=_sqlite(options, url, begin="BEGIN", size=options.pool_size, query_only=True),
        )
    write = _postgresql(options, url)
    read = write.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(write=write, read=read)


def _sqlite(options: EngineOptions, url: URL, *, begin: str, size: int, query_only: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=options.timeout,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": options.timeout},
    )
    prepare = _sqlite_session(query_only=query_only, timeout=options.timeout)
    event.listen(engine, "connect", prepare)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver would begin late and without a lock: reading first and writing then could
        # fail with "busy" in the middle of a unit.
        ask(connection, begin)

    return engine


def _sqlite_session(*, query_only: bool, timeout: float) -> Callable[[SqliteConnection, Any], None]:
    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None
        _write_ahead(connection, monotonic() + timeout)
        for pragma in (
            # Durable when COMMIT returns: the write-ahead log is synced at each commit.
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return prepare


def _write_ahead(connection: SqliteConnection, end: float) -> None:
    """Only the very first connections change the mode, and SQLite does not wait for a turn then."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or monotonic() > end:
                raise
            sleep(_TURN_SECONDS)
        else:
            return


def _postgresql(options: EngineOptions, url: URL) -> Engine:
    milliseconds = int(options.timeout * 1000)
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "on",
        "lock_timeout": milliseconds,
        "statement_timeout": 3 * milliseconds,
        "idle_in_transaction_session_timeout": 6 * milliseconds,
    }
    return create_engine(
        url,
        pool_size=options.pool_size,
        max_overflow=options.pool_size,
        pool_timeout=options.timeout,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": max(1, int(options.timeout)),
            **NETWORK,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
