"""INV-12: after five minutes no temporary files, uploads, leases or open transactions are left."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.audit.database import Snapshot
from api.audit.objects import Objects
from api.audit.report import Invariant

_AGE = timedelta(minutes=5)

_FILE = ("临时文件遗留超过五分钟", "a temporary file is older than five minutes")
_UPLOAD = ("对象存储中有遗留的临时对象", "an unfinished write is older than five minutes")
_LEASE = ("租约到期五分钟后仍无人接手", "a lease ended five minutes ago and nobody took over")
_TRANSACTION = ("数据库事务打开超过五分钟", "a transaction has been open for over five minutes")
_LEASES = (
    ("intents", "identifier", "status = 'pending'"),
    ("form_intents", "identifier", "status = 'pending'"),
    ("outbox", "event_id", "delivered_at IS NULL"),
)
_SESSIONS = (
    "SELECT pid, 'session' AS kind FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND state LIKE 'idle in transaction%' "
    "AND xact_start < now() - interval '5 minutes' "
    "UNION ALL SELECT 0, 'prepared' FROM pg_prepared_xacts "
    "WHERE database = current_database() AND prepared < now() - interval '5 minutes'"
)


def check(
    snapshot: Snapshot, objects: Objects, folders: Sequence[Path], now: datetime
) -> Invariant:
    """Looks where the service leaves things while it works; `folders` are of this machine."""
    found = Invariant("INV-12")
    for table, column, open_ in _LEASES:
        query = f"SELECT {column}, lease_until FROM {table} WHERE {open_}"  # noqa: S608 - names of this file
        for row in snapshot.rows(query):
            found.checked += 1
            ended = row["lease_until"]
            held = ended is None or not _old(datetime.fromisoformat(ended), now)
            found.expect(held, row[column], "lease-left", _LEASE)
    for name, since in objects.unfinished():
        found.checked += 1
        found.expect(not _old(since, now), name, "upload-left", _UPLOAD)
    for path in _temporary(folders):
        found.checked += 1
        found.expect(not _old(_modified(path, now), now), path.name, "file-left", _FILE)
    if snapshot.engine == "postgresql":
        for row in snapshot.rows(_SESSIONS):
            found.broken(f"{row['kind']} {row['pid']}", "transaction-left", *_TRANSACTION)
    return found


def _temporary(folders: Iterable[Path]) -> Iterator[Path]:
    """What unfinished writes of keys and secrets are called."""
    for folder in folders:
        yield from sorted(folder.rglob(".tmp-*"))
        yield from sorted(folder.glob("kek.[0-9]*"))


def _modified(path: Path, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return now  # gone meanwhile: nothing is left


def _old(since: datetime, now: datetime) -> bool:
    return now - since > _AGE
