"""The records of the history in their order, each with its canonical line."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.audit.canonical import canonical
from api.audit.database import Row, Snapshot

_RECORDS = (
    "SELECT sequence, at, actor, act, target, details, previous, digest FROM audit_history "
    "WHERE sequence >= {} AND sequence <= {} ORDER BY sequence"
)
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        details: None when they cannot be read.
        digest: as it stands there.
        line: the octets that the digest must cover; empty without details.
    """

    sequence: int
    at: str
    actor: str
    act: str
    target: str
    details: Mapping[str, Any] | None
    previous: str
    digest: str
    line: bytes

    @property
    def intact(self) -> bool:
        """Whether the digest is that of the line."""
        return hashlib.sha256(self.line).hexdigest() == self.digest


def records(snapshot: Snapshot, first: int = 0, last: int = _LAST) -> Iterator[Record]:
    """The history, oldest first, or a part of it by sequence (both inclusive)."""
    return map(_record, snapshot.rows(_RECORDS.format(int(first), int(last))))


def _record(row: Row) -> Record:
    try:
        details = json.loads(row["details"])
    except ValueError:
        details = None
    details = details if isinstance(details, dict) else None
    kept = {name: row[name] for name in ("sequence", "at", "actor", "act", "target", "previous")}
    line = b"" if details is None else canonical({**kept, "details": details})
    return Record(**kept, details=details, digest=row["digest"], line=line)
