"""What the HTTP side needs of a node, by its ports; `api.bootstrap.Node` is one."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from api.metrics_record import KeyState
from api.notices import Notices
from api.revocation import Responder
from api.settings import Settings
from api.stamping_parts import StampingClock, Timestamps, TimestampSources
from api.timings import Timings
from api.trust_parts import OutsideLists, Trust
from certlib.catalogue import TypeVersion
from certlib.divisions import DivisionTable
from certlib.ports import Clock, Entropy, ObjectStore
from certlib.registry import Registry, StatusRow
from certlib.usecases.add_form import AddForms
from certlib.usecases.amend import AmendCertificates
from certlib.usecases.change_state import ChangeState
from certlib.usecases.due_lists import DueLists
from certlib.usecases.follow import FollowChanges
from certlib.usecases.issue import IssueCertificates
from certlib.usecases.keep_blanks import KeepBlanks
from certlib.usecases.keep_paper import KeepPaper
from certlib.usecases.lock_files import LockFiles
from certlib.usecases.make import MakeDrafts
from certlib.usecases.manage_departments import ManageDepartments
from certlib.usecases.manage_issue_list import ManageIssueList
from certlib.usecases.manage_types import ManageTypes
from certlib.usecases.preserve import PreserveSeals
from certlib.usecases.read import ReadCertificates
from certlib.usecases.read_drafts import ReadDrafts
from certlib.usecases.reconcile import Reconcile
from certlib.usecases.record_holders import RecordHolders
from certlib.usecases.record_results import RecordResults
from certlib.usecases.report import MakeReports
from certlib.usecases.reveal import RevealCertificates
from certlib.usecases.review import ReviewDrafts
from certlib.usecases.revise import ReviseCertificates
from certlib.usecases.seal import SealDrafts
from certlib.usecases.seal_history import SealHistory
from certlib.usecases.verify import VerifyCertificates


class StatusSource(Protocol):
    """The public look-up: one row from the primary database, at once."""

    def status(self, identifier: str) -> StatusRow | None:
        """The status now; raises `StoreUnavailable`."""
        ...

    def raw(self, identifier: str, today: date) -> tuple[Any, ...] | None:
        """The row behind it, unread; raises `StoreUnavailable`."""
        ...

    @property
    def inline(self) -> bool:
        """Whether `raw` takes microseconds and may be called on the event loop."""
        ...

    def ask(self, identifier: str, today: date) -> "asyncio.Future[tuple[Any, ...] | None]":
        """The same as `raw`, for the event loop; fails with `StoreUnavailable`."""
        ...

    async def release(self) -> None:
        """Closes what `ask` has opened."""
        ...

    def version(self) -> tuple[int, int] | None:
        """A mark that stays while nothing at all is committed; None where there is none."""
        ...

    def read(self, values: tuple[Any, ...]) -> StatusRow:
        """What a row of `raw` says."""
        ...


class Record(Registry, Protocol):
    """The registry, and turns among the processes that share it."""

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Whether this process alone does `name` now; never waits; raises `StoreUnavailable`."""
        ...


class Shelf(ObjectStore, Protocol):
    """An object store that cleans up behind interrupted writes."""

    def probe(self) -> None:
        """Writes, reads and removes something of its own; raises `StoreUnavailable`."""
        ...

    def sweep_temporaries(self, before: datetime | None = None) -> int:
        """Removes what unfinished writes left; None: everything not being written here."""
        ...


class Published(Protocol):
    """What an authority lets everybody read, and whether its keys work."""

    def public_certificates(self) -> Mapping[str, bytes]:
        """File name → DER."""
        ...

    def crls(self) -> Mapping[str, bytes]:
        """File name → DER, never overdue."""
        ...

    def refresh_crls(self) -> bool:
        """Makes new CRLs when it is time."""
        ...

    def keep_responders(self) -> bool:
        """Appoints OCSP responders when it is time."""
        ...

    def crls_end(self) -> datetime:
        """Until when the lists that are there hold; none is made."""
        ...

    def list_keys(self) -> Iterable[KeyState]:
        """Every key with its end; nothing secret."""
        ...

    def keep_seals(self, names: Mapping[str, str]) -> int:
        """Seals for departments that have none under their present name; how many were new."""
        ...

    def ask_seals(self, names: Mapping[str, str]) -> int:
        """Requests to outside authorities for seals that end soon; how many were made."""
        ...

    def check_keys(self) -> None:
        """Whether its keys can sign now; raises `CertlibError`."""
        ...

    def keep_timestamp_key(self) -> bool:
        """Makes the next timestamp key when it is time; whether it did."""
        ...

    def keep_own_keys(self) -> bool:
        """Follows keys for history, lists, receipts and snapshots in time; whether any was."""
        ...

    def timestamps_end(self) -> datetime:
        """Until when there is a timestamp key that may sign."""
        ...


