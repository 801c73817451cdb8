"""From INTENT to a stored, sealed file: render, seal, read back, store (steps 2 to 4)."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, CertificateFile, Decision, PaperStatus, StateChange
from certlib.document import Content
from certlib.errors import Corrupt, SealMismatch, StoreUnavailable
from certlib.evidence import ChangeGrade, FileFacts
from certlib.ports import (
    Clock,
    DocumentSealer,
    EvidenceReader,
    ObjectStore,
    PageOrder,
    Renderer,
    SealedDocument,
)
from certlib.registry import AddedForm, IntendedFile, Intent, Publication
from certlib.states import GRANTED, RENEWAL, Action, State
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is needed to make a file of an intent; the normal path and recovery share it."""

    renderer: Renderer
    sealer: DocumentSealer
    reader: EvidenceReader
    objects: ObjectStore
    clock: Clock
    public_url: str

    def produce(self, intent: Intent, version: TypeVersion) -> Publication:
        """The publication of `intent`, its files durable in the object store.

        Raises:
            SealMismatch: what was sealed, or lies there, is not what was intended.
            SigningUnavailable, StoreUnavailable: try again later.
        """
        files = tuple(self._file(item, intent, version) for item in intent.files)
        return _publication(intent, files, self.clock.now(), has_paper=version.paper)

    def add(self, intent: Intent, version: TypeVersion) -> AddedForm:
        """The one file of an intent that adds it to a certificate; raises as `produce`."""
        return AddedForm(self._file(intent.files[0], intent, version), intent)

    def draft_page(self, content: Content, version: TypeVersion) -> bytes:
        """The page of a draft: unsealed, marked as a draft, of no use as a certificate.

        Raises:
            FaceOverflow: the text does not fit on the page.
        """
        return self.renderer.render(self._page_order(content, version, draft=True))

    def verify_url(self, identifier: str) -> str:
        """What the QR code says; sealed in for decades."""
        return f"{self.public_url.rstrip('/')}/v/{identifier}"

    def _page_order(self, content: Content, version: TypeVersion, *, draft: bool) -> PageOrder:
        return PageOrder(
            content=content,
            type_version=version,
            verify_url=self.verify_url(content.identifier),
            attachment=content.canonical(),
            draft=draft,
        )

    def _file(self, wanted: IntendedFile, intent: Intent, version: TypeVersion) -> CertificateFile:
        """What lies under the reserved name already is taken if it verifies against the intent.

        Nothing is sealed then: a crash leaves no valid sealed orphan.
        """
        pdf = self.objects.get(wanted.object_name)
        if pdf is None:
            pdf = self._make(wanted, intent, version)
        else:
            self._compare(pdf, wanted)
        return CertificateFile(
            sha256=hashlib.sha256(pdf).hexdigest(),
            identifier=intent.identifier,
            object_name=wanted.object_name,
            size=len(pdf),
            form=wanted.content.form,
            revision=0,
            level=intent.seal_level,
            stored_at=self.clock.now(),
            copy_number=wanted.content.copy_number,
            content_digest=wanted.content_digest,
        )

    def _seal(self, wanted: IntendedFile, intent: Intent, version: TypeVersion) -> SealedDocument:
        page = self.renderer.render(self._page_order(wanted.content, version, draft=False))
        return self.sealer.seal(page, wanted.content, intent.seal_level)

    def _make(self, wanted: IntendedFile, intent: Intent, version: TypeVersion) -> bytes:
        """Seals, reads back what was sealed, stores, reads back what was stored."""
        sealed = self._seal(wanted, intent, version).pdf
        self._compare(sealed, wanted)
        name = wanted.object_name
        # Corrupt: another process stored its own seal of the same intent first; that one stands
        # if it verifies.
        with suppress(Corrupt):
            self.objects.put_once(name, sealed)
        stored = self.objects.get(name)
        if stored is None:
            raise StoreUnavailable(what="read-back")
        if stored != sealed:
            self._compare(stored, wanted)
        return stored

    def _compare(self, pdf: bytes, wanted: IntendedFile) -> None:
        facts = self.reader.read(pdf)
        problem = _difference(facts, wanted, self.clock.now())
        if problem:
            raise SealMismatch(what=problem)


def _publication(
    intent: Intent, files: tuple[CertificateFile, ...], now: datetime, *, has_paper: bool
) -> Publication:
    step = StateChange(
        decision=Decision(Action.SEAL, GRANTED, _begins(intent)),
        from_state=State.DRAFT,
        to_state=State.ISSUED,
        recorded_at=now,
        actor=intent.actor,
        sequence=1,
    )
    certificate = Certificate(
        content=intent.content,
        state=State.ISSUED,
        row_version=intent.base_version + 1,
        recorded_at=now,
        history=(step,),
        files=files,
        paper=PaperStatus.PENDING if has_paper else PaperStatus.NONE,
        supersedes=intent.supersedes,
    )
    return Publication(certificate, intent)


def _begins(intent: Intent) -> date:
    """From which day the record counts.

    A change takes over from the version before on a day, a correction from that one's beginning.
    Otherwise the right may begin before or after the day of issue: the earlier day.
    """
    decision, content = intent.succession, intent.content
    if decision is not None and decision.reason_code != RENEWAL:
        return decision.effective_from
    return min(content.issue_date, content.valid_from or content.issue_date)


def _difference(facts: FileFacts, wanted: IntendedFile, now: datetime) -> str:
    """What differs between a sealed file and its intent; "" when nothing does."""
    if not facts.readable or len(facts.signatures) != 1:
        return facts.fault or "signatures"
    seal = facts.signatures[0]
    (concluded,) = conclusions(facts.signatures, OWN, now, wanted.content.type_code)
    checks = {
        "digest": seal.message is not None and seal.message.digest_ok,
        "signature": seal.message is not None and seal.message.signature_ok,
        "structure": not (seal.layout_problem or seal.form_problem) and seal.covers_file,
        "chain": not concluded.problem,
        "changes": facts.changes.grade is ChangeGrade.NONE,
        "certified": seal.certified == 1,
        "identifier": facts.identifier == wanted.content.identifier,
        "signer": seal.signer is not None and seal.signer.code == wanted.content.issuer_code,
        "content": hashlib.sha256(facts.content.encode()).hexdigest() == wanted.content_digest,
    }
    return next((name for name, held in checks.items() if not held), "")
