"""What the history says of rows, kept aside until the rows have been looked at.

On disk, not in memory: a large library has many millions of rows. Nothing in it is secret.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Self

from api.audit.canonical import canonical
from api.audit.database import Row
from api.audit.unsealing import Opener

TARGET = "rows"
"""Target of the records that bear witness."""

EXEMPT = frozenset(
    {
        "alembic_version",
        "audit_head",
        "audit_history",
        "certificate_changes",
        "history_batches",
        "object_locks_due",
        "outbox",
        "seal_care",
        "webhook_deliveries",
    }
)
"""Tables that the history says nothing of (docs/storage.md)."""

LEFT_OUT: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("intents", "form_intents"), frozenset({"attempts", "faults", "last_error", "lease_until"})
)
"""Columns of other tables that it says nothing of."""
_KEY_DIGITS = 32
_TABLES = """
CREATE TABLE said (
    name TEXT, owner TEXT, rest TEXT, digest TEXT, PRIMARY KEY (name, owner, rest)
) WITHOUT ROWID
"""
_SAY = "INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?)"
_TAKE = "DELETE FROM said WHERE name = ? AND owner = ? AND rest IN ({}) RETURNING digest"
_LEFT = "SELECT name, owner FROM said WHERE digest <> '' ORDER BY name, owner"


class Testimony:
    """The last word of the history on every row."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("")  # a file of its own that has no name
        self._store.execute(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def hear(self, details: Mapping[str, Any]) -> bool:
        """Takes a record's details; whether they have the form they should."""
        try:
            words = [
                (name, owner, rest, digest)
                for owner, tables in details["rows"].items()
                for name, rows in tables.items()
                for rest, digest in rows.items()
            ]
            self._store.executemany(_SAY, words)
        except (KeyError, AttributeError, TypeError, ValueError, sqlite3.Error):
            return False
        return True

    def take(self, name: str, owner: str, rests: Sequence[str]) -> str | None:
        """The digest of a row, which is thereby done with; None when nothing was said."""
        query = _TAKE.format(", ".join("?" * len(rests)))
        found = self._store.execute(query, (name, owner, *rests)).fetchone()
        return None if found is None else str(found[0])

    def left(self) -> Iterator[tuple[str, str]]:
        """(table, first part of the key) of rows that should be there and were not looked at."""
        yield from self._store.execute(_LEFT)


def key_of(row: Row, key: Sequence[str], opener: Opener) -> tuple[str, tuple[str, ...]]:
    """First part of a row's key, and the hashes that the rest may go by."""
    owner, *rest = (str(row[column]) for column in key)
    if not rest:
        return owner, ("",)
    hashes = opener.keyed("row-key", "\x1f".join(rest))
    return owner, tuple(digest[:_KEY_DIGITS] for digest in sorted(hashes))


def digests_of(name: str, row: Row, opener: Opener) -> frozenset[str]:
    """The digests that a row may go by, one for each key."""
    left_out = LEFT_OUT.get(name, frozenset())
    kept = {
        column: _plain(value) for column, value in row.items() if value and column not in left_out
    }
    return opener.keyed("row", canonical({"row": kept, "table": name}).decode())


def _plain(value: object) -> object:
    match value:
        case bool():
            return int(value)
        case bytes():
            return sha256(value).hexdigest()
        case _:
            return value
