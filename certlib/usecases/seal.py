"""Seal: a draft becomes a certificate, by another person where the type says so (签发)."""

from dataclasses import replace
from datetime import date, datetime

from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.errors import CertlibError, Invalid, TypeNotPublished, TypeUnknown
from certlib.ports import Clock, Entropy
from certlib.registry import Draft, DraftStatus, Intent, Registry, UnitOfWork
from certlib.states import CORRECTION
from certlib.usecases.access import access_of
from certlib.usecases.authority import Bid, authority_days, mandate, need_standing
from certlib.usecases.caller import SEAL, Caller
from certlib.usecases.drafts import DraftAct, open_draft, order_of_draft
from certlib.usecases.finish import Finish
from certlib.usecases.four_eyes import need_sealer
from certlib.usecases.gone_holders import gone_since_made
from certlib.usecases.halt import need_sealing
from certlib.usecases.idempotency import KeyOfAct, claim, kept_answer
from certlib.usecases.issue import IssuingOptions
from certlib.usecases.order import IssueAnswer, answer_from_json, answer_of
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import intent_record, publish
from certlib.usecases.succession import need_current, succession_problems

ROUTE = "seal-draft"


class SealDrafts:
    """Seals drafts: from the first commit on they go the way of every intent."""

    def __init__(
        self,
        registry: Registry,
        workshop: Workshop,
        clock: Clock,
        entropy: Entropy,
        options: IssuingOptions,
    ) -> None:
        self._registry = registry
        self._workshop = workshop
        self._clock = clock
        self._intending = options.intending(workshop.renderer, entropy)
        self._finish = Finish(registry, workshop.objects, clock)

    def seal(self, caller: Caller, act: DraftAct) -> IssueAnswer:
        """The certificate that the draft has become.

        Raises:
            ScopeMissing, PersonMissing, SamePerson, NotYetApproved: it may not be sealed so.
            DraftNotFound, DraftEnded, StaleVersion: as `open_draft`.
            TypeNotPublished, IssuerNotAuthorised, AlreadyRenewed: no longer what it was made for.
            Invalid: a holder is no more, or the version before can no longer be followed so.
            SigningUnavailable, StoreUnavailable: the reconciler goes on.
        """
        caller.need(SEAL)
        reserved = self._reserve(caller, act)
        if isinstance(reserved, IssueAnswer):
            return reserved
        intent, version = reserved
        publication = self._finish.make(self._workshop.produce, intent, version)
        try:
            (published,) = publish(self._registry, [publication], self._clock.now())
        except CertlibError as error:
            self._finish.unpublished(intent, error)
            raise
        return answer_of(published)

    def _reserve(self, caller: Caller, act: DraftAct) -> IssueAnswer | tuple[Intent, TypeVersion]:
        now, digest = self._clock.now(), act.request_digest()
        with self._registry.begin() as uow:
            earlier = uow.claim_idempotency(claim(caller, ROUTE, act.key, digest, now))
            if earlier is not None:
                return answer_from_json(kept_answer(earlier, digest))
            need_sealing(uow)
            draft = open_draft(uow, caller, act, now)
            version = _open_version(uow, draft, now)
            need_sealer(caller, draft, version)
            _need_authority(uow, caller, draft, version, now)
            _need_sound(uow, draft, legal_day(now))
            key = KeyOfAct(caller.client_id, ROUTE, act.key, now)
            intent = self._intending.of_draft(caller, draft, version, key)
            sealed = replace(
                draft,
                status=DraftStatus.SEALED,
                ended_by=caller.requester,
                changed_at=now,
                row_version=draft.row_version + 1,
            )
            uow.seal_draft(sealed, intent, draft.row_version)
            details = {"request_id": caller.request_id, "approved_by": list(draft.approved_by)}
            uow.append_audit([intent_record(now, caller.actor, "seal", intent, details)])
            uow.commit()
        return intent, version


def _open_version(uow: UnitOfWork, draft: Draft, now: datetime) -> TypeVersion:
    content = draft.content
    version = uow.type_version(content.type_code, content.type_version)
    if version is None:
        raise TypeUnknown(type_code=content.type_code)
    if not version.open_on(legal_day(now)):
        raise TypeNotPublished(name=version.name)
    return version


def _need_sound(uow: UnitOfWork, draft: Draft, today: date) -> None:
    """What speaks of days and of others is asked again: much may be on record since the making."""
    before = need_current(uow, draft.supersedes, draft.content.holders, today)
    order = order_of_draft(draft)
    problems = [
        *succession_problems(order, before, today),
        *gone_since_made(uow, draft, order, before, today),
    ]
    if problems:
        raise Invalid(problems=tuple(problems))


def _need_authority(
    uow: UnitOfWork, caller: Caller, draft: Draft, version: TypeVersion, now: datetime
) -> None:
    """The issuer may still issue, and whoever seals may do so in its name."""
    content = draft.content
    access = access_of(uow, caller, legal_day(now))
    unit, name = caller.department_code, content.issuer_code
    correction = draft.succession is not None and draft.succession.reason_code == CORRECTION
    days = authority_days(
        access, content.issue_date, content.type_code, draft.supersedes, correction=correction
    )
    bid = Bid(content.type_code, unit, name, days, version.name)
    need_standing(uow, access, bid)
    mandate(uow, bid)
