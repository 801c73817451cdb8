"""Publish (step 5): certificate, file, answer, history and events in one commit: the truth."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes
from certlib.certificate import Decision
from certlib.errors import Conflict, Invalid, TransitionForbidden
from certlib.registry import AuditRecord, Intent, OutboxEvent, Publication, Registry, UnitOfWork
from certlib.states import Action
from certlib.usecases.order import answer_of

HOPELESS = (Invalid, TransitionForbidden)
"""No later attempt can mend these: the order itself, or a superseded version that has ended."""


def publish(registry: Registry, publications: Iterable[Publication], now: datetime) -> None:
    """Makes `publications` public; only now may anything leave the house.

    Raises:
        Conflict: an intent is no longer pending, or a superseded version changed meanwhile.
        StoreUnavailable: the commit was not confirmed.
    """
    group = list(publications)
    with registry.begin() as uow:
        uow.publish(group)
        for item in group:
            _supersede(uow, item, now)
            _answer(uow, item)
        uow.append_audit(_record(item, now) for item in group)
        uow.add_events(_event(item, now) for item in group)
        uow.commit()


def intent_record(
    at: datetime, actor: str, act: str, intent: Intent, details: dict[str, Any]
) -> AuditRecord:
    """A line of the history about an intent; holds digests, nothing of the holder."""
    known = {"type_code": intent.content.type_code, "content_sha256": intent.content_digest}
    return AuditRecord(at, actor, act, intent.identifier, {**known, **details})


def _record(item: Publication, now: datetime) -> AuditRecord:
    details = {"sha256": item.file.sha256, "level": item.file.level}
    return intent_record(now, item.intent.requested_by, "issue", item.intent, details)


def _event(item: Publication, now: datetime) -> OutboxEvent:
    identifier = item.intent.identifier
    event_id = f"{identifier}:1"
    return OutboxEvent(event_id, "certificate.issued", identifier, {"row_version": 1}, now)


def _answer(uow: UnitOfWork, item: Publication) -> None:
    intent = item.intent
    uow.complete_idempotency(
        intent.client_id,
        intent.route,
        intent.idempotency_key,
        identifier=intent.identifier,
        answer=canonical_bytes(answer_of(item).as_json()).decode(),
    )


def _supersede(uow: UnitOfWork, item: Publication, now: datetime) -> None:
    intent = item.intent
    if not intent.supersedes:
        return
    earlier = uow.certificate(intent.supersedes)
    if earlier is None:
        raise Conflict
    day = min(intent.content.issue_date, legal_day(now))
    decision = Decision(Action.SUPERSEDE, intent.supersede_reason, day)
    after = earlier.decide(decision, actor=intent.requested_by, now=now)
    after = replace(after, superseded_by=intent.identifier)
    uow.save(after, earlier.row_version)
    details = {"by": intent.identifier, "reason_code": intent.supersede_reason}
    uow.append_audit(
        [AuditRecord(now, intent.requested_by, "supersede", earlier.identifier, details)]
    )
