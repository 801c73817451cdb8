"""Drafts that wait for review and seal, forms of one certificate, numbers drawn by the library."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from certlib.certificate import Certificate, CertificateFile, Decision
from certlib.departments import Holding
from certlib.document import ORIGINAL, Content, Form
from certlib.numbers import NumberPattern
from certlib.persons import persons
from certlib.registry.core import Intent


class DraftStatus(StrEnum):
    """What became of a draft (待签发)."""

    OPEN = "open"
    SEALED = "sealed"
    RETURNED = "returned"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Draft:
    """A certificate that was made and is not sealed. Its identifier and number are taken.

    Attributes:
        content: without anything about sealing; the seal completes it.
        made_by: the person who made it (制证员); `approved_by`: who approved since (审核人).
        actor: the maker as the history names it, client and person.
        supersedes, succession: the version that it shall replace, and how that one ends.
        row_version: grows by one with each act; the ETag.
        ended_by, note: who sealed, returned or discarded it, and why it was given back.
    """

    content: Content
    made_by: str
    actor: str
    recorded_at: datetime
    changed_at: datetime
    approvals_required: int
    forms: tuple[Form, ...] = (ORIGINAL,)
    status: DraftStatus = DraftStatus.OPEN
    approved_by: tuple[str, ...] = ()
    supersedes: str = ""
    succession: Decision | None = None
    row_version: int = 1
    ended_by: str = ""
    note: str = ""

    @property
    def identifier(self) -> str:
        """The identifier that is taken for it; never used for anything else."""
        return self.content.identifier

    @property
    def approvals(self) -> int:
        """How many persons have approved, whoever made it not counted."""
        return len(persons(self.approved_by) - persons((self.made_by,)))

    @property
    def approved(self) -> bool:
        """Whether as many persons have approved as the type asks for."""
        return self.approvals >= self.approvals_required


@dataclass(frozen=True, slots=True)
class DraftQuery:
    """Which drafts, oldest first.

    Attributes:
        within: what the department that asks is responsible for, or acts in.
        after: identifier of the last one of the page before, or "".
    """

    within: tuple[Holding, ...]
    status: DraftStatus = DraftStatus.OPEN
    limit: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class AddedForm:
    """What becomes public when a file is added to a certificate."""

    file: CertificateFile
    intent: Intent


class IssuingReads(Protocol):
    """What can be asked."""

    def draft(self, identifier: str) -> Draft | None: ...
    def drafts(self, query: DraftQuery) -> Sequence[Draft]: ...
    def lineage(self, identifier: str) -> Sequence[Certificate]:
        """Every published version of the lineage to which `identifier` belongs, oldest first."""
        ...

    def form_intents(self, identifier: str) -> Sequence[Intent]:
        """Intents that add a file to this certificate, pending, published or burned."""
        ...

    def due_successions(self, day: date, limit: int) -> Sequence[str]:
        """Versions that a renewal replaces by `day` and that have not been ended for it."""
        ...


class IssuingWrites(IssuingReads, Protocol):
    """What can be kept."""

    def draw_number(self, issuer_code: str, type_code: str, pattern: NumberPattern) -> str:
        """The next free number of a sequence of its own for issuer, type and text around it.

        Never the same twice, whoever draws at the same time; gaps are allowed.
        """
        ...

    def put_draft(self, draft: Draft) -> None:
        """Keeps a new draft and claims its number.

        Raises:
            FaceNumberTaken: a current certificate, an intent or another draft holds it.
            Conflict: the identifier was used before.
        """
        ...

    def save_draft(self, draft: Draft, expected_version: int) -> None:
        """Keeps approvals or the end of an open draft; one that comes to nothing frees its number.

        Raises:
            StaleVersion: the draft's version is not `expected_version`, or it is not open.
        """
        ...

    def seal_draft(self, draft: Draft, intent: Intent, expected_version: int) -> None:
        """Ends an open draft as sealed and goes on with `intent`, which inherits its number.

        Raises:
            StaleVersion: as `save_draft`.
        """
        ...

    def reserve_form(self, intent: Intent) -> None:
        """Writes the intent to add one file.

        Raises:
            FormTaken: the certificate has that file, or somebody is just adding it.
        """
        ...

    def lease_forms(self, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
        """Pending intents to add a file whose lease has ended, leased until `until`.

        A lease that nobody ended counts as an attempt, as `lease_intents` says.
        """
        ...

    def note_form_attempt(self, storage_key: str, error: str, *, outage: bool = False) -> None:
        """Counts a failed attempt, and a fault unless it was an outage; ends the lease."""
        ...

    def burn_form(self, storage_key: str, reason: str) -> None:
        """Gives an intent to add a file up; the same file may be asked for again."""
        ...

    def publish_form(self, added: AddedForm) -> None:
        """The file joins its certificate, whose row version grows.

        Raises:
            Conflict: the intent is no longer pending.
        """
        ...

    def plan_succession(self, certificate: Certificate, expected_version: int, due: date) -> None:
        """Keeps `superseded_by` of a version that stays in force until the day before `due`.

        Raises:
            StaleVersion: the row's version is not `expected_version`.
        """
        ...

    def settle_succession(self, identifier: str) -> None:
        """Forgets a planned succession that has been carried out, or came to nothing."""
        ...
