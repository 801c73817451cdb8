"""The public status look-up: one row from the primary database, by one statement, seldom by two.

`StatusReader` is the fast path: the bare driver, a connection held open, each look-up a snapshot
of its own, so a revocation that was committed a moment ago is seen (INV-6).
"""

import asyncio
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import psycopg
from sqlalchemy import URL

from certlib.calendar import legal_day
from certlib.certificate import PaperStatus
from certlib.decisions import Decision
from certlib.errors import StoreUnavailable
from certlib.holder_changes import ChangeKind
from certlib.ports import Clock
from certlib.registry import StandingRow, StatusRow
from certlib.states import Action, State
from storage.columns import instant_from
from storage.engines import NETWORK, EngineOptions, SameFile
from storage.faults import bare, fault_code
from storage.standing import clocks_of, summed_results
from storage.status_pool import RawStatus, StatusPool
from storage.status_sql import STATUS_SQL, UNTOUCHED_SQL, of_many


def _by_place(sql: str) -> str:
    """For SQLite: by place, not by name, is a third of the whole look-up.

    Left to itself it takes the unique index, and from there a row with its content.
    """
    chosen = sql.replace("certificates c ", "certificates c INDEXED BY ix_certificates_status ")
    return chosen.replace(":identifier", "?1").replace(":today", "?2")


def _by_name(sql: str) -> str:
    """For psycopg."""
    return sql.replace(":identifier", "%(identifier)s").replace(":today", "%(today)s::date")


_SQLITE_UNTOUCHED, _SQLITE = _by_place(UNTOUCHED_SQL), _by_place(STATUS_SQL)
_POSTGRESQL_UNTOUCHED, _POSTGRESQL = _by_name(UNTOUCHED_SQL), _by_name(STATUS_SQL)
_CACHE_KIBIBYTES = 32_000
"""The inner pages of all the trees of a million certificates; filled only by use."""
_OWN = 14
"""Columns of the certificate itself; those of its standing follow."""


def status_row(values: RawStatus) -> StatusRow:
    """The row of `STATUS_SQL`, from either engine."""
    (
        identifier,
        state,
        valid_from,
        valid_to,
        type_code,
        issuer_code,
        version,
        pending,
        changed,
        issued,
        type_version,
        paper,
        since,
        restricted,
    ) = values[:_OWN]
    return StatusRow(
        identifier=identifier,
        state=State(state),
        valid_from=_day(valid_from),
        valid_to=_optional_day(valid_to),
        type_code=type_code,
        issuer_code=issuer_code,
        row_version=version,
        renewal_pending_since=_optional_day(pending),
        restricted=bool(restricted),
        changed_at=_instant(changed),
        issue_date=_day(issued),
        type_version=type_version,
        paper=PaperStatus(paper),
        standing=None if values[_OWN] is None else _standing(values[_OWN:-1]),
        holder_gone=None if values[-1] is None else ChangeKind(values[-1]),
        duties_since=() if since is None else clocks_of(since),
    )


def _standing(values: RawStatus) -> StandingRow:
    action, reason, begins, effective_from, until, automatic, personal, granted_on, results = values
    return StandingRow(
        begins=_day(begins),
        decision=Decision(
            action=Action(action),
            reason_code=reason,
            effective_from=_day(effective_from),
            until=_optional_day(until),
            automatic=bool(automatic),
        ),
        personal=bool(personal),
        granted_on=_optional_day(granted_on),
        results=tuple(summed_results(results)),
    )


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _optional_day(value: date | str | None) -> date | None:
    return None if value is None else _day(value)


def _instant(value: datetime | str) -> datetime:
    return instant_from(value) if isinstance(value, str) else value.astimezone(UTC)


class _Source(Protocol):
    def row(self, identifier: str, today: date) -> RawStatus | None: ...
    def version(self) -> tuple[int, int] | None: ...
    def close(self) -> None: ...


