"""`SqlRegistry`: opens units of work and snapshots on SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from certlib.errors import Corrupt, KeyUnusable, StoreUnavailable
from certlib.ports import Clock
from storage.encryption import Cipher
from storage.engines import EngineOptions, SameFile, engines
from storage.faults import translating
from storage.link import Link
from storage.reading import SqlReadSession
from storage.unit_of_work import SqlUnitOfWork
from storage.witness import BASELINE


class _Turn:
    """Whose turn it is to write one SQLite file."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = Lock()


_turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
_turns_lock = Lock()


class SqlRegistry:
    """The registry on a database that `storage.migrations.upgrade` has prepared.

    Args:
        options: which database and how long to wait.
        cipher: seals columns and makes keyed hashes.
        clock: when a row changed; which restrictions are in force.
        locking: note published files until they are locked in the object store.

    SQLite has one writer at a time: threads queue here, other processes at `busy_timeout`.
    A serialization failure on PostgreSQL is `StoreUnavailable` with `what` 40001 or 40P01:
    nothing was kept, run the unit again.
    """

    def __init__(
        self, options: EngineOptions, cipher: Cipher, clock: Clock, *, locking: bool = False
    ) -> None:
        self._options = options
        self._cipher = cipher
        self._clock = clock
        self._locking = locking
        self._engines = engines(options)
        self._turn = _turn_of(options) if self._engines.is_sqlite else None
        self._file = SameFile(str(options.address.database)) if self._engines.is_sqlite else None

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """Opens a write transaction; leaving without `commit()` rolls back.

        Raises:
            StoreUnavailable: no connection, or no turn to write within the timeout.
        """
        with ExitStack() as stack:
            stack.enter_context(self._writing())
            self._check_file()
            connection = stack.enter_context(_connected(self._engines.write))
            with translating():
                transaction = connection.begin()
            yield SqlUnitOfWork(self._link(connection), transaction)

    @contextmanager
    def read(self) -> Iterator[SqlReadSession]:
        """Opens a snapshot.

        Raises:
            StoreUnavailable: no connection within the timeout.
        """
        self._check_file()
        with _connected(self._engines.read) as connection:
            with translating():
                connection.begin()
            yield SqlReadSession(self._link(connection))

    def check_key(self) -> None:
        """To be asked at start: does the key-encryption key belong to this database?

        Raises:
            KeyUnusable: what is stored does not open with it.
            StoreUnavailable: no connection within the timeout.
        """
        with self.read() as session:
            try:
                session.any_intent()
            except Corrupt as error:
                raise KeyUnusable(what="key-encryption key") from error

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether this process alone does `name` now, among all processes of the database.

        Never waits. SQLite has one process; PostgreSQL keeps an advisory lock on a connection of
        its own, so the turn of a process that dies ends with it.

        Raises:
            StoreUnavailable: no connection within the timeout.
        """
        if self._engines.is_sqlite:
            yield True
            return
        key = int.from_bytes(sha256(f"certlib/{name}".encode()).digest()[:8], "big", signed=True)
        with _connected(self._engines.write) as connection:
            with translating():
                single = connection.execution_options(isolation_level="AUTOCOMMIT")
                mine = bool(single.scalar(select(func.pg_try_advisory_lock(key))))
            try:
                yield mine
            finally:
                if mine:
                    with translating():
                        single.scalar(select(func.pg_advisory_unlock(key)))

    def take_baseline(self) -> None:
        """To be asked at start: what an earlier release wrote gets its digests in the history.

        Raises:
            StoreUnavailable: no connection within the timeout.
        """
        with self.read() as session:
            if session.history_of(BASELINE):
                return
        with self.begin() as unit:
            unit.take_baseline()
            unit.commit()

    def close(self) -> None:
        """Closes every connection; SQLite then folds its write-ahead log into the file."""
        self._engines.close()

    def _link(self, connection: Connection) -> Link:
        return Link(connection, self._cipher, self._clock, self._locking)

    def _check_file(self) -> None:
        if self._file is not None:
            self._file.check()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.lock.acquire(timeout=self._options.timeout):
            raise StoreUnavailable(what="busy")
        try:
            yield
        finally:
            self._turn.lock.release()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    with translating():
        connection = engine.connect()
    try:
        yield connection
    finally:
        _let_go(connection)


def _let_go(connection: Connection) -> None:
    try:
        # Rolls back what was not committed.
        connection.close()
    except SQLAlchemyError:
        # A dead connection cannot roll back; the server has done so, or will.
        connection.invalidate()


def _turn_of(options: EngineOptions) -> _Turn:
    path = str(Path(str(options.address.database)).resolve())
    with _turns_lock:
        turn = _turns.get(path)
        if turn is None:
            turn = _turns[path] = _Turn()
        return turn
