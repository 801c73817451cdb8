"""Deliveries: events of the outbox on their way to webhooks.

`next_at` says when a delivery may be tried. Leasing one moves it behind the end of the lease, so a
worker that dies gives it back by doing nothing. `attempts` is counted when it is leased and tells
whether it is still the same lease when it is settled.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, Select, bindparam, delete, func, select, update

from certlib.registry.notices import (
    BESIDE_THE_RECORD,
    Batch,
    Change,
    Delivery,
    DeliveryQuery,
    DeliveryStatus,
    Event,
)
from certlib.webhooks import CHANGED
from storage import changes, outbox, webhooks
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import CertificateChangeRow, WebhookDeliveryRow, WebhookRow, table

_DELIVERIES = table(WebhookDeliveryRow)
_CHANGES = table(CertificateChangeRow)
_WEBHOOKS = table(WebhookRow)
_WITH_CHANGE = select(
    _DELIVERIES,
    *(_CHANGES.c[name] for name in ("identifier", "type_code", "issuer_code", "act", "state")),
    _CHANGES.c.row_version,
    _CHANGES.c.recorded_at,
).join_from(_DELIVERIES, _CHANGES, _CHANGES.c.sequence == _DELIVERIES.c.sequence)
_ONE = Prepared(_WITH_CHANGE.where(_DELIVERIES.c.delivery_id == bindparam("delivery_id")))
_DUE = (_DELIVERIES.c.status == DeliveryStatus.WAITING, _DELIVERIES.c.next_at <= bindparam("now"))
_OF_LEASE = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.delivery_id == bindparam("b_delivery_id"))
    .where(_DELIVERIES.c.status == DeliveryStatus.WAITING)
    .where(_DELIVERIES.c.attempts == bindparam("b_attempts"))
)
_SETTLE = _OF_LEASE.values(
    {
        name: bindparam(f"b_{name}")
        for name in ("status", "next_at", "last_status", "last_error", "delivered_at")
    }
)
_PUT_BACK = _OF_LEASE.values(attempts=_DELIVERIES.c.attempts - 1, next_at=bindparam("b_next_at"))


def take_events(link: Link, limit: int) -> Sequence[Event]:
    """Events that nobody was told of, with their lines of the feed; locked for this unit."""
    waiting = outbox.take(link, limit)
    lines = changes.of_versions(link, [item.identifier for item in waiting])
    told = {outbox.event_key(line.identifier, line.row_version): line for line in lines.values()}
    return [Event(item.event_id, item.topic, told.get(item.event_id)) for item in waiting]


def events_of(link: Link, lines: Iterable[Change]) -> Sequence[Event]:
    """The events that told of these lines; those of the first release had other topics or none."""
    told = {
        outbox.event_key(line.identifier, line.row_version): line
        for line in lines
        if line.act not in BESIDE_THE_RECORD
    }
    topics = outbox.topics(link, list(told))
    return [Event(key, topics.get(key, CHANGED), line) for key, line in told.items()]


def queue(link: Link, new: Iterable[Delivery]) -> None:
    """Keeps new deliveries; one that is there already stays as it is."""
    link.change(_adding(link.dialect), list(map(_row, new)))


def requeue(link: Link, new: Iterable[Delivery]) -> None:
    """Keeps deliveries as new ones, whatever became of them before."""
    link.change(_again(link.dialect), list(map(_row, new)))


def lease(
    link: Link, now: datetime, until: datetime, limit: int, busy: Iterable[str] = ()
) -> Batch | None:
    """Takes due deliveries of one webhook, as `NoticeWrites.lease_deliveries` says."""
    for webhook_id in _waiting_webhooks(link, now, busy):
        taken = link.fetch(_leasing(webhook_id, limit), now=now, b_until=until, b_now=now)
        webhook = webhooks.find(link, webhook_id) if taken else None
        if webhook is not None:
            names = [row.delivery_id for row in taken]
            rows = link.fetch(_WITH_CHANGE.where(_DELIVERIES.c.delivery_id.in_(names)))
            found = sorted(map(_delivery, rows), key=lambda item: item.change.sequence)
            return Batch(webhook, found)
    return None


def due(link: Link, now: datetime, busy: Iterable[str] = ()) -> bool:
    """Whether `lease` would find something now."""
    return bool(_waiting_webhooks(link, now, busy))


def settle(link: Link, deliveries: Iterable[Delivery]) -> None:
    """Keeps what became of leased deliveries, as `NoticeWrites.settle` says."""
    link.change(_SETTLE, [_settled(item) for item in deliveries])


def put_back(link: Link, deliveries: Iterable[Delivery]) -> None:
    """Ends the lease of deliveries that were not tried: that attempt does not count."""
    rows = [
        {
            "b_delivery_id": item.delivery_id,
            "b_attempts": item.attempts,
            "b_next_at": item.next_at,
        }
        for item in deliveries
    ]
    link.change(_PUT_BACK, rows)


def page(link: Link, query: DeliveryQuery) -> Sequence[Delivery]:
    """Deliveries of a webhook, the newest events first."""
    statement = _WITH_CHANGE.where(_DELIVERIES.c.webhook_id == query.webhook_id)
    if query.before is not None:
        statement = statement.where(_DELIVERIES.c.sequence < query.before)
    if query.status is not None:
        statement = statement.where(_DELIVERIES.c.status == query.status)
    ordered = statement.order_by(_DELIVERIES.c.sequence.desc()).limit(max(query.limit, 0))
    return [_delivery(row) for row in link.fetch(ordered)]


def find(link: Link, delivery_id_: str) -> Delivery | None:
    """One delivery."""
    row = link.first(_ONE, delivery_id=delivery_id_)
    return None if row is None else _delivery(row)


def forget(link: Link, before: datetime, limit: int) -> int:
    """Removes settled deliveries, as `NoticeWrites.forget_deliveries` says."""
    old = (
        select(_DELIVERIES.c.delivery_id)
        .where(_DELIVERIES.c.status.in_((DeliveryStatus.DELIVERED, DeliveryStatus.DEAD)))
        .where(_DELIVERIES.c.last_at < before)
        .limit(limit)
    )
    removed = delete(_DELIVERIES).where(_DELIVERIES.c.delivery_id.in_(old.scalar_subquery()))
    return len(link.fetch(removed.returning(_DELIVERIES.c.delivery_id)))


def _waiting_webhooks(link: Link, now: datetime, busy: Iterable[str]) -> list[str]:
    """Active webhooks with something due, the longest overdue first."""
    due = (
        select(func.min(_DELIVERIES.c.next_at))
        .where(_DELIVERIES.c.webhook_id == _WEBHOOKS.c.webhook_id)
        .where(_DELIVERIES.c.status == DeliveryStatus.WAITING)
        .correlate(_WEBHOOKS)
        .scalar_subquery()
    )
    rows = link.fetch(
        select(_WEBHOOKS.c.webhook_id)
        .where(_WEBHOOKS.c.disabled_at.is_(None))
        .where(_WEBHOOKS.c.webhook_id.not_in(sorted(busy)))
        .where(due <= now)
        .order_by(due, _WEBHOOKS.c.webhook_id)
    )
    return [row.webhook_id for row in rows]


def _leasing(webhook_id: str, limit: int) -> Executable:
    return (
        update(_DELIVERIES)
        .where(_DELIVERIES.c.delivery_id.in_(_free(webhook_id, limit).scalar_subquery()))
        .values(
            attempts=_DELIVERIES.c.attempts + 1,
            next_at=bindparam("b_until"),
            last_at=bindparam("b_now"),
        )
        .returning(_DELIVERIES.c.delivery_id)
    )


def _free(webhook_id: str, limit: int) -> Select[Any]:
    # SKIP LOCKED means something on PostgreSQL only; SQLite has one writer and leaves it out.
    return (
        select(_DELIVERIES.c.delivery_id)
        .where(_DELIVERIES.c.webhook_id == webhook_id, *_DUE)
        .order_by(_DELIVERIES.c.next_at, _DELIVERIES.c.sequence)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


@cache
def _adding(dialect: str) -> Executable:
    return inserting(_DELIVERIES, dialect).on_conflict_do_nothing(
        index_elements=list(_DELIVERIES.primary_key)
    )


@cache
def _again(dialect: str) -> Executable:
    inserted = inserting(_DELIVERIES, dialect)
    anew = ("status", "attempts", "next_at", "last_error", "last_status", "delivered_at")
    return inserted.on_conflict_do_update(
        index_elements=list(_DELIVERIES.primary_key),
        set_={name: inserted.excluded[name] for name in anew},
    )


def _row(item: Delivery) -> Mapping[str, Any]:
    return {
        "delivery_id": item.delivery_id,
        "webhook_id": item.webhook_id,
        "event_id": item.event_id,
        "topic": item.topic,
        "sequence": item.change.sequence,
        "status": item.status,
        "attempts": item.attempts,
        "created_at": item.created_at,
        "next_at": item.next_at,
        "last_at": item.last_at,
        "last_status": item.last_status,
        "last_error": item.last_error,
        "delivered_at": item.delivered_at,
    }


def _settled(item: Delivery) -> Mapping[str, Any]:
    return {
        "b_delivery_id": item.delivery_id,
        "b_attempts": item.attempts,
        "b_status": item.status,
        "b_next_at": item.next_at,
        "b_last_status": item.last_status,
        "b_last_error": item.last_error,
        "b_delivered_at": item.delivered_at,
    }


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        topic=row.topic,
        change=changes.change_of(row),
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at,
        last_at=row.last_at,
        last_status=row.last_status,
        last_error=row.last_error,
        delivered_at=row.delivered_at,
    )
