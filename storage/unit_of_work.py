"""The write side of the port: one transaction, nothing kept without `commit()`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, CertificateFile
from certlib.errors import Conflict, StoreUnavailable
from certlib.registry import (
    AuditRecord,
    Client,
    Department,
    IdempotencyRecord,
    Intent,
    IssueListEntry,
    OutboxEvent,
    Publication,
)
from storage import amendment, audit_chain, catalogue, idempotency, intents, outbox, publication
from storage.duties import DutyWriting
from storage.faults import bare, fault_code
from storage.issuing import IssuingWriting
from storage.link import Link
from storage.locks import LockWriting
from storage.notices import NoticeWriting
from storage.paper import PaperWriting
from storage.parties import PartyWriting
from storage.preservation import PreservationWriting
from storage.reading import SqlReadSession
from storage.sealed_history import SealedHistoryWriting
from storage.stops import StopWriting
from storage.type_lifecycle import CatalogueWriting


class SqlUnitOfWork(
    SqlReadSession,
    CatalogueWriting,
    IssuingWriting,
    DutyWriting,
    PartyWriting,
    PaperWriting,
    NoticeWriting,
    SealedHistoryWriting,
    LockWriting,
    StopWriting,
    PreservationWriting,
):
    """One write transaction.

    A call that fails half-way spoils the unit: leave the block and begin again. Refusals that
    wrote nothing (`StaleVersion`, an idempotency key already there) do not.
    """

    def __init__(self, link: Link, transaction: RootTransaction) -> None:
        super().__init__(link)
        self._transaction = transaction

    def claim_idempotency(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Keeps `record` as running and answers None, or answers the record already there."""
        return idempotency.claim(self._link, record)

    def complete_idempotency(
        self, client_id: str, route: str, key: str, *, identifier: str, answer: str
    ) -> None:
        """Keeps the answer; `Conflict` when no such record is running."""
        idempotency.complete(self._link, (client_id, route, key), identifier, answer)

    def release_idempotency(self, client_id: str, route: str, key: str) -> None:
        """Forgets a running record whose act came to nothing."""
        idempotency.release(self._link, client_id, route, key)

    def reserve(self, intents_: Iterable[Intent]) -> None:
        """Writes INTENT rows and claims face numbers; `FaceNumberTaken`, `Conflict`."""
        intents.reserve(self._link, intents_)

    def lease_intents(self, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
        """Pending intents whose lease has ended, leased until `until`, oldest first."""
        return intents.lease(self._link, now, until, limit)

    def note_attempt(self, identifier: str, error: str, *, outage: bool = False) -> None:
        """Counts a failed attempt and ends the lease; `Conflict` when not pending."""
        intents.note_attempt(self._link, identifier, error, outage=outage)

    def burn(self, identifier: str, reason: str) -> None:
        """Gives an intent up for good; `Conflict` when not pending."""
        intents.burn(self._link, identifier, reason)

    def publish(self, publications: Iterable[Publication]) -> None:
        """Certificates with all their rows; `Conflict` when an intent is no longer pending."""
        publication.publish(self._link, publications)

    def save(self, certificate: Certificate, expected_version: int) -> None:
        """Keeps state, flags, restrictions, new steps; `StaleVersion`."""
        amendment.save(self._link, certificate, expected_version)

    def add_file(self, file: CertificateFile) -> None:
        """Keeps a served file's digest; `CertificateNotFound`, `Conflict`."""
        amendment.add_file(self._link, file)

    def append_audit(self, records: Iterable[AuditRecord]) -> None:
        """Keeps records; the commit gives them sequence and digest."""
        audit_chain.append(self._link, records)

    def add_events(self, events: Iterable[OutboxEvent]) -> None:
        """Keeps effects for the relay."""
        outbox.add(self._link, events)

    def put_department(self, department: Department) -> None:
        """Keeps a department as it is first registered."""
        catalogue.put_department(self._link, department)

    def put_type_version(self, version: TypeVersion, definition: str) -> None:
        """Keeps an immutable version; `Conflict` when it is there with another definition."""
        catalogue.put_type_version(self._link, version, definition)

    def put_issue_entry(self, entry: IssueListEntry) -> None:
        """Keeps an entry of the issue list, or its end."""
        catalogue.put_issue_entry(self._link, entry)

    def put_client(self, client: Client) -> None:
        """Keeps a client, or its changes."""
        catalogue.put_client(self._link, client)

    def take_baseline(self) -> None:
        """Bears witness to every row of this database, unless that was done before."""
        audit_chain.take_baseline(self._link)

    def commit(self) -> None:
        """The commit point: durable when it returns.

        Raises:
            Conflict: an earlier call of this unit failed half-way.
            StoreUnavailable: not confirmed; the outcome is unknown.
        """
        if self._link.spoiled:
            raise Conflict
        audit_chain.write(self._link)
        try:
            self._transaction.commit()
        except SQLAlchemyError as error:
            what = fault_code(getattr(error, "orig", error))
            raise StoreUnavailable(what=what) from bare(error)
