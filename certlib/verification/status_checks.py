"""Checks of the record: status now and on the acceptance day, restrictions, absence."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from certlib.certificate import Certificate, StateChange
from certlib.states import View, reason_text
from certlib.verification.model import Check, Finding, Judgement, Outcome

_VIEW_CODES: Mapping[View, str] = {
    View.DRAFT: "draft",
    View.NOT_YET_EFFECTIVE: "not-yet-effective",
    View.EXPIRED: "expired",
    View.SUSPENDED: "suspended",
    View.SUPERSEDED: "superseded",
    View.DEREGISTERED: "deregistered",
    View.ANNULLED: "annulled",
    View.WITHDRAWN: "withdrawn",
    View.REVOKED: "revoked",
    View.TRANSFERRED_OUT: "transferred-out",
    View.VOIDED: "voided",
}


def status(bench: Judgement, check: Check, record: Certificate, day: date) -> Finding:
    """What the record says for `day`: all states are looked at, and decided upon only then.

    Past knowledge is for the acceptance day alone: today is judged by all that is known today.
    """
    known_at = bench.facts.known_at if check is Check.STATUS_ON else None
    if known_at is not None and known_at < record.recorded_at:
        return bench.finding(check, Outcome.FAIL, "not-found")  # nobody knew of it then
    seen = record.view_on(day, known_at)
    evidence = {
        "state": record.state.value,
        "view": seen.value,
        "day": day.isoformat(),
        "row_version": record.row_version,
    }
    if seen is View.VALID:
        restricted = _restriction(bench, check, record, day)
        return restricted or bench.finding(check, Outcome.PASS, "valid", evidence=evidence)
    if seen is View.EXPIRED and _renewal_pending(record, day):
        return bench.finding(check, Outcome.UNKNOWN, "renewal-pending", evidence=evidence)
    values = _values(record, seen, record.state_on(day, known_at))
    return bench.finding(check, Outcome.FAIL, _VIEW_CODES[seen], values, evidence)


def absence(bench: Judgement) -> list[Finding]:
    """No record: never proof of forgery, and never valid."""
    facts = bench.facts
    if facts.file is not None and not facts.file.identifier:
        return []
    if not facts.registry_asked:
        return [bench.finding(Check.STATUS_NOW, Outcome.UNKNOWN, "status-unknown")]
    if not facts.our_node:
        values = {"region": facts.region or "其他地区", "region_en": facts.region or "elsewhere"}
        return [bench.finding(Check.STATUS_NOW, Outcome.UNKNOWN, "other-node", values)]
    checks = [Check.STATUS_NOW] if facts.on is None else [Check.STATUS_NOW, Check.STATUS_ON]
    return [bench.finding(check, Outcome.FAIL, "not-found") for check in checks]


def _restriction(bench: Judgement, check: Check, record: Certificate, day: date) -> Finding | None:
    policy = bench.policy
    binding = [
        item
        for item in record.restrictions
        if item.in_force(day) and item.kind not in policy.tolerated
    ]
    if not binding:
        return None
    binding.sort(key=lambda item: item.kind not in policy.blocking)
    first = binding[0]
    values = {
        "kind": first.kind.zh,
        "kind_en": first.kind.value,
        "authority": first.authority,
        "document": first.document_number,
    }
    evidence = {"restrictions": [item.kind.value for item in binding]}
    if first.kind in policy.blocking:
        return bench.finding(check, Outcome.FAIL, "restriction-blocks", values, evidence)
    return bench.finding(check, Outcome.UNKNOWN, "restricted", values, evidence)


def _renewal_pending(record: Certificate, day: date) -> bool:
    """Licensing Law art. 50: an application in time that is undecided at expiry."""
    since, valid_to = record.renewal_pending_since, record.content.valid_to
    return since is not None and valid_to is not None and since <= valid_to and since <= day


def _values(record: Certificate, seen: View, change: StateChange | None) -> dict[str, Any]:
    content = record.content
    if seen is View.EXPIRED:
        return {"date": str(content.valid_to)}
    if seen is View.NOT_YET_EFFECTIVE or change is None:
        return {"date": str(content.valid_from or content.issue_date)}
    decision = change.decision
    reason = reason_text(decision.action, decision.reason_code)
    return {
        "date": decision.effective_from.isoformat(),
        "document": decision.document_number,
        "authority": decision.authority,
        "reason": reason.zh,
        "reason_en": reason.en,
        "kind": reason.zh,
        "kind_en": reason.en,
        "successor": record.superseded_by,
    }
