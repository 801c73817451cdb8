"""From INTENT to a stored, sealed file: render, seal, read back, store (steps 2 to 4)."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, CertificateFile, Decision, PaperStatus, StateChange
from certlib.document import Content
from certlib.errors import Corrupt, SealMismatch, StoreUnavailable
from certlib.evidence import FileFacts
from certlib.ports import (
    Clock,
    DocumentSealer,
    EvidenceReader,
    ObjectStore,
    PageOrder,
    Renderer,
    SealedDocument,
)
from certlib.preservation import LEVELS, CarePlan, level_of, proof_of
from certlib.registry import AddedForm, IntendedFile, Intent, Publication
from certlib.states import GRANTED, RENEWAL, Action, State
from certlib.usecases.lower import Lowering
from certlib.usecases.sealed_file import Meant, difference


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is needed to make a file of an intent; the normal path and recovery share it.

    Attributes:
        plan: when what is made here must be cared for.
        lowering: what is done without timestamps; None: nothing is sealed then.
    """

    renderer: Renderer
    sealer: DocumentSealer
    reader: EvidenceReader
    objects: ObjectStore
    clock: Clock
    public_url: str
    plan: CarePlan = field(default_factory=CarePlan)
    lowering: Lowering | None = None

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
            pdf, facts = self._make(wanted, intent, version)
        else:
            facts = self._compare(pdf, wanted)
        now, level, proof = self.clock.now(), level_of(facts), proof_of(facts)
        return CertificateFile(
            sha256=hashlib.sha256(pdf).hexdigest(),
            identifier=intent.identifier,
            object_name=wanted.object_name,
            size=len(pdf),
            form=wanted.content.form,
            revision=0,
            level=level,
            stored_at=now,
            copy_number=wanted.content.copy_number,
            content_digest=wanted.content_digest,
            care=None if proof is None else self.plan.care(proof, level, intent.seal_level, now),
        )

    def _seal(self, wanted: IntendedFile, intent: Intent, version: TypeVersion) -> SealedDocument:
        page = self.renderer.render(self._page_order(wanted.content, version, draft=False))
        if self.lowering is None:
            return self.sealer.seal(page, wanted.content, intent.seal_level)
        return self.lowering.seal(self.sealer, page, wanted.content, intent.seal_level)

    def _make(
        self, wanted: IntendedFile, intent: Intent, version: TypeVersion
    ) -> tuple[bytes, FileFacts]:
        """Seals, reads back what was sealed, stores, reads back what was stored."""
        sealed = self._seal(wanted, intent, version).pdf
        facts = self._compare(sealed, wanted)
        name = wanted.object_name
        # Corrupt: another process stored its own seal of the same intent first; that one stands
        # if it verifies.
        with suppress(Corrupt):
            self.objects.put_once(name, sealed)
        stored = self.objects.get(name)
        if stored is None:
            raise StoreUnavailable(what="read-back")
        if stored != sealed:
            facts = self._compare(stored, wanted)
        return stored, facts

    def _compare(self, pdf: bytes, wanted: IntendedFile) -> FileFacts:
        facts, content = self.reader.read(pdf), wanted.content
        digest = wanted.content_digest
        meant = Meant(content.identifier, content.type_code, content.issuer_code, digest)
        problem = difference(facts, meant, self.clock.now())
        if problem:
            raise SealMismatch(what=problem)
        return facts


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
        target_level=intent.seal_level,
        reached_level=min((file.level for file in files), key=LEVELS.index),
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