class Parts(Protocol):
    """The parts of a node that routes, pages and workers use."""

    @property
    def settings(self) -> Settings:
        """How the node runs."""
        ...

    @property
    def clock(self) -> Clock:
        """The only source of time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """The only source of randomness."""
        ...

    @property
    def divisions(self) -> DivisionTable:
        """Names of places by their codes."""
        ...

    def samples(self, version: TypeVersion) -> Mapping[str, Any]:
        """Samples of a type's fields, as an order may hold them; pictures are real ones."""
        ...

    @property
    def registry(self) -> Record:
        """The record."""
        ...

    @property
    def objects(self) -> Shelf:
        """The sealed files."""
        ...

    @property
    def status(self) -> StatusSource:
        """The fast path to one row."""
        ...

    @property
    def lock_files(self) -> LockFiles | None:
        """Locks what is published, where the object store can."""
        ...

    @property
    def authority(self) -> Published:
        """Certificates and CRLs to publish."""
        ...

    @property
    def ocsp(self) -> Responder:
        """Tells of revoked certificates."""
        ...

    @property
    def outside_lists(self) -> OutsideLists:
        """Fetches revocation lists of others; for the worker alone."""
        ...

    @property
    def outside_answers(self) -> OutsideLists:
        """Asks OCSP responders of others; for the worker alone."""
        ...

    @property
    def trust(self) -> Trust:
        """The list of other authorities."""
        ...

    @property
    def stamp_clock(self) -> StampingClock:
        """The clock of the timestamp authority."""
        ...

    @property
    def timestamps(self) -> Timestamps:
        """The timestamp authority."""
        ...

    @property
    def timestamp_sources(self) -> TimestampSources | None:
        """Authorities that stamp seals, where they are others than our own."""
        ...

    @property
    def timings(self) -> Timings:
        """How long pages and seals take."""
        ...

    @property
    def token_key(self) -> bytes:
        """The key that signs access tokens, 32 octets or more."""
        ...

    @property
    def issue(self) -> IssueCertificates:
        """Issues."""
        ...

    @property
    def make(self) -> MakeDrafts:
        """Makes drafts."""
        ...

    @property
    def review(self) -> ReviewDrafts:
        """Approves drafts and gives them back."""
        ...

    @property
    def seal(self) -> SealDrafts:
        """Seals drafts."""
        ...

    @property
    def revise(self) -> ReviseCertificates:
        """Makes next versions."""
        ...

    @property
    def add_form(self) -> AddForms:
        """Adds files to certificates."""
        ...

    @property
    def drafts(self) -> ReadDrafts:
        """Reads drafts."""
        ...

    @property
    def change(self) -> ChangeState:
        """Changes states."""
        ...

    @property
    def amend(self) -> AmendCertificates:
        """Changes what stands beside the state."""
        ...

    @property
    def results(self) -> RecordResults:
        """Keeps results of periodic duties."""
        ...

    @property
    def due_lists(self) -> DueLists:
        """Lists what is late."""
        ...

    @property
    def read(self) -> ReadCertificates:
        """Reads."""
        ...

    @property
    def reveal(self) -> RevealCertificates:
        """Lets what is masked be seen."""
        ...

    @property
    def follow(self) -> FollowChanges:
        """Reads the change feed."""
        ...

    @property
    def notices(self) -> Notices:
        """Webhooks and their deliveries."""
        ...

    @property
    def verify(self) -> VerifyCertificates:
        """Verifies."""
        ...

    @property
    def reports(self) -> MakeReports:
        """Makes receipts of answers."""
        ...

    @property
    def reconcile(self) -> Reconcile:
        """Finishes what a crash left."""
        ...

    @property
    def preserve(self) -> PreserveSeals:
        """Lifts and renews seals."""
        ...

    @property
    def types(self) -> ManageTypes:
        """Keeps the catalogue."""
        ...

    @property
    def departments(self) -> ManageDepartments:
        """Keeps the register of bodies."""
        ...

    @property
    def issue_list(self) -> ManageIssueList:
        """Keeps who may issue what."""
        ...

    @property
    def holders(self) -> RecordHolders:
        """Keeps what happens to holders."""
        ...

    @property
    def seal_history(self) -> SealHistory:
        """Seals what the history has grown by."""
        ...

    @property
    def paper(self) -> KeepPaper:
        """Keeps paper twins and blank forms."""
        ...

    @property
    def blanks(self) -> KeepBlanks:
        """Keeps the stock of blank forms."""
        ...
