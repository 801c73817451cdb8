"""Amend: one act on what stands beside a certificate's state; one commit, one audit record.

Renewal applications and their decisions, restrictions and their liftings, delivery.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from certlib import beside
from certlib.access import Act
from certlib.beside_errors import DeliveryRecorded
from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes, digest
from certlib.certificate import Certificate, Restriction
from certlib.delivery import Channel, Delivery, deliver_by
from certlib.errors import CertificateNotFound, Invalid, Problem
from certlib.ports import Clock
from certlib.registry import AuditRecord, ReadSession, Registry, UnitOfWork
from certlib.renewals import RenewalOutcome
from certlib.usecases.access import need
from certlib.usecases.caller import MANAGE, Caller
from certlib.usecases.idempotency import claim, kept_answer
from certlib.workdays import WorkingDays


@dataclass(frozen=True, slots=True)
class Amendment:
    """What every act on a record carries.

    Attributes:
        key: the idempotency key.
        expected_version: from `If-Match`; None when the caller does not insist.
    """

    identifier: str
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """A delivery as the department states it; the receiver by name, never a number."""

    delivered_on: date
    channel: Channel
    receiver: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    """What an act came to: the record after it, and what the history and the answer say."""

    after: Certificate
    told: Mapping[str, Any]
    warnings: tuple[Problem, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


_COUNTER = frozenset({"renewal-application", "deliver"})
"""What an entrusted unit does for its principal; the rest decides about the right."""

_Apply = Callable[[UnitOfWork, Certificate, datetime], _Done]


class AmendCertificates:
    """Changes what stands beside the state. The same key again gets the first answer.

    Every act raises `ScopeMissing`, `OutsideDepartment`, `CertificateNotFound`, `StaleVersion`
    and what `certlib.beside` raises.
    """

    def __init__(self, registry: Registry, clock: Clock, calendar: WorkingDays) -> None:
        self._registry = registry
        self._clock = clock
        self._calendar = calendar

    def apply_for_renewal(
        self, caller: Caller, amendment: Amendment, applied_on: date, case_number: str
    ) -> Mapping[str, Any]:
        """Keeps that renewal was applied for."""

        def apply(uow: UnitOfWork, before: Certificate, now: datetime) -> _Done:
            after = beside.apply_for_renewal(
                before, applied_on, case_number, actor=caller.actor, now=now
            )
            uow.save(after, before.row_version)
            content = before.content
            version = uow.type_version(content.type_code, content.type_version)
            notice = 0 if version is None else version.renewal_notice_days
            warnings = beside.renewal_warnings(before, applied_on, notice)
            return _Done(after, said, warnings)

        said = {"applied_on": applied_on.isoformat(), "case_number": case_number}
        return self._amended(caller, amendment, "renewal-application", said, apply)

    def decide_renewal(
        self,
        caller: Caller,
        amendment: Amendment,
        outcome: RenewalOutcome,
        decided_on: date,
        document_number: str,
    ) -> Mapping[str, Any]:
        """Keeps what became of the open application."""

        def apply(uow: UnitOfWork, before: Certificate, now: datetime) -> _Done:
            after = beside.decide_renewal(
                before, outcome, decided_on, document_number, actor=caller.actor, now=now
            )
            uow.save(after, before.row_version)
            return _Done(after, said)

        said = {
            "outcome": outcome.value,
            "decided_on": decided_on.isoformat(),
            "document_number": document_number,
        }
        return self._amended(caller, amendment, "renewal-decision", said, apply)

    def restrict(
        self, caller: Caller, amendment: Amendment, restriction: Restriction
    ) -> Mapping[str, Any]:
        """Keeps a restriction."""

        def apply(uow: UnitOfWork, before: Certificate, now: datetime) -> _Done:
            earliest = _first_day(uow, before)
            after = beside.restrict(before, restriction, earliest=earliest, now=now)
            uow.save(after, before.row_version)
            return _Done(after, said)

        said = {
            "kind": restriction.kind.value,
            "authority": restriction.authority,
            "document_number": restriction.document_number,
            "effective_from": restriction.effective_from.isoformat(),
            "effective_to": _iso(restriction.effective_to),
        }
        return self._amended(caller, amendment, "restrict", said, apply)

    def lift(
        self, caller: Caller, amendment: Amendment, lifting: beside.Lifting
    ) -> Mapping[str, Any]:
        """Keeps that a restriction was lifted."""

        def apply(uow: UnitOfWork, before: Certificate, now: datetime) -> _Done:
            after = beside.lift(before, lifting, now=now)
            uow.save(after, before.row_version)
            return _Done(after, said)

        said = {
            "kind": lifting.kind.value,
            "authority": lifting.authority,
            "document_number": lifting.document_number,
            "effective_from": _iso(lifting.effective_from),
            "lifted_on": lifting.lifted_on.isoformat(),
            "lift_document": lifting.lift_document,
        }
        return self._amended(caller, amendment, "lift-restriction", said, apply)

    def deliver(
        self, caller: Caller, amendment: Amendment, handover: Handover
    ) -> Mapping[str, Any]:
        """Keeps the delivery, once; says when it came too late (Licensing Law art. 44)."""

        def apply(uow: UnitOfWork, before: Certificate, now: datetime) -> _Done:
            delivery = self._delivery(uow, before, handover, now)
            uow.put_handover(replace(delivery, actor=caller.actor), before.row_version)
            after = replace(before, row_version=before.row_version + 1)
            told = {**said, "late": delivery.late, "deliver_by": self._last_day(delivery)}
            return _Done(after, told, details={**said, "late": delivery.late})

        said = {
            "delivered_on": handover.delivered_on.isoformat(),
            "channel": handover.channel.value,
        }
        private = {"receiver": handover.receiver}  # for the digest alone, never for the history
        return self._amended(caller, amendment, "deliver", said, apply, private)

    def _delivery(
        self, uow: UnitOfWork, certificate: Certificate, handover: Handover, now: datetime
    ) -> Delivery:
        content = certificate.content
        known = uow.handover(certificate.identifier) or Delivery(
            certificate.identifier, content.type_code, content.issuer_code, content.decision_date
        )
        if known.delivered_on is not None:
            raise DeliveryRecorded
        certificate.need_sealed("deliver", "登记送达")
        earliest = known.decision_date or certificate.begins
        problems = tuple(_handover_problems(handover, earliest, legal_day(now)))
        if problems:
            raise Invalid(problems=problems)
        delivered = replace(
            known,
            delivered_on=handover.delivered_on,
            channel=handover.channel,
            receiver=handover.receiver,
            recorded_at=now,
        )
        last = known.decision_date and deliver_by(known.decision_date, self._calendar)
        return replace(delivered, late=last is not None and handover.delivered_on > last)

    def _last_day(self, delivery: Delivery) -> str | None:
        decided = delivery.decision_date
        return None if decided is None else deliver_by(decided, self._calendar).isoformat()

    def _amended(
        self,
        caller: Caller,
        amendment: Amendment,
        act: str,
        said: Mapping[str, Any],
        apply: _Apply,
        private: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        caller.need(MANAGE)
        now = self._clock.now()
        asked = {
            "identifier": amendment.identifier,
            "expected_version": amendment.expected_version,
            **said,
            **(private or {}),
        }
        request_digest = digest(asked)
        with self._registry.begin() as uow:
            earlier = uow.claim_idempotency(claim(caller, act, amendment.key, request_digest, now))
            if earlier is not None:
                return kept_answer(earlier, request_digest)
            before = uow.certificate(amendment.identifier)
            if before is None:
                raise CertificateNotFound
            need(uow, caller, _kind_of(act), before, legal_day(now))
            before.need_version(amendment.expected_version)
            done = apply(uow, before, now)
            record_change(uow, caller, act, done.after, done.details or said, now)
            answer = _answer(done, act, now)
            uow.complete_idempotency(
                caller.client_id,
                act,
                amendment.key,
                identifier=amendment.identifier,
                answer=canonical_bytes(answer).decode(),
            )
            uow.commit()
        return answer


def record_change(
    uow: UnitOfWork,
    caller: Caller,
    act: str,
    after: Certificate,
    details: Mapping[str, Any],
    now: datetime,
) -> None:
    """The audit record of an act that moved the record's version; its commit announces it."""
    known = {"request_id": caller.request_id, **details}
    uow.append_audit([AuditRecord(now, caller.actor, act, after.identifier, known)])


