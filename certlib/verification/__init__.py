"""From facts to findings to one verdict: a pure function, as EU DSS does it.

Facts are gathered first (I/O, `certlib.usecases.verify`); `judge` weighs them by a policy and a
time. A fault of ours or of a dependency is never `invalid` and never `valid`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.certificate import Certificate
from certlib.findings import PARTS, SERVICES, TODAY_WORDS, worded
from certlib.states import View
from certlib.verdicts import SENTENCES
from certlib.verification.detailed import detailed
from certlib.verification.duty_checks import WARNINGS, duties
from certlib.verification.file_checks import (
    known_file_findings,
    unknown_file_findings,
    unreadable,
)
from certlib.verification.hindsight import hindsight
from certlib.verification.holder_checks import holders_gone
from certlib.verification.matching import (
    CORE_FIELDS,
    issuer_findings,
    match_findings,
    same_text,
)
from certlib.verification.model import (
    Check,
    Claim,
    Facts,
    Finding,
    IssuerNow,
    Judgement,
    Outcome,
    Report,
    Verdict,
)
from certlib.verification.paper_checks import paper, tells
from certlib.verification.policies import FOREIGN, OWN, POLICIES, Policy
from certlib.verification.receipt_checks import VERDICT_CODES as RECEIPT_CODES
from certlib.verification.receipt_checks import receipt_findings, receipt_values
from certlib.verification.snapshot_checks import told_then
from certlib.verification.status_checks import absence, state_words, status

__all__ = [
    "CORE_FIELDS",
    "FOREIGN",
    "OWN",
    "POLICIES",
    "Check",
    "Claim",
    "Facts",
    "Finding",
    "IssuerNow",
    "Outcome",
    "Policy",
    "Report",
    "Verdict",
    "detailed",
    "judge",
    "same_text",
    "worst",
]

_VERDICT_CODES = {"no-signature": "not-a-certificate", "authority-unknown": "cannot-tell"}
"""Findings whose verdict carries another code."""

_CHANGED = frozenset({"name-changed", "code-changed"})
_OF_TODAY = frozenset({Check.HOLDERS_NOW, Check.STATUS_NOW, Check.DUTIES_NOW})


def judge(facts: Facts, policy: Policy, at: datetime) -> Report:
    """Findings and verdict for `facts` under `policy` at the instant `at` (aware UTC)."""
    bench = Judgement.of(facts, policy, at)
    findings = _findings(bench)
    verdict, deciding = _decide(findings, asked_day=facts.on is not None)
    beside: list[Finding] = []
    if deciding is not None:
        codes = RECEIPT_CODES if bench.receipt else _VERDICT_CODES
        code, values = codes.get(deciding.code, deciding.code), deciding.values
    else:
        code, values, beside = _kind_of_valid(bench, findings)
    told = None if deciding is None else told_then(bench, deciding)
    sentence = told or SENTENCES[_sentence(facts, code)].filled({**bench.common, **values})
    for item in beside:
        sentence = sentence.also(SENTENCES[item.code].filled(item.values))
    return Report(verdict, code, sentence, tuple(findings), at, values, policy, bench.signatures)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict over several targets; over none it is indeterminate."""
    for candidate in (Verdict.INVALID, Verdict.INDETERMINATE):
        if candidate in verdicts:
            return candidate
    return Verdict.VALID if verdicts else Verdict.INDETERMINATE


def _findings(bench: Judgement) -> list[Finding]:
    """All findings; what rules out everything else stands alone."""
    facts = bench.facts
    alone = _alone(bench)
    if alone is not None:
        return [alone]
    found: list[Finding] = []
    if bench.receipt and facts.file is not None:
        return receipt_findings(bench, facts.file)
    if facts.known_file is not None:
        found += known_file_findings(bench, facts.known_file)
    elif facts.file is not None:
        found += unknown_file_findings(bench, facts.file)
    if facts.record is not None:
        record = facts.record
        found += _standing(bench, record)
        found += paper(bench, record)
        found += issuer_findings(bench)
        found += match_findings(bench, record)
    elif not bench.foreign_file:
        found += absence(bench)
    return found


