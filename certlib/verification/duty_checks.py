"""Checks of periodic duties: what was due and known on the day that is asked about.

Whether a missed or failed duty matters is the type's rule: nothing (年报 of a business licence),
a warning beside a valid verdict, or no use until the holder has caught up.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

from certlib.catalogue import DutyEffect
from certlib.certificate import Certificate
from certlib.duties import DutyProblem, DutyResult, DutyStanding
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.status_checks import goes_on, known_for

WARNINGS: Mapping[DutyProblem, str] = {
    DutyProblem.FAILED: "inspection-failed",
    DutyProblem.OVERDUE: "inspection-overdue",
}
"""Codes of what leaves the verdict valid, and has to be said all the same."""

_NOTED: Mapping[DutyProblem, str] = {
    DutyProblem.FAILED: "duty-failed-noted",
    DutyProblem.OVERDUE: "duty-overdue-noted",
}


def duties(bench: Judgement, check: Check, record: Certificate, day: date) -> list[Finding]:
    """One finding for each duty of the type; none where the state decides already."""
    known_at = known_for(bench, check)
    if not goes_on(record, day, known_at):
        return []
    standings = record.standings(bench.facts.duties, day, known_at)
    return [_finding(bench, check, item) for item in standings]


def _finding(bench: Judgement, check: Check, standing: DutyStanding) -> Finding:
    values = _values(standing)
    evidence = {
        "duty": standing.duty.code,
        "due": standing.due.isoformat(),
        "last": None if standing.last is None else standing.last.result.value,
    }
    problem = standing.problem
    if problem is None:
        last = standing.last
        conditional = last is not None and last.result is DutyResult.CONDITIONAL
        code = "duty-conditional" if conditional else "duty-current"
        return bench.finding(check, Outcome.PASS, code, values, evidence)
    match standing.effect:
        case DutyEffect.NONE:
            return bench.finding(check, Outcome.PASS, _NOTED[problem], values, evidence)
        case DutyEffect.WARN:
            return bench.finding(check, Outcome.PASS, WARNINGS[problem], values, evidence)
        case DutyEffect.BLOCK:
            code = f"{WARNINGS[problem]}-blocks"
            return bench.finding(check, Outcome.FAIL, code, values, evidence)
        case _:
            assert_never(standing.effect)


def _values(standing: DutyStanding) -> dict[str, Any]:
    return {
        "duty": standing.duty.name,
        "duty_en": standing.duty.name_en,
        "due": standing.due.isoformat(),
        "date": "" if standing.last is None else standing.last.done_on.isoformat(),
    }
