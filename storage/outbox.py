"""The outbox: effects of acts, kept in the transaction of the act, told to receivers afterwards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, insert, select, update

from certlib.canonical import canonical_bytes
from certlib.registry import OutboxEvent
from storage.encryption import Place
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import OutboxRow, table

_OUTBOX = table(OutboxRow)
_INSERT = insert(_OUTBOX)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)
_TOPICS = Prepared(select(_OUTBOX.c.event_id, _OUTBOX.c.topic).where(_OUTBOX.c.event_id.in_(_MANY)))
_WAITING = _OUTBOX.c.delivered_at.is_(None)
_ANY = Prepared(select(_OUTBOX.c.event_id).where(_WAITING).limit(1))
_DONE = (
    update(_OUTBOX)
    .where(_OUTBOX.c.event_id == bindparam("b_event_id"))
    .values(delivered_at=bindparam("b_now"), attempts=_OUTBOX.c.attempts + 1)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that nobody has been told of yet; its payload is not opened."""

    event_id: str
    topic: str
    identifier: str


def event_key(identifier: str, row_version: int) -> str:
    """The id of the event that says that a certificate has come to a version."""
    return f"{identifier}:{row_version}"


def add(link: Link, events: Iterable[OutboxEvent]) -> None:
    """Keeps effects for the relay.

    Raises:
        Conflict: an event of that id is there already.
    """
    rows = [_row(link, event) for event in events]
    link.change(_INSERT, rows)
    link.announced.update(row["event_id"] for row in rows)


def take(link: Link, limit: int) -> Sequence[Waiting]:
    """Events nobody has been told of, the oldest first; locked, so no other relay gets them."""
    return [
        Waiting(row.event_id, row.topic, row.identifier) for row in link.fetch(_undelivered(limit))
    ]


def _undelivered(limit: int) -> Select[Any]:
    # SKIP LOCKED means something on PostgreSQL only; SQLite has one writer and leaves it out.
    return (
        select(_OUTBOX.c.event_id, _OUTBOX.c.topic, _OUTBOX.c.identifier)
        .where(_WAITING)
        .order_by(_OUTBOX.c.created_at, _OUTBOX.c.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def mark_told(link: Link, event_ids: Iterable[str], now: datetime) -> None:
    """These events need not be taken again."""
    link.change(_DONE, [{"b_event_id": event_id, "b_now": now} for event_id in event_ids])


def topics(link: Link, keys: Sequence[str]) -> Mapping[str, str]:
    """Topics by event id."""
    return {row.event_id: row.topic for row in link.fetch_of(_TOPICS, keys)}


def any_waiting(link: Link) -> bool:
    """Whether there are any."""
    return link.first(_ANY) is not None


def _row(link: Link, event: OutboxEvent) -> dict[str, Any]:
    place = Place(_OUTBOX.name, "payload", event.event_id)
    return {
        "event_id": event.event_id,
        "topic": event.topic,
        "identifier": event.identifier,
        "payload": link.cipher.seal(canonical_bytes(event.payload), place),
        "created_at": event.created_at,
        "attempts": 0,
        "last_error": "",
        "lease_until": None,
        "delivered_at": None,
    }
