"""Periodic duties: results of inspections and reports, and how a certificate stands on a day.

A duty and its effect belong to the type (`certlib.catalogue.Duty`); results belong to one
certificate. Until there is one, the duty runs from the day on which it began for the right. What
counts on a past day is what was due and known on that day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from certlib.calendar import months_after
from certlib.catalogue import Duty, DutyEffect

_STRENGTH = (DutyEffect.NONE, DutyEffect.WARN, DutyEffect.BLOCK)


class DutyResult(StrEnum):
    """The result of one period; what is not failed fulfils the duty."""

    PASSED = "passed"
    FAILED = "failed"
    CONDITIONAL = "conditional"
    EXEMPT = "exempt"

    @property
    def zh(self) -> str:
        """The result in Chinese."""
        return _ZH[self]


_ZH: Mapping[DutyResult, str] = {
    DutyResult.PASSED: "合格",
    DutyResult.FAILED: "不合格",
    DutyResult.CONDITIONAL: "限期整改",
    DutyResult.EXEMPT: "免检",
}


class DutyProblem(StrEnum):
    """What may be wrong with a duty on a day."""

    FAILED = "failed"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class PeriodicResult:
    """One result of one certificate.

    Attributes:
        sequence: 1, 2, … over all duties of the certificate, in the order of recording.
        period_start: first day of the period it is about, where it was named.
        next_due: the deadline of the next period, which the result carries when it fulfils the
            duty: as the department has it, or by the type's rule (`next_deadline`).
    """

    sequence: int
    duty_code: str
    result: DutyResult
    done_on: date
    recorded_at: datetime
    actor: str
    period_start: date | None = None
    next_due: date | None = None
    authority: str = ""
    document_number: str = ""

    @property
    def fulfils(self) -> bool:
        """Whether the duty is done with for its period."""
        return self.result is not DutyResult.FAILED


@dataclass(frozen=True, slots=True)
class DutyClock:
    """A duty that runs from another day than that of issue (`certlib.inheritance.duty_clocks`)."""

    duty_code: str
    since: date


@dataclass(frozen=True, slots=True)
class DutyStanding:
    """How one certificate stands in one duty on one day.

    Attributes:
        due: the deadline that is open; `last`: the latest result by then, or None.
        problem: what is wrong, or None; `effect`: what that does to the verdict.
    """

    duty: Duty
    due: date
    last: PeriodicResult | None = None
    problem: DutyProblem | None = None
    effect: DutyEffect = DutyEffect.NONE

    @property
    def overdue(self) -> bool:
        """Whether the deadline and its grace have passed."""
        return self.problem is DutyProblem.OVERDUE


def next_deadline(duty: Duty, done_on: date, period_start: date | None) -> date:
    """The deadline after a fulfilled period, where the department names none.

    The end of the period after the one that was named; otherwise one period after the day on
    which it was done.
    """
    if period_start is not None:
        return months_after(period_start, 2 * duty.months)
    return months_after(done_on, duty.months)


def duty_standing(
    duty: Duty,
    since: date,
    results: Iterable[PeriodicResult],
    day: date,
    known_at: datetime | None = None,
) -> DutyStanding:
    """How a certificate stands in `duty` on `day`, as known at `known_at`.

    The duty began for the right on the day `since` (`Certificate.duty_since`).
    """
    known = sorted(
        (
            item
            for item in results
            if item.duty_code == duty.code
            and item.done_on <= day
            and (known_at is None or item.recorded_at <= known_at)
        ),
        key=lambda item: (item.done_on, item.sequence),
    )
    fulfilled = [item.next_due for item in known if item.fulfils and item.next_due is not None]
    due = fulfilled[-1] if fulfilled else months_after(since, duty.months)
    last = known[-1] if known else None
    found = []
    if last is not None and not last.fulfils:
        found.append((DutyProblem.FAILED, duty.failed))
    if day >= overdue_from(duty, due):
        found.append((DutyProblem.OVERDUE, duty.overdue))
    if not found:
        return DutyStanding(duty, due, last)
    # Of two problems the one that weighs more is told; the result weighs before the calendar.
    problem, effect = max(found, key=lambda item: _STRENGTH.index(item[1]))
    return DutyStanding(duty, due, last, problem, effect)


def overdue_from(duty: Duty, due: date) -> date:
    """The first day on which `due` has passed, grace and all."""
    return due + timedelta(days=duty.grace_days + 1)


def begun_until(duty: Duty, day: date) -> date:
    """The last day of beginning from which the very first deadline has passed by `day`."""
    limit = day - timedelta(days=duty.grace_days)
    candidate = months_after(limit, -duty.months)
    while months_after(candidate, duty.months) >= limit:
        candidate -= timedelta(days=1)
    return candidate


def latest_results(results: Sequence[PeriodicResult]) -> list[PeriodicResult]:
    """The results that decide how a certificate stands by all that is known: at most two a duty."""
    ordered = sorted(results, key=lambda item: (item.done_on, item.sequence))
    last = {item.duty_code: item for item in ordered}
    fulfilled = {item.duty_code: item for item in ordered if item.fulfils}
    kept = {item.sequence: item for item in (*last.values(), *fulfilled.values())}
    return [kept[sequence] for sequence in sorted(kept)]
