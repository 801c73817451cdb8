"""Succession: a new version takes over from the one before; how and from which day that one ends.

变更 counts from a day on; 延续 begins when the term before is over, or at once; 更正 holds from the
very beginning. A renewal that is issued early leaves the version before in force to its last day.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from certlib.access import Access, Act
from certlib.calendar import legal_day
from certlib.certificate import Certificate, Decision
from certlib.errors import (
    CertificateNotFound,
    Conflict,
    DateOrder,
    Problem,
    StaleVersion,
    TransitionForbidden,
)
from certlib.issuing_errors import AlreadyRenewed
from certlib.registry import AuditRecord, Intent, OutboxEvent, ReadSession, UnitOfWork
from certlib.states import CORRECTION, RENEWAL, TRANSITIONS, Action, State
from certlib.usecases.order import IssueOrder

_OWN_DAY = frozenset({RENEWAL, CORRECTION})
_FIELDS = {"/reason_code": "/supersede_reason"}


def version_before(session: ReadSession, order: IssueOrder, access: Access) -> Certificate | None:
    """The version that the order replaces; None when it begins a lineage.

    Raises:
        CertificateNotFound: no such certificate of this type, in the care of who issues now.
        TransitionForbidden: it has ended.
        AlreadyRenewed: another version has taken over, or will.
        StaleVersion: it has changed since the caller read it.
    """
    if not order.supersedes:
        return None
    found = session.certificate(order.supersedes)
    if found is None or not _may_replace(found, order, access):
        raise CertificateNotFound(field_path="/supersedes")
    need_replaceable(session, found)
    expected = order.ending.expected_version
    if expected is not None and expected != found.row_version:
        raise StaleVersion
    return found


def need_current(session: ReadSession, identifier: str) -> None:
    """The version that a draft shall replace can still be replaced; "" where there is none.

    Raises:
        TransitionForbidden, AlreadyRenewed: it cannot.
    """
    found = session.certificate(identifier) if identifier else None
    if found is not None:
        need_replaceable(session, found)


def need_replaceable(session: ReadSession, before: Certificate) -> None:
    """Raises `TransitionForbidden` or `AlreadyRenewed` where no version may follow this one."""
    if (before.state, Action.SUPERSEDE) not in TRANSITIONS:
        raise TransitionForbidden(
            field_path="/supersedes",
            state=before.state.value,
            state_zh=before.state.zh,
            action=Action.SUPERSEDE.value,
            action_zh=Action.SUPERSEDE.zh,
        )
    _refuse_second_heir(session, before)


def _may_replace(found: Certificate, order: IssueOrder, access: Access) -> bool:
    content = found.content
    keeper = access.jurisdiction.keeper(content.issuer_code, content.type_code, access.day)
    same = content.type_code == order.type_code and keeper == order.issuer_code
    return same and access.may(Act.RENEW, content)


def decision_of(order: IssueOrder, before: Certificate | None, today: date) -> Decision | None:
    """The decision that ends the version before, with the day from which it counts."""
    if before is None:
        return None
    said = order.ending
    return Decision(
        action=Action.SUPERSEDE,
        reason_code=order.supersede_reason,
        effective_from=_day(order, before, today),
        legal_basis=said.legal_basis,
        document_number=said.document_number,
        authority=said.authority,
        note=said.note,
    )


def succession_problems(
    order: IssueOrder, before: Certificate | None, today: date
) -> Iterator[Problem]:
    """What publication would refuse too late, and terms that would leave a gap."""
    decision = decision_of(order, before, today)
    if before is None or decision is None:
        return
    if order.issue_date < before.content.issue_date:
        yield DateOrder(
            field_path="/issue_date",
            later="颁发日期",
            earlier="被替代版本的颁发日期",
            later_en="the issue date",
            earlier_en="that of the version it replaces",
        ).as_problem()
        return
    renewal = decision.reason_code == RENEWAL
    if decision.reason_code in _OWN_DAY and order.ending.effective_from is not None:
        yield Problem(
            "/effective_from",
            "effective-day-fixed",
            "延续自新有效期起生效，更正自始生效，请勿填写生效日期。",
            "A renewal counts from its term, a correction from the beginning: give no day.",
        )
    for item in before.problems_of(decision, today):
        if not (renewal and item.code == "effective-in-future"):
            yield replace(item, field=_FIELDS.get(item.field, item.field))
    if renewal:
        yield from _term_problems(order, before, today)


def end_version_before(uow: UnitOfWork, intent: Intent, now: datetime) -> None:
    """In the commit that publishes the new version: ends the one before, now or on its day.

    Raises:
        Conflict: it cannot be read, or has changed this very moment.
        AlreadyRenewed, TransitionForbidden, Invalid: it can no longer be replaced.
    """
    decision = intent.succession
    if decision is None:
        return
    before = uow.certificate(intent.supersedes)
    if before is None:
        raise Conflict
    _refuse_second_heir(uow, before)
    named = replace(before, superseded_by=intent.identifier)
    if decision.effective_from <= legal_day(now):
        _end(uow, named, decision, intent.actor, now)
        return
    due = decision.effective_from
    uow.plan_succession(replace(named, row_version=before.row_version + 1), before.row_version, due)
    details = {"by": intent.identifier, "effective_from": due.isoformat()}
    uow.append_audit(
        [AuditRecord(now, intent.actor, "plan-succession", before.identifier, details)]
    )


def settle(uow: UnitOfWork, identifier: str, now: datetime) -> bool:
    """Carries out a planned succession whose day has come; False when it came to nothing.

    The version may have ended otherwise meanwhile, or its successor have been voided.
    """
    uow.settle_succession(identifier)
    before = uow.certificate(identifier)
    if before is None or (before.state, Action.SUPERSEDE) not in TRANSITIONS:
        return False
    heir, intent = uow.certificate(before.superseded_by), uow.intent(before.superseded_by)
    if heir is None or intent is None or heir.state is State.VOIDED or intent.succession is None:
        return False
    _end(uow, before, intent.succession, "reconciler", now)
    return True


def _end(
    uow: UnitOfWork, before: Certificate, decision: Decision, actor: str, now: datetime
) -> None:
    after = before.decide(decision, actor=actor, now=now)
    uow.save(after, before.row_version)
    details = {
        "by": after.superseded_by,
        "reason_code": decision.reason_code,
        "effective_from": decision.effective_from.isoformat(),
    }
    uow.append_audit([AuditRecord(now, actor, "supersede", after.identifier, details)])
    payload = {"state": after.state.value, "row_version": after.row_version}
    event_id = f"{after.identifier}:{after.row_version}"
    topic = "certificate.state-changed"
    uow.add_events([OutboxEvent(event_id, topic, after.identifier, payload, now)])


def _refuse_second_heir(session: ReadSession, before: Certificate) -> None:
    """One version has one successor; another may come only where the first was voided."""
    if not before.superseded_by:
        return
    heir = session.certificate(before.superseded_by)
    if heir is None or heir.state is not State.VOIDED:
        raise AlreadyRenewed(successor=before.superseded_by)


def _day(order: IssueOrder, before: Certificate, today: date) -> date:
    match order.supersede_reason:
        case "correction":
            return before.begins
        case "renewal":
            return max(order.valid_from or order.issue_date, order.issue_date)
        case _:
            return order.ending.effective_from or min(order.issue_date, today)


def _term_problems(order: IssueOrder, before: Certificate, today: date) -> Iterator[Problem]:
    """A term to come follows the one before on the next day, so nobody is without one."""
    start, last = order.valid_from or order.issue_date, before.content.valid_to
    if start <= today or (last is not None and start == last + timedelta(days=1)):
        return
    following = "" if last is None else (last + timedelta(days=1)).isoformat()
    yield Problem(
        "/valid_from",
        "term-gap",
        f"延续的有效期应自今日或以前起，或自原有效期届满次日{following}起。",
        f"The new term begins by today, or the day after the old one ends: {following or 'never'}.",
    )
