"""Deliver: events of the outbox to the webhooks that asked for them, at least once each."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from certlib.canonical import canonical_bytes
from certlib.ports import Clock, Entropy, Letter, NoticeSender, Receipt
from certlib.registry import AuditRecord, Registry
from certlib.registry.notices import Batch, Change, Delivery, DeliveryStatus, Webhook
from certlib.usecases.addressees import Addressees
from certlib.webhooks import MOST_ATTEMPTS, TEST, delay, headers

BATCH: Final = 10
"""Deliveries leased together."""
LEASE: Final = timedelta(minutes=3)
"""Longer than a batch can take; after it, others try."""

_FAN_OUT: Final = 200
_FORGET: Final = 1000
_KEPT: Final = timedelta(days=90)
_EVENT_OCTETS: Final = 16
_DRAWS: Final = 2**32
_GOOD: Final = range(200, 300)
_GONE: Final = 410
_ACTOR: Final = "courier"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a batch; `reachable` is False when the receiver gave no answer."""

    delivered: int
    failed: int
    dead: int
    reachable: bool


class DeliverNotices:
    """Queues, signs and posts; safe in any number of processes."""

    def __init__(
        self, registry: Registry, sender: NoticeSender, clock: Clock, entropy: Entropy
    ) -> None:
        self._registry = registry
        self._sender = sender
        self._clock = clock
        self._entropy = entropy

    def fan_out(self) -> int:
        """Turns what waits in the outbox into deliveries; how many events were taken.

        Events and deliveries change in one commit: a crash leaves each event untaken or queued.
        """
        with self._registry.read() as session:
            if not session.events_waiting():
                return 0
        now = self._clock.now()
        with self._registry.begin() as uow:
            taken = uow.take_events(_FAN_OUT)
            told = Addressees(uow, now).deliveries(taken, uow.active_webhooks())
            uow.queue(list(told))
            uow.mark_told(taken, now)
            uow.commit()
        return len(taken)

    def lease(self, busy: Iterable[str] = ()) -> Batch | None:
        """Due deliveries of one webhook that is not among `busy`; None when nothing is due."""
        now = self._clock.now()
        with self._registry.read() as session:
            if not session.delivery_due(now, busy):
                return None
        with self._registry.begin() as uow:
            batch = uow.lease_deliveries(now, now + LEASE, BATCH, busy)
            uow.commit()
        return batch

    def send(self, batch: Batch, halted: Callable[[], bool] = lambda: False) -> Sent:
        """Posts a leased batch and keeps what became of it.

        What is not tried, because the receiver did not answer or the service is `halted`, is due
        again at once.
        """
        tried: list[Delivery] = []
        receipt = Receipt(0)
        waiting = takewhile(lambda _item: not halted(), batch.deliveries)
        letters = (self._letter(batch.webhook, item) for item in waiting)
        with closing(self._sender.send(batch.webhook.url, letters)) as receipts:
            for delivery, receipt in zip(batch.deliveries, receipts, strict=False):
                tried.append(self._settled(delivery, receipt))
                if receipt.status in {0, _GONE}:
                    break
        self._keep(batch, tried, gone=receipt.status == _GONE)
        delivered = sum(item.status is DeliveryStatus.DELIVERED for item in tried)
        dead = sum(item.status is DeliveryStatus.DEAD for item in tried)
        reachable = receipt.status != 0 or not tried
        return Sent(delivered, len(tried) - delivered - dead, dead, reachable)

    def test(self, webhook: Webhook) -> Receipt:
        """Posts a test event to a webhook now, and tells what came back."""
        now = self._clock.now()
        event = "evt_" + self._entropy.octets(_EVENT_OCTETS).hex()
        body = {"webhook_id": webhook.webhook_id}
        letter = _signed(webhook, event, _body(TEST, now, body), now)
        with closing(self._sender.send(webhook.url, [letter])) as receipts:
            return next(receipts)

    def forget(self) -> int:
        """Removes deliveries that were settled long ago; how many."""
        with self._registry.begin() as uow:
            removed = uow.forget_deliveries(self._clock.now() - _KEPT, _FORGET)
            uow.commit()
        return removed

    def _letter(self, webhook: Webhook, delivery: Delivery) -> Letter:
        change = delivery.change
        body = _body(delivery.topic, change.recorded_at, _told(change))
        return _signed(webhook, delivery.event_id, body, self._clock.now())

    def _settled(self, delivery: Delivery, receipt: Receipt) -> Delivery:
        now = self._clock.now()
        answered = replace(
            delivery, last_at=now, last_status=receipt.status, last_error=receipt.error
        )
        if receipt.status in _GOOD:
            return replace(answered, status=DeliveryStatus.DELIVERED, delivered_at=now)
        if delivery.attempts >= MOST_ATTEMPTS:
            return replace(answered, status=DeliveryStatus.DEAD)
        chance = int.from_bytes(self._entropy.octets(4)) / _DRAWS
        seconds = max(delay(delivery.attempts, chance), receipt.retry_after)
        return replace(answered, next_at=now + timedelta(seconds=seconds))

    def _keep(self, batch: Batch, tried: Sequence[Delivery], *, gone: bool) -> None:
        now = self._clock.now()
        untried = [replace(item, next_at=now) for item in batch.deliveries[len(tried) :]]
        with self._registry.begin() as uow:
            uow.settle(tried)
            uow.put_back(untried)
            if gone:
                found = uow.webhook(batch.webhook.webhook_id)
                if found is not None and found.disabled_at is None:
                    uow.put_webhook(replace(found, disabled_at=now, disabled_reason="gone"))
                    details = {"reason": "gone"}
                    name = found.webhook_id
                    uow.append_audit([AuditRecord(now, _ACTOR, "disable-webhook", name, details)])
            uow.commit()


def _signed(webhook: Webhook, event: str, body: bytes, now: datetime) -> Letter:
    signing = headers(webhook.secrets(now), event, int(now.timestamp()), body)
    return Letter({"content-type": "application/json", **signing}, body)


def _body(topic: str, at: datetime, data: dict[str, Any]) -> bytes:
    return canonical_bytes({"type": topic, "timestamp": _instant(at), "data": data})


def _told(change: Change) -> dict[str, Any]:
    """Nothing of the holder: who wants more asks, with a token."""
    return {
        "identifier": change.identifier,
        "type_code": change.type_code,
        "issuer_code": change.issuer_code,
        "act": change.act,
        "state": change.state.value,
        "row_version": change.row_version,
        "recorded_at": _instant(change.recorded_at),
    }


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