def _standing(bench: Judgement, record: Certificate) -> list[Finding]:
    """State and duties, today and on the asked day, and what looks otherwise since then."""
    today, on = legal_day(bench.at), bench.facts.on
    found = status(bench, Check.STATUS_NOW, record, today)
    found += duties(bench, Check.DUTIES_NOW, record, today)
    found += holders_gone(bench, Check.HOLDERS_NOW, record, today)
    if on is not None:
        found += status(bench, Check.STATUS_ON, record, on)
        found += duties(bench, Check.DUTIES_ON, record, on)
        found += holders_gone(bench, Check.HOLDERS_ON, record, on)
    return found + hindsight(bench, record)


def _alone(bench: Judgement) -> Finding | None:
    facts = bench.facts
    if facts.unavailable:
        zh, en = worded(SERVICES, facts.unavailable)
        values = {"service": zh, "service_en": en}
        return bench.finding(Check.STATUS_NOW, Outcome.UNKNOWN, "cannot-tell", values)
    if facts.malformed_part is not None:
        zh, en = worded(PARTS, facts.malformed_part)
        values = {"part": zh, "part_en": en}
        return bench.finding(Check.STATUS_NOW, Outcome.FAIL, "identifier-malformed", values)
    if facts.candidates is not None and facts.candidates > 1:
        return bench.finding(Check.MATCH, Outcome.UNKNOWN, "several-found")
    if facts.file is not None and not facts.file.readable:
        return unreadable(bench, facts.file)
    return None


def _decide(findings: Sequence[Finding], *, asked_day: bool) -> tuple[Verdict, Finding | None]:
    """Failures decide first, then what is unknown; the asked day outranks today."""
    order = list(Check)
    weighed = sorted(
        (item for item in findings if not (asked_day and item.check in _OF_TODAY)),
        key=lambda item: order.index(item.check),
    )
    for outcome, verdict in (
        (Outcome.FAIL, Verdict.INVALID),
        (Outcome.UNKNOWN, Verdict.INDETERMINATE),
    ):
        for item in weighed:
            if item.outcome is outcome:
                return verdict, item
    return (Verdict.VALID, None) if weighed else (Verdict.INDETERMINATE, None)


def _kind_of_valid(
    bench: Judgement, findings: Sequence[Finding]
) -> tuple[str, Mapping[str, Any], list[Finding]]:
    """Valid has several sentences: the one that tells the clerk most, and what stands beside it."""
    facts, record = bench.facts, bench.facts.record
    if bench.receipt and facts.file is not None:
        return "receipt-holds", receipt_values(facts.file), []
    if record is None:
        # A file that names a certificate on record has to be that certificate's, and is known.
        return "foreign-valid", {}, []
    asked_day = facts.on is not None
    if facts.on is not None:
        since = _ended_since(record, findings, legal_day(bench.at))
        if since is not None:
            zh, en = since
            values = {"date": facts.on.isoformat(), "state": zh, "state_en": en}
            return "valid-then", values, []
    telling = [item for item in findings if item.code in _CHANGED]
    telling += [item for item in findings if _warns(item, asked_day=asked_day)]
    telling += [item for item in findings if tells(bench, item)]
    if telling:
        return telling[0].code, telling[0].values, telling[1:]
    return "valid", {}, []


def _ended_since(
    record: Certificate, findings: Sequence[Finding], today: date
) -> tuple[str, str] | None:
    """What stands in the way today, in words; None when nothing does."""
    if record.view_on(today) is not View.VALID:
        return state_words(record, today)
    for item in findings:
        if item.outcome is not Outcome.PASS:  # of today: what is weighed passes where it is valid
            return TODAY_WORDS[item.code]
    return None


def _warns(finding: Finding, *, asked_day: bool) -> bool:
    check = Check.DUTIES_ON if asked_day else Check.DUTIES_NOW
    return finding.check is check and finding.code in WARNINGS.values()


def _sentence(facts: Facts, code: str) -> str:
    """Without a file at hand nothing valid must say that a file is unaltered."""
    return "valid-on-record" if code == "valid" and facts.known_file is None else code
