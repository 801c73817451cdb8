"""How much waits for background work, and since when."""

from datetime import datetime

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from certlib.registry import IntentStatus
from certlib.registry.backlog import Backlog, Queue
from certlib.registry.notices import DeliveryStatus
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import (
    CertificateRow,
    FormIntentRow,
    IntentRow,
    ObjectLockRow,
    OutboxRow,
    WebhookDeliveryRow,
    table,
)

_INTENTS = table(IntentRow)
_FORMS = table(FormIntentRow)
_OUTBOX = table(OutboxRow)
_DELIVERIES = table(WebhookDeliveryRow)
_LOCKS = table(ObjectLockRow)
_CERTIFICATES = table(CertificateRow)


def _queue(since: ColumnElement[object], *which: ColumnElement[bool]) -> Select[int, object]:
    return select(func.count().label("number"), func.min(since).label("since")).where(*which)


_QUEUES = {
    "intents": _queue(_INTENTS.c.recorded_at, _INTENTS.c.status == IntentStatus.PENDING),
    "forms": _queue(_FORMS.c.recorded_at, _FORMS.c.status == IntentStatus.PENDING),
    "events": _queue(_OUTBOX.c.created_at, _OUTBOX.c.delivered_at.is_(None)),
    "deliveries": _queue(_DELIVERIES.c.created_at, _DELIVERIES.c.status == DeliveryStatus.WAITING),
    "locks": _queue(_LOCKS.c.since, _LOCKS.c.attempts >= 0),
}
_DEAD = Prepared(
    select(func.count().label("number")).where(_DELIVERIES.c.status == DeliveryStatus.DEAD)
)


_UNDER_WAY = Prepared(
    select(func.count().label("number"))
    .where(_INTENTS.c.status == IntentStatus.PENDING)
    .where(_INTENTS.c.recorded_at <= bindparam("until"))
    .where(_INTENTS.c.issuer_code == bindparam("issuer_code"))
)
_ADDED_UNDER_WAY = Prepared(
    select(func.count().label("number"))
    .join_from(_FORMS, _CERTIFICATES, _CERTIFICATES.c.identifier == _FORMS.c.identifier)
    .where(_FORMS.c.status == IntentStatus.PENDING)
    .where(_FORMS.c.recorded_at <= bindparam("until"))
    .where(_CERTIFICATES.c.issuer_code == bindparam("issuer_code"))
)


class BacklogReading:
    """The part of a session that counts it."""

    _link: Link

    def backlog(self) -> Backlog:
        """What waits now."""
        found = {name: self._queue_of(statement) for name, statement in _QUEUES.items()}
        forms = found.pop("forms")
        waiting = [item for item in (found["intents"], forms) if item.since is not None]
        found["intents"] = Queue(
            sum(item.number for item in waiting),
            min((item.since for item in waiting if item.since is not None), default=None),
        )
        dead = self._link.first(_DEAD)
        return Backlog(**found, dead=0 if dead is None else int(dead.number))

    def under_way(self, issuer_code: str, until: datetime) -> int:
        """Pending intents of an issuer recorded by then, those that add a file among them."""
        values = {"issuer_code": issuer_code, "until": until}
        rows = [self._link.first(one, **values) for one in (_UNDER_WAY, _ADDED_UNDER_WAY)]
        return sum(int(row.number) for row in rows if row is not None)

    def _queue_of(self, statement: Select[int, object]) -> Queue:
        (row,) = self._link.fetch(statement)
        return Queue(int(row.number), row.since)
