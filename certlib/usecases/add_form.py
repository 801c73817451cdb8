"""Add a file: one more 副本, 附页 or 附图 of a certificate that is there, as safe as issuing is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from certlib.access import Act
from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate
from certlib.document import ORIGINAL, Form
from certlib.errors import (
    CertificateNotFound,
    CertlibError,
    Invalid,
    Problem,
    StaleVersion,
    TypeUnknown,
)
from certlib.ports import Clock, Entropy
from certlib.registry import Intent, IntentStatus, Registry, UnitOfWork
from certlib.usecases.access import access_of, need
from certlib.usecases.authority import Bid, mandate, need_standing
from certlib.usecases.caller import ISSUE, Caller
from certlib.usecases.finish import Finish
from certlib.usecases.four_eyes import Hands, need_hands
from certlib.usecases.gone_holders import ended_with_holder
from certlib.usecases.halt import need_sealing
from certlib.usecases.idempotency import KeyOfAct, claim, kept_answer
from certlib.usecases.issue import IssuingOptions
from certlib.usecases.order_checks import form_of_type_problems, numbered
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import intent_record, need_in_force, publish_form

ROUTE = "add-form"


@dataclass(frozen=True, slots=True)
class FormRequest:
    """One more file of a certificate.

    Attributes:
        form: which one; a copy number of 0 asks for the next.
        hands: who took part, where the type needs several persons.
        expected_version: from `If-Match`; None when the caller does not insist.
    """

    identifier: str
    form: Form
    key: str
    hands: Hands = field(default_factory=Hands)
    expected_version: int | None = None

    def request_digest(self) -> str:
        """What the idempotency key stands for."""
        return digest(
            {
                "identifier": self.identifier,
                "form": [self.form.kind, self.form.copy_number],
                "made_by": self.hands.made_by,
                "approved_by": list(self.hands.approved_by),
                "expected_version": self.expected_version,
            }
        )


class AddForms:
    """Adds files: an intent, the sealed file, one commit that publishes it."""

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

    def add(self, caller: Caller, request: FormRequest) -> Mapping[str, Any]:
        """What was added, as kept for the idempotency key.

        Raises:
            ScopeMissing, OutsideDepartment, ApprovalMissing, SealerNotSeparate: not so.
            CertificateNotFound: no such certificate.
            TransitionForbidden, StaleVersion: it is suspended, has ended, or has changed.
            Invalid: the type has no such file, or it has ended with its sole holder.
            FormTaken: it is there, or is being made.
            SigningUnavailable, StoreUnavailable: the reconciler goes on.
        """
        caller.need(ISSUE)
        reserved = self._reserve(caller, request)
        if not isinstance(reserved, tuple):
            return reserved
        intent, version = reserved
        added = self._finish.make(self._workshop.add, intent, version)
        try:
            return publish_form(self._registry, added, self._clock.now())
        except CertlibError as error:
            self._finish.unpublished(intent, error)
            raise

    def _reserve(
        self, caller: Caller, request: FormRequest
    ) -> Mapping[str, Any] | tuple[Intent, TypeVersion]:
        now, digest_now = self._clock.now(), request.request_digest()
        with self._registry.begin() as uow:
            earlier = uow.claim_idempotency(claim(caller, ROUTE, request.key, digest_now, now))
            if earlier is not None:
                return kept_answer(earlier, digest_now)
            need_sealing(uow)
            certificate = _certificate(uow, caller, request, now)
            version = _version(uow, certificate)
            ended = tuple(
                ended_with_holder(uow, certificate.content.holders, version, legal_day(now))
            )
            if ended:
                raise Invalid(problems=ended)
            need_hands(caller, request.hands, version)
            form = _form(uow, request, certificate, version)
            content = certificate.content.in_form(form)
            sealed = self._intending.sealed(content, caller.requester, now)
            key = KeyOfAct(caller.client_id, ROUTE, request.key, now)
            intent = self._intending.of_form(caller, sealed, request.hands, version, key)
            uow.reserve_form(intent)
            details = {
                "form": form.kind,
                "copy_number": str(form.copy_number),
                "request_id": caller.request_id,
            }
            uow.append_audit([intent_record(now, caller.actor, "reserve-form", intent, details)])
            uow.commit()
        return intent, version


def _certificate(
    uow: UnitOfWork, caller: Caller, request: FormRequest, now: datetime
) -> Certificate:
    found = uow.certificate(request.identifier)
    if found is None:
        raise CertificateNotFound
    day = legal_day(now)
    need(uow, caller, Act.RENEW, found, day)
    content = found.content
    unit, name = caller.department_code, content.issuer_code
    bid = Bid(content.type_code, unit, name, (day,), content.name)
    need_standing(uow, access_of(uow, caller, day), bid)
    mandate(uow, bid)
    if request.expected_version not in {None, found.row_version}:
        raise StaleVersion
    need_in_force(found, day)
    return found


def _version(uow: UnitOfWork, certificate: Certificate) -> TypeVersion:
    """The version by which the certificate was made: its files are of one kind."""
    content = certificate.content
    version = uow.type_version(content.type_code, content.type_version)
    if version is None:
        raise TypeUnknown(type_code=content.type_code)
    return version


def _form(
    uow: UnitOfWork, request: FormRequest, certificate: Certificate, version: TypeVersion
) -> Form:
    problems = list(form_of_type_problems(request.form, version, ""))
    if request.form.kind == ORIGINAL.kind:
        problems.append(_NO_SECOND_ORIGINAL)
    if problems:
        raise Invalid(problems=tuple(problems))
    pending = [
        intent.content.file_form
        for intent in uow.form_intents(certificate.identifier)
        if intent.status is IntentStatus.PENDING
    ]
    taken = [file.file_form for file in certificate.files]
    form = numbered((request.form,), (*taken, *pending))[0]
    full = tuple(form_of_type_problems(form, version, ""))
    if full:  # all numbers are given
        raise Invalid(problems=full)
    return form


_NO_SECOND_ORIGINAL = Problem(
    "/form",
    "form-original-once",
    "正本只有一份，请选择副本、附页或附图。",
    "There is one original: choose duplicate, annex or drawing.",
)
