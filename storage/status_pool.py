"""Status look-ups on PostgreSQL from an event loop: a few connections, one statement for many.

Whatever is asked while every connection is busy goes with the next statement, so the round trip
and the server's work are shared when it matters and nobody waits when it does not. Each statement
begins after every question that it answers, so it sees what was committed before (INV-6).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy import URL

from certlib.errors import StoreUnavailable

RawStatus = tuple[Any, ...]
"""One row as the driver gives it."""

_CONNECTIONS: Final = 2
_PATIENCE: Final = 3
"""Timeouts that all attempts at one answer may take together."""
_MOST: Final = 200
"""Questions in one statement."""

SETTINGS: Final = {
    # Planning the statement takes longer than running it: once is enough.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    # By keys, whatever the tables' size was when that plan was made.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""How the server plans."""

_Prepared: TypeAlias = "asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]"
_Question = tuple[str, date, "asyncio.Future[RawStatus | None]"]


class StatusPool:
    """Looks up statuses; belongs to the event loop that first asks, and to no thread.

    Args:
        url: PostgreSQL; nothing is connected before the first question.
        first: asks for `$1`, an array of identifiers, on the day `$2`; the identifier comes first,
            and something stands in the last column of those for whom `whole` has to be asked.
        whole: the same, its last column told.
        timeout: seconds to connect, and for a statement.
    """

    def __init__(self, url: URL, first: str, whole: str, timeout: float) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._sql = first, whole
        self._timeout = timeout
        self._waiting: deque[_Question] = deque()
        self._idle: list[_Line] = []
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, identifier: str, today: date) -> "asyncio.Future[RawStatus | None]":
        """The row, or None; fails with `StoreUnavailable`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[RawStatus | None] = loop.create_future()
        if not (identifier.isascii() and identifier.isprintable()):
            # No identifier on record; and PostgreSQL would refuse the others of the statement too.
            answer.set_result(None)
            return answer
        self._waiting.append((identifier, today, answer))
        if self._busy < _CONNECTIONS:
            self._busy += 1
            task = loop.create_task(self._work(self._idle.pop() if self._idle else None))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return answer

    async def close(self) -> None:
        """Closes idle connections; a later question opens new ones."""
        idle, self._idle = self._idle, []
        for line in idle:
            await line.close()

    async def _work(self, line: "_Line | None") -> None:
        """Answers until nobody waits; the connection is kept for those who come next."""
        try:
            while group := self._group():
                line = await self._answer(line, group)
        finally:
            self._busy -= 1
            if line is not None:
                self._idle.append(line)

    def _group(self) -> list[_Question]:
        """The first who wait and ask for the same day."""
        group: list[_Question] = []
        while self._waiting and len(group) < _MOST:
            if group and self._waiting[0][1] != group[0][1]:
                break
            group.append(self._waiting.popleft())
        return group

    async def _answer(self, line: "_Line | None", group: Sequence[_Question]) -> "_Line | None":
        names, today = [name for name, _, _ in group], group[0][1]
        fresh = line is None
        try:
            async with asyncio.timeout(_PATIENCE * self._timeout):
                try:
                    line = line or await _Line.open(self._dsn, *self._sql, self._timeout)
                    rows = await line.rows(names, today, self._timeout)
                except Exception:
                    if line is not None:
                        await line.close()
                    line = None
                    if fresh:
                        raise
                    # The server may have been restarted since the last question.
                    line = await _Line.open(self._dsn, *self._sql, self._timeout)
                    rows = await line.rows(names, today, self._timeout)
        except Exception as error:  # noqa: BLE001 - whatever the driver raises on damaged answers
            if line is not None:
                await line.close()
            self._refuse(group, error)
            return None
        found = {row[0]: row for row in rows}
        for name, _, answer in group:
            if not answer.done():
                answer.set_result(found.get(name))
        return line

    def _refuse(self, group: Sequence[_Question], error: BaseException) -> None:
        """Nobody who waits now waits for a second attempt of the same kind."""
        what = getattr(error, "sqlstate", None) or type(error).__name__
        refused = [*group, *self._waiting]
        self._waiting.clear()
        for _, _, answer in refused:
            if not answer.done():
                answer.set_exception(StoreUnavailable(what=what))


class _Line:
    """A connection with its statements prepared."""

    def __init__(
        self, connection: "asyncpg.Connection[asyncpg.Record]", first: "_Prepared", whole: str
    ) -> None:
        self._connection = connection
        self._first = first
        self._sql_whole = whole
        self._whole: _Prepared | None = None

    @classmethod
    async def open(cls, dsn: str, first: str, whole: str, seconds: float) -> "_Line":
        connection = await asyncpg.connect(
            dsn,
            timeout=seconds,
            statement_cache_size=0,
            server_settings={
                "timezone": "UTC",
                "default_transaction_read_only": "on",
                "statement_timeout": str(int(seconds * 1000)),
                **SETTINGS,
            },
        )
        # Without a name of its own a statement is parsed and planned anew at every run.
        try:
            prepared = await connection.prepare(first, name="certlib_status", timeout=seconds)
        except BaseException:
            connection.terminate()
            raise
        return cls(connection, prepared, whole)

    async def rows(self, names: Sequence[str], today: date, seconds: float) -> list[RawStatus]:
        """Each row whole, and all of it from one snapshot."""
        found = [tuple(row) for row in await self._first.fetch(names, today, timeout=seconds)]
        unfinished = [row[0] for row in found if row[-1] is not None]
        if not unfinished:
            return found
        if self._whole is None:
            self._whole = await self._connection.prepare(
                self._sql_whole, name="certlib_status_whole", timeout=seconds
            )
        again = await self._whole.fetch(unfinished, today, timeout=seconds)
        return [row for row in found if row[-1] is None] + [tuple(row) for row in again]

    async def close(self) -> None:
        self._connection.terminate()
