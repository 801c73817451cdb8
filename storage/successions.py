"""Planned successions: a renewal is issued, the version before is in force to its last day."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, delete, insert, select

from certlib.certificate import Certificate
from storage import amendment
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import PlannedSuccessionRow, table

_PLANS = table(PlannedSuccessionRow)
_INSERT = insert(_PLANS)
_FORGET = delete(_PLANS).where(_PLANS.c.identifier == bindparam("b_identifier"))
_DUE = Prepared(
    select(_PLANS.c.identifier)
    .where(_PLANS.c.due <= bindparam("day", type_=_PLANS.c.due.type))
    .order_by(_PLANS.c.due, _PLANS.c.identifier)
    .limit(bindparam("most"))
)


def plan(link: Link, certificate: Certificate, expected_version: int, due: date) -> None:
    """Keeps the successor's name with the version before, and the day of the change.

    Raises:
        StaleVersion: the row's version is not `expected_version`.
    """
    amendment.save(link, certificate, expected_version)
    settle(link, certificate.identifier)
    link.change(_INSERT, {"identifier": certificate.identifier, "due": due})


def due(link: Link, day: date, limit: int) -> Sequence[str]:
    """Versions whose day has come."""
    return [row.identifier for row in link.fetch(_DUE, day=day, most=limit)]


def settle(link: Link, identifier: str) -> None:
    """Forgets a plan."""
    link.change(_FORGET, {"b_identifier": identifier})
