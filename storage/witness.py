"""The history bears witness to rows: who changes one behind its back cannot say so to the history.

Each unit of work appends one record more, with a keyed digest of every row that it wrote. A row
is taken as canonical JSON of its table and its columns; empty values (NULL, "", 0, no) are left
out, so that a later release may add columns, and of octets there is the SHA-256. The digest is
keyed because the history travels: nobody shall guess a number from it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    select,
    tuple_,
)

from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from storage.columns import instant_text
from storage.encryption import Cipher
from storage.tables import Row
from storage.tables.history import HistoryBatchRow
from storage.tables.notices import CertificateChangeRow, WebhookDeliveryRow
from storage.tables.objects import ObjectLockRow
from storage.tables.preservation import SealCareRow
from storage.tables.workflow import AuditHeadRow, AuditRow, OutboxRow

ACT = "witness"
BASELINE = "baseline"
TARGET = "rows"
"""Target of every record that bears witness."""

BOOKKEEPING = "certlib_bookkeeping"
"""Execution option of statements that only move leases and attempts: nothing to bear witness to."""

_EXEMPT = frozenset(
    str(row.__tablename__)
    for row in (
        AuditRow,  # the history itself
        AuditHeadRow,
        HistoryBatchRow,  # sealed
        OutboxRow,  # delivery: attempts, leases
        CertificateChangeRow,  # made from the history's records, and compared with them
        WebhookDeliveryRow,  # delivery too
        ObjectLockRow,  # what a job has to do yet
        SealCareRow,  # made from files that are witnessed, and can be made again
    )
)
_LEFT_OUT: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("intents", "form_intents"), frozenset({"attempts", "faults", "last_error", "lease_until"})
)
_PART = 300
"""Rows read back in one query."""

_KEY_DIGITS = 32

Key = tuple[Any, ...]


def witnessed() -> Sequence[Table]:
    """The tables whose rows the history bears witness to."""
    found = Row.metadata.tables
    return [found[name] for name in sorted(found) if name not in _EXEMPT]


def digest(cipher: Cipher, of: Table, row: Mapping[Any, Any]) -> str:
    """Keyed digest of a row, given by column name.

    Raises:
        Unsupported: a value that no column of ours has.
    """
    left_out = _LEFT_OUT.get(of.name, frozenset())
    values = {name: _plain(row[name]) for name in of.columns.keys() if name not in left_out}  # noqa: SIM118 - a collection of columns, not a dict
    said = {"row": {name: value for name, value in values.items() if value}, "table": of.name}
    return cipher.keyed_hash("row", canonical_bytes(said).decode())


@dataclass(slots=True)
class Witness:
    """What one unit has written so far: table → key → digest, or None to be read back."""

    _rows: dict[str, dict[Key, str | None]] = field(default_factory=dict)

    def note(
        self,
        connection: Connection,
        cipher: Cipher,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Notes the rows that `statement` is about to write, if it writes at all.

        Raises:
            Unsupported: nobody can tell which rows it writes.
        """
        if not isinstance(statement, Insert | Update | Delete) or _is_bookkeeping(statement):
            return
        of = statement.table
        if not isinstance(of, Table) or of.name in _EXEMPT:
            return
        found = self._rows.setdefault(of.name, {})
        for row in [rows] if isinstance(rows, Mapping) else rows:
            key = _key(of, row)
            if key is not None:
                # An upsert's outcome is known when it is done, a plain row before.
                found[key] = digest(cipher, of, row) if _is_plain(statement, row) else None
            else:
                found.update(dict.fromkeys(_matching(connection, statement, row)))

    def testimony(self, connection: Connection, cipher: Cipher) -> dict[str, Any]:
        """Owner → table → hash of the rest of the key → digest, "" of a row that is gone."""
        said: dict[str, Any] = {}
        for name, rows in self._rows.items():
            of = Row.metadata.tables[name]
            unread = [key for key, known in rows.items() if known is None]
            rows.update(dict.fromkeys(unread, ""))
            rows.update(_read_back(connection, cipher, of, unread))
            testify(said, cipher, of, rows.items())
        self._rows = {}
        return said


def testify(
    said: dict[str, Any], cipher: Cipher, of: Table, rows: Iterable[tuple[Key, str | None]]
) -> None:
    """Lays digests into `said`, by the first part of their key: an identifier stands there once.

    Of the rest there is a keyed hash: document numbers and the like are keys too.
    """
    for key, made in rows:
        owner, *rest = (str(_plain(part)) for part in key)
        named = cipher.keyed_hash("row-key", "\x1f".join(rest))[:_KEY_DIGITS] if rest else ""
        said.setdefault(owner, {}).setdefault(of.name, {})[named] = made


def everything(connection: Connection, cipher: Cipher, size: int) -> Iterator[dict[str, Any]]:
    """Testimony of all rows there are, in parts of `size`."""
    for of in witnessed():
        asked = select(of).order_by(*of.primary_key)
        found = connection.execute(asked, execution_options={"yield_per": size})
        for part in found.mappings().partitions():
            said: dict[str, Any] = {}
            testify(said, cipher, of, ((_key_of(of, row), digest(cipher, of, row)) for row in part))
            yield said


def _is_bookkeeping(statement: Executable) -> bool:
    return bool(statement.get_execution_options().get(BOOKKEEPING))


def _is_plain(statement: Executable, row: Mapping[str, Any]) -> bool:
    return type(statement) is Insert and row.keys() >= set(statement.table.columns.keys())


def _key(of: Table, row: Mapping[str, Any]) -> Key | None:
    """The primary key among bound values, by the column's name or `b_` and its name."""
    parts = []
    for column in of.primary_key:
        name = column.name if column.name in row else f"b_{column.name}"
        if name not in row:
            return None
        parts.append(row[name])
    return tuple(parts)


def _key_of(of: Table, row: Mapping[Any, Any]) -> Key:
    return tuple(row[column.name] for column in of.primary_key)


def _matching(
    connection: Connection, statement: Insert | Update | Delete, row: Mapping[str, Any]
) -> Iterator[Key]:
    """Keys of the rows that an UPDATE or DELETE is about to touch."""
    of = statement.table
    if isinstance(statement, Insert) or not isinstance(of, Table):
        raise Unsupported(what="INSERT without its key")
    asked = select(*of.primary_key)
    if statement.whereclause is not None:
        asked = asked.where(statement.whereclause)
    for found in connection.execute(asked, dict(row)):
        yield tuple(found)


def _read_back(
    connection: Connection, cipher: Cipher, of: Table, keys: Sequence[Key]
) -> Iterator[tuple[Key, str]]:
    for start in range(0, len(keys), _PART):
        part = keys[start : start + _PART]
        values = part if len(of.primary_key) > 1 else [key[0] for key in part]
        for row in connection.execute(_by_key(of.name), {"keys": values}).mappings():
            yield _key_of(of, row), digest(cipher, of, row)


@cache
def _by_key(name: str) -> Select[Any]:
    of = Row.metadata.tables[name]
    columns = list(of.primary_key)
    key = tuple_(*columns) if len(columns) > 1 else columns[0]
    return select(of).where(key.in_(bindparam("keys", expanding=True)))


def _plain(value: object) -> object:
    """A value as the history writes it; what is empty is false."""
    match value:
        case None | str() | int():
            return str(value) if isinstance(value, str) else int(value or 0)
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return hashlib.sha256(value).hexdigest()
        case _:
            raise Unsupported(what=f"value of type {type(value).__name__}")
