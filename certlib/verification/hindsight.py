"""What the record said on a past day, and what holds for that day now: both, never one for both.

撤销 and 更正 may count from the beginning. Who decided on that day decided by what the record
said then; who looks back must see that, and that it is otherwise now.
"""

from datetime import datetime

from certlib.calendar import end_of_day, legal_day
from certlib.certificate import Certificate
from certlib.document import Content
from certlib.states import CORRECTION, Action
from certlib.verification.matching import CORE_FIELDS
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.status_checks import state_words


def hindsight(bench: Judgement, record: Certificate) -> list[Finding]:
    """A finding with both, where the asked day looks otherwise now than it did then."""
    day = bench.facts.on
    if day is None:
        return []
    then = bench.facts.known_at or min(end_of_day(day), bench.at)
    if then < record.recorded_at:
        return _corrected(bench, record, then)
    before, now = record.view_on(day, then), record.view_on(day)
    change = record.state_on(day)
    if before is now or change is None:
        return []
    decision = change.decision
    corrected = decision.action is Action.SUPERSEDE and decision.reason_code == CORRECTION
    then_zh, then_en = state_words(record, day, then)
    now_zh, now_en = state_words(record, day)
    values = {
        "day": day.isoformat(),
        "then": then_zh,
        "then_en": then_en,
        "now": now_zh,
        "now_en": now_en,
        "recorded": legal_day(change.recorded_at).isoformat(),
        "action": "更正" if corrected else decision.action.zh,
        "action_en": "correct" if corrected else decision.action.value,
        "date": decision.effective_from.isoformat(),
    }
    evidence = {"recorded_then": before.value, "holds_now": now.value}
    return [bench.finding(Check.RECORD_THEN, Outcome.PASS, "recorded-otherwise", values, evidence)]


def _corrected(bench: Judgement, record: Certificate, then: datetime) -> list[Finding]:
    earlier, day = bench.facts.corrects, bench.facts.on
    if earlier is None or day is None or then < earlier.recorded_at:
        return []
    changed = _differences(record, earlier)
    titles = {**CORE_FIELDS, **bench.facts.titles}
    pairs = [titles.get(path, (path, path)) for path in changed]
    values = {
        "day": day.isoformat(),
        "earlier": earlier.identifier,
        "recorded": legal_day(record.recorded_at).isoformat(),
        "fields": "、".join(zh for zh, _ in pairs) or "—",
        "fields_en": ", ".join(en for _, en in pairs) or "—",
    }
    evidence = {"earlier": earlier.identifier, "fields": changed}
    return [
        bench.finding(Check.RECORD_THEN, Outcome.PASS, "recorded-uncorrected", values, evidence)
    ]


def _differences(record: Certificate, earlier: Certificate) -> list[str]:
    """Paths of what the correction changed; never the values."""
    keys = sorted({*record.content.fields, *earlier.content.fields})
    paths = [*CORE_FIELDS, *keys]
    return [path for path in paths if _said(record.content, path) != _said(earlier.content, path)]


def _said(content: Content, path: str) -> object:
    match path:
        case "holder_name":
            return [holder.name for holder in content.holders]
        case "holder_code":
            return [holder.code for holder in content.holders]
        case _ if path in CORE_FIELDS:
            return getattr(content, path)
        case _:
            return content.fields.get(path)
