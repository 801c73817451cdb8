"""What stands beside the state and how it changes: renewals, restrictions, periodic results.

Each function answers the certificate after one act, or raises and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from certlib.beside_errors import (
    NoRenewalOpen,
    RenewalOpen,
    RestrictionAmbiguous,
    RestrictionExists,
    RestrictionUnknown,
)
from certlib.calendar import legal_day
from certlib.catalogue import Duty
from certlib.certificate import Certificate
from certlib.duties import PeriodicResult, next_deadline
from certlib.errors import Invalid, Problem
from certlib.renewals import RenewalApplication, RenewalDecision, RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind

_LONGEST_PERIOD = timedelta(days=366 * 30)


@dataclass(frozen=True, slots=True)
class Lifting:
    """An order that lifts a restriction; what is "" or None was not given."""

    kind: RestrictionKind
    lifted_on: date
    authority: str = ""
    document_number: str = ""
    effective_from: date | None = None
    lift_document: str = ""

    def fits(self, restriction: Restriction) -> bool:
        """Whether it speaks of `restriction`."""
        return (
            restriction.kind is self.kind
            and self.authority in {"", restriction.authority}
            and self.document_number in {"", restriction.document_number}
            and self.effective_from in {None, restriction.effective_from}
        )


def apply_for_renewal(
    certificate: Certificate, applied_on: date, case_number: str, *, actor: str, now: datetime
) -> Certificate:
    """The certificate with an application for renewal (Licensing Law art. 50).

    Raises:
        TransitionForbidden: the certificate has ended.
        RenewalOpen: an earlier application is undecided.
        Invalid: the application is no renewal: there is no term, or it was over.
    """
    certificate.need_running("renewal-application", "登记延续申请")
    problems = tuple(_application_problems(certificate, applied_on, legal_day(now)))
    if problems:
        raise Invalid(problems=problems)
    if certificate.renewals and certificate.renewals[-1].decision is None:
        raise RenewalOpen
    application = RenewalApplication(
        sequence=len(certificate.renewals) + 1,
        applied_on=applied_on,
        case_number=case_number,
        recorded_at=now,
        actor=actor,
    )
    return _grown(replace(certificate, renewals=(*certificate.renewals, application)))


def renewal_warnings(
    certificate: Certificate, applied_on: date, notice_days: int
) -> tuple[Problem, ...]:
    """An application after the day by which the law asks for it is accepted all the same."""
    valid_to = certificate.content.valid_to
    if valid_to is None or applied_on + timedelta(days=notice_days) <= valid_to:
        return ()
    problem = Problem(
        "/applied_on",
        "renewal-notice-short",
        f"申请晚于有效期届满前{notice_days}日，已登记；请确认是否受理。",
        f"Applied for less than {notice_days} days before expiry; recorded all the same.",
    )
    return (problem,)


def decide_renewal(
    certificate: Certificate,
    outcome: RenewalOutcome,
    decided_on: date,
    document_number: str,
    *,
    actor: str,
    now: datetime,
) -> Certificate:
    """The certificate with the decision on its open application.

    Raises:
        NoRenewalOpen: nothing is undecided.
        Invalid: the decision is dated before the application, or in the future.
    """
    last = certificate.renewals[-1] if certificate.renewals else None
    if last is None or last.decision is not None:
        raise NoRenewalOpen
    problems = list(_not_in_future("/decided_on", decided_on, legal_day(now)))
    if decided_on < last.applied_on:
        problems.append(
            Problem(
                "/decided_on",
                "date-order",
                "决定日期不能早于申请日期，请核对。",
                "The decision cannot lie before the application: check the dates.",
            )
        )
    if outcome is RenewalOutcome.REFUSED and not document_number.strip():
        problems.append(
            Problem(
                "/document_number",
                "document-number-missing",
                "缺少不予延续决定的文号，请填写。",
                "The number of the refusal is missing: fill it in.",
            )
        )
    if problems:
        raise Invalid(problems=tuple(problems))
    decision = RenewalDecision(outcome, decided_on, document_number, now, actor)
    decided = replace(last, decision=decision)
    return _grown(replace(certificate, renewals=(*certificate.renewals[:-1], decided)))


def restrict(
    certificate: Certificate,
    restriction: Restriction,
    *,
    now: datetime,
    earliest: date | None = None,
) -> Certificate:
    """The certificate with one restriction more.

    Args:
        certificate: the version in force.
        restriction: what is laid upon it.
        now: the instant of recording.
        earliest: the first day of the right, where that is older than this version.

    Raises:
        TransitionForbidden: the certificate has ended.
        RestrictionExists: the very same one is on record.
        Invalid: its days are impossible, or nobody ordered it.
    """
    certificate.need_running("restrict", "设定限制")
    problems = list(_restriction_problems(restriction, legal_day(now)))
    begins = earliest or certificate.begins
    if restriction.effective_from < begins:
        problems.append(
            Problem(
                "/effective_from",
                "date-order",
                f"限制的起始日期不能早于证照的起始日期{begins}，请核对。",
                f"Nothing is restricted before it began ({begins}): check the day.",
            )
        )
    if problems:
        raise Invalid(problems=tuple(problems))
    if restriction.key in {item.key for item in certificate.restrictions}:
        raise RestrictionExists
    recorded = replace(restriction, recorded_at=now)
    return _grown(replace(certificate, restrictions=(*certificate.restrictions, recorded)))


def lift(certificate: Certificate, lifting: Lifting, *, now: datetime) -> Certificate:
    """The certificate with one restriction lifted; whatever state it is in.

    Raises:
        RestrictionUnknown: none fits that was not lifted yet.
        RestrictionAmbiguous: several fit.
        Invalid: it is lifted before it began, or in the future.
    """
    fitting = [
        item for item in certificate.restrictions if item.lifted_on is None and lifting.fits(item)
    ]
    if not fitting:
        raise RestrictionUnknown
    if len(fitting) > 1:
        raise RestrictionAmbiguous
    problems = list(_not_in_future("/lifted_on", lifting.lifted_on, legal_day(now)))
    if lifting.lifted_on < fitting[0].effective_from:
        problems.append(
            Problem(
                "/lifted_on",
                "date-order",
                "解除日期不能早于限制起始日，请核对。",
                "It cannot be lifted before it began: check the dates.",
            )
        )
    if problems:
        raise Invalid(problems=tuple(problems))
    lifted = replace(
        fitting[0],
        lifted_on=lifting.lifted_on,
        lift_document=lifting.lift_document,
        lifted_at=now,
    )
    others = (lifted if item is fitting[0] else item for item in certificate.restrictions)
    return _grown(replace(certificate, restrictions=tuple(others)))


def add_result(
    certificate: Certificate, duty: Duty, result: PeriodicResult, *, now: datetime
) -> Certificate:
    """The certificate with one result more; its sequence and next deadline are set here.

    Raises:
        TransitionForbidden: the certificate has ended.
        Invalid: the result's days are impossible.
    """
    certificate.need_running("periodic-result", f"登记{duty.name}结果")
    problems = tuple(_result_problems(certificate, result, legal_day(now)))
    if problems:
        raise Invalid(problems=problems)
    due = result.next_due
    if result.fulfils and due is None:
        due = next_deadline(duty, result.done_on, result.period_start)
    kept = replace(
        result,
        sequence=len(certificate.results) + 1,
        next_due=due if result.fulfils else None,
        recorded_at=now,
    )
    return _grown(replace(certificate, results=(*certificate.results, kept)))


def _grown(certificate: Certificate) -> Certificate:
    return replace(certificate, row_version=certificate.row_version + 1)


def _application_problems(
    certificate: Certificate, applied_on: date, today: date
) -> Iterator[Problem]:
    yield from _not_in_future("/applied_on", applied_on, today)
    if certificate.content.valid_to is None:
        yield Problem(
            "/applied_on",
            "no-term",
            "证照长期有效，无须延续。",
            "The certificate has no end date: there is nothing to renew.",
        )
    elif not certificate.in_time(applied_on):
        yield Problem(
            "/applied_on",
            "renewal-too-late",
            "申请日期晚于有效期截止日，不属延续申请，请按新申请办理。",
            "Applied for after the term was over: that is a new application, no renewal.",
        )
    if applied_on < certificate.begins:
        yield _before_beginning("/applied_on")


def _restriction_problems(restriction: Restriction, today: date) -> Iterator[Problem]:
    for path, value, zh, en in (
        ("/authority", restriction.authority, "机关", "authority"),
        ("/document_number", restriction.document_number, "文号", "document number"),
    ):
        if not value.strip():
            yield Problem(
                path,
                f"{path[1:].replace('_', '-')}-missing",
                f"缺少{zh}，请填写。",
                f"The {en} is missing: fill it in.",
            )
    yield from _not_in_future("/effective_from", restriction.effective_from, today)
    end = restriction.effective_to
    if end is not None and end < restriction.effective_from:
        yield Problem(
            "/effective_to",
            "date-order",
            "截止日期不能早于起始日期，请核对。",
            "The last day cannot lie before the first: check the dates.",
        )


def _result_problems(
    certificate: Certificate, result: PeriodicResult, today: date
) -> Iterator[Problem]:
    yield from _not_in_future("/done_on", result.done_on, today)
    # What was inspected under the version before counts for the right that goes on.
    if result.done_on < min(certificate.begins, certificate.duty_since(result.duty_code)):
        yield _before_beginning("/done_on")
    if result.period_start is not None:
        yield from _not_in_future("/period_start", result.period_start, today)
    due = result.next_due
    if due is None:
        return
    if not result.fulfils:
        yield Problem(
            "/next_due",
            "next-due-out-of-place",
            "不合格的结果没有下次期限，请删除。",
            "A failed result carries no next deadline: leave it out.",
        )
    elif not result.done_on < due <= result.done_on + _LONGEST_PERIOD:
        yield Problem(
            "/next_due",
            "date-order",
            "下次期限应晚于完成日期，且不超过三十年，请核对。",
            "The next deadline must lie after the day it was done, by at most thirty years.",
        )


def _not_in_future(path: str, day: date, today: date) -> Iterator[Problem]:
    if day > today:
        yield Problem(
            path,
            "day-in-future",
            "日期不能晚于今天，请核对。",
            "The day cannot lie in the future: check it.",
        )


def _before_beginning(path: str) -> Problem:
    return Problem(
        path,
        "date-order",
        "日期不能早于证照起始日，请核对。",
        "The day cannot lie before the certificate begins: check it.",
    )
