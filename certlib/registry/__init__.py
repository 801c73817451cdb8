"""The record, as the use cases see it: what is kept, and the unit of work that keeps it.

`Registry.begin()` opens a write transaction: leaving the block without `commit()` rolls back.
`Registry.read()` opens a snapshot for reading. The commit of a publication is the truth.
Each concern has a module of its own; a session is all of them together.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from certlib.departments import Department
from certlib.mandates import IssueListEntry
from certlib.registry.backlog import Backlog, BacklogReads, Queue
from certlib.registry.catalogue import CatalogueReads, CatalogueWrites
from certlib.registry.core import (
    AuditRecord,
    Client,
    CoreReads,
    CoreWrites,
    IdempotencyRecord,
    IntendedFile,
    Intent,
    IntentStatus,
    OutboxEvent,
    Publication,
    SearchQuery,
    StatusRow,
    object_name,
)
from certlib.registry.duties import (
    DutyReads,
    DutyWrites,
    LateQuery,
    OverdueQuery,
    OverdueRule,
    StandingRow,
)
from certlib.registry.issuing import (
    AddedForm,
    Draft,
    DraftQuery,
    DraftStatus,
    IssuingReads,
    IssuingWrites,
)
from certlib.registry.locks import LockReads, LockWrites
from certlib.registry.notices import NoticeReads, NoticeWrites
from certlib.registry.paper import PaperReads, PaperWrites
from certlib.registry.parties import PartyReads, PartyWrites
from certlib.registry.preservation import (
    CareBacklog,
    KeptSeal,
    PreservationReads,
    PreservationWrites,
    StockGroup,
)
from certlib.registry.seals import (
    BatchHeader,
    HistoryTail,
    SealedBatch,
    SealedHistoryReads,
    SealedHistoryWrites,
)
from certlib.registry.stops import SealingStop, StopReads, StopWrites

__all__ = [
    "AddedForm",
    "AuditRecord",
    "Backlog",
    "BatchHeader",
    "CareBacklog",
    "Client",
    "Department",
    "Draft",
    "DraftQuery",
    "DraftStatus",
    "HistoryTail",
    "IdempotencyRecord",
    "IntendedFile",
    "Intent",
    "IntentStatus",
    "IssueListEntry",
    "KeptSeal",
    "LateQuery",
    "OutboxEvent",
    "OverdueQuery",
    "OverdueRule",
    "Publication",
    "Queue",
    "ReadSession",
    "Registry",
    "SealedBatch",
    "SealingStop",
    "SearchQuery",
    "StandingRow",
    "StatusRow",
    "StockGroup",
    "UnitOfWork",
    "object_name",
]


class ReadSession(
    CoreReads,
    CatalogueReads,
    IssuingReads,
    DutyReads,
    PartyReads,
    PaperReads,
    NoticeReads,
    SealedHistoryReads,
    LockReads,
    PreservationReads,
    BacklogReads,
    StopReads,
    Protocol,
):
    """A consistent view for reading."""


class UnitOfWork(
    ReadSession,
    CoreWrites,
    CatalogueWrites,
    IssuingWrites,
    DutyWrites,
    PartyWrites,
    PaperWrites,
    NoticeWrites,
    SealedHistoryWrites,
    LockWrites,
    StopWrites,
    PreservationWrites,
    Protocol,
):
    """One write transaction. Nothing is kept without `commit()`; after it, everything is."""

    def commit(self) -> None:
        """Durable when it returns.

        Raises:
            StoreUnavailable: the store did not confirm; the outcome is unknown.
        """
        ...


class Registry(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[UnitOfWork]: ...
    def read(self) -> AbstractContextManager[ReadSession]: ...
