"""One open transaction with what every statement needs: the cipher, the clock, clean faults."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite

from certlib.ports import Clock
from certlib.registry import AuditRecord
from storage.encryption import Cipher
from storage.faults import translating
from storage.prepared import Prepared
from storage.witness import Witness

_PART = 1000
"""Values in one IN list: SQLite takes 32,766, PostgreSQL 65,535."""


def inserting(into: Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that may say ON CONFLICT; costly to build, so build it once per dialect."""
    return sqlite.insert(into) if dialect == "sqlite" else postgresql.insert(into)


@dataclass(slots=True)
class Link:
    """A transaction in progress.

    Attributes:
        locking: the object store locks what is published, so what is to be locked is noted.
        audit: records of this unit that the commit will chain and write.
        announced: ids of the events that this unit has put into the outbox.
        witness: the rows that this unit has written.
        spoiled: a statement failed half-way: nothing of this unit may be committed.
    """

    connection: Connection
    cipher: Cipher
    clock: Clock
    locking: bool = False
    audit: list[AuditRecord] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    witness: Witness = field(default_factory=Witness)
    spoiled: bool = False

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def fetch(self, statement: Executable | Prepared, **values: Any) -> Sequence[Row[Any]]:
        """All rows of a query.

        Raises:
            StoreUnavailable: the database does not answer.
            Unsupported: a value that no column can keep.
        """
        if isinstance(statement, Prepared):
            return self._prepared(statement, values)
        with self._guarded():
            self.witness.note(self.connection, self.cipher, statement, values)
            return self.connection.execute(statement, values).fetchall()

    def fetch_of(
        self, statement: Executable | Prepared, identifiers: Sequence[str]
    ) -> Iterator[Row[Any]]:
        """Rows of many certificates at once, asked in parts that every engine takes.

        Args:
            statement: has an expanding parameter `identifiers`.
            identifiers: in the order in which the rows shall come.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        for start in range(0, len(identifiers), _PART):
            part = identifiers[start : start + _PART]
            yield from self.fetch(statement, identifiers=part)

    def first(self, statement: Executable | Prepared, **values: Any) -> Row[Any] | None:
        """The only row of a query, or None."""
        rows = self.fetch(statement, **values)
        return rows[0] if rows else None

    def change(
        self, statement: Executable, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """Executes a write for one row or for many at once; how many rows it touched.

        Raises:
            Conflict, FaceNumberTaken: a key is taken.
            StoreUnavailable: the database does not answer.
            Unsupported: a value that a table's rules forbid.
        """
        if not rows:
            return 0
        with self._guarded():
            # Before: what a DELETE has touched can no longer be asked for.
            self.witness.note(self.connection, self.cipher, statement, rows)
            return self.connection.execute(statement, rows).rowcount

    def testimony(self) -> dict[str, Any]:
        """Digests of the rows that this unit has written, as they are now.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._guarded():
            return self.witness.testimony(self.connection, self.cipher)

    def _prepared(self, statement: Prepared, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        try:
            return statement.rows(self.connection, values)
        except BaseException:
            # Only where it failed: twelve times in a question, a guard costs as much as a query.
            with self._guarded():
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with translating():
                yield
        except BaseException:
            self.spoiled = True
            raise
