"""Revoke, annul, withdraw, deregister, void, suspend, restore, transfer: one step, one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from certlib.access import Act
from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.certificate import Certificate, Decision, StateChange
from certlib.divisions import DivisionTable
from certlib.errors import CertificateNotFound, UnknownDivision
from certlib.ports import Clock
from certlib.registry import AuditRecord, OutboxEvent, Registry, UnitOfWork
from certlib.states import CHANGE, CORRECTION, TRANSITIONS, Action, State, View
from certlib.usecases import lineage
from certlib.usecases.access import need
from certlib.usecases.caller import MANAGE, Caller
from certlib.usecases.once import Done, Once, instant_text, once
from certlib.usecases.served_periods import restoration
from certlib.usecases.take_over import take_over
from certlib.webhooks import STATE_CHANGED

_DIVISION = 6
_OF_ONE_VERSION = frozenset({Action.VOID, Action.RESTORE})
"""Acts that mean one version by their nature: what was issued in error, what was suspended."""
_GOING_ON = frozenset({View.VALID, View.NOT_YET_EFFECTIVE, View.SUSPENDED, View.SUSPENSION_ENDED})


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A decision on one certificate.

    Attributes:
        expected_version: from `If-Match`; None when the caller does not insist.
        key: the idempotency key.
    """

    identifier: str
    decision: Decision
    key: str
    expected_version: int | None = None

    def request_digest(self) -> str:
        """Hex SHA-256 of the request in canonical JSON."""
        decision = self.decision
        asked: dict[str, Any] = {
            "identifier": self.identifier,
            "action": decision.action.value,
            "reason_code": decision.reason_code,
            "effective_from": decision.effective_from.isoformat(),
            "legal_basis": decision.legal_basis,
            "document_number": decision.document_number,
            "authority": decision.authority,
            "note": decision.note,
            "expected_version": self.expected_version,
        }
        # Only where they say something: keys used before there were such members go on working.
        later = {
            "until": None if decision.until is None else decision.until.isoformat(),
            "automatic": decision.automatic,
            "receiving_authority": decision.receiving_authority,
            "receiving_division": decision.receiving_division,
        }
        return digest(asked | {name: value for name, value in later.items() if value})


class ChangeState:
    """Moves certificates along the transition table."""

    def __init__(self, registry: Registry, clock: Clock, divisions: DivisionTable) -> None:
        self._registry = registry
        self._clock = clock
        self._divisions = divisions

    def change(self, caller: Caller, request: ChangeRequest) -> Mapping[str, Any]:
        """The certificate's state after the step, as kept for the idempotency key.

        The same decision given twice gets the first answer, whatever its key.

        Raises:
            ScopeMissing, OutsideDepartment: the caller may not do this.
            CertificateNotFound: no such certificate.
            TransitionForbidden, StaleVersion, Invalid: as `Certificate.decide`.
            UnknownDivision: it is moved to where there is no division.
        """
        caller.need(MANAGE)
        self._need_division(request.decision.receiving_division)
        now = self._clock.now()

        def do(uow: UnitOfWork) -> Done:
            certificate = uow.certificate(request.identifier)
            if certificate is None:
                raise CertificateNotFound
            today = legal_day(now)
            need(uow, caller, Act.CHANGE, certificate, today)
            earlier = _first_reached(uow, certificate, request.decision)
            if earlier is not None:
                told = _told(uow, certificate, earlier, today)
                return Done(request.identifier, told, repeated=True)
            certificate.need_version(request.expected_version)
            step = _Step(uow, caller, certificate.identifier, now)
            revived = lineage.revived(uow, certificate, request.decision)
            reached = lineage.reach(uow, certificate, request.decision, today)
            after, also = step.all_moved(reached)
            also += [step.revived(before, certificate) for before in revived]
            after = step.with_former(certificate, after)
            told = _told(uow, after, also, today)
            return Done(request.identifier, told, _details(after.history[-1]))

        route = request.decision.action.value
        asked = Once(caller, route, request.key, request.request_digest(), now)
        return once(self._registry, asked, do)

    def _need_division(self, code: str) -> None:
        if code.strip() and not self._divisions.in_use(code):
            raise UnknownDivision(value=code[:_DIVISION], field_path="/receiving_division")