def _answer(done: _Done, act: str, now: datetime) -> dict[str, Any]:
    after = done.after
    return {
        "identifier": after.identifier,
        "act": act,
        "state": after.state.value,
        "row_version": after.row_version,
        "recorded_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **done.told,
        "warnings": [
            {"field": item.field, "code": item.code, "zh": item.zh, "en": item.en}
            for item in done.warnings
        ],
    }


def _handover_problems(handover: Handover, earliest: date, today: date) -> list[Problem]:
    found = []
    if handover.delivered_on > today:
        found.append(
            Problem(
                "/delivered_on",
                "day-in-future",
                "送达日期不能晚于今天，请核对。",
                "The day of delivery cannot lie in the future: check it.",
            )
        )
    if handover.delivered_on < earliest:
        found.append(
            Problem(
                "/delivered_on",
                "date-order",
                "送达日期不能早于决定日期（颁发日期），请核对。",
                "It cannot be delivered before it was decided or issued: check the dates.",
            )
        )
    return found


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _kind_of(act: str) -> Act:
    return Act.HANDLE if act in _COUNTER else Act.CHANGE


def _first_day(session: ReadSession, certificate: Certificate) -> date:
    """The first day of the first version: restrictions lie upon the right, not upon one version."""
    first, before = certificate, session.certificate(certificate.supersedes)
    while before is not None:
        first, before = before, session.certificate(before.supersedes)
    return first.begins
