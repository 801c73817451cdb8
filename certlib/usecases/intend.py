"""Intend: what an order becomes before anything is sealed, its identifier and number taken."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from certlib import ids
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate
from certlib.document import Content
from certlib.errors import CertlibError, Corrupt, Unavailable
from certlib.ports import Entropy, Renderer
from certlib.registry import Draft, Intent, IntentStatus, ReadSession, UnitOfWork
from certlib.usecases.caller import Caller
from certlib.usecases.four_eyes import Hands, hands_of
from certlib.usecases.idempotency import KeyOfAct
from certlib.usecases.preflight import Cleared

LEASE = timedelta(seconds=60)
"""How long a process that works on an intent is trusted to be alive."""


@dataclass(frozen=True, slots=True)
class Intending:
    """How this node writes what it means to seal.

    Attributes:
        demonstration: seals print 演示 · 不具法律效力 and the content says so.
        seal_suffix: the seal's name is the issuer's name and this.
    """

    renderer: Renderer
    entropy: Entropy
    demonstration: bool
    seal_suffix: str = "电子印章"

    def content(self, cleared: Cleared, uow: UnitOfWork) -> Content:
        """What the certificate will say, nothing of sealing yet; takes identifier and number."""
        order, number = cleared.order, cleared.number
        if cleared.draws_number:
            number = uow.draw_number(order.issuer_code, order.type_code, cleared.number_pattern())
        return self._content(cleared, self._identifier(cleared, uow), number)

    def sample(self, cleared: Cleared) -> Content:
        """The same with an identifier and number that nobody takes: to see whether it fits."""
        number = cleared.number
        if cleared.draws_number:
            number = cleared.number_pattern().number(0)
        return self._content(cleared, self._new_lineage(cleared), number)

    def _content(
        self, cleared: Cleared, identifier: ids.CertificateIdentifier, number: str
    ) -> Content:
        order, version, acting = cleared.order, cleared.version, cleared.acting
        return Content(
            type_code=order.type_code,
            type_version=version.version,
            name=version.name,
            identifier=str(identifier),
            number=number,
            issuer_code=order.issuer_code,
            issuer_name=cleared.issuer.name,
            issue_date=order.issue_date,
            holders=cleared.holders,
            division_code=order.division_code,
            valid_from=order.valid_from,
            valid_to=order.valid_to,
            matter_code=order.matter_code,
            matter_name=order.matter_name,
            decision_number=order.decision_number.strip(),
            decision_date=order.decision_date,
            acting_code="" if acting is None else acting.credit_code,
            acting_name="" if acting is None else acting.name,
            demonstration=self.demonstration,
            fields=dict(order.fields),
        )

    def sealed(self, content: Content, person: str, now: datetime) -> Content:
        """The content with who seals it, when, and with which seal."""
        return replace(
            content,
            sealed_by=person,
            sealed_at=now,
            seal_name=content.issuer_name + self.seal_suffix,
        )

    def of_order(self, caller: Caller, cleared: Cleared, content: Content, key: KeyOfAct) -> Intent:
        """The intent of an order that is made and sealed in one call."""
        sealed = self.sealed(content, caller.requester, key.at)
        return Intent(
            content=sealed,
            content_digest=sealed.digest(),
            storage_key=self.storage_key(),
            status=IntentStatus.PENDING,
            seal_level=cleared.version.seal_level,
            design=self.renderer.digests(cleared.version.design),
            client_id=key.client_id,
            route=key.route,
            idempotency_key=key.key,
            requested_by=hands_of(cleared.order).maker(caller),
            actor=caller.actor,
            recorded_at=key.at,
            sealed_by=caller.requester,
            approved_by=cleared.order.approved_by,
            approvals_required=cleared.version.approvals,
            forms=cleared.forms,
            supersedes=cleared.order.supersedes,
            succession=cleared.succession,
            lease_until=key.at + LEASE,
        )

    def of_draft(self, caller: Caller, draft: Draft, version: TypeVersion, key: KeyOfAct) -> Intent:
        """The intent of a draft that the caller seals."""
        sealed = self.sealed(draft.content, caller.requester, key.at)
        return Intent(
            content=sealed,
            content_digest=sealed.digest(),
            storage_key=self.storage_key(),
            status=IntentStatus.PENDING,
            seal_level=version.seal_level,
            design=self.renderer.digests(version.design),
            client_id=key.client_id,
            route=key.route,
            idempotency_key=key.key,
            requested_by=draft.made_by,
            actor=caller.actor,
            recorded_at=key.at,
            sealed_by=caller.requester,
            approved_by=draft.approved_by,
            approvals_required=draft.approvals_required,
            forms=draft.forms,
            supersedes=draft.supersedes,
            succession=draft.succession,
            base_version=draft.row_version + 1,
            lease_until=key.at + LEASE,
        )

    def of_form(
        self, caller: Caller, content: Content, hands: Hands, version: TypeVersion, key: KeyOfAct
    ) -> Intent:
        """The intent to add one file; `content` is the certificate's, in that form and sealed."""
        return Intent(
            content=content,
            content_digest=content.digest(),
            storage_key=self.storage_key(),
            status=IntentStatus.PENDING,
            seal_level=version.seal_level,
            design=self.renderer.digests(version.design),
            client_id=key.client_id,
            route=key.route,
            idempotency_key=key.key,
            requested_by=hands.maker(caller),
            actor=caller.actor,
            recorded_at=key.at,
            sealed_by=caller.requester,
            approved_by=hands.approved_by,
            approvals_required=version.approvals,
            forms=(content.file_form,),
            lease_until=key.at + LEASE,
        )

    def storage_key(self) -> str:
        """32 hex digits that name an intent's objects."""
        return self.entropy.octets(16).hex()

    def _identifier(self, cleared: Cleared, session: ReadSession) -> ids.CertificateIdentifier:
        """A new lineage, or the next version of one that no intent or draft has used.

        An identifier names its issuer: what a department takes over goes on in a new lineage.
        """
        order, before = cleared.order, cleared.superseded
        if before is None or before.content.issuer_code != order.issuer_code:
            return self._new_lineage(cleared)
        return _next_version(before, session)

    def _new_lineage(self, cleared: Cleared) -> ids.CertificateIdentifier:
        serial = ids.serial_from(self.entropy.octets(64))
        return ids.build(cleared.order.type_code, cleared.order.issuer_code, serial, 1)


def _next_version(before: Certificate, session: ReadSession) -> ids.CertificateIdentifier:
    earlier = ids.parse(before.identifier).identifier
    if earlier is None:
        raise Corrupt(what="identifier")
    candidate = earlier.next_version()
    while session.intent(str(candidate)) or session.draft(str(candidate)):
        candidate = candidate.next_version()
    return candidate


def current_intent(session: ReadSession, intent: Intent) -> Intent | None:
    """The intent as it stands on record now."""
    if not intent.adds_form:
        return session.intent(intent.identifier)
    known = session.form_intents(intent.identifier)
    return next((item for item in known if item.storage_key == intent.storage_key), None)


def note_attempt(uow: UnitOfWork, intent: Intent, error: CertlibError) -> None:
    """Counts a failed attempt and ends the lease; what passes by itself is no fault of it."""
    outage = isinstance(error, Unavailable)
    if intent.adds_form:
        uow.note_form_attempt(intent.storage_key, error.code, outage=outage)
    else:
        uow.note_attempt(intent.identifier, error.code, outage=outage)
