"""Addressees: which webhooks are told of an event. A department hears of what it keeps (INV-10)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from certlib.access import Access, Act
from certlib.calendar import legal_day
from certlib.departments import Jurisdiction
from certlib.registry import ReadSession
from certlib.registry.notices import Change, Delivery, DeliveryStatus, Event, Webhook
from certlib.webhooks import delivery_id, event_id, wants


class Addressees:
    """Who is responsible now, and what they asked to be told of."""

    def __init__(self, session: ReadSession, now: datetime) -> None:
        self._jurisdiction = Jurisdiction(session.successions())
        self._now = now
        self._day = legal_day(now)

    def deliveries(
        self, events: Iterable[Event], webhooks: Iterable[Webhook]
    ) -> Iterator[Delivery]:
        """A new delivery for each event and each webhook that is told of it."""
        listening = list(webhooks)
        for event in events:
            line = event.change
            if line is None:
                continue
            for webhook in listening:
                if self._may(webhook, line) and _asked(webhook, line, event.topic):
                    yield self._delivery(webhook, line, event.topic)

    def _may(self, webhook: Webhook, line: Change) -> bool:
        access = Access(webhook.department_code, self._day, self._jurisdiction)
        return access.may_with(Act.READ, line.issuer_code, line.type_code)

    def _delivery(self, webhook: Webhook, line: Change, topic: str) -> Delivery:
        event = event_id(line.identifier, line.row_version)
        return Delivery(
            delivery_id=delivery_id(webhook.webhook_id, event),
            webhook_id=webhook.webhook_id,
            event_id=event,
            topic=topic,
            change=line,
            status=DeliveryStatus.WAITING,
            attempts=0,
            created_at=self._now,
            next_at=self._now,
        )


def _asked(webhook: Webhook, line: Change, topic: str) -> bool:
    of_type = not webhook.type_codes or line.type_code in webhook.type_codes
    return of_type and wants(webhook.topics, topic)
