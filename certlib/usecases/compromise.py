"""Compromise: what a lost key sealed is found in the files, and ended or sealed anew.

The record says which files a department has; which key sealed one, and when that is proven, the
file says. What a trusted timestamp proves to be older than the loss stands. Everything here may
be broken off and begun again: each act has an idempotency key made of key and certificate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from certlib.calendar import legal_day
from certlib.certificate import Certificate, CertificateFile
from certlib.decisions import Decision
from certlib.departments import Jurisdiction
from certlib.errors import CertlibError, IdempotencyInProgress
from certlib.evidence import FileFacts
from certlib.ports import Clock, EvidenceReader, ObjectStore
from certlib.preservation import proven_at
from certlib.registry import AuditRecord, Registry, SearchQuery
from certlib.states import SEAL_COMPROMISED, Action, View
from certlib.usecases.caller import ISSUE, MANAGE, SEAL, Caller
from certlib.usecases.change_state import ChangeRequest, ChangeState
from certlib.usecases.halt import need_two
from certlib.usecases.once import instant_text
from certlib.usecases.order import Ending
from certlib.usecases.revise import ReviseCertificates, RevisionRequest

__all__ = ["Affected", "HandleCompromise", "Handled", "LostKey", "Remedy"]

_PAGE = 200
_CLOCKS = timedelta(hours=1)
"""So much earlier a file may have been stored than its timestamp says, by two machines' clocks."""
_UNSTAMPED, _ORIGINAL = "B-B", "original"
_RUNNING = frozenset({View.VALID, View.NOT_YET_EFFECTIVE, View.SUSPENDED, View.SUSPENSION_ENDED})
_OPERATOR = "operator"
_NOTE = "签章密钥停用"
_REPLACEMENT = "replacement"


class Remedy(StrEnum):
    """What is done with each certificate."""

    LIST = "list"
    VOID = "void"
    REISSUE = "reissue"


