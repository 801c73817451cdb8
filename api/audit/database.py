"""Rows by plain drivers: one read-only snapshot of SQLite or PostgreSQL, streamed."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg.rows import dict_row

from api.audit.report import CannotAudit

_SQLITE = "sqlite:///"
_GROUP = 500
_IN_UTC = "-c timezone=UTC"

_KEYS = """
SELECT t.table_name, k.column_name
FROM information_schema.tables t
LEFT JOIN information_schema.table_constraints c
  ON c.table_schema = t.table_schema AND c.table_name = t.table_name
  AND c.constraint_type = 'PRIMARY KEY'
LEFT JOIN information_schema.key_column_usage k
  ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name
  AND k.table_name = c.table_name
WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
ORDER BY t.table_name, k.ordinal_position
"""

Row = Mapping[str, Any]


class Snapshot(Protocol):
    """The database as it was at one instant.

    Attributes:
        engine: `sqlite` or `postgresql`.
    """

    @property
    def engine(self) -> str:
        """Which engine answers."""
        ...

    def rows(self, query: str) -> Iterator[Row]:
        """Rows by column name: instants and days as ISO text, octets as bytes."""
        ...

    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Every table with the columns of its primary key."""
        ...


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Opens a snapshot of the database behind an SQLAlchemy URL.

    Raises:
        CannotAudit: it does not answer, or is no database of this library.
    """
    opened = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
    try:
        with opened as found:
            yield found
    except (sqlite3.Error, psycopg.Error, OSError) as error:
        # The driver's own words may hold a password or a path.
        name = type(error).__name__
        raise CannotAudit(
            f"无法读取数据库（{name}）。", f"The database cannot be read ({name})."
        ) from error


@contextmanager
def _sqlite(url: str) -> Iterator[Snapshot]:
    path = Path(url.removeprefix(_SQLITE))
    if not url.startswith(_SQLITE) or not path.is_file():
        raise CannotAudit("没有数据库文件。", "There is no database file.")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")  # WAL: readers see one instant and hinder nobody
        yield _SqliteSnapshot(connection)


class _SqliteSnapshot:
    engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str) -> Iterator[Row]:
        for row in self._connection.execute(query):
            yield dict(row)

    def keys(self) -> Mapping[str, tuple[str, ...]]:
        found = self._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = [str(row["name"]) for row in found]
        return {name: tuple(self._key(name)) for name in tables if not name.startswith("sqlite_")}

    def _key(self, table: str) -> list[str]:
        found = self._connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,))
        parts = sorted((int(row["pk"]), str(row["name"])) for row in found if row["pk"])
        return [name for _, name in parts]


@contextmanager
def _postgresql(url: str) -> Iterator[Snapshot]:
    scheme, separator, rest = url.partition("://")
    address = scheme.partition("+")[0] + separator + rest
    with psycopg.connect(address, row_factory=dict_row, options=_IN_UTC) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield _PostgresqlSnapshot(connection)
        connection.rollback()


class _PostgresqlSnapshot:
    engine = "postgresql"

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        self._connection = connection
        self._count = 0

    def rows(self, query: str) -> Iterator[Row]:
        self._count += 1
        with self._connection.cursor(f"audit_{self._count}") as cursor:
            cursor.itersize = _GROUP
            for row in cursor.execute(query.encode()):
                yield {name: _plain(value) for name, value in row.items()}

    def keys(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for row in self.rows(_KEYS):
            columns = found.setdefault(row["table_name"], [])
            columns += [row["column_name"]] if row["column_name"] else []
        return {name: tuple(columns) for name, columns in found.items()}


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case memoryview():
            return bytes(value)
        case _:
            return value
