"""The read side of the port: thin, each method is one query or one set of queries."""

from collections.abc import Sequence

from sqlalchemy import bindparam, text

from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, CertificateFile
from certlib.registry import (
    AuditRecord,
    Client,
    Department,
    IdempotencyRecord,
    Intent,
    IssueListEntry,
    SearchQuery,
    StatusRow,
)
from storage import audit_chain, catalogue, departments, idempotency, intents, records
from storage.backlog import BacklogReading
from storage.columns import Day
from storage.duties import DutyReading
from storage.issuing import IssuingReading
from storage.link import Link
from storage.locks import LockReading
from storage.notices import NoticeReading
from storage.paper import PaperReading
from storage.parties import PartyReading
from storage.preservation import PreservationReading
from storage.sealed_history import SealedHistoryReading
from storage.search import search
from storage.status import status_row
from storage.status_sql import STATUS_SQL
from storage.stops import StopReading
from storage.type_lifecycle import CatalogueReading

_STATUS = text(STATUS_SQL).bindparams(bindparam("today", type_=Day))


class SqlReadSession(
    CatalogueReading,
    IssuingReading,
    DutyReading,
    PartyReading,
    PaperReading,
    NoticeReading,
    SealedHistoryReading,
    LockReading,
    PreservationReading,
    BacklogReading,
    StopReading,
):
    """A consistent view for reading; the snapshot is taken by the first query."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def certificate(self, identifier: str) -> Certificate | None:
        """The certificate in whatever state it is."""
        return records.find(self._link, identifier)

    def status(self, identifier: str) -> StatusRow | None:
        """What the public look-up needs."""
        today = legal_day(self._link.clock.now())
        row = self._link.first(_STATUS, identifier=identifier, today=today)
        return None if row is None else status_row(row)

    def file(self, sha256: str) -> CertificateFile | None:
        """The served file with this digest."""
        return records.file(self._link, sha256)

    def search(self, query: SearchQuery) -> Sequence[Certificate]:
        """One page by identifier; no state is left out unless the query says so."""
        return search(self._link, query)

    def intent(self, identifier: str) -> Intent | None:
        """The intent that used this identifier, pending, published or burned."""
        return intents.find(self._link, identifier)

    def any_intent(self) -> Intent | None:
        """One intent of this database, whichever: it opens with the right key only."""
        return intents.find_any(self._link)

    def pending_intents(self) -> Sequence[Intent]:
        """Pending intents, oldest first."""
        return intents.pending(self._link)

    def type_version(self, type_code: str, version: str = "") -> TypeVersion | None:
        """That version, or the newest one; None when unknown."""
        return catalogue.type_version(self._link, type_code, version)

    def type_versions(self) -> Sequence[TypeVersion]:
        """Every version of every type."""
        return catalogue.type_versions(self._link)

    def department(self, credit_code: str) -> Department | None:
        """A department by its credit code, with the name it bears today."""
        return departments.department(self._link, credit_code)

    def departments(self) -> Sequence[Department]:
        """All departments by credit code, with the names they bear today."""
        return departments.departments(self._link)

    def issue_list(self, type_code: str, issuer_code: str) -> Sequence[IssueListEntry]:
        """A department's entries for a type."""
        return catalogue.issue_list(self._link, type_code, issuer_code)

    def client(self, client_id: str) -> Client | None:
        """A client, disabled or not."""
        return catalogue.client(self._link, client_id)

    def idempotency(self, client_id: str, route: str, key: str) -> IdempotencyRecord | None:
        """The record of an idempotency key."""
        return idempotency.find(self._link, client_id, route, key)

    def audit_trail(self, after: int = 0, limit: int = 1000) -> Sequence[AuditRecord]:
        """Committed records after a sequence."""
        return audit_chain.trail(self._link, after, limit)

    def history_of(
        self, identifier: str, after: int = 0, limit: int | None = None
    ) -> Sequence[AuditRecord]:
        """Committed records of one target, oldest first, above a sequence."""
        return audit_chain.of_target(self._link, identifier, after, limit)

    def counts(self) -> dict[str, int]:
        """Certificates by stored state, pending intents under `INTENT`."""
        return records.counts(self._link)
