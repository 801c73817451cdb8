"""Read: one certificate, many, its file, its history. A department sees its own, no more."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from certlib.access import Act
from certlib.calendar import legal_day
from certlib.certificate import Certificate, CertificateFile
from certlib.delivery import Delivery
from certlib.document import ORIGINAL, Form
from certlib.errors import CertificateNotFound, Corrupt
from certlib.ports import Clock, ObjectStore
from certlib.registry import AuditRecord, Registry, SearchQuery
from certlib.states import GRANTED
from certlib.usecases.access import access_of, need
from certlib.usecases.caller import READ, Caller
from certlib.usecases.drafts import draft_on_record
from certlib.usecases.standing import Aftermath, aftermath
from certlib.usecases.widen import widened


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `after` names where the next one begins, "" at the end."""

    certificates: Sequence[Certificate]
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a lineage, and why it came: `granted`, or the reason of the revision."""

    certificate: Certificate
    reason: str


class ReadCertificates:
    """Reads the record as a department may see it (INV-10)."""

    def __init__(self, registry: Registry, objects: ObjectStore, clock: Clock) -> None:
        self._registry = registry
        self._objects = objects
        self._clock = clock

    def certificate(self, caller: Caller, identifier: str) -> Certificate:
        """The certificate in whatever state it is, a draft (待签发) included.

        Raises:
            ScopeMissing: the caller may not read.
            CertificateNotFound: not on record, or in another department's care.
        """
        return self.record(caller, identifier)[0]

    def record(self, caller: Caller, identifier: str) -> tuple[Certificate, Delivery | None]:
        """The certificate and what is known of its delivery; raises as `certificate`."""
        caller.need(READ)
        with self._registry.read() as session:
            found = session.certificate(identifier) or draft_on_record(session, identifier)
            if found is None:
                raise CertificateNotFound
            need(session, caller, Act.READ, found, self._today())
            return found, session.handover(identifier)

    def aftermath(self, certificate: Certificate) -> Aftermath:
        """What has become of the issuer and holders of a certificate that the caller may read."""
        with self._registry.read() as session:
            return aftermath(session, certificate.content, self._today())

    def search(self, caller: Caller, query: SearchQuery) -> Page:
        """One page of the certificates in the department's care."""
        caller.need(READ)
        with self._registry.read() as session:
            today = self._today()
            mine = access_of(session, caller, today).holdings()
            wide = widened(session, query, today)
            found = session.search(replace(wide, within=mine, limit=query.limit + 1))
        more = len(found) > query.limit
        shown = found[: query.limit]
        return Page(shown, shown[-1].identifier if more else "")

    def file(
        self, caller: Caller, identifier: str, form: Form = ORIGINAL
    ) -> tuple[CertificateFile, bytes]:
        """The newest revision of that file with its bytes, compared with the record.

        Raises:
            CertificateNotFound: no such certificate or form.
            Corrupt: the stored bytes are not what was recorded (INV-2).
        """
        certificate = self.certificate(caller, identifier)
        files = [item for item in certificate.files if item.file_form == form]
        if not files:
            raise CertificateNotFound
        newest = max(files, key=lambda item: item.revision)
        return newest, self.bytes_of(newest)

    def bytes_of(self, file: CertificateFile) -> bytes:
        """The bytes behind a recorded file.

        Raises:
            Corrupt: absent, or not the recorded bytes.
        """
        content = self._objects.get(file.object_name)
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            raise Corrupt(what=file.object_name)
        return content

    def versions(self, caller: Caller, identifier: str) -> Sequence[Version]:
        """Every published version of the certificate's lineage, oldest first.

        Raises:
            ScopeMissing, CertificateNotFound: as `certificate`.
        """
        self.certificate(caller, identifier)
        found = []
        with self._registry.read() as session:
            for certificate in session.lineage(identifier):
                intent = session.intent(certificate.identifier)
                decision = None if intent is None else intent.succession
                reason = GRANTED if decision is None else decision.reason_code
                found.append(Version(certificate, reason))
        return found

    def history(
        self, caller: Caller, identifier: str, after: int = 0, limit: int | None = None
    ) -> Sequence[AuditRecord]:
        """What was done to the certificate, oldest first, above a sequence."""
        self.certificate(caller, identifier)
        with self._registry.read() as session:
            return session.history_of(identifier, after, limit)

    def _today(self) -> date:
        return legal_day(self._clock.now())