class StatusReader:
    """Looks up one status; safe to share between threads.

    Args:
        options: the same as the registry's; nothing is connected before the first look-up.
        clock: says which restrictions are in force.
    """

    def __init__(self, options: EngineOptions, clock: Clock) -> None:
        url = options.address
        self._clock = clock
        self._source: _Source
        self._pool: StatusPool | None = None
        if url.get_backend_name() == "sqlite":
            self._source = _SqliteSource(str(url.database), options.timeout)
        else:
            self._source = _PostgresSource(url, options.timeout)
            first, whole = of_many(UNTOUCHED_SQL), of_many(STATUS_SQL)
            self._pool = StatusPool(url, first, whole, options.timeout)

    @property
    def inline(self) -> bool:
        """Whether `raw` takes microseconds and may be called on an event loop; else `ask`."""
        return self._pool is None

    def ask(self, identifier: str, today: date) -> "asyncio.Future[RawStatus | None]":
        """The same as `raw`, for a running event loop that must not wait.

        The future fails with `StoreUnavailable` when the database does not answer.
        """
        if self._pool is not None:
            return self._pool.ask(identifier, today)
        answer: asyncio.Future[RawStatus | None] = asyncio.get_running_loop().create_future()
        try:
            answer.set_result(self.raw(identifier, today))
        except StoreUnavailable as error:
            answer.set_exception(error)
        return answer

    async def release(self) -> None:
        """Closes what `ask` has opened, on the loop that asked."""
        if self._pool is not None:
            await self._pool.close()

    def status(self, identifier: str) -> StatusRow | None:
        """The status now, or None when there is no such certificate.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        values = self.raw(identifier, legal_day(self._clock.now()))
        return None if values is None else status_row(values)

    def raw(self, identifier: str, today: date) -> RawStatus | None:
        """The row behind `status`, unread, for callers that know such a row already.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return self._source.row(identifier, today)

    def version(self) -> tuple[int, int] | None:
        """A mark that stays while nothing at all is committed; None where there is none.

        SQLite tells at a third of a look-up's cost whether any other connection has committed
        (`PRAGMA data_version`); PostgreSQL has nothing as cheap.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return self._source.version()

    def read(self, values: RawStatus) -> StatusRow:
        """What a row of `raw` says."""
        return status_row(values)

    def close(self) -> None:
        """Closes the connection; a later look-up opens a new one."""
        self._source.close()


class _SqliteSource:
    """A read-only connection in autocommit mode."""

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._file = SameFile(path)
        self._timeout = timeout
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def row(self, identifier: str, today: date) -> RawStatus | None:
        rows = self._rows(_SQLITE_UNTOUCHED, (identifier, today.isoformat()))
        if rows and rows[0][-1] is not None:
            rows = self._rows(_SQLITE, (identifier, today.isoformat()))
        return rows[0] if rows else None

    def version(self) -> tuple[int, int] | None:
        number = int(self._rows("PRAGMA data_version", ())[0][0])
        # Numbers of two connections cannot be compared: the count of connections is the other half.
        return self._opened, number

    def _rows(self, statement: str, values: tuple[str, ...]) -> list[RawStatus]:
        with self._lock:
            self._file.check()
            try:
                connection = self._connection or self._open()
                # fetchall, not fetchone: a statement that is not run to its end keeps its
                # snapshot, and the next look-up would not see what was committed since.
                return connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._drop()
                raise StoreUnavailable(what=fault_code(error)) from bare(error)
            except UnicodeError:
                return []

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _open(self) -> sqlite3.Connection:
        self._opened += 1
        # `rw`, not `rwc`: a look-up never makes an empty database where there is none.
        self._connection = sqlite3.connect(
            f"{Path(self._path).absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.execute("PRAGMA query_only=ON")
        self._connection.execute(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}")
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class _PostgresSource:
    """One autocommit connection; a broken one is replaced once per look-up."""

    def __init__(self, url: URL, timeout: float) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._timeout = timeout
        self._lock = Lock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def version(self) -> tuple[int, int] | None:
        return None

    def row(self, identifier: str, today: date) -> RawStatus | None:
        with self._lock:
            try:
                return self._ask(identifier, today)
            except psycopg.Error:
                # The server may have been restarted since the last look-up.
                self._drop()
            try:
                return self._ask(identifier, today)
            except psycopg.Error as error:
                self._drop()
                raise StoreUnavailable(what=fault_code(error)) from bare(error)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _ask(self, identifier: str, today: date) -> RawStatus | None:
        connection = self._connection or self._open()
        values = {"identifier": identifier, "today": today}
        try:
            found = connection.execute(_POSTGRESQL_UNTOUCHED, values, prepare=True).fetchone()
            if found is not None and found[-1] is not None:
                found = connection.execute(_POSTGRESQL, values, prepare=True).fetchone()
        except (psycopg.DataError, UnicodeError):
            # Text that the database cannot even hold is no identifier on record.
            return None
        return found

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        self._connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=max(1, int(self._timeout)),
            tcp_user_timeout=NETWORK["tcp_user_timeout"],
            keepalives_idle=NETWORK["keepalives_idle"],
            keepalives_interval=NETWORK["keepalives_interval"],
            keepalives_count=NETWORK["keepalives_count"],
            options=f"-c timezone=UTC -c statement_timeout={int(self._timeout * 1000)}",
        )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
