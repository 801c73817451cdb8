"""INV-5: states only move along the table, and the row stands where its last step led."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.transitions import TABLE

_NO_STEP = ("没有任何状态记录", "there is no step on record")
_GAP = ("状态记录序号有缺口", "the steps have a gap")
_FORBIDDEN = ("状态变化不在转换表中", "the table has no such step")
_BROKEN = ("状态记录前后不接", "a step does not begin where the one before ended")
_BACKWARDS = ("登记时间倒退", "a step was recorded before the one it follows")
_STATE = ("登记状态与最后一次变化不符", "the state is not where the last step led")
_VERSION = ("登记版本少于变化次数", "fewer versions of the row than steps")
_STRAY = ("状态记录没有对应的证照", "the steps belong to no certificate")
_SUCCESSOR = ("换发关系前后不符", "successor and predecessor do not name each other")
_STEPS = (
    "SELECT identifier, sequence, action, from_state, to_state, recorded_at FROM state_changes "
    "ORDER BY identifier, sequence"
)


def check(snapshot: Snapshot, ledger: Ledger) -> Invariant:
    """Walks every history."""
    found = Invariant("INV-5")
    seen = set()
    for identifier, steps in _histories(snapshot):
        seen.add(identifier)
        found.checked += 1
        row = ledger.certificates.get(identifier)
        if row is None:
            found.broken(identifier, "steps-without-record", *_STRAY)
        else:
            _walk(found, identifier, steps)
            same = steps[-1]["to_state"] == row["state"]
            found.expect(same, identifier, "state", _STATE)
            held = row["row_version"] >= len(steps)
            found.expect(held, identifier, "row-version", _VERSION)
    for identifier, row in ledger.certificates.items():
        found.expect(identifier in seen, identifier, "no-steps", _NO_STEP)
        held = _successor_holds(identifier, row, ledger.certificates)
        found.expect(held, identifier, "successor", _SUCCESSOR)
    return found


def _histories(snapshot: Snapshot) -> Iterator[tuple[str, Sequence[Row]]]:
    for identifier, steps in groupby(snapshot.rows(_STEPS), key=itemgetter("identifier")):
        yield identifier, list(steps)


def _walk(found: Invariant, identifier: str, steps: Sequence[Row]) -> None:
    state, recorded = "DRAFT", ""
    for place, step in enumerate(steps, 1):
        found.expect(step["sequence"] == place, identifier, "gap", _GAP)
        found.expect(step["from_state"] == state, identifier, "broken", _BROKEN)
        allowed = TABLE.get((step["from_state"], step["action"])) == step["to_state"]
        found.expect(allowed, identifier, "forbidden", _FORBIDDEN)
        found.expect(step["recorded_at"] >= recorded, identifier, "backwards", _BACKWARDS)
        state, recorded = step["to_state"], step["recorded_at"]


def _successor_holds(identifier: str, row: Row, certificates: Mapping[str, Row]) -> bool:
    """A version and its successor name each other; after a voided one there may be another."""
    successor, predecessor = row["superseded_by"], row["supersedes"]
    if row["state"] == "SUPERSEDED" and not successor:
        return False
    forward = not successor or certificates.get(successor, {}).get("supersedes") == identifier
    back = not predecessor or certificates.get(predecessor, {}).get("superseded_by") == identifier
    return forward and (back or row["state"] == "VOIDED")
