"""INTENT rows: reserve, lease, give up. A row stays for ever: its identifier is used up."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, or_, select, update

from certlib.canonical import canonical_bytes
from certlib.errors import Conflict
from certlib.ports import DesignDigests
from certlib.registry import Intent, IntentStatus
from storage import face_numbers
from storage.content import open_content, seal_content
from storage.link import Link
from storage.lookup import number_hash
from storage.tables import IntentRow, table

_INTENTS = table(IntentRow)
_ALL = select(_INTENTS)
_ONE = _ALL.where(_INTENTS.c.identifier == bindparam("identifier"))
_ANY = _ALL.limit(1)
_PENDING = _ALL.where(_INTENTS.c.status == IntentStatus.PENDING).order_by(
    _INTENTS.c.recorded_at, _INTENTS.c.identifier
)
_INSERT = insert(_INTENTS)
_OF_PENDING = (
    update(_INTENTS)
    .where(_INTENTS.c.identifier == bindparam("b_identifier"))
    .where(_INTENTS.c.status == IntentStatus.PENDING)
)
_NOTE = _OF_PENDING.values(
    attempts=_INTENTS.c.attempts + 1, last_error=bindparam("b_error"), lease_until=None
)
_BURN = _OF_PENDING.values(
    status=IntentStatus.BURNED, burn_reason=bindparam("b_reason"), lease_until=None
)
_PUBLISH = _OF_PENDING.values(status=IntentStatus.PUBLISHED, lease_until=None)


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


def lease(link: Link, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
    """Takes pending intents whose lease has ended; two workers never get the same one."""
    taken = link.fetch(
        update(_INTENTS)
        .where(_INTENTS.c.identifier.in_(_free(now, limit).scalar_subquery()))
        .values(lease_until=until)
        .returning(*_INTENTS.c)
    )
    found = [_intent(link, row) for row in taken]
    return sorted(found, key=lambda intent: (intent.recorded_at, intent.identifier))


def note_attempt(link: Link, identifier: str, error: str) -> None:
    """Counts a failed attempt and ends the lease.

    Raises:
        Conflict: the intent is not pending.
    """
    _require(link.change(_NOTE, {"b_identifier": identifier, "b_error": error}), 1)


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
    content = intent.content
    return {
        "identifier": intent.identifier,
        "status": intent.status,
        "issuer_code": content.issuer_code,
        "type_code": content.type_code,
        "form": content.form,
        "number_hash": number_hash(link.cipher, content.number),
        "storage_key": intent.storage_key,
        "seal_level": intent.seal_level,
        "template_digest": intent.design.template,
        "fonts_digest": intent.design.fonts,
        "typst_digest": intent.design.typst,
        "client_id": intent.client_id,
        "route": intent.route,
        "idempotency_key": intent.idempotency_key,
        "requested_by": intent.requested_by,
        "approved_by": canonical_bytes(list(intent.approved_by)).decode(),
        "approvals_required": intent.approvals_required,
        "supersedes": intent.supersedes,
        "supersede_reason": intent.supersede_reason,
        "attempts": intent.attempts,
        "last_error": intent.last_error,
        "burn_reason": "",
        "recorded_at": intent.recorded_at,
        "lease_until": intent.lease_until,
        "content_digest": intent.content_digest,
        "content": seal_content(link.cipher, _INTENTS.name, content),
    }


def _intent(link: Link, row: Row[Any]) -> Intent:
    content = open_content(
        link.cipher, _INTENTS.name, row.identifier, row.content, row.content_digest
    )
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
        recorded_at=row.recorded_at,
        approved_by=tuple(json.loads(row.approved_by)),
        approvals_required=row.approvals_required,
        supersedes=row.supersedes,
        supersede_reason=row.supersede_reason,
        attempts=row.attempts,
        last_error=row.last_error,
        lease_until=row.lease_until,
    )
