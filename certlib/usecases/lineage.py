"""Which versions a decision reaches: it is made on a right, and a right may have several pages.

A renewal that waits and the version in force are one right. A penalty or an annulment that counts
from before a change reaches the version of that time too, each on its own days; a renewal that
has taken over is a grant of its own and has to be named itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from certlib.certificate import Certificate, Decision
from certlib.registry import ReadSession, UnitOfWork
from certlib.states import RENEWAL, RUNNING, SUCCESSOR_VOIDED, TRANSITIONS, Action, State
from certlib.usecases.served_periods import as_of_today
from certlib.usecases.succession import waits_for

_ON_THE_RIGHT = frozenset(
    {
        Action.SUSPEND,
        Action.RESTORE,
        Action.REVOKE,
        Action.ANNUL,
        Action.WITHDRAW,
        Action.DEREGISTER,
        Action.TRANSFER_OUT,
    }
)
_LOOKING_BACK = frozenset({Action.REVOKE, Action.ANNUL, Action.WITHDRAW})
_ON_A_GRANT = frozenset({Action.ANNUL, Action.WITHDRAW})
_WITH, _VOIDED = "with", "voided"
"""Where the record of a version that was moved along names the one that was decided on."""


def moved_with(named: str) -> dict[str, str]:
    """What the record of a version says that a decision on `named` moved along."""
    return {_WITH: named}


def stands_for(voided: str) -> dict[str, str]:
    """What the record of a version says that stands again, since `voided` was."""
    return {_VOIDED: voided}


@dataclass(frozen=True, slots=True)
class Reached:
    """A version, and the decision as it counts for it."""

    certificate: Certificate
    decision: Decision


def reach(uow: UnitOfWork, named: Certificate, decision: Decision, today: date) -> list[Reached]:
    """Every version that the decision moves, the named one first.

    Raises:
        TransitionForbidden: the named version had ended before the decision counts.
    """
    if named.state is State.SUPERSEDED and not _concerns(uow, named, decision):
        raise named.forbidding(decision.action.value, decision.action.zh)
    others = list(_others(uow, named, decision, today)) if decision.action in _ON_THE_RIGHT else []
    versions = [named, *others]
    if decision.action not in _LOOKING_BACK and decision.effective_from < named.begins:
        versions = [named]  # refused there, with its field
    earliest = min(version.begins for version in versions)
    return [Reached(version, _for(version, decision, earliest)) for version in versions]


def revived(uow: UnitOfWork, named: Certificate, decision: Decision) -> list[Certificate]:
    """The version that stands again when the named one, which had replaced it, is voided."""
    if decision.action is not Action.VOID or named.state not in RUNNING or not named.supersedes:
        return []
    before = uow.certificate(named.supersedes)
    if before is None or before.superseded_by != named.identifier:
        return []
    return [before] if before.state is State.SUPERSEDED else []


def return_of(before: Certificate) -> Decision:
    """The decision by which it stands again: as if it had never been replaced."""
    return Decision(Action.RESTORE, SUCCESSOR_VOIDED, before.history[-1].decision.effective_from)


def as_it_was(superseded: Certificate) -> Certificate:
    """A version right before it was replaced."""
    step = superseded.history[-1]
    return replace(superseded, state=step.from_state, history=superseded.history[:-1])


def reached_together(session: ReadSession, named: Certificate) -> list[str]:
    """The other versions that the named one's last step moved, as the history tells it.

    In the order of their records; where the named one was itself moved along, the one that had
    been named is among them.
    """
    step = named.history[-1]
    act = step.decision.action.value
    lines = [
        line
        for one in _kin(session, named)
        for line in session.history_of(one)
        if line.at == step.recorded_at
    ]
    own = [line for line in lines if line.target == named.identifier and line.act == act]
    named_then = next(
        (line.details[_WITH] for line in own if _WITH in line.details), named.identifier
    )
    moved = [
        line
        for line in lines
        if (line.act, line.target) == (act, named_then)
        or (line.act == act and line.details.get(_WITH) == named_then)
        or line.details.get(_VOIDED) == named_then
    ]
    moved.sort(key=lambda line: line.sequence)
    return [one for one in dict.fromkeys(line.target for line in moved) if one != named.identifier]


def _kin(session: ReadSession, named: Certificate) -> list[str]:
    """Every version that the named one follows or is followed by, in other lineages too."""
    found = dict.fromkeys(item.identifier for item in session.lineage(named.identifier))
    open_ = list(found)
    while open_:
        version = session.certificate(open_.pop())
        links = () if version is None else (version.supersedes, version.superseded_by)
        new = [one for one in links if one and one not in found]
        found |= dict.fromkeys(new)
        open_ += new
    return list(found)


def _concerns(uow: UnitOfWork, named: Certificate, decision: Decision) -> bool:
    match decision.action:
        case Action.RESTORE:
            versions = [uow.certificate(item.identifier) for item in uow.lineage(named.identifier)]
            heir = uow.certificate(named.superseded_by)
            voided = heir is None or heir.state is State.VOIDED
            return voided and not any(item and item.state in RUNNING for item in versions)
        case Action.REVOKE | Action.WITHDRAW:
            return decision.effective_from < named.history[-1].decision.effective_from
        case _:
            return True


def _others(
    uow: UnitOfWork, named: Certificate, decision: Decision, today: date
) -> Iterator[Certificate]:
    for kin in _waiting(uow, named, decision.action):
        if decision.until is not None and decision.until < kin.begins:
            continue  # over before that version was there
        # A suspension that ended by itself is over for every version of the right.
        suspended = decision.action is Action.SUSPEND
        state = as_of_today(kin, today).state if suspended else kin.state
        if (state, decision.action) in TRANSITIONS:
            yield kin
        elif suspended:
            raise kin.forbidding(decision.action.value, decision.action.zh)
    if decision.action in _LOOKING_BACK:
        yield from _earlier(uow, named, decision)
        yield from _later(uow, named, decision)


def _for(version: Certificate, decision: Decision, earliest: date) -> Decision:
    """The decision from the first day on which that version was there.

    A day before all of them stays as it was said: the decision is refused with it.
    """
    day = decision.effective_from
    return (
        decision if day < earliest else replace(decision, effective_from=max(day, version.begins))
    )


def _waiting(uow: UnitOfWork, named: Certificate, action: Action) -> Iterator[Certificate]:
    """The other of two that are in force side by side until the renewal takes over.

    A renewal is a grant of its own: where it is annulled or withdrawn itself, the former grant
    lasts to its last day.
    """
    before = uow.certificate(named.supersedes) if named.supersedes else None
    if before is not None and action not in _ON_A_GRANT and waits_for(named, before):
        yield before
    heir = uow.certificate(named.superseded_by) if named.superseded_by else None
    if heir is not None and heir.state is not State.VOIDED and waits_for(heir, named):
        yield heir


def _earlier(uow: UnitOfWork, named: Certificate, decision: Decision) -> Iterator[Certificate]:
    """Versions of the same grant on whose days the decision counts."""
    version = named
    while decision.effective_from < version.begins and version.supersedes:
        before = uow.certificate(version.supersedes)
        if before is None or before.state is not State.SUPERSEDED or _reason(before) == RENEWAL:
            return
        yield before
        version = before


def _later(uow: UnitOfWork, named: Certificate, decision: Decision) -> Iterator[Certificate]:
    """Versions that say the same grant anew."""
    version = named
    while version.state is State.SUPERSEDED and _reason(version) != RENEWAL:
        heir = uow.certificate(version.superseded_by)
        if heir is None or (heir.state, decision.action) not in TRANSITIONS:
            return
        yield heir
        version = heir


def _reason(superseded: Certificate) -> str:
    return superseded.history[-1].decision.reason_code
