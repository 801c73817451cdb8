"""INV-7: the audit history has no gap and no change, and no act went without a record."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from api.audit.canonical import digest
from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_GAP = ("审计记录序号有缺口", "the sequence has a gap")
_LINK = ("审计记录与前一条不衔接", "the record does not follow the one before")
_CHANGED = ("审计记录被改动", "the record was changed")
_HEAD = ("审计链末端与最后一条记录不符", "the head is not the last record")
_NO_HEAD = ("审计链没有末端记录", "the head of the chain is missing")
_UNRECORDED = ("有操作没有审计记录", "an act has no record in the history")
_DIGEST = ("审计记录中的文件摘要与登记不符", "the history names another file digest")
_HISTORY = (
    "SELECT sequence, at, actor, act, target, details, previous, digest FROM audit_history "
    "ORDER BY sequence"
)
_ENDS = "SELECT sequence, digest FROM audit_head"
_STEPS = "SELECT identifier, action, COUNT(*) AS times FROM state_changes GROUP BY 1, 2"
_ACTS = {"seal": "issue"}
"""Steps whose act has another name in the history."""


def check(snapshot: Snapshot, ledger: Ledger) -> Invariant:
    """Walks the chain from its first record to its head, then asks it for every act."""
    found = Invariant("INV-7")
    acts: Counter[tuple[str, str]] = Counter()
    sealed: dict[str, str] = {}
    sequence, previous = 0, ""
    for row in snapshot.rows(_HISTORY):
        found.checked += 1
        sequence += 1
        subject = str(row["sequence"])
        found.expect(row["sequence"] == sequence, subject, "gap", _GAP)
        found.expect(row["previous"] == previous, subject, "link", _LINK)
        details = _details(row)
        intact = details is not None and _digest(row, details) == row["digest"]
        found.expect(intact, subject, "changed", _CHANGED)
        acts[row["target"], row["act"]] += 1
        if row["act"] == "issue" and details is not None:
            sealed[row["target"]] = str(details.get("sha256"))
        # From here on the walk follows what is there: one gap is one violation.
        sequence, previous = row["sequence"], row["digest"]
    _check_head(found, snapshot, sequence, previous)
    _check_acts(found, snapshot, ledger, acts)
    _check_digests(found, ledger, sealed)
    return found


def _details(row: Row) -> dict[str, Any] | None:
    try:
        details = json.loads(row["details"])
    except ValueError:
        return None
    return details if isinstance(details, dict) else None


def _digest(row: Row, details: dict[str, Any]) -> str:
    line = {key: row[key] for key in ("sequence", "at", "actor", "act", "target", "previous")}
    return digest({**line, "details": details})


def _check_head(found: Invariant, snapshot: Snapshot, sequence: int, previous: str) -> None:
    heads = list(snapshot.rows(_ENDS))
    if found.expect(len(heads) == 1, "head", "no-head", _NO_HEAD):
        head = heads[0]
        same = (head["sequence"], head["digest"]) == (sequence, previous)
        found.expect(same, "head", "head", _HEAD)


def _check_acts(
    found: Invariant, snapshot: Snapshot, ledger: Ledger, acts: Mapping[tuple[str, str], int]
) -> None:
    for identifier in ledger.intents:
        recorded = acts.get((identifier, "reserve"), 0) > 0
        found.expect(recorded, identifier, "reserve-unrecorded", _UNRECORDED)
    for step in snapshot.rows(_STEPS):
        act = _ACTS.get(step["action"]) or str(step["action"])
        recorded = acts.get((step["identifier"], act), 0) >= step["times"]
        found.expect(recorded, step["identifier"], "step-unrecorded", _UNRECORDED)


def _check_digests(found: Invariant, ledger: Ledger, sealed: Mapping[str, str]) -> None:
    for identifier, digest_ in sealed.items():
        known = {file["sha256"] for file in ledger.files.get(identifier, ())}
        found.expect(digest_ in known, identifier, "digest-differs", _DIGEST)
