"""The core of the record: intents, certificates, catalogue, clients, keys, history, effects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, CertificateFile, Decision, PaperStatus
from certlib.departments import Department, Holding
from certlib.document import ORIGINAL, Content, Form
from certlib.duties import DutyClock
from certlib.holder_changes import ChangeKind, HolderKey
from certlib.mandates import IssueListEntry
from certlib.ports import DesignDigests
from certlib.registry.duties import StandingRow
from certlib.states import State


@dataclass(frozen=True, slots=True)
class Client:
    """A system that calls the API. The secret is kept as a hash only."""

    client_id: str
    name: str
    department_code: str
    scopes: frozenset[str]
    secret_hash: str
    created_at: datetime
    disabled_at: datetime | None = None


class IntentStatus(StrEnum):
    """What became of a record of intent."""

    PENDING = "pending"
    PUBLISHED = "published"
    BURNED = "burned"


@dataclass(frozen=True, slots=True)
class IntendedFile:
    """One file that an intent means to seal, and the name of its object."""

    content: Content
    content_digest: str
    object_name: str


@dataclass(frozen=True, slots=True)
class Intent:
    """INTENT: what we mean to seal, durable before anything is sealed.

    Attributes:
        content: of the original; of the file itself where one is added to a certificate.
        storage_key: 32 hex digits drawn at reservation; names the objects.
        content_digest: hex SHA-256 of `content.canonical()`.
        client_id, route, idempotency_key: whose answer the publication completes.
        requested_by: who made it (the person or client that counts for four eyes);
            `approved_by`: the other eyes; `sealed_by`: who seals.
        actor: who is named in the history, client and person.
        forms: which files; those beside the original differ in form and copy number only.
        succession: how the version in `supersedes` ends, or None where there is none.
        base_version: row version of the draft it was, which the certificate's go on from.
        attempts: how often it was tried in vain, each perhaps with a signature made;
            `faults`: how often of these for another reason than an outage.
        lease_until: until when the process that works on it is trusted to be alive.
    """

    content: Content
    content_digest: str
    storage_key: str
    status: IntentStatus
    seal_level: str
    design: DesignDigests
    client_id: str
    route: str
    idempotency_key: str
    requested_by: str
    actor: str
    recorded_at: datetime
    sealed_by: str = ""
    approved_by: tuple[str, ...] = ()
    approvals_required: int = 0
    forms: tuple[Form, ...] = (ORIGINAL,)
    supersedes: str = ""
    succession: Decision | None = None
    base_version: int = 0
    attempts: int = 0
    faults: int = 0
    last_error: str = ""
    lease_until: datetime | None = None

    @property
    def identifier(self) -> str:
        """The identifier reserved for it; never used twice, burned or not."""
        return self.content.identifier

    def object_name(self, revision: int = 0) -> str:
        """Name of the object of its own file in that revision."""
        return object_name(self.storage_key, self.content.file_form, revision)

    @property
    def adds_form(self) -> bool:
        """Whether it adds a file to a certificate that is there already."""
        return self.content.file_form != ORIGINAL

    @property
    def files(self) -> tuple[IntendedFile, ...]:
        """Every file to be sealed, the original first."""
        return tuple(self._file(form) for form in self.forms)

    def _file(self, form: Form) -> IntendedFile:
        name = object_name(self.storage_key, form)
        if form == self.content.file_form:
            return IntendedFile(self.content, self.content_digest, name)
        content = self.content.in_form(form)
        return IntendedFile(content, content.digest(), name)


def object_name(storage_key: str, form: Form = ORIGINAL, revision: int = 0) -> str:
    """Name of a sealed file's object: `KEY.0`, `KEY.duplicate-2.0`; never of a holder."""
    part = f".{form.kind}-{form.copy_number}" if form != ORIGINAL else ""
    return f"{storage_key}{part}.{revision}"


