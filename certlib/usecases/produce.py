"""From INTENT to a stored, sealed file: render, seal, read back, store (steps 2 to 4)."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

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
from certlib.registry import Intent, Publication
from certlib.states import Action, State


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
        """The publication of `intent`, its file durable in the object store.

        What lies under the reserved name already is published if it verifies against the
        intent, and nothing is sealed then: a crash leaves no valid sealed orphan.

        Raises:
            SealMismatch: what was sealed, or lies there, is not what was intended.
            SigningUnavailable, StoreUnavailable: try again later.
        """
        stored = self.objects.get(intent.object_name())
        if stored is None:
            return self._publication(intent, self._make(intent, version))
        self._compare(stored, intent)
        return self._publication(intent, stored)

    def verify_url(self, identifier: str) -> str:
        """What the QR code says; sealed in for decades."""
        return f"{self.public_url.rstrip('/')}/v/{identifier}"

    def _seal(self, intent: Intent, version: TypeVersion) -> SealedDocument:
        order = PageOrder(
            content=intent.content,
            type_version=version,
            verify_url=self.verify_url(intent.identifier),
            attachment=intent.content.canonical(),
        )
        page = self.renderer.render(order)
        return self.sealer.seal(page, intent.content, intent.seal_level)

    def _make(self, intent: Intent, version: TypeVersion) -> bytes:
        """Seals, reads back what was sealed, stores, reads back what was stored."""
        sealed = self._seal(intent, version).pdf
        self._compare(sealed, intent)
        name = intent.object_name()
        # Corrupt: another process stored its own seal of the same intent first; that one stands
        # if it verifies.
        with suppress(Corrupt):
            self.objects.put_once(name, sealed)
        stored = self.objects.get(name)
        if stored is None:
            raise StoreUnavailable(what="read-back")
        if stored != sealed:
            self._compare(stored, intent)
        return stored

    def _compare(self, pdf: bytes, intent: Intent) -> None:
        facts = self.reader.read(pdf, at=self.clock.now())
        problem = _difference(facts, intent)
        if problem:
            raise SealMismatch(what=problem)

    def _publication(self, intent: Intent, pdf: bytes) -> Publication:
        now = self.clock.now()
        digest = hashlib.sha256(pdf).hexdigest()
        file = CertificateFile(
            sha256=digest,
            identifier=intent.identifier,
            object_name=intent.object_name(),
            size=len(pdf),
            form=intent.content.form,
            revision=0,
            level=intent.seal_level,
            stored_at=now,
        )
        step = StateChange(
            decision=Decision(Action.SEAL, "granted", _effective(intent.content)),
            from_state=State.DRAFT,
            to_state=State.ISSUED,
            recorded_at=now,
            actor=intent.requested_by,
            sequence=1,
        )
        certificate = Certificate(
            content=intent.content,
            state=State.ISSUED,
            row_version=1,
            recorded_at=now,
            history=(step,),
            files=(file,),
            paper=PaperStatus.NONE,
            supersedes=intent.supersedes,
        )
        return Publication(certificate, file, intent)


def _effective(content: Content) -> date:
    """The right may begin before or after the day of issue; the record begins with the earlier."""
    return min(content.issue_date, content.valid_from or content.issue_date)


def _difference(facts: FileFacts, intent: Intent) -> str:
    """What differs between a sealed file and its intent; "" when nothing does."""
    if not facts.readable or len(facts.signatures) != 1:
        return facts.fault or "signatures"
    seal = facts.signatures[0]
    checks = {
        "digest": seal.digest_ok,
        "signature": seal.signature_ok,
        "structure": seal.structure_ok and seal.covers_file,
        "chain": seal.chain_ok is True,
        "changes": facts.changes is ChangeGrade.NONE,
        "certified": seal.certified == 1,
        "identifier": facts.identifier == intent.identifier,
        "signer": seal.signer_code == intent.content.issuer_code,
        "content": hashlib.sha256(facts.content.encode()).hexdigest() == intent.content_digest,
    }
    return next((name for name, held in checks.items() if not held), "")
