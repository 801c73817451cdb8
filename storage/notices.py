"""The change feed, webhooks and their deliveries: the parts of sessions and units."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from certlib.registry import StatusRow
from certlib.registry.notices import (
    Batch,
    Change,
    ChangeQuery,
    Delivery,
    DeliveryQuery,
    Event,
    Webhook,
)
from storage import changes, deliveries, outbox, statuses, webhooks
from storage.link import Link


class NoticeReading:
    """The part of a session that reads them."""

    _link: Link

    def statuses(self, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
        """Status rows of many certificates by identifier."""
        return statuses.many(self._link, identifiers)

    def status_page(self, after: str, most: int) -> Sequence[tuple[StatusRow, tuple[str, ...]]]:
        """Status rows after an identifier, with the digests of their original files."""
        return statuses.page(self._link, after, most)

    def changes(self, query: ChangeQuery) -> Sequence[Change]:
        """Lines of the feed in their order."""
        return changes.page(self._link, query)

    def last_sequence(self) -> int:
        """The sequence of the last committed act."""
        return changes.last_sequence(self._link)

    def webhook(self, webhook_id: str) -> Webhook | None:
        """A webhook, disabled or not."""
        return webhooks.find(self._link, webhook_id)

    def webhooks(self, department_code: str) -> Sequence[Webhook]:
        """All of a department, by id."""
        return webhooks.of_department(self._link, department_code)

    def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]:
        """Deliveries of a webhook, the newest events first."""
        return deliveries.page(self._link, query)

    def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery."""
        return deliveries.find(self._link, delivery_id)

    def events_of(self, lines: Iterable[Change]) -> Sequence[Event]:
        """The events that told of these lines."""
        return deliveries.events_of(self._link, lines)

    def delivery_due(self, now: datetime, busy: Iterable[str] = ()) -> bool:
        """Whether something is due to a webhook that is not among `busy`."""
        return deliveries.due(self._link, now, busy)

    def events_waiting(self) -> bool:
        """Whether events of the outbox are to be fanned out."""
        return outbox.any_waiting(self._link)


class NoticeWriting(NoticeReading):
    """The part of a unit of work that keeps them."""

    def put_webhook(self, webhook: Webhook) -> None:
        """Keeps a webhook, or its changes."""
        webhooks.put(self._link, webhook)

    def remove_webhook(self, webhook_id: str) -> None:
        """Forgets a webhook and its deliveries."""
        webhooks.remove(self._link, webhook_id)

    def take_events(self, limit: int) -> Sequence[Event]:
        """Events of the outbox that nobody was told of."""
        return deliveries.take_events(self._link, limit)

    def mark_told(self, events: Iterable[Event], now: datetime) -> None:
        """These events need not be taken again."""
        outbox.mark_told(self._link, [event.event_id for event in events], now)

    def active_webhooks(self) -> Sequence[Webhook]:
        """Every webhook that is not disabled."""
        return webhooks.active(self._link)

    def queue(self, new: Iterable[Delivery]) -> None:
        """Keeps new deliveries; one that is there already stays as it is."""
        deliveries.queue(self._link, new)

    def requeue(self, new: Iterable[Delivery]) -> None:
        """Keeps deliveries as new ones, whatever became of them before."""
        deliveries.requeue(self._link, new)

    def lease_deliveries(
        self, now: datetime, until: datetime, limit: int, busy: Iterable[str] = ()
    ) -> Batch | None:
        """Due deliveries of one webhook that is not among `busy`."""
        return deliveries.lease(self._link, now, until, limit, busy)

    def settle(self, settled: Iterable[Delivery]) -> None:
        """Keeps what became of leased deliveries."""
        deliveries.settle(self._link, settled)

    def put_back(self, untried: Iterable[Delivery]) -> None:
        """Ends the lease of deliveries that were not tried."""
        deliveries.put_back(self._link, untried)

    def forget_deliveries(self, before: datetime, limit: int) -> int:
        """Removes settled deliveries last tried before an instant; how many."""
        return deliveries.forget(self._link, before, limit)
