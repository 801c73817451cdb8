"""INTENT rows: reserve, lease, give up. A row stays for ever: its identifier is used up."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from certlib.canonical import canonical_bytes
from certlib.certificate import Decision
from certlib.document import Content, Form
from certlib.errors import Conflict
from certlib.ports import DesignDigests
from certlib.registry import Intent, IntentStatus
from certlib.states import Action
from storage import face_numbers
from storage.content import open_content, seal_content
from storage.encryption import Place
from storage.link import Link
from storage.lookup import number_hash
from storage.plans import forms_from, forms_text, open_decision, seal_decision
from storage.prepared import Prepared
from storage.tables import IntentRow, table
from storage.witness import BOOKKEEPING

_INTENTS = table(IntentRow)
_ALL = select(_INTENTS)
_ONE = Prepared(_ALL.where(_INTENTS.c.identifier == bindparam("identifier")))
_ANY = Prepared(_ALL.limit(1))
_PENDING = Prepared(
    _ALL.where(_INTENTS.c.status == IntentStatus.PENDING).order_by(
        _INTENTS.c.recorded_at, _INTENTS.c.identifier
    )
)
_INSERT = insert(_INTENTS)
_OF_PENDING = (
    update(_INTENTS)
    .where(_INTENTS.c.identifier == bindparam("b_identifier"))
    .where(_INTENTS.c.status == IntentStatus.PENDING)
)
_NOTE = _OF_PENDING.values(
    attempts=_INTENTS.c.attempts + 1,
    faults=func.coalesce(_INTENTS.c.faults, 0) + bindparam("b_faults"),
    last_error=bindparam("b_error"),
    lease_until=None,
).execution_options(**{BOOKKEEPING: True})
_BURN = _OF_PENDING.values(
    status=IntentStatus.BURNED, burn_reason=bindparam("b_reason"), lease_until=None
)
_PUBLISH = _OF_PENDING.values(status=IntentStatus.PUBLISHED, lease_until=None)


def insert_row(link: Link, intent: Intent) -> None:
    """Writes an INTENT row whose face number is held already: that of a sealed draft."""
    link.change(_INSERT, _row(link, intent))


def reserve(link: Link, intents: Iterable[Intent]) -> None:
    """Writes INTENT rows and claims their face numbers, as `UnitOfWork.reserve` says."""
    # One order for all units: two of them cannot wait for each other's keys.
    ordered = sorted(intents, key=lambda intent: intent.identifier)
    rows = [_row(link, intent) for intent in ordered]
    link.change(_INSERT, rows)
    face_numbers.claim(
        link,
        [
            face_numbers.claim_of(intent.content, row["number_hash"], intent.supersedes)
            for intent, row in zip(ordered, rows, strict=True)
        ],
    )


def find(link: Link, identifier: str) -> Intent | None:
    """The intent that used this identifier."""
    row = link.first(_ONE, identifier=identifier)
    return None if row is None else _intent(link, row)


def find_any(link: Link) -> Intent | None:
    """Some intent, or None in an empty database."""
    row = link.first(_ANY)
    return None if row is None else _intent(link, row)


def pending(link: Link) -> Sequence[Intent]:
    """All pending intents, oldest first."""
    return [_intent(link, row) for row in link.fetch(_PENDING)]


def count_pending(link: Link) -> int:
    """How many intents are pending."""
    row = link.first(
        select(func.count()).select_from(_INTENTS).where(_INTENTS.c.status == IntentStatus.PENDING)
    )
    return 0 if row is None else int(row[0])


def attempts_at_lease(intents: FromClause) -> ColumnElement[int]:
    """The attempts of an intent that is leased: a lease that nobody ended was one.

    Whoever had it was killed, or is too slow, and may have signed.
    """
    return intents.c.attempts + case((intents.c.lease_until.is_(None), 0), else_=1)


def lease(link: Link, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
    """Takes pending intents whose lease has ended; two workers never get the same one."""
    taken = link.fetch(
        update(_INTENTS)
        .where(_INTENTS.c.identifier.in_(_free(now, limit).scalar_subquery()))
        .values(lease_until=until, attempts=attempts_at_lease(_INTENTS))
        .returning(*_INTENTS.c)
        .execution_options(**{BOOKKEEPING: True})
    )
    found = [_intent(link, row) for row in taken]
    return sorted(found, key=lambda intent: (intent.recorded_at, intent.identifier))


def note_attempt(link: Link, identifier: str, error: str, *, outage: bool) -> None:
    """Counts a failed attempt, and its fault where it was no outage; ends the lease.

    Raises:
        Conflict: the intent is not pending.
    """
    noted = {"b_identifier": identifier, "b_error": error, "b_faults": int(not outage)}
    _require(link.change(_NOTE, noted), 1)


def burn(link: Link, identifier: str, reason: str) -> None:
    """Gives an intent up and frees its face number.

    Raises:
        Conflict: the intent is not pending.
    """
    _require(link.change(_BURN, {"b_identifier": identifier, "b_reason": reason}), 1)
    row = link.first(_ONE, identifier=identifier)
    if row is not None and row.number_hash is not None:
        face_numbers.withdraw(
            link,
            face_numbers.Claim(
                row.issuer_code, row.type_code, row.form, row.number_hash, identifier
            ),
        )


def mark_published(link: Link, identifiers: Sequence[str]) -> None:
    """Closes intents whose certificates this unit publishes.

    Raises:
        Conflict: one of them is burned or published already.
    """
    rows = [{"b_identifier": identifier} for identifier in identifiers]
    _require(link.change(_PUBLISH, rows), len(rows))


def _require(touched: int, expected: int) -> None:
    if touched != expected:
        raise Conflict


def _free(now: datetime, limit: int) -> Select[Any]:
    # SKIP LOCKED means something on PostgreSQL only; SQLite has one writer and leaves it out.
    return (
        select(_INTENTS.c.identifier)
        .where(_INTENTS.c.status == IntentStatus.PENDING)
        .where(or_(_INTENTS.c.lease_until.is_(None), _INTENTS.c.lease_until <= now))
        .order_by(_INTENTS.c.recorded_at, _INTENTS.c.identifier)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _row(link: Link, intent: Intent) -> dict[str, Any]:
    content, decision = intent.content, intent.succession
    place = Place(_INTENTS.name, "succession", intent.identifier)
    return {
        "identifier": intent.identifier,
        "issuer_code": content.issuer_code,
        "type_code": content.type_code,
        "form": content.form,
        "number_hash": number_hash(link.cipher, content.number),
        "supersedes": intent.supersedes,
        "supersede_reason": "" if decision is None else decision.reason_code,
        "forms": forms_text(intent.forms),
        "base_version": intent.base_version,
        "succession": seal_decision(link.cipher, place, decision),
        **work_columns(intent),
        "content": seal_content(link.cipher, _INTENTS.name, content),
    }


def work_columns(intent: Intent) -> dict[str, Any]:
    """The columns that tables of intents share: who wants what, and how far it is."""
    return {
        "status": intent.status,
        "storage_key": intent.storage_key,
        "seal_level": intent.seal_level,
        "template_digest": intent.design.template,
        "fonts_digest": intent.design.fonts,
        "typst_digest": intent.design.typst,
        "client_id": intent.client_id,
        "route": intent.route,
        "idempotency_key": intent.idempotency_key,
        "requested_by": intent.requested_by,
        "actor": intent.actor,
        "sealed_by": intent.sealed_by,
        "approved_by": canonical_bytes(list(intent.approved_by)).decode(),
        "approvals_required": intent.approvals_required,
        "attempts": intent.attempts,
        "faults": intent.faults,
        "last_error": intent.last_error,
        "burn_reason": "",
        "recorded_at": intent.recorded_at,
        "lease_until": intent.lease_until,
        "content_digest": intent.content_digest,
    }


def intent_of(row: Row[Any], content: Content, forms: tuple[Form, ...]) -> Intent:
    """The intent of a row with `work_columns`."""
    return Intent(
        content=content,
        content_digest=row.content_digest,
        storage_key=row.storage_key,
        status=IntentStatus(row.status),
        seal_level=row.seal_level,
        design=DesignDigests(row.template_digest, row.fonts_digest, row.typst_digest),
        client_id=row.client_id,
        route=row.route,
        idempotency_key=row.idempotency_key,
        requested_by=row.requested_by,
        actor=row.actor,
        recorded_at=row.recorded_at,
        sealed_by=row.sealed_by,
        approved_by=tuple(json.loads(row.approved_by)),
        approvals_required=row.approvals_required,
        forms=forms,
        attempts=row.attempts,
        faults=row.faults or 0,
        last_error=row.last_error,
        lease_until=row.lease_until,
    )


def _intent(link: Link, row: Row[Any]) -> Intent:
    content = open_content(
        link.cipher, _INTENTS.name, row.identifier, row.content, row.content_digest
    )
    place = Place(_INTENTS.name, "succession", row.identifier)
    return replace(
        intent_of(row, content, forms_from(row.forms)),
        supersedes=row.supersedes,
        succession=open_decision(link.cipher, place, row.succession) or _earlier(row, content),
        base_version=row.base_version,
    )


def _earlier(row: Row[Any], content: Content) -> Decision | None:
    """What an intent of an earlier release meant, which kept the reason alone."""
    if not row.supersedes:
        return None
    return Decision(Action.SUPERSEDE, row.supersede_reason, content.issue_date)
