"""Periodic duties, renewal applications, deliveries."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Date, and_, cast, false, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSON

from certlib.certificate import Certificate
from certlib.delivery import Delivery
from certlib.duties import DutyResult
from certlib.registry import LateQuery, OverdueQuery
from certlib.states import State
from storage import amendment, handing_over, records
from storage.columns import Day
from storage.holdings import held
from storage.link import Link
from storage.tables import CertificateRow, PeriodicResultRow, table

_CERTIFICATES = table(CertificateRow)
_RESULTS = table(PeriodicResultRow)
_RUNNING = (State.ISSUED, State.SUSPENDED)


class DutyReading:
    """The part of a session that reads them."""

    _link: Link

    def handover(self, identifier: str) -> Delivery | None:
        """What is on record of its delivery."""
        return handing_over.find(self._link, identifier)

    def late_handovers(self, query: LateQuery) -> Sequence[Delivery]:
        """Late and missing deliveries by identifier."""
        return handing_over.late(self._link, query)

    def overdue(self, query: OverdueQuery) -> Sequence[Certificate]:
        """Running certificates that are overdue in a duty, by identifier."""
        return overdue(self._link, query)


class DutyWriting(DutyReading):
    """The part of a unit of work that keeps them."""

    def put_handover(self, delivery: Delivery, expected_version: int) -> None:
        """Keeps a delivery; the certificate's version grows; `StaleVersion`."""
        amendment.touch(self._link, delivery.identifier, expected_version)
        handing_over.put(self._link, delivery)


def overdue(link: Link, query: OverdueQuery) -> Sequence[Certificate]:
    """The page after `query.after`.

    What counts is the deadline after the last fulfilled period or, where none was ever fulfilled,
    the one that follows from the day on which the duty began.
    """
    here, begun = _CERTIFICATES.c, _begun(link.dialect, query.duty_code)
    due = (
        select(_RESULTS.c.next_due)
        .where(
            _RESULTS.c.identifier == here.identifier,
            _RESULTS.c.duty_code == query.duty_code,
            _RESULTS.c.result != DutyResult.FAILED,
        )
        .order_by(_RESULTS.c.done_on.desc(), _RESULTS.c.sequence.desc())
        .limit(1)
        .correlate(_CERTIFICATES)
        .scalar_subquery()
    )
    by_version = [
        and_(
            here.type_version == rule.type_version,
            or_(due < rule.due_before, and_(due.is_(None), begun <= rule.begun_until)),
        )
        for rule in query.rules
    ]
    statement = (
        select(*records.COLUMNS)
        .where(
            held(_CERTIFICATES, query.within),
            here.type_code == query.type_code,
            here.state.in_(_RUNNING),
            or_(here.valid_to.is_(None), here.valid_to >= query.day),
            here.identifier > query.after,
            or_(false(), *by_version),
        )
        .order_by(here.identifier)
        .limit(query.limit)
    )
    return records.whole(link, link.fetch(statement))


def _begun(dialect: str, duty_code: str) -> ColumnElement[date]:
    """The day on which the duty began for the right: `Certificate.duty_since`."""
    kept = _CERTIFICATES.c.duties_since
    if dialect == "sqlite":
        since = type_coerce(func.json_extract(kept, f'$."{duty_code}"'), Day)
    else:
        since = type_coerce(cast(cast(kept, JSON)[duty_code].astext, Date), Day)
    return func.coalesce(since, _CERTIFICATES.c.issue_date)