@dataclass(frozen=True, slots=True)
class LostKey:
    """A key that may have been in other hands.

    Attributes:
        name: of the key; `fingerprint`: hex SHA-256 of its X.509 certificate, DER.
        issuer_code: whose seal it is.
        since: from when on it is not to be relied on, aware UTC.
    """

    name: str
    fingerprint: str
    issuer_code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Affected:
    """A certificate with a file that nobody can tell from a thief's.

    Attributes:
        view: what the certificate is today; `begins`: the first day for which the record speaks.
        file: the file's SHA-256.
        proven: when a timestamp proves the seal to have existed; None: nothing proves it.
        unreadable: the file could not be read, so nobody knows; nothing is done with it.
    """

    identifier: str
    type_code: str
    view: View
    begins: date
    file: str
    stored_at: datetime
    proven: datetime | None
    unreadable: bool = False

    @property
    def running(self) -> bool:
        """Whether the certificate still counts, now or later."""
        return self.view in _RUNNING


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one.

    Attributes:
        outcome: `listed`, `ended` (it does not count any more), `voided`, `reissued`, `waits`
            (an earlier run is at it), `unreadable`, or the code of what stood in the way.
        successor: identifier of the version that takes its place, or "".
    """

    item: Affected
    outcome: str
    successor: str = ""
    problem: CertlibError | None = None


class HandleCompromise:
    """Finds and handles what a lost key has sealed."""

    def __init__(
        self,
        registry: Registry,
        objects: ObjectStore,
        reader: EvidenceReader,
        clock: Clock,
        change: ChangeState,
        revise: ReviseCertificates,
    ) -> None:
        self._registry = registry
        self._objects = objects
        self._reader = reader
        self._clock = clock
        self._change = change
        self._revise = revise

    def note(self, lost: LostKey, by: tuple[str, str], remedy: Remedy) -> None:
        """Says in the history that the key was given up, once for each time that is said.

        Raises:
            TwoPersonsNeeded: they are not two persons.
            StoreUnavailable: the commit was not confirmed.
        """
        first, second = need_two(*by)
        details = {
            "since": instant_text(lost.since),
            "issuer_code": lost.issuer_code,
            "sha256": lost.fingerprint,
            "remedy": remedy.value,
            "confirmed_by": second,
        }
        with self._registry.begin() as uow:
            known = [item.details for item in uow.history_of(lost.name)]
            if details not in known:
                now = self._clock.now()
                record = AuditRecord(now, first, "compromise-key", lost.name, details)
                uow.append_audit([record])
                uow.commit()

    def under_way(self, lost: LostKey, until: datetime) -> int:
        """How many orders of the department, recorded by then, may still become certificates.

        The key may have sealed them before it was halted: what is listed before they have come to
        their end is not all there is.

        Raises:
            StoreUnavailable: the record does not answer.
        """
        with self._registry.read() as session:
            return session.under_way(lost.issuer_code, until)

    def affected(self, lost: LostKey) -> Iterator[Affected]:
        """Every certificate of the department with such a file, by identifier.

        Raises:
            StoreUnavailable: record or objects do not answer.
        """
        after = ""
        while True:
            query = SearchQuery(
                issuer_codes=frozenset({lost.issuer_code}), limit=_PAGE, after=after
            )
            with self._registry.read() as session:
                page = session.search(query)
            for certificate in page:
                found = self._file_of(certificate, lost)
                if found is not None:
                    yield found
            if len(page) < _PAGE:
                return
            after = page[-1].identifier

    def handle(self, lost: LostKey, item: Affected, remedy: Remedy, by: tuple[str, str]) -> Handled:
        """Does it; again gives the first answer, whoever was killed in between.

        Raises:
            TwoPersonsNeeded: they are not two persons.
        """
        first, second = need_two(*by)
        if item.unreadable or not item.running or remedy is Remedy.LIST:
            idle = "listed" if remedy is Remedy.LIST else "ended"
            return Handled(item, "unreadable" if item.unreadable else idle)
        try:
            if remedy is Remedy.REISSUE:
                return Handled(item, "reissued", self._reissue(lost, item, first, second))
            self._void(lost, item, first)
        except CertlibError as error:
            waits = isinstance(error, IdempotencyInProgress)
            return Handled(item, "waits" if waits else error.code, problem=error)
        return Handled(item, "voided")

    def _file_of(self, certificate: Certificate, lost: LostKey) -> Affected | None:
        """The first of its files that was sealed by the key and is not proven to be older.

        Of each form only the newest revision: it holds the others and every later proof of them.
        """
        for revisions in _forms(certificate):
            if any(_is_older(file, lost.since) for file in revisions):
                continue
            found = self._weighed(certificate, revisions[-1], lost)
            if found is not None:
                return found
        return None

    def _weighed(
        self, certificate: Certificate, file: CertificateFile, lost: LostKey
    ) -> Affected | None:
        view = certificate.view_on(legal_day(self._clock.now()))
        content = certificate.content
        pdf = self._objects.get(file.object_name)
        facts = None if pdf is None else self._read(pdf)
        readable = facts is not None and facts.readable and bool(facts.signatures)
        proven: datetime | None = None
        if facts is not None and readable:
            seal = facts.signatures[0]
            if seal.signer is None or seal.signer.sha256 != lost.fingerprint:
                return None
            proven = proven_at(facts)
            if proven is not None and proven < lost.since:
                return None
        return Affected(
            identifier=certificate.identifier,
            type_code=content.type_code,
            view=view,
            begins=certificate.begins,
            file=file.sha256,
            stored_at=file.stored_at,
            proven=proven,
            unreadable=not readable,
        )

    def _read(self, pdf: bytes) -> FileFacts:
        """Once more where it was not the file's fault: a busy machine makes no list longer."""
        facts = self._reader.read(pdf)
        return self._reader.read(pdf) if facts.our_fault else facts

    def _void(self, lost: LostKey, item: Affected, operator: str) -> None:
        """作废: the file was never one to rely on; nothing is taken from the holder."""
        day = max(item.begins, legal_day(lost.since))
        decision = Decision(Action.VOID, SEAL_COMPROMISED, day, note=_NOTE)
        request = ChangeRequest(item.identifier, decision, _key(lost, item))
        self._change.change(self._caller(item, lost, operator), request)

    def _reissue(self, lost: LostKey, item: Affected, operator: str, second: str) -> str:
        """补换: the same content under the seal of today, with the eyes that saw it before."""
        with self._registry.read() as session:
            intent = session.intent(item.identifier)
        before = () if intent is None else (intent.requested_by, *intent.approved_by)
        maker = next((name for name in before[:1] if name != operator), "")
        eyes = tuple(name for name in dict.fromkeys((*before[1:], second)) if name != maker)
        request = RevisionRequest(
            identifier=item.identifier,
            reason=_REPLACEMENT,
            key=_key(lost, item),
            changes={"made_by": maker, "approved_by": eyes},
            ending=Ending(note=_NOTE),
        )
        return self._revise.revise(self._caller(item, lost, operator), request).identifier

    def _caller(self, item: Affected, lost: LostKey, operator: str) -> Caller:
        """The operator, for the department that is responsible for the certificate today."""
        with self._registry.read() as session:
            jurisdiction = Jurisdiction(session.successions())
        today = legal_day(self._clock.now())
        keeper = jurisdiction.keeper(lost.issuer_code, item.type_code, today)
        return Caller(_OPERATOR, keeper, frozenset({ISSUE, MANAGE, SEAL}), person=operator)


def _forms(certificate: Certificate) -> list[list[CertificateFile]]:
    """The originals, each form by itself with its revisions in their order."""
    forms: dict[tuple[str, int], list[CertificateFile]] = {}
    for file in sorted(certificate.files, key=lambda file: file.revision):
        if file.kind == _ORIGINAL:
            forms.setdefault((file.form, file.copy_number), []).append(file)
    return list(forms.values())


def _is_older(file: CertificateFile, since: datetime) -> bool:
    """Whether the record alone says so: it was stored with its timestamp well before."""
    return file.stored_at < since - _CLOCKS and file.level != _UNSTAMPED


def _key(lost: LostKey, item: Affected) -> str:
    return f"compromise/{lost.fingerprint[:32]}/{item.identifier}"