@dataclass(frozen=True, slots=True)
class Publication:
    """What becomes public with one commit: the certificate with its files, and its answer."""

    certificate: Certificate
    intent: Intent

    @property
    def file(self) -> CertificateFile:
        """The original."""
        return self.certificate.files[0]


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """One use of an `Idempotency-Key`.

    Attributes:
        request_digest: hex SHA-256 of the canonical request.
        status: HTTP-free outcome: `running` or `done`.
        answer: canonical JSON of the answer when done; kept encrypted.
    """

    client_id: str
    route: str
    key: str
    request_digest: str
    status: str
    created_at: datetime
    identifier: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One line of the append-only history; `target` is never a holder's number.

    `sequence`, `previous` and `digest` are set by the registry: sequences have no gap, and
    `digest` is the SHA-256 over `previous` and the canonical line.
    """

    at: datetime
    actor: str
    act: str
    target: str
    details: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    previous: str = ""
    digest: str = ""

    def canonical_line(self) -> dict[str, Any]:
        """What `digest` covers, beside `previous` (hex SHA-256 of canonical JSON)."""
        return {
            "sequence": self.sequence,
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "actor": self.actor,
            "act": self.act,
            "target": self.target,
            "details": self.details,
            "previous": self.previous,
        }


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """An effect to deliver at least once; `event_id` lets the receiver drop repeats."""

    event_id: str
    topic: str
    identifier: str
    payload: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Which certificates; every given criterion must hold.

    Attributes:
        holder_code: normalised code, with its type; found by keyed hash.
        code_keys, name_keys: further holders that the code or the name may mean
            (`certlib.usecases.widen`).
        within: what the caller may see; None for everything (never for a department).
        issuer_codes: of these issuers; None for all.
        issued_from, issued_to: issue date; ends_from, ends_to: last day of validity, which
            long-term certificates have not. Both ends inclusive.
        recorded_since: published at that instant or later.
        after: identifier of the last row of the page before (keyset pagination), or "".
    """

    within: tuple[Holding, ...] | None = None
    issuer_codes: frozenset[str] | None = None
    type_code: str = ""
    number: str = ""
    holder_code: str = ""
    holder_code_type: str = ""
    holder_name: str = ""
    code_keys: frozenset[HolderKey] = frozenset()
    name_keys: frozenset[HolderKey] = frozenset()
    states: frozenset[State] | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    ends_from: date | None = None
    ends_to: date | None = None
    recorded_since: datetime | None = None
    limit: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What the public status look-up needs, and nothing else.

    Attributes:
        issue_date: None stands for `valid_from`.
        standing: None for a certificate to which nothing happened since it was issued.
        holder_gone: why its sole holder is no more (`Standing.gone`); None where it is, and where
            there are several.
        duties_since: duties that run from another day than that of issue.
    """

    identifier: str
    state: State
    valid_from: date
    valid_to: date | None
    type_code: str
    issuer_code: str
    row_version: int
    renewal_pending_since: date | None
    restricted: bool
    changed_at: datetime
    issue_date: date | None = None
    type_version: str = ""
    paper: PaperStatus = PaperStatus.NONE
    standing: StandingRow | None = None
    holder_gone: ChangeKind | None = None
    duties_since: tuple[DutyClock, ...] = ()


class CoreReads(Protocol):
    """What can be asked of the core."""

    def certificate(self, identifier: str) -> Certificate | None: ...
    def status(self, identifier: str) -> StatusRow | None: ...
    def file(self, sha256: str) -> CertificateFile | None: ...
    def search(self, query: SearchQuery) -> Sequence[Certificate]:
        """Ordered by identifier; at most `query.limit`; history and files included."""
        ...

    def intent(self, identifier: str) -> Intent | None: ...
    def pending_intents(self) -> Sequence[Intent]: ...
    def type_version(self, type_code: str, version: str = "") -> TypeVersion | None:
        """That version, or the newest one; None when unknown."""
        ...

    def type_versions(self) -> Sequence[TypeVersion]: ...
    def department(self, credit_code: str) -> Department | None: ...
    def departments(self) -> Sequence[Department]: ...
    def issue_list(self, type_code: str, issuer_code: str) -> Sequence[IssueListEntry]: ...
    def client(self, client_id: str) -> Client | None: ...
    def idempotency(self, client_id: str, route: str, key: str) -> IdempotencyRecord | None: ...
    def audit_trail(self, after: int = 0, limit: int = 1000) -> Sequence[AuditRecord]: ...
    def history_of(
        self, identifier: str, after: int = 0, limit: int | None = None
    ) -> Sequence[AuditRecord]:
        """Audit records whose target is `identifier`, oldest first, above a sequence."""
        ...

    def counts(self) -> dict[str, int]:
        """Certificates by stored state, and pending intents under `INTENT`."""
        ...


class CoreWrites(CoreReads, Protocol):
    """What can be kept in the core."""

    def claim_idempotency(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Keeps `record` as running and answers None, or answers the record already there."""
        ...

    def complete_idempotency(
        self, client_id: str, route: str, key: str, *, identifier: str, answer: str
    ) -> None: ...
    def release_idempotency(self, client_id: str, route: str, key: str) -> None:
        """Forgets a running record whose act came to nothing."""
        ...

    def reserve(self, intents: Iterable[Intent]) -> None:
        """Writes INTENT rows and claims their face numbers.

        A version that supersedes another may take over that one's face number: it is handed
        over when the new version is published, and stays with the old one if it is burned.

        Raises:
            FaceNumberTaken: a current certificate or another intent holds the number.
            Conflict: the identifier was used before.
        """
        ...

    def lease_intents(self, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
        """Pending intents whose lease has ended, leased until `until`, oldest first.

        A lease that nobody ended counts as an attempt: its process was killed, or is too slow.
        """
        ...

    def note_attempt(self, identifier: str, error: str, *, outage: bool = False) -> None:
        """Counts a failed attempt, and a fault unless it was an outage; ends the lease.

        `error` is a stable code.
        """
        ...

    def burn(self, identifier: str, reason: str) -> None:
        """Gives an intent up: its identifier is never used again, its face number is free."""
        ...

    def publish(self, publications: Iterable[Publication]) -> None:
        """Certificates with their holders, files and first history step; intents published.

        Raises:
            Conflict: an intent is no longer pending (another process finished or burned it).
        """
        ...

    def save(self, certificate: Certificate, expected_version: int) -> None:
        """Keeps state, flags, new steps and what stands beside them; frees or keeps face numbers.

        Raises:
            StaleVersion: the row's version is not `expected_version`.
        """
        ...

    def add_file(self, file: CertificateFile) -> None: ...
    def append_audit(self, records: Iterable[AuditRecord]) -> None: ...
    def add_events(self, events: Iterable[OutboxEvent]) -> None: ...
    def put_department(self, department: Department) -> None: ...
    def put_type_version(self, version: TypeVersion, definition: str) -> None:
        """Keeps a version with its canonical JSON `definition`; versions are immutable."""
        ...

    def put_issue_entry(self, entry: IssueListEntry) -> None: ...
    def put_client(self, client: Client) -> None: ...
