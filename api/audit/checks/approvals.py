"""INV-9: approvals present where the type asks for them, the requester not among them."""

import json
from collections.abc import Mapping

from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_MISSING = ("缺少审核", "approvals are missing")
_SELF = ("经办人自行审核", "the requester is among the approvers")
_LOWERED = ("登记的审核人数低于类型要求", "fewer approvals asked for than the type wants")
_UNREADABLE = ("审核记录无法读取", "the approvals cannot be read")
_TYPES = "SELECT type_code, version, definition FROM type_versions"


def check(snapshot: Snapshot, ledger: Ledger) -> Invariant:
    """Every intent that was not burned; what the type says counts, not what the row says."""
    found = Invariant("INV-9")
    wanted = {
        (row["type_code"], row["version"]): int(json.loads(row["definition"]).get("approvals", 0))
        for row in snapshot.rows(_TYPES)
    }
    for identifier, intent in ledger.intents.items():
        if intent["status"] != "burned":
            found.checked += 1
            _check_one(found, intent, _wanted(wanted, ledger.certificates.get(identifier)))
    return found


def _wanted(wanted: Mapping[tuple[str, str], int], certificate: Row | None) -> int:
    """What the type version asks for; a pending intent's version stands in its content only."""
    if certificate is None:
        return 0
    return wanted.get((certificate["type_code"], certificate["type_version"]), 0)


def _check_one(found: Invariant, intent: Row, wanted: int) -> None:
    identifier, requester = intent["identifier"], intent["requested_by"]
    try:
        approvers = {str(person) for person in json.loads(intent["approved_by"])}
    except (ValueError, TypeError):
        found.broken(identifier, "unreadable", *_UNREADABLE)
        return
    asked = intent["approvals_required"]
    found.expect(requester not in approvers, identifier, "self-approved", _SELF)
    found.expect(asked >= wanted, identifier, "lowered", _LOWERED)
    others = approvers - {requester, ""}
    found.expect(len(others) >= max(asked, wanted), identifier, "missing", _MISSING)