@dataclass(frozen=True, slots=True)
class _Step:
    """One decision being carried out on every version that it reaches."""

    uow: UnitOfWork
    caller: Caller
    named: str
    now: datetime

    def all_moved(self, reached: Sequence[lineage.Reached]) -> tuple[Certificate, list[str]]:
        """The named version, which comes first, and identifiers of the others.

        Rows are saved in one order by everybody, so that two acts cannot wait for each other.
        """
        moved = {}
        for one in sorted(reached, key=lambda item: item.certificate.identifier):
            moved[one.certificate.identifier] = self.moved(one)
        others = [one.certificate.identifier for one in reached[1:]]
        for identifier in others:
            after = moved[identifier]
            self._record(after, after.history[-1], lineage.moved_with(self.named))
        return moved[self.named], others

    def moved(self, one: lineage.Reached) -> Certificate:
        """The version after the decision."""
        before = one.certificate
        if one.decision.action is Action.SUSPEND:
            before = self._running(before)
        after = before.decide(one.decision, actor=self.caller.actor, now=self.now)
        self._keep(after, before)
        return after

    def revived(self, before: Certificate, voided: Certificate) -> str:
        """What `voided` had replaced stands again, with all that was laid upon it meanwhile."""
        decision, actor = lineage.return_of(before), self.caller.actor
        stands = replace(before, superseded_by="").decide(decision, actor=actor, now=self.now)
        self._keep(stands, before)
        self._record(stands, stands.history[-1], lineage.stands_for(voided.identifier))
        self._laid_upon(stands, before, voided)
        return stands.identifier

    def with_former(self, before: Certificate, after: Certificate) -> Certificate:
        """The named version; where it stands again by itself, with what was laid upon it."""
        if before.state is not State.SUPERSEDED or after.state is not State.ISSUED:
            return after
        voided = self.uow.certificate(before.superseded_by)
        return after if voided is None else self._laid_upon(after, before, voided)

    def _laid_upon(
        self, stands: Certificate, before: Certificate, voided: Certificate
    ) -> Certificate:
        actor, now = self.caller.actor, self.now
        after = take_over(self.uow, stands, voided, CORRECTION, actor, now)
        former = lineage.as_it_was(before)
        carried = any(step.decision.action is Action.SUSPEND for step in voided.history)
        if carried or former.state is not State.SUSPENDED:
            return after
        # A successor of an earlier release had not taken the suspension over.
        bare = replace(former, restrictions=(), results=(), renewals=())
        return take_over(self.uow, after, bare, CHANGE, actor, now)

    def _running(self, certificate: Certificate) -> Certificate:
        """What is to be suspended again: the end of an earlier period is recorded first."""
        served = restoration(certificate, legal_day(self.now))
        if served is None:
            return certificate
        after = certificate.decide(served, actor=self.caller.actor, now=self.now)
        self._keep(after, certificate)
        self._record(after, after.history[-1], {})
        return after

    def _keep(self, after: Certificate, before: Certificate) -> None:
        self.uow.save(after, before.row_version)
        self.uow.add_events([_event(after, self.now)])

    def _record(self, after: Certificate, step: StateChange, more: Mapping[str, Any]) -> None:
        details = {**_details(step), **more, "request_id": self.caller.request_id}
        act = step.decision.action.value
        record = AuditRecord(self.now, self.caller.actor, act, after.identifier, details)
        self.uow.append_audit([record])


def _event(after: Certificate, now: datetime) -> OutboxEvent:
    event_id = f"{after.identifier}:{after.row_version}"
    payload = {"state": after.state.value, "row_version": after.row_version}
    return OutboxEvent(event_id, STATE_CHANGED, after.identifier, payload, now)


def _details(step: StateChange) -> dict[str, Any]:
    decided = step.decision
    details: dict[str, Any] = {
        "from": step.from_state.value,
        "to": step.to_state.value,
        "reason_code": decided.reason_code,
        "effective_from": decided.effective_from.isoformat(),
    }
    if decided.until is not None:
        details |= {"until": decided.until.isoformat(), "automatic": decided.automatic}
    if decided.receiving_authority:
        details["receiving_authority"] = decided.receiving_authority
    return details


def _first_reached(
    uow: UnitOfWork, certificate: Certificate, decision: Decision
) -> list[str] | None:
    """The other versions that this very decision reached when it was recorded; None if it was not.

    An answer lost on the way is told again. A version that was not there yet on the day that was
    said has the decision from its own first day, an earlier one from the day itself.
    """
    if not certificate.history or (certificate.state, decision.action) in TRANSITIONS:
        return None
    last = certificate.history[-1]
    since = max(decision.effective_from, certificate.begins)
    if last.decision != replace(decision, effective_from=since):
        return None
    others = lineage.reached_together(uow, certificate)
    if since == decision.effective_from or _decided(uow, others, decision, last.recorded_at):
        return others
    return None


def _decided(uow: UnitOfWork, identifiers: Sequence[str], decision: Decision, at: datetime) -> bool:
    versions = [uow.certificate(identifier) for identifier in identifiers]
    steps = [step for version in versions if version is not None for step in version.history]
    return any(step.decision == decision and step.recorded_at == at for step in steps)


def _told(
    uow: UnitOfWork, certificate: Certificate, also: list[str], today: date
) -> dict[str, Any]:
    return _answer(certificate, also) | {"warnings": _others(uow, certificate, today)}


def _others(uow: UnitOfWork, after: Certificate, today: date) -> list[dict[str, str]]:
    """A warning where the right goes on under another version, as after a renewal issued early."""
    action = after.history[-1].decision.action
    if action in _OF_ONE_VERSION:
        return []
    going_on = [
        item.identifier
        for item in uow.lineage(after.identifier)
        if item.identifier != after.identifier and item.view_on(today) in _GOING_ON
    ]
    if not going_on:
        return []
    named = ", ".join(going_on)
    return [
        {
            "field": "",
            "code": "other-version-counts",
            "zh": f"同一证照的其他版本不受影响：{named}。如应一并办理，请逐一登记。",
            "en": f"Other versions go on: {named}. Record it for each that it is meant for.",
        }
    ]


def _answer(certificate: Certificate, also: list[str]) -> dict[str, Any]:
    step = certificate.history[-1]
    return {
        "identifier": certificate.identifier,
        "state": certificate.state.value,
        "row_version": certificate.row_version,
        "action": step.decision.action.value,
        "reason_code": step.decision.reason_code,
        "effective_from": step.decision.effective_from.isoformat(),
        "recorded_at": instant_text(step.recorded_at),
        "also": also,
    }
