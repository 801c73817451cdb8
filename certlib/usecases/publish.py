"""Publish (step 5): certificate, file, answer, history and events in one commit: the truth."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes
from certlib.certificate import Certificate, PaperStatus
from certlib.errors import Conflict, Invalid, StaleVersion, TransitionForbidden
from certlib.issuing_errors import AlreadyRenewed, RestrictedTransfer
from certlib.registry import (
    AddedForm,
    AuditRecord,
    Intent,
    OutboxEvent,
    Publication,
    Registry,
    UnitOfWork,
)
from certlib.states import State
from certlib.usecases.order import answer_of
from certlib.usecases.served_periods import as_of_today
from certlib.usecases.succession import end_version_before
from certlib.usecases.take_over import take_over, with_clocks

HOPELESS = (Invalid, TransitionForbidden, AlreadyRenewed, RestrictedTransfer)
"""No later attempt can mend these: the order itself, or a superseded version that has ended."""


_ATTEMPTS = 3
"""A version before may change while its successor is made public: then it is read again."""


def publish(
    registry: Registry, publications: Iterable[Publication], now: datetime
) -> list[Publication]:
    """Makes `publications` public; only now may anything leave the house.

    They are answered as they stand then, with what they took over from the versions before.

    Raises:
        Conflict: an intent is no longer pending, or a superseded version changes all the time.
        Invalid, TransitionForbidden, AlreadyRenewed, RestrictedTransfer: the version before can
            not be replaced.
        StoreUnavailable: the commit was not confirmed.
    """
    group = list(publications)
    for _ in range(_ATTEMPTS - 1):
        with suppress(StaleVersion):
            return _published(registry, group, now)
    return _published(registry, group, now)


def _published(
    registry: Registry, group: Sequence[Publication], now: datetime
) -> list[Publication]:
    with registry.begin() as uow:
        printed = uow.activate_sheets([item.intent.identifier for item in group])
        group = [_twinned(item) if item.intent.identifier in printed else item for item in group]
        group = [with_clocks(uow, item) for item in group]
        uow.publish(group)
        ended = [end_version_before(uow, it.certificate, it.intent, now) for it in group]
        uow.append_audit(_record(item, now) for item in group)
        uow.add_events(_event(item, now) for item in group)
        done = [_joined(uow, *pair, now) for pair in zip(group, ended, strict=True)]
        uow.commit()
    return done


def publish_form(registry: Registry, added: AddedForm, now: datetime) -> dict[str, Any]:
    """Makes one more file of a certificate public; what its caller is told.

    Raises:
        Conflict: the intent is no longer pending.
        TransitionForbidden: the certificate has ended meanwhile.
        StoreUnavailable: the commit was not confirmed.
    """
    intent, file = added.intent, added.file
    with registry.begin() as uow:
        certificate = uow.certificate(intent.identifier)
        if certificate is None:
            raise Conflict
        need_in_force(certificate, legal_day(now))
        uow.publish_form(added)
        row_version = certificate.row_version + 1
        answer = _form_answer(added, row_version)
        _complete(uow, intent, answer)
        details = {
            "sha256": file.sha256,
            "level": file.level,
            "form": file.form,
            "copy_number": str(file.copy_number),
        }
        uow.append_audit([intent_record(now, intent.actor, "add-form", intent, details)])
        payload = {"row_version": row_version}
        event_id = f"{intent.identifier}:{row_version}"
        topic = "certificate.form-added"
        uow.add_events([OutboxEvent(event_id, topic, intent.identifier, payload, now)])
        uow.commit()
    return answer


def need_in_force(certificate: Certificate, today: date) -> None:
    """Only a certificate that stands as issued, today, gets further files.

    Raises:
        TransitionForbidden: it is suspended, or has ended.
    """
    if as_of_today(certificate, today).state is not State.ISSUED:
        raise TransitionForbidden(
            state=certificate.state.value,
            state_zh=certificate.state.zh,
            action="add-form",
            action_zh="增加副本或附件",
        )


def _form_answer(added: AddedForm, row_version: int) -> dict[str, Any]:
    """What the caller who asked for one more file is told."""
    file = added.file
    return {
        "identifier": file.identifier,
        "form": file.form,
        "copy_number": file.copy_number,
        "sha256": file.sha256,
        "size": file.size,
        "level": file.level,
        "row_version": row_version,
    }


def intent_record(
    at: datetime, actor: str, act: str, intent: Intent, details: dict[str, Any]
) -> AuditRecord:
    """A line of the history about an intent; holds digests, nothing of the holder."""
    known = {"type_code": intent.content.type_code, "content_sha256": intent.content_digest}
    return AuditRecord(at, actor, act, intent.identifier, {**known, **details})


def _twinned(item: Publication) -> Publication:
    """The paper twin was registered with the order: electronic and paper are in step."""
    return replace(item, certificate=replace(item.certificate, paper=PaperStatus.SYNCED))


def _record(item: Publication, now: datetime) -> AuditRecord:
    details: dict[str, Any] = {"sha256": item.file.sha256, "level": item.file.level}
    others = [file.sha256 for file in item.certificate.files[1:]]
    if others:
        details["further_sha256"] = others
    return intent_record(now, item.intent.actor, "issue", item.intent, details)


def _event(item: Publication, now: datetime) -> OutboxEvent:
    identifier, row_version = item.intent.identifier, item.certificate.row_version
    event_id = f"{identifier}:{row_version}"
    payload = {"row_version": row_version}
    return OutboxEvent(event_id, "certificate.issued", identifier, payload, now)


def _joined(
    uow: UnitOfWork, item: Publication, before: Certificate | None, now: datetime
) -> Publication:
    """With everything else that becomes true in the commit of the publication."""
    heir, intent = item.certificate, item.intent
    if before is not None and intent.succession is not None:
        reason = intent.succession.reason_code
        heir = take_over(uow, heir, before, reason, intent.actor, now)
    done = replace(item, certificate=heir)
    _complete(uow, intent, answer_of(done).as_json())
    return done


def _complete(uow: UnitOfWork, intent: Intent, answer: dict[str, Any]) -> None:
    uow.complete_idempotency(
        intent.client_id,
        intent.route,
        intent.idempotency_key,
        identifier=intent.identifier,
        answer=canonical_bytes(answer).decode(),
    )
