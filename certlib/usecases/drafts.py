"""What all acts on drafts share: who may touch one, what is answered, what the history keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from certlib.access import Act
from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes, digest
from certlib.certificate import Certificate
from certlib.errors import StaleVersion
from certlib.issuing_errors import DraftEnded, DraftNotFound
from certlib.registry import (
    AuditRecord,
    Draft,
    DraftStatus,
    IntentStatus,
    ReadSession,
    UnitOfWork,
)
from certlib.states import OWN_DAY, State
from certlib.usecases.access import access_of
from certlib.usecases.caller import Caller
from certlib.usecases.idempotency import KeyOfAct
from certlib.usecases.order import Ending, IssueOrder

STATUS_WORDS: Mapping[DraftStatus, tuple[str, str]] = {
    DraftStatus.OPEN: ("待签发", "open"),
    DraftStatus.SEALED: ("签发", "sealed"),
    DraftStatus.RETURNED: ("退回", "returned"),
    DraftStatus.DISCARDED: ("撤销制证", "discarded"),
}


@dataclass(frozen=True, slots=True)
class DraftAct:
    """Something done to a draft.

    Attributes:
        reason: why it is given back; "" where nothing needs to be said.
        expected_version: from `If-Match`; None when the caller does not insist.
    """

    identifier: str
    key: str
    reason: str = ""
    expected_version: int | None = None

    def request_digest(self) -> str:
        """What the idempotency key stands for."""
        return digest(
            {
                "identifier": self.identifier,
                "reason": self.reason,
                "expected_version": self.expected_version,
            }
        )


def visible_draft(session: ReadSession, caller: Caller, identifier: str, now: datetime) -> Draft:
    """The draft, where the caller's department may see it.

    Raises:
        DraftNotFound: there is none, or it is in another department's care.
    """
    found = session.draft(identifier)
    access = access_of(session, caller, legal_day(now))
    if found is None or not access.may(Act.READ, found.content):
        raise DraftNotFound
    return found


def open_draft(session: ReadSession, caller: Caller, act: DraftAct, now: datetime) -> Draft:
    """The draft to act on.

    Raises:
        DraftNotFound: as `visible_draft`; who reads drafts of a principal also acts on them.
        DraftEnded: nothing can be done with it any more.
        StaleVersion: it has changed since the caller read it.
    """
    found = visible_draft(session, caller, act.identifier, now)
    if found.status is not DraftStatus.OPEN:
        zh, en = STATUS_WORDS[found.status]
        raise DraftEnded(status=en, status_zh=zh)
    if act.expected_version not in {None, found.row_version}:
        raise StaleVersion
    return found


def draft_on_record(session: ReadSession, identifier: str) -> Certificate | None:
    """A draft that waits, or is being sealed, as a certificate; None for everything else."""
    draft = session.draft(identifier)
    if draft is None or draft.status in {DraftStatus.RETURNED, DraftStatus.DISCARDED}:
        return None
    intent = session.intent(identifier)
    burned = intent is not None and intent.status is IntentStatus.BURNED
    return None if burned else as_certificate(draft)


def as_certificate(draft: Draft) -> Certificate:
    """The draft as its own department sees it beside its certificates: 待签发."""
    return Certificate(
        content=draft.content,
        state=State.DRAFT,
        row_version=draft.row_version,
        recorded_at=draft.recorded_at,
    )


def order_of_draft(draft: Draft) -> IssueOrder:
    """The order that the draft was made of, as far as it can be asked about again."""
    content, decision = draft.content, draft.succession
    order = IssueOrder(
        type_code=content.type_code,
        issuer_code=content.issuer_code,
        number=content.number,
        holders=content.holders,
        issue_date=content.issue_date,
        division_code=content.division_code,
        fields=content.fields,
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        type_version=content.type_version,
        supersedes=draft.supersedes,
    )
    if decision is None:
        return order
    ending = Ending(
        None if decision.reason_code in OWN_DAY else decision.effective_from,
        decision.legal_basis,
        decision.document_number,
        decision.authority,
        decision.note,
    )
    return replace(order, supersede_reason=decision.reason_code, ending=ending)


def answer_of_draft(draft: Draft) -> dict[str, Any]:
    """What an act on a draft answers; nothing of the holder."""
    content = draft.content
    return {
        "identifier": draft.identifier,
        "number": content.number,
        "type_code": content.type_code,
        "type_version": content.type_version,
        "issuer_code": content.issuer_code,
        "state": State.DRAFT.value,
        "status": draft.status.value,
        "row_version": draft.row_version,
        "made_by": draft.made_by,
        "approved_by": list(draft.approved_by),
        "approvals_required": draft.approvals_required,
        "recorded_at": draft.recorded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def complete(uow: UnitOfWork, key: KeyOfAct, draft: Draft) -> dict[str, Any]:
    """Keeps the answer with the key of the act."""
    answer = answer_of_draft(draft)
    uow.complete_idempotency(
        key.client_id,
        key.route,
        key.key,
        identifier=draft.identifier,
        answer=canonical_bytes(answer).decode(),
    )
    return answer


def draft_record(now: datetime, caller: Caller, act: str, draft: Draft) -> AuditRecord:
    """A line of the history about a draft."""
    details = {
        "type_code": draft.content.type_code,
        "content_sha256": draft.content.digest(),
        "row_version": str(draft.row_version),
        "request_id": caller.request_id,
    }
    return AuditRecord(now, caller.actor, act, draft.identifier, details)
