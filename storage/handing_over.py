"""Deliveries: expected from the day of the decision, recorded once, listed when late."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, and_, bindparam, insert, or_, select

from certlib.certificate import Certificate
from certlib.delivery import Channel, Delivery
from certlib.registry import LateQuery
from certlib.states import State
from storage.encryption import Place
from storage.holdings import held
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import CertificateRow, DeliveryRow, table

_DELIVERIES = table(DeliveryRow)
_CERTIFICATES = table(CertificateRow)
_INSERT = insert(_DELIVERIES)
_ONE = Prepared(select(_DELIVERIES).where(_DELIVERIES.c.identifier == bindparam("identifier")))
_RUNNING = (State.ISSUED, State.SUSPENDED)


def expect(link: Link, certificates: Iterable[Certificate]) -> None:
    """From now on these shall be delivered; without a decision's day no period runs."""
    rows = [
        _row(
            link,
            Delivery(
                identifier=item.identifier,
                type_code=item.content.type_code,
                issuer_code=item.content.issuer_code,
                decision_date=item.content.decision_date,
            ),
        )
        for item in certificates
        if item.content.decision_date is not None
    ]
    link.change(_INSERT, rows)


def put(link: Link, delivery: Delivery) -> None:
    """Keeps a delivery."""
    link.change(_putting(link.dialect), _row(link, delivery))


def find(link: Link, identifier: str) -> Delivery | None:
    """What is on record of one certificate's delivery."""
    row = link.first(_ONE, identifier=identifier)
    return None if row is None else _delivery(link, row)


def late(link: Link, query: LateQuery) -> Sequence[Delivery]:
    """The page after `query.after`."""
    here, state = _DELIVERIES.c, _CERTIFICATES.c.state
    waiting = and_(
        here.delivered_on.is_(None),
        here.decision_date <= query.decided_until,
        state.in_(_RUNNING),
    )
    wanted = [
        held(_CERTIFICATES, query.within),
        waiting if query.undelivered else or_(waiting, here.late),
    ]
    if query.type_code:
        wanted.append(here.type_code == query.type_code)
    if query.after:
        wanted.append(here.identifier > query.after)
    statement = (
        select(_DELIVERIES)
        .join(_CERTIFICATES, _CERTIFICATES.c.identifier == here.identifier)
        .where(*wanted)
        .order_by(here.identifier)
        .limit(query.limit)
    )
    return [_delivery(link, row) for row in link.fetch(statement)]


@cache
def _putting(dialect: str) -> Executable:
    inserted = inserting(_DELIVERIES, dialect)
    told = ("delivered_on", "channel", "receiver", "late", "recorded_at", "actor")
    return inserted.on_conflict_do_update(
        index_elements=list(_DELIVERIES.primary_key),
        set_={name: inserted.excluded[name] for name in told},
    )


def _place(identifier: str) -> Place:
    return Place(_DELIVERIES.name, "receiver", identifier)


def _row(link: Link, one: Delivery) -> dict[str, Any]:
    sealed = None
    if one.receiver:
        sealed = link.cipher.seal_text(one.receiver, _place(one.identifier))
    return {
        "identifier": one.identifier,
        "issuer_code": one.issuer_code,
        "type_code": one.type_code,
        "decision_date": one.decision_date,
        "delivered_on": one.delivered_on,
        "channel": one.channel,
        "receiver": sealed,
        "late": one.late,
        "recorded_at": one.recorded_at,
        "actor": one.actor,
    }


def _delivery(link: Link, row: Row[Any]) -> Delivery:
    receiver = ""
    if row.receiver is not None:
        receiver = link.cipher.open_text(bytes(row.receiver), _place(row.identifier))
    return Delivery(
        identifier=row.identifier,
        type_code=row.type_code,
        issuer_code=row.issuer_code,
        decision_date=row.decision_date,
        delivered_on=row.delivered_on,
        channel=None if row.channel is None else Channel(row.channel),
        receiver=receiver,
        late=row.late,
        recorded_at=row.recorded_at,
        actor=row.actor,
    )
