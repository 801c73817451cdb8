"""What a signer has signed: one digest for each attempt at a file, and how often each key was used.

One SQLite file beside the keys, shared by all signers of the machine and written before each
signature. It survives a killed process; it is not synced to disk at each signature, since losing
its last rows to a power cut allows one seal more for a file that is on record anyway.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from certlib.errors import SigningUnavailable
from certlib.signer_errors import SignatureRefused, SigningLimited

__all__ = ["Attempt", "Ledger", "Limits"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS signed (
  file TEXT NOT NULL, attempt TEXT NOT NULL, digest BLOB NOT NULL, key TEXT NOT NULL,
  at TEXT NOT NULL, PRIMARY KEY (file, attempt)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (
  key TEXT NOT NULL, span TEXT NOT NULL, used INTEGER NOT NULL,
  PRIMARY KEY (key, span)) STRICT, WITHOUT ROWID;
"""
_COUNT: Final = (
    "INSERT INTO uses VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET used = used + 1 RETURNING used"
)
_KEPT: Final = timedelta(days=400)
_COUNTED: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one key may sign; 0 sets no limit."""

    minute: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a file, as the record shows it.

    Attributes:
        file: names the file that is to be sealed.
        number: changes when the record shows that the attempt before has ended.
        digest: SHA-256 of what the seal covers.
    """

    file: str
    number: str
    digest: bytes


class Ledger:
    """The record of a signer's own work. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Opens `folder/signatures.sqlite`, making it when absent.

        Raises:
            SigningUnavailable: it cannot be opened or written.
        """
        path = folder / "signatures.sqlite"
        self._lock = threading.Lock()
        try:
            self._turns = os.open(
                folder / ".signatures.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            with self._turn():
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.executescript(_SCHEMA)
        except OSError as error:
            raise SigningUnavailable(what="ledger of signatures") from error

    def close(self) -> None:
        """Closes the file."""
        self._database.close()
        os.close(self._turns)

    def note(self, key: str, limits: Limits, now: datetime, attempt: Attempt | None = None) -> None:
        """Notes that `key` is about to sign; on return it may.

        Raises:
            SignatureRefused: another digest was signed in this attempt at the file.
            SigningLimited: the key has signed as often as it may.
            SigningUnavailable: the ledger cannot be written.
        """
        with self._turn(), self._unit():
            self._count(key, limits, now)
            if attempt is not None:
                self._hold(key, attempt, now)

    def used(self, key: str, now: datetime) -> tuple[int, int]:
        """How often `key` was used in this minute and on this day (UTC)."""
        with self._turn():
            found = dict(
                self._database.execute("SELECT span, used FROM uses WHERE key = ?", (key,))
            )
        return tuple(found.get(span, 0) for span in _spans(now))

    def forget(self, now: datetime) -> None:
        """Removes what no retry can ask for any more, and counts of days that are over."""
        with self._turn(), self._unit():
            self._database.execute("DELETE FROM signed WHERE at < ?", (_stamp(now - _KEPT),))
            self._database.execute("DELETE FROM uses WHERE span < ?", (_stamp(now - _COUNTED),))

    def _count(self, key: str, limits: Limits, now: datetime) -> None:
        for span, limit, name in zip(
            _spans(now), (limits.minute, limits.day), ("minute", "day"), strict=True
        ):
            ((used,),) = self._database.execute(_COUNT, (key, span)).fetchall()
            if limit and used > limit:
                raise SigningLimited(key=key, what=f"{limit}/{name}")

    def _hold(self, key: str, attempt: Attempt, now: datetime) -> None:
        place = (attempt.file, attempt.number)
        found = self._database.execute(
            "SELECT digest FROM signed WHERE file = ? AND attempt = ?", place
        ).fetchone()
        if found is None:
            row = (*place, attempt.digest, key, _stamp(now))
            self._database.execute("INSERT INTO signed VALUES (?, ?, ?, ?, ?)", row)
        elif found[0] != attempt.digest:
            raise SignatureRefused(what="another digest was signed in this attempt")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One at a time. SQLite's own wait for a lock sleeps whole milliseconds; this one wakes."""
        with self._lock:
            fcntl.flock(self._turns, fcntl.LOCK_EX)
            try:
                yield
            except sqlite3.Error as error:
                raise SigningUnavailable(what="ledger of signatures") from error
            finally:
                fcntl.flock(self._turns, fcntl.LOCK_UN)

    @contextmanager
    def _unit(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _spans(now: datetime) -> tuple[str, str]:
    """Names of the minute and of the day (UTC); they sort as instants do."""
    text = _stamp(now)
    return text[:16], text[:10]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
