"""Intents to add a file to a certificate that is there: reserve, lease, give up, publish."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, or_, select, update

from certlib.document import Form
from certlib.errors import CertificateNotFound, Conflict
from certlib.issuing_errors import FormTaken
from certlib.registry import AddedForm, Intent, IntentStatus
from storage import files, intents, preservation
from storage.content import open_content_at, seal_content_at
from storage.encryption import Place
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import CertificateFileRow, CertificateRow, FormIntentRow, table
from storage.witness import BOOKKEEPING

_INTENTS = table(FormIntentRow)
_FILES = table(CertificateFileRow)
_CERTIFICATES = table(CertificateRow)
_INSERT = insert(_INTENTS)
_OF_ONE = Prepared(
    select(_INTENTS)
    .where(_INTENTS.c.identifier == bindparam("identifier"))
    .order_by(*_INTENTS.primary_key)
)
_SAME_FILE = Prepared(
    select(_FILES.c.sha256)
    .where(_FILES.c.identifier == bindparam("identifier"))
    .where(_FILES.c.form == bindparam("form"))
    .where(_FILES.c.copy_number == bindparam("copy_number"))
    .where(_FILES.c.kind == "original")
)
_PENDING = (
    update(_INTENTS)
    .where(_INTENTS.c.storage_key == bindparam("b_storage_key"))
    .where(_INTENTS.c.status == IntentStatus.PENDING)
)
_NOTE = _PENDING.values(
    attempts=_INTENTS.c.attempts + 1,
    faults=func.coalesce(_INTENTS.c.faults, 0) + bindparam("b_faults"),
    last_error=bindparam("b_error"),
    lease_until=None,
).execution_options(**{BOOKKEEPING: True})
_BURN = _PENDING.values(
    status=IntentStatus.BURNED, burn_reason=bindparam("b_reason"), lease_until=None
)
_PUBLISH = _PENDING.values(status=IntentStatus.PUBLISHED, lease_until=None)
_GROW = (
    update(_CERTIFICATES)
    .where(_CERTIFICATES.c.identifier == bindparam("b_identifier"))
    .values(row_version=_CERTIFICATES.c.row_version + 1, changed_at=bindparam("b_changed_at"))
)


def of_certificate(link: Link, identifier: str) -> Sequence[Intent]:
    """Every intent to add a file to this certificate."""
    return [_intent(link, row) for row in link.fetch(_OF_ONE, identifier=identifier)]


def reserve(link: Link, intent: Intent) -> None:
    """Writes the intent; the key stops two that come at the same moment.

    Raises:
        FormTaken: the certificate has that file, or another intent is about to add it.
        Conflict: somebody else was faster by a moment.
    """
    content = intent.content
    same: dict[str, Any] = {"form": content.form, "copy_number": content.copy_number}
    earlier = [
        row
        for row in link.fetch(_OF_ONE, identifier=intent.identifier)
        if Form(row.form, row.copy_number) == content.file_form
    ]
    taken = link.first(_SAME_FILE, identifier=intent.identifier, **same) is not None
    if taken or any(row.status == IntentStatus.PENDING for row in earlier):
        zh, en = content.file_form.names
        raise FormTaken(form=zh, form_en=en)
    turn = len(earlier) + 1
    place = _place(intent.identifier, content.file_form, turn)
    link.change(
        _INSERT,
        {
            "identifier": intent.identifier,
            **same,
            "round": turn,
            **intents.work_columns(intent),
            "content": seal_content_at(link.cipher, place, content),
        },
    )


def lease(link: Link, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
    """Takes pending intents whose lease has ended; two workers never get the same one."""
    free = (
        select(_INTENTS.c.storage_key)
        .where(_INTENTS.c.status == IntentStatus.PENDING)
        .where(or_(_INTENTS.c.lease_until.is_(None), _INTENTS.c.lease_until <= now))
        .order_by(_INTENTS.c.recorded_at, _INTENTS.c.storage_key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = link.fetch(
        update(_INTENTS)
        .where(_INTENTS.c.storage_key.in_(free.scalar_subquery()))
        .values(lease_until=until, attempts=intents.attempts_at_lease(_INTENTS))
        .returning(*_INTENTS.c)
        .execution_options(**{BOOKKEEPING: True})
    )
    found = [_intent(link, row) for row in taken]
    return sorted(found, key=lambda intent: (intent.recorded_at, intent.storage_key))


def note_attempt(link: Link, storage_key: str, error: str, *, outage: bool) -> None:
    """As `storage.intents.note_attempt`; `Conflict` when it is not pending."""
    noted = {"b_storage_key": storage_key, "b_error": error, "b_faults": int(not outage)}
    _require(link.change(_NOTE, noted))


def burn(link: Link, storage_key: str, reason: str) -> None:
    """Gives it up; `Conflict` when it is not pending."""
    _require(link.change(_BURN, {"b_storage_key": storage_key, "b_reason": reason}))


def publish(link: Link, added: AddedForm) -> None:
    """The file joins its certificate.

    Raises:
        Conflict: the intent is not pending, or the file is there.
        CertificateNotFound: there is no such certificate.
    """
    _require(link.change(_PUBLISH, {"b_storage_key": added.intent.storage_key}))
    grown = {"b_identifier": added.file.identifier, "b_changed_at": link.clock.now()}
    if link.change(_GROW, grown) == 0:
        raise CertificateNotFound
    files.add(link, [added.file])
    intent = added.intent
    preservation.begin(link, [(added.file, intent.content.type_code, intent.seal_level)])
    preservation.sum_up(link, [added.file.identifier])


def _require(touched: int) -> None:
    if touched != 1:
        raise Conflict


def _place(identifier: str, form: Form, turn: int) -> Place:
    row = f"{identifier}\x1f{form.kind}\x1f{form.copy_number}\x1f{turn}"
    return Place(_INTENTS.name, "content", row)


def _intent(link: Link, row: Row[Any]) -> Intent:
    place = _place(row.identifier, Form(row.form, row.copy_number), row.round)
    content = open_content_at(link.cipher, place, row.content, row.content_digest)
    return intents.intent_of(row, content, (content.file_form,))
