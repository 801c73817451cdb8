"""Drafts: kept, approved, given back or handed over to an intent of the same identifier."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, or_, select, update

from certlib.canonical import canonical_bytes
from certlib.errors import StaleVersion
from certlib.registry import Draft, DraftQuery, DraftStatus, Intent
from storage import face_numbers, intents
from storage.content import open_content, seal_content
from storage.encryption import Place
from storage.holdings import held
from storage.link import Link
from storage.lookup import number_hash
from storage.plans import forms_from, forms_text, open_decision, seal_decision
from storage.prepared import Prepared
from storage.tables import DraftRow, table

_DRAFTS = table(DraftRow)
_ONE = Prepared(select(_DRAFTS).where(_DRAFTS.c.identifier == bindparam("identifier")))
_INSERT = insert(_DRAFTS)
_SAVE = (
    update(_DRAFTS)
    .where(_DRAFTS.c.identifier == bindparam("b_identifier"))
    .where(_DRAFTS.c.row_version == bindparam("b_expected"))
    .where(_DRAFTS.c.status == DraftStatus.OPEN)
    .values(
        row_version=_DRAFTS.c.row_version + 1,
        **{
            name: bindparam(f"b_{name}")
            for name in ("status", "approved_by", "changed_at", "ended_by", "note")
        },
    )
)


def find(link: Link, identifier: str) -> Draft | None:
    """The draft that took this identifier, whatever became of it."""
    row = link.first(_ONE, identifier=identifier)
    return None if row is None else _draft(link, row)


def listed(link: Link, query: DraftQuery) -> Sequence[Draft]:
    """One page, oldest first."""
    columns = _DRAFTS.c
    statement = select(_DRAFTS).where(held(_DRAFTS, query.within), columns.status == query.status)
    if query.after:
        last = select(columns.recorded_at).where(columns.identifier == query.after)
        moment = last.scalar_subquery()
        later = and_(columns.recorded_at == moment, columns.identifier > query.after)
        statement = statement.where(or_(columns.recorded_at > moment, later))
    ordered = statement.order_by(columns.recorded_at, columns.identifier).limit(query.limit)
    return [_draft(link, row) for row in link.fetch(ordered)]


def put(link: Link, draft: Draft) -> None:
    """Keeps a new draft and claims its number.

    Raises:
        FaceNumberTaken: somebody else holds it.
        Conflict: the identifier was used before.
    """
    row = _row(link, draft)
    link.change(_INSERT, row)
    face_numbers.claim(
        link, [face_numbers.claim_of(draft.content, row["number_hash"], draft.supersedes)]
    )


def save(link: Link, draft: Draft, expected_version: int) -> None:
    """Keeps what an act has changed; a draft that comes to nothing frees its number.

    Raises:
        StaleVersion: it is not open, or its version is another.
    """
    place = Place(_DRAFTS.name, "note", draft.identifier)
    changed = {
        "b_identifier": draft.identifier,
        "b_expected": expected_version,
        "b_status": draft.status,
        "b_approved_by": canonical_bytes(list(draft.approved_by)).decode(),
        "b_changed_at": draft.changed_at,
        "b_ended_by": draft.ended_by,
        "b_note": link.cipher.seal_text(draft.note, place) if draft.note else None,
    }
    if link.change(_SAVE, changed) != 1:
        raise StaleVersion
    if draft.status in {DraftStatus.RETURNED, DraftStatus.DISCARDED}:
        claim = face_numbers.claim_of(draft.content, number_hash(link.cipher, draft.content.number))
        if claim is not None:
            face_numbers.withdraw(link, claim)


def seal(link: Link, draft: Draft, intent: Intent, expected_version: int) -> None:
    """Hands an open draft over to its intent, which inherits identifier and number.

    Raises:
        StaleVersion: as `save`.
    """
    save(link, draft, expected_version)
    intents.insert_row(link, intent)


def _row(link: Link, draft: Draft) -> dict[str, Any]:
    content = draft.content
    place = Place(_DRAFTS.name, "succession", draft.identifier)
    return {
        "identifier": draft.identifier,
        "status": draft.status,
        "issuer_code": content.issuer_code,
        "acting_code": content.acting_code,
        "type_code": content.type_code,
        "type_version": content.type_version,
        "number_hash": number_hash(link.cipher, content.number),
        "made_by": draft.made_by,
        "actor": draft.actor,
        "approved_by": canonical_bytes(list(draft.approved_by)).decode(),
        "approvals_required": draft.approvals_required,
        "forms": forms_text(draft.forms),
        "supersedes": draft.supersedes,
        "succession": seal_decision(link.cipher, place, draft.succession),
        "row_version": draft.row_version,
        "recorded_at": draft.recorded_at,
        "changed_at": draft.changed_at,
        "ended_by": draft.ended_by,
        "note": None,
        "content_digest": content.digest(),
        "content": seal_content(link.cipher, _DRAFTS.name, content),
    }


def _draft(link: Link, row: Row[Any]) -> Draft:
    identifier = row.identifier
    note = ""
    if row.note is not None:
        note = link.cipher.open_text(bytes(row.note), Place(_DRAFTS.name, "note", identifier))
    planned = Place(_DRAFTS.name, "succession", identifier)
    return Draft(
        content=open_content(
            link.cipher, _DRAFTS.name, identifier, row.content, row.content_digest
        ),
        made_by=row.made_by,
        actor=row.actor,
        recorded_at=row.recorded_at,
        changed_at=row.changed_at,
        approvals_required=row.approvals_required,
        forms=forms_from(row.forms),
        status=DraftStatus(row.status),
        approved_by=tuple(json.loads(row.approved_by)),
        supersedes=row.supersedes,
        succession=open_decision(link.cipher, planned, row.succession),
        row_version=row.row_version,
        ended_by=row.ended_by,
        note=note,
    )
