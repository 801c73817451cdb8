"""INV-9: approvals present where the type asks for them, the requester not among them."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_MISSING = ("缺少审核", "approvals are missing")
_SELF = ("经办人自行审核", "the requester is among the approvers")
_LOWERED = ("登记的审核人数低于类型要求", "fewer approvals asked for than the type wants")
_SEALER = ("签发人与制证人或审核人是同一人", "the sealer also made or approved it")
_UNREADABLE = ("审核记录无法读取", "the approvals cannot be read")
_TYPES = "SELECT type_code, version, definition FROM type_versions"


def check(snapshot: Snapshot, ledger: Ledger) -> Invariant:
    """Every intent that was not burned; what the type says counts, not what the row says."""
    found = Invariant("INV-9")
    types = {
        (row["type_code"], row["version"]): json.loads(row["definition"])
        for row in snapshot.rows(_TYPES)
    }
    added = [row for rows in ledger.additions.values() for row in rows]
    for intent in (*ledger.intents.values(), *added):
        if intent["status"] != "burned":
            found.checked += 1
            certificate = ledger.certificates.get(intent["identifier"])
            _check_one(found, intent, _rules(types, certificate))
    return found


def _rules(types: Mapping[tuple[str, str], Any], certificate: Row | None) -> Mapping[str, Any]:
    """What the type version asks for; a pending intent's version stands in its content only."""
    if certificate is None:
        return {}
    found: Mapping[str, Any] = types.get(
        (certificate["type_code"], certificate["type_version"]), {}
    )
    return found


def _check_one(found: Invariant, intent: Row, rules: Mapping[str, Any]) -> None:
    identifier = intent["identifier"]
    maker, sealer = (_person(intent[name]) for name in ("requested_by", "sealed_by"))
    try:
        approvers = {_person(str(account)) for account in json.loads(intent["approved_by"])}
    except (ValueError, TypeError):
        found.broken(identifier, "unreadable", *_UNREADABLE)
        return
    wanted, asked = int(rules.get("approvals", 0)), intent["approvals_required"]
    found.expect(maker not in approvers, identifier, "self-approved", _SELF)
    found.expect(asked >= wanted, identifier, "lowered", _LOWERED)
    others = approvers - {maker, ""}
    found.expect(len(others) >= max(asked, wanted), identifier, "missing", _MISSING)
    apart = sealer not in {"", maker, *approvers}
    apart = apart or not rules.get("separate_sealer", False)
    found.expect(apart, identifier, "sealer-not-separate", _SEALER)


def _person(account: str) -> str:
    """Capitals, full-width letters and spaces make no second person of one."""
    folded = unicodedata.normalize("NFKC", account).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
