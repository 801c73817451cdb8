"""What a version takes over from the one before: what was laid upon the right, not upon the paper.

A suspension, a seizure, a failed inspection, an application for renewal concern the right. A new
version changes what the page says; it frees nobody from them and takes nothing from anybody. So
does a periodic duty that nobody has reported on yet: its first deadline stays where it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from certlib.calendar import legal_day
from certlib.catalogue import Duty
from certlib.certificate import Certificate, Decision, StateChange
from certlib.duties import DutyClock, PeriodicResult
from certlib.renewals import RenewalApplication, RenewalOutcome
from certlib.restrictions import Restriction
from certlib.states import CORRECTION, RENEWAL, SUCCESSOR_VOIDED, TRANSITIONS, Action, State

_OF_SUSPENSION = frozenset({Action.SUSPEND, Action.RESTORE})


def inherit(
    heir: Certificate, before: Certificate, reason_code: str, *, actor: str, now: datetime
) -> Certificate:
    """`heir` with what it takes over from `before`; `heir` itself where that is nothing.

    A correction (更正) holds from the beginning, so it takes the whole past over; any other
    version takes what still lasts on its first day. A renewed right begins its periodic duties
    anew, and its application has been decided by the renewal itself.

    Args:
        heir: the new version, as published or as it waits.
        before: as it was right before its end.
        reason_code: why `heir` came; one of `REASONS[Action.SUPERSEDE]`.
        actor: who issues `heir`.
        now: when that comes on record; aware UTC.
    """
    whole = reason_code == CORRECTION
    found = replace(heir, restrictions=_restrictions(heir, before, whole=whole))
    if reason_code != RENEWAL:
        found = replace(
            found,
            results=_results(heir, before),
            renewals=_renewals(heir, before, whole=whole),
        )
    for decision in _suspensions(heir, before, whole=whole):
        if (found.state, decision.action) in TRANSITIONS:
            found = _step(found, decision, actor, now)
    return heir if found == heir else found


def duty_clocks(
    heir: Certificate,
    before: Certificate,
    reason_code: str,
    duties: Sequence[Duty],
    former: Sequence[Duty],
) -> tuple[DutyClock, ...]:
    """The duties of `heir` that do not begin on its day of issue, and since when they run.

    A duty that the version before had already goes on from the day on which it began there. One
    that a new version of the type has brought begins with `heir`; a correction bears the day of
    issue of what it corrects, when nobody had that duty yet, so there it begins on the day on
    which the correction comes on record.

    A renewal (延续) is a grant of its own, made after the conditions were examined again (Licensing
    Law art. 50): as it leaves results behind, its duties begin anew, on its day of issue.

    Args:
        heir: the new version, about to be published.
        before: the one that it replaces.
        reason_code: why `heir` comes; one of `REASONS[Action.SUPERSEDE]`.
        duties: those of `heir`'s version of the type.
        former: those of the version of the type under which `before` was issued.
    """
    if reason_code == RENEWAL:
        return ()
    issued, had = heir.content.issue_date, {duty.code for duty in former}
    new = legal_day(heir.recorded_at) if reason_code == CORRECTION else issued
    begun = [before.duty_since(duty.code) if duty.code in had else new for duty in duties]
    return tuple(
        DutyClock(duty.code, since)
        for duty, since in zip(duties, begun, strict=True)
        if since != issued
    )


def _restrictions(
    heir: Certificate, before: Certificate, *, whole: bool
) -> tuple[Restriction, ...]:
    """Those of both; of one that both know, what is known of it at the version before."""
    taken = {one.key: one for one in before.restrictions if whole or _lasts(one, heir.begins)}
    known = {one.key: one for one in heir.restrictions}
    newest = {one.key: one for one in before.restrictions if one.key in known}
    return tuple((known | taken | newest).values())


def _lasts(restriction: Restriction, day: date) -> bool:
    lifted, end = restriction.lifted_on, restriction.effective_to
    return (lifted is None or lifted > day) and (end is None or end >= day)


def _results(heir: Certificate, before: Certificate) -> tuple[PeriodicResult, ...]:
    known = {replace(item, sequence=0) for item in heir.results}
    new = [item for item in before.results if replace(item, sequence=0) not in known]
    start = len(heir.results) + 1
    return (
        *heir.results,
        *(replace(item, sequence=start + offset) for offset, item in enumerate(new)),
    )


def _renewals(
    heir: Certificate, before: Certificate, *, whole: bool
) -> tuple[RenewalApplication, ...]:
    """Applications whose answer is due yet, or due to be carried out; of both, what is decided."""
    theirs = {(item.applied_on, item.case_number): item for item in before.renewals}
    kept = []
    for item in heir.renewals:
        known = theirs.pop((item.applied_on, item.case_number), item)
        kept.append(replace(item, decision=item.decision or known.decision))
    new = [
        item
        for item in theirs.values()
        if whole or item.decision is None or item.decision.outcome is RenewalOutcome.GRANTED
    ]
    start = len(kept) + 1
    return (*kept, *(replace(item, sequence=start + offset) for offset, item in enumerate(new)))


def _suspensions(heir: Certificate, before: Certificate, *, whole: bool) -> Iterator[Decision]:
    """The decisions that `heir` has to carry, from its own first day on."""
    if heir.state is not State.ISSUED:
        return
    if whole:
        for step in before.history:
            own = step.decision.reason_code != SUCCESSOR_VOIDED
            if own and step.decision.action in _OF_SUSPENSION:
                yield step.decision
        return
    last = before.history[-1].decision
    if before.state is not State.SUSPENDED:
        return
    if not (last.automatic and last.suspension.over(heir.begins)):
        yield replace(last, effective_from=max(last.effective_from, heir.begins))


def _step(certificate: Certificate, decision: Decision, actor: str, now: datetime) -> Certificate:
    """The step alone: the decision was found good when it was made."""
    to_state = TRANSITIONS[certificate.state, decision.action]
    change = StateChange(
        decision=decision,
        from_state=certificate.state,
        to_state=to_state,
        recorded_at=now,
        actor=actor,
        sequence=len(certificate.history) + 1,
    )
    return replace(certificate, state=to_state, history=(*certificate.history, change))
