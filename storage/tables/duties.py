"""Rows of what stands beside the state: renewals, periodic results, delivery, and their sum.

Results are append-only by trigger; an application is decided once.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from certlib.delivery import Channel
from certlib.duties import DutyResult
from certlib.renewals import RenewalOutcome
from certlib.states import Action
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
    filled,
    flag,
    instant,
    one_of,
    optional_day,
    optional_instant,
    optional_sealed,
    optional_text,
    text,
)


def _of_certificate() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["identifier"], ["certificates.identifier"])


class RenewalApplicationRow(Row, table=True):
    """An application for renewal, and its decision when there is one."""

    __tablename__ = "renewal_applications"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        CheckConstraint("sequence >= 1", name="sequence"),
        one_of("outcome", RenewalOutcome),
        CheckConstraint(
            "(outcome IS NULL) = (decided_on IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    sequence: int = count(primary_key=True)
    applied_on: date = day()
    case_number: str = text()
    recorded_at: datetime = instant()
    actor: str = text()
    outcome: str | None = optional_text()
    decided_on: date | None = optional_day()
    document_number: str = text()
    decided_at: datetime | None = optional_instant()
    decided_by: str = text()


class PeriodicResultRow(Row, table=True):
    """One result of one periodic duty."""

    __tablename__ = "periodic_results"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        CheckConstraint("sequence >= 1", name="sequence"),
        filled("duty_code"),
        one_of("result", DutyResult),
        Index("ix_periodic_results_duty", "identifier", "duty_code", "done_on", "sequence"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    sequence: int = count(primary_key=True)
    duty_code: str = text()
    result: str = text()
    done_on: date = day()
    period_start: date | None = optional_day()
    next_due: date | None = optional_day()
    authority: str = text()
    document_number: str = text()
    recorded_at: datetime = instant()
    actor: str = text()


class DeliveryRow(Row, table=True):
    """A certificate's delivery, from the day of its decision on."""

    __tablename__ = "deliveries"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        one_of("channel", Channel),
        CheckConstraint("(delivered_on IS NULL) = (channel IS NULL)", name="delivered"),
        Index("ix_deliveries_issuer", "issuer_code", "identifier"),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    issuer_code: str = text()
    type_code: str = text()
    decision_date: date | None = optional_day()
    delivered_on: date | None = optional_day()
    channel: str | None = optional_text()
    receiver: bytes | None = optional_sealed()
    late: bool = flag()
    recorded_at: datetime | None = optional_instant()
    actor: str = text()


class StandingRow(Row, table=True):
    """What the public look-up needs of a certificate to which something happened.

    It says nothing that other rows do not say; each write of the certificate makes it anew.
    `begins` is the first day for which the record speaks; the decision is that of the last step.
    `results` is a canonical JSON list of [sequence, duty code, result, done on, next deadline].
    """

    __tablename__ = "certificate_standing"
    __table_args__: ClassVar[Any] = (
        _of_certificate(),
        one_of("action", Action),
        STRICT,
    )

    identifier: str = text(primary_key=True)
    action: str = text()
    reason_code: str = text()
    begins: date = day()
    effective_from: date = day()
    until: date | None = optional_day()
    automatic: bool = flag()
    personal: bool = flag()
    granted_on: date | None = optional_day()
    results: str = text()
