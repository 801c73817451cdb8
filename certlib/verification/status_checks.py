"""Checks of the record: status now and on the acceptance day, restrictions, absence."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from certlib.certificate import Certificate, StateChange
from certlib.states import CORRECTION, View, reason_text
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.snapshot_checks import statuses_then

_VIEW_CODES: Mapping[View, str] = {
    View.DRAFT: "draft",
    View.NOT_YET_EFFECTIVE: "not-yet-effective",
    View.EXPIRED: "expired",
    View.SUSPENDED: "suspended",
    View.SUSPENSION_ENDED: "suspension-ended",
    View.SUPERSEDED: "superseded",
    View.DEREGISTERED: "deregistered",
    View.ANNULLED: "annulled",
    View.WITHDRAWN: "withdrawn",
    View.REVOKED: "revoked",
    View.TRANSFERRED_OUT: "transferred-out",
    View.VOIDED: "voided",
}
_HELD = frozenset({View.SUSPENDED, View.SUSPENSION_ENDED})
_OF_THE_ASKED_DAY = frozenset({Check.HOLDERS_ON, Check.STATUS_ON, Check.DUTIES_ON})


def status(bench: Judgement, check: Check, record: Certificate, day: date) -> list[Finding]:
    """What the record says for `day`: all states are looked at, and decided upon only then.

    Past knowledge is for the acceptance day alone: today is judged by all that is known today.
    What decides comes first: a renewal under review takes nothing from a suspension or a seizure.
    """
    known_at = known_for(bench, check)
    if known_at is not None and known_at < record.recorded_at:
        return [bench.finding(check, Outcome.FAIL, "not-found")]  # nobody knew of it then
    seen = record.view_on(day, known_at)
    evidence = {
        "state": record.state.value,
        "view": seen.value,
        "day": day.isoformat(),
        "row_version": record.row_version,
    }
    if seen is View.VALID:
        valid = bench.finding(check, Outcome.PASS, "valid", evidence=evidence)
        return _restriction(bench, check, record, day) or [valid]
    renewal = _renewal(bench, check, record, day, evidence)
    if seen is View.EXPIRED and renewal:
        return [*_restriction(bench, check, record, day, "renewal-restricted"), *renewal]
    change = record.state_on(day, known_at)
    values = _values(record, seen, change) | _destination(bench, change)
    outcome = Outcome.UNKNOWN if seen is View.SUSPENSION_ENDED else Outcome.FAIL
    state = bench.finding(check, outcome, _code(seen, change), values, evidence)
    return [state, *renewal] if seen in _HELD else [state]


def goes_on(record: Certificate, day: date, known_at: datetime | None) -> bool:
    """Whether nothing but an undecided renewal stands between the certificate and its use."""
    if known_at is not None and known_at < record.recorded_at:
        return False  # nobody knew of it then
    seen = record.view_on(day, known_at)
    renewed = seen is View.EXPIRED and record.renewal_on(day, known_at) is not None
    return seen is View.VALID or renewed


def known_for(bench: Judgement, check: Check) -> datetime | None:
    """The instant of knowledge by which a check judges; None for all that is known."""
    return bench.facts.known_at if check in _OF_THE_ASKED_DAY else None


def state_words(
    record: Certificate, day: date, known_at: datetime | None = None
) -> tuple[str, str]:
    """What the certificate is on a day, in Chinese and English: 更正 is not called 换发."""
    seen = record.view_on(day, known_at)
    if seen is View.SUPERSEDED and _corrected(record.state_on(day, known_at)):
        return "已更正", "CORRECTED"
    return seen.zh, seen.value


def absence(bench: Judgement) -> list[Finding]:
    """No record: never proof of forgery, and never valid."""
    facts = bench.facts
    if facts.file is not None and not facts.file.identifier:
        return []
    if not facts.registry_asked:
        return statuses_then(bench)
    if not facts.our_node:
        values = {"region": facts.region or "其他地区", "region_en": facts.region or "elsewhere"}
        return [bench.finding(Check.STATUS_NOW, Outcome.UNKNOWN, "other-node", values)]
    checks = [Check.STATUS_NOW] if facts.on is None else [Check.STATUS_NOW, Check.STATUS_ON]
    return [bench.finding(check, Outcome.FAIL, "not-found") for check in checks]


def _code(seen: View, change: StateChange | None) -> str:
    corrected = seen is View.SUPERSEDED and _corrected(change)
    return "corrected" if corrected else _VIEW_CODES[seen]


def _corrected(change: StateChange | None) -> bool:
    return change is not None and change.decision.reason_code == CORRECTION


def _renewal(
    bench: Judgement, check: Check, record: Certificate, day: date, evidence: Mapping[str, Any]
) -> list[Finding]:
    """Licensing Law art. 50: what was applied for in time and is undecided is not refused."""
    known_at, valid_to = known_for(bench, check), record.content.valid_to
    renewal = record.renewal_on(day, known_at)
    if renewal is None or valid_to is None or day <= valid_to:
        return []
    decision = renewal.decided_by(day, known_at)
    if decision is None:
        return [bench.finding(check, Outcome.UNKNOWN, "renewal-pending", evidence=evidence)]
    values = {"document": decision.document_number or decision.decided_on.isoformat()}
    return [bench.finding(check, Outcome.UNKNOWN, "renewal-granted", values, evidence)]


def _restriction(
    bench: Judgement, check: Check, record: Certificate, day: date, code: str = "restricted"
) -> list[Finding]:
    policy, known_at = bench.policy, known_for(bench, check)
    binding = [
        item
        for item in record.restrictions
        if item.in_force(day, known_at) and item.kind not in policy.tolerated
    ]
    if not binding:
        return []
    binding.sort(key=lambda item: item.kind not in policy.blocking)
    first = binding[0]
    values = {
        "kind": first.kind.zh,
        "kind_en": first.kind.en,
        "authority": first.authority,
        "document": first.document_number,
    }
    evidence = {"restrictions": [item.kind.value for item in binding]}
    if first.kind in policy.blocking:
        return [bench.finding(check, Outcome.FAIL, "restriction-blocks", values, evidence)]
    return [bench.finding(check, Outcome.UNKNOWN, code, values, evidence)]


def _values(record: Certificate, seen: View, change: StateChange | None) -> dict[str, Any]:
    content = record.content
    if seen is View.EXPIRED:
        return {"date": str(content.valid_to)}
    if seen is View.NOT_YET_EFFECTIVE or change is None:
        return {"date": str(content.valid_from or content.issue_date)}
    decision = change.decision
    reason = reason_text(decision.action, decision.reason_code)
    since = decision.effective_from.isoformat()
    from_beginning = decision.effective_from <= record.begins
    until = decision.until
    return {
        "date": since,
        "document": decision.document_number,
        "authority": decision.authority,
        "reason": reason.zh,
        "reason_en": reason.en,
        "kind": reason.zh,
        "kind_en": reason.en,
        "until": "" if until is None else until.isoformat(),
        "period": "" if until is None else f"（至{until}）",
        "period_en": "" if until is None else f", until {until}",
        "extent": "自始无效" if from_beginning else f"自{since}起失效",
        "extent_en": "from the beginning" if from_beginning else f"from {since} on",
        "receiver": decision.receiving_authority or decision.authority,
        "successor": record.superseded_by,
    }


def _destination(bench: Judgement, change: StateChange | None) -> dict[str, str]:
    """Where it was transferred to: the division by name, and its code for who looks it up."""
    code = "" if change is None else change.decision.receiving_division
    if not code:
        return {"place": "", "place_en": ""}
    name = bench.facts.destination
    return {
        "place": f"（{name}，{code}）" if name else f"（{code}）",
        "place_en": f" ({name}, {code})" if name else f" ({code})",
    }
