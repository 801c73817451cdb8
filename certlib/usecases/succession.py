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
from certlib.document import Holder
from certlib.errors import (
    CertificateNotFound,
    Conflict,
    DateOrder,
    Problem,
    StaleVersion,
    TransitionForbidden,
)
from certlib.issuing_errors import AlreadyRenewed, RenewalWaits, RestrictedTransfer
from certlib.registry import AuditRecord, Intent, OutboxEvent, ReadSession, UnitOfWork
from certlib.restrictions import RestrictionKind
from certlib.states import (
    CORRECTION,
    OWN_DAY,
    RENEWAL,
    RUNNING,
    SUCCESSOR_VOIDED,
    TRANSITIONS,
    Action,
)
from certlib.usecases.order import IssueOrder
from certlib.usecases.take_over import take_over
from certlib.webhooks import STATE_CHANGED

_FIELDS = {"/reason_code": "/supersede_reason"}
_BINDING = frozenset({RestrictionKind.SEIZED, RestrictionKind.FROZEN})
_RECONCILER = "reconciler"


def version_before(session: ReadSession, order: IssueOrder, access: Access) -> Certificate | None:
    """The version that the order replaces; None when it begins a lineage.

    Raises:
        CertificateNotFound: no such certificate of this type, in the care of who issues now.
        TransitionForbidden: it has ended.
        RenewalWaits: it is a renewal that is yet to take effect.
        AlreadyRenewed: another version has taken over, or will.
        StaleVersion: it has changed since the caller read it.
        RestrictedTransfer: it is seized or frozen, and would go to another holder.
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
    need_transferable(found, order.holders, access.day)
    return found


def need_current(
    session: ReadSession, identifier: str, holders: tuple[Holder, ...], today: date
) -> Certificate | None:
    """The version that a draft shall replace; None where `identifier` is "".

    Raises:
        TransitionForbidden, AlreadyRenewed, RestrictedTransfer: it can no longer be replaced.
    """
    found = session.certificate(identifier) if identifier else None
    if found is not None:
        need_replaceable(session, found)
        need_transferable(found, holders, today)
    return found


def need_replaceable(session: ReadSession, before: Certificate) -> None:
    """Asks whether a version may follow this one.

    Raises:
        TransitionForbidden: it has ended.
        RenewalWaits: it is a renewal that is yet to take effect.
        AlreadyRenewed: another version follows.
    """
    if (before.state, Action.SUPERSEDE) not in TRANSITIONS:
        raise TransitionForbidden(
            field_path="/supersedes",
            state=before.state.value,
            state_zh=before.state.zh,
            action=Action.SUPERSEDE.value,
            action_zh=Action.SUPERSEDE.zh,
        )
    earlier = session.certificate(before.supersedes) if before.supersedes else None
    if earlier is not None and waits_for(before, earlier):
        content = before.content
        day = max(content.valid_from or content.issue_date, content.issue_date)
        raise RenewalWaits(field_path="/supersedes", day=day.isoformat(), before=earlier.identifier)
    _refuse_second_heir(session, before)


def waits_for(heir: Certificate, before: Certificate) -> bool:
    """Whether `heir` is a renewal whose day has not come: two stand side by side until then."""
    return before.superseded_by == heir.identifier and not has_been_replaced(before)


def has_been_replaced(version: Certificate) -> bool:
    """Whether another version has taken over, and was not voided since."""
    replaced = False
    for step in version.history:
        if step.decision.action is Action.SUPERSEDE:
            replaced = True
        elif step.decision.reason_code == SUCCESSOR_VOIDED:
            replaced = False
    return replaced


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
    if decision.reason_code in OWN_DAY and order.ending.effective_from is not None:
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
        yield from _renewal_problems(order, before)
        yield from _term_problems(order, before, today)
    elif decision.reason_code != CORRECTION:
        yield from _same_term_problems(order, before)


def need_transferable(before: Certificate, holders: tuple[Holder, ...], today: date) -> None:
    """Raises `RestrictedTransfer` where the holders change and a restriction binds the right.

    What is seized or frozen is not disposed of (城市房地产管理法 art. 38); an objection or
    a mortgage alone does not stand in the way (民法典 art. 220, 406).
    """
    if {item.code for item in holders} == {item.code for item in before.content.holders}:
        return
    for one in before.restrictions:
        if one.kind in _BINDING and one.in_force(today):
            raise RestrictedTransfer(
                field_path="/holders", kind=one.kind.zh, kind_en=one.kind.en, who=one.authority
            )


def end_version_before(
    uow: UnitOfWork, heir: Certificate, intent: Intent, now: datetime
) -> Certificate | None:
    """In the commit that publishes `heir`: ends the version before, now or on its day.

    The version before as it was, where `heir` takes over from it now. It is read once: what comes
    in between makes the save stale, and nothing is lost.

    Raises:
        Conflict: it cannot be read.
        StaleVersion: it has changed this very moment: try again.
        AlreadyRenewed, TransitionForbidden, Invalid: it can no longer be replaced.
        RestrictedTransfer: the right may not go to another holder.
    """
    decision = intent.succession
    if decision is None:
        return None
    before = uow.certificate(intent.supersedes)
    if before is None:
        raise Conflict
    _refuse_second_heir(uow, before)
    need_transferable(before, heir.content.holders, legal_day(now))
    named = replace(before, superseded_by=intent.identifier)
    if decision.effective_from <= legal_day(now):
        _end(uow, named, decision, intent.actor, now)
        return before
    due = decision.effective_from
    uow.plan_succession(replace(named, row_version=before.row_version + 1), before.row_version, due)
    details = {"by": intent.identifier, "effective_from": due.isoformat()}
    uow.append_audit(
        [AuditRecord(now, intent.actor, "plan-succession", before.identifier, details)]
    )
    return None


def settle(uow: UnitOfWork, identifier: str, now: datetime) -> bool:
    """Carries out a planned succession whose day has come; False when it came to nothing.

    The version may have ended otherwise meanwhile, or its successor have been voided.
    """
    uow.settle_succession(identifier)
    before = uow.certificate(identifier)
    if before is None or (before.state, Action.SUPERSEDE) not in TRANSITIONS:
        return False
    heir, intent = uow.certificate(before.superseded_by), uow.intent(before.superseded_by)
    if heir is None or intent is None or intent.succession is None or heir.state not in RUNNING:
        return False
    decision = intent.succession
    _end(uow, before, decision, _RECONCILER, now)
    take_over(uow, heir, before, decision.reason_code, _RECONCILER, now)
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
    uow.add_events([OutboxEvent(event_id, STATE_CHANGED, after.identifier, payload, now)])


def _refuse_second_heir(session: ReadSession, before: Certificate) -> None:
    """One version has one successor; another may come only where the first has ended before."""
    if not before.superseded_by:
        return
    heir = session.certificate(before.superseded_by)
    if heir is None or heir.state in RUNNING:
        raise AlreadyRenewed(successor=before.superseded_by)


def _day(order: IssueOrder, before: Certificate, today: date) -> date:
    match order.supersede_reason:
        case "correction":
            return before.begins
        case "renewal":
            return max(order.valid_from or order.issue_date, order.issue_date)
        case _:
            return order.ending.effective_from or min(order.issue_date, today)


def _renewal_problems(order: IssueOrder, before: Certificate) -> Iterator[Problem]:
    """A right that is over revives only where renewal was applied for in time (art. 50)."""
    day = order.issue_date
    if before.renewal_on(day) is not None:
        return
    if any(item.decided_by(day) is not None for item in before.renewals):
        yield Problem(
            "/supersede_reason",
            "renewal-refused",
            "延续申请已被不予延续或已撤回，请按新申请办理；准予延续的，请先登记新的延续申请。",
            "The renewal was refused or taken back: it takes a new application.",
        )
    elif _over(before, day):
        yield Problem(
            "/supersede_reason",
            "renewal-late",
            "原有效期在颁发日期前已届满，且没有按期提出延续申请的记录。"
            "按期申请的，请先登记延续申请；否则请按新申请办理。",
            "The term was over before the day of issue, and no application in time is on record. "
            "If there was one, record it first; otherwise issue anew.",
        )


def _same_term_problems(order: IssueOrder, before: Certificate) -> Iterator[Problem]:
    """Whatever else changes, only a renewal gives more time."""
    last = before.content.valid_to
    if _over(before, order.issue_date) and before.renewal_on(order.issue_date) is None:
        yield Problem(
            "/supersedes",
            "term-over",
            "该证照在颁发日期前已期满，不能变更、补换，请按新申请办理。",
            "The term was over before the day of issue: it can be changed or replaced no more.",
        )
    elif last is not None and (order.valid_to is None or order.valid_to > last):
        yield Problem(
            "/valid_to",
            "term-extended",
            f"变更、补换不延长有效期（至{last}），延长请办理延续。",
            f"A change or replacement does not outlast the term ({last}): that takes a renewal.",
        )


def _over(before: Certificate, day: date) -> bool:
    last = before.content.valid_to
    return last is not None and day > last


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
