"""What leaves the house: the change feed, webhooks and their deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from certlib.departments import Holding
from certlib.registry.core import StatusRow
from certlib.states import State

HOLDER_CHANGED: Final = "holder-changed"
HOLDER_CHANGE_VOIDED: Final = "holder-change-voided"
BESIDE_THE_RECORD: Final = frozenset({HOLDER_CHANGED, HOLDER_CHANGE_VOIDED})
"""Acts that move no version: lines of the feed, which nobody is posted a notice of."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one certificate: a line of the change feed.

    Attributes:
        sequence: that of the audit record of the act: in the order of commits, without a gap
            that a later commit could fill.
        act: as in the history (`issue`, `revoke`, `supersede`, …).
        state, row_version: the certificate's after the act; what happens to its holder
            (`BESIDE_THE_RECORD`) moves neither.
    """

    sequence: int
    identifier: str
    type_code: str
    issuer_code: str
    act: str
    state: State
    row_version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which lines of the feed; every given criterion must hold.

    Attributes:
        after: lines above this sequence.
        within: what the caller is responsible for; None for every issuer's.
        type_codes: empty for every type.
        since, until: recorded from one instant to another, both inclusive.
    """

    after: int = 0
    limit: int = 100
    within: tuple[Holding, ...] | None = None
    type_codes: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An effect of the outbox.

    Attributes:
        event_id: that of the outbox.
        change: the line of the feed that it speaks of; None when it is about something else.
    """

    event_id: str
    topic: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a department's system is told what happens to the department's certificates.

    Attributes:
        url: https; sealed at rest, as a path may hold a key.
        secret: signs every delivery; sealed at rest.
        former_secret: signs beside it until `former_until`, while the receiver changes over.
        disabled_reason: `asked`, or `gone` when the receiver answered 410.
    """

    webhook_id: str
    department_code: str
    url: str
    topics: tuple[str, ...]
    type_codes: tuple[str, ...]
    description: str
    secret: str
    created_at: datetime
    created_by: str
    former_secret: str = ""
    former_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str = ""

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the newest first."""
        former = self.former_until is not None and now < self.former_until
        return (self.secret, self.former_secret) if former else (self.secret,)


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook.

    Attributes:
        event_id: the same for every delivery of the event.
        attempts: how often it was tried since it was queued or replayed.
        next_at: when it is due; for one that is being tried, when it may be tried by others.
        last_status: HTTP status of the last answer; 0 when there was none.
        last_error: stable code of what went wrong, or "".
    """

    delivery_id: str
    webhook_id: str
    event_id: str
    topic: str
    change: Change
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_at: datetime
    last_at: datetime | None = None
    last_status: int = 0
    last_error: str = ""
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to one webhook, leased together."""

    webhook: Webhook
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    """Which deliveries of a webhook, the newest events first.

    Attributes:
        before: events below this sequence, or None for the newest.
        status: None for all.
    """

    webhook_id: str
    limit: int
    before: int | None = None
    status: DeliveryStatus | None = None


class NoticeReads(Protocol):
    """What can be asked."""

    def statuses(self, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
        """Status rows of many certificates by identifier; what is not on record is absent."""
        ...

    def status_page(self, after: str, most: int) -> Sequence[tuple[StatusRow, tuple[str, ...]]]:
        """Status rows after an identifier, with the digests of their original files.

        In the order of identifiers; at most `most`; drafts are left out.
        """
        ...

    def changes(self, query: ChangeQuery) -> Sequence[Change]:
        """Lines of the feed in their order; none is ever added behind one that was seen."""
        ...

    def last_sequence(self) -> int:
        """The sequence of the last committed act; 0 in an empty record."""
        ...

    def webhook(self, webhook_id: str) -> Webhook | None: ...
    def webhooks(self, department_code: str) -> Sequence[Webhook]:
        """All of a department, by id."""
        ...

    def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]: ...
    def delivery(self, delivery_id: str) -> Delivery | None: ...
    def events_of(self, lines: Iterable[Change]) -> Sequence[Event]:
        """The events that told of these lines; one for each version of a certificate."""
        ...

    def delivery_due(self, now: datetime, busy: Iterable[str] = ()) -> bool:
        """Whether something is due to a webhook that is not among `busy`."""
        ...

    def events_waiting(self) -> bool:
        """Whether events of the outbox are to be fanned out."""
        ...


class NoticeWrites(NoticeReads, Protocol):
    """What can be kept."""

    def put_webhook(self, webhook: Webhook) -> None:
        """Keeps a webhook, or its changes."""
        ...

    def remove_webhook(self, webhook_id: str) -> None:
        """Forgets a webhook and its deliveries."""
        ...

    def take_events(self, limit: int) -> Sequence[Event]:
        """Events of the outbox that nobody was told of, the oldest first, for this unit alone."""
        ...

    def mark_told(self, events: Iterable[Event], now: datetime) -> None:
        """These events need not be taken again."""
        ...

    def active_webhooks(self) -> Sequence[Webhook]:
        """Every webhook that is not disabled."""
        ...

    def queue(self, new: Iterable[Delivery]) -> None:
        """Keeps new deliveries; one that is there already stays as it is."""
        ...

    def requeue(self, new: Iterable[Delivery]) -> None:
        """Keeps deliveries as new ones, whatever became of them before."""
        ...

    def lease_deliveries(
        self, now: datetime, until: datetime, limit: int, busy: Iterable[str] = ()
    ) -> Batch | None:
        """Due deliveries of one webhook that is not among `busy`; nobody else gets them meanwhile.

        Each counts one attempt more. None when nothing is due.
        """
        ...

    def settle(self, settled: Iterable[Delivery]) -> None:
        """Keeps what became of leased deliveries; one that was replayed meanwhile stays as is."""
        ...

    def put_back(self, untried: Iterable[Delivery]) -> None:
        """Ends the lease of deliveries that were not tried; due again at their `next_at`."""
        ...

    def forget_deliveries(self, before: datetime, limit: int) -> int:
        """Removes settled deliveries last tried before an instant; how many."""
        ...
