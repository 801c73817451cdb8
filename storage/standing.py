"""Renewals and periodic results of certificates, and the one row the public look-up reads."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Executable, Row, bindparam, func, insert, select

from certlib.canonical import canonical_bytes
from certlib.certificate import Certificate
from certlib.duties import DutyClock, DutyResult, PeriodicResult, latest_results
from certlib.holders import is_person
from certlib.renewals import RenewalApplication, RenewalDecision, RenewalOutcome
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import PeriodicResultRow, RenewalApplicationRow, StandingRow, table

_RENEWALS = table(RenewalApplicationRow)
_RESULTS = table(PeriodicResultRow)
_STANDING = table(StandingRow)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)
_RENEWALS_OF = Prepared(
    select(_RENEWALS).where(_RENEWALS.c.identifier.in_(_MANY)).order_by(*_RENEWALS.primary_key)
)
_RESULTS_OF = Prepared(
    select(_RESULTS).where(_RESULTS.c.identifier.in_(_MANY)).order_by(*_RESULTS.primary_key)
)
_KNOWN_RESULTS = Prepared(
    select(func.count()).where(_RESULTS.c.identifier == bindparam("identifier"))
)
_INSERT_RESULT = insert(_RESULTS)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The sum does not keep when a result came on record: it is for what is known now."""


def keep(link: Link, certificate: Certificate) -> None:
    """Keeps what is new of renewals and results, and sums up how the certificate stands."""
    identifier = certificate.identifier
    link.change(
        _putting_renewals(link.dialect),
        [_renewal_row(identifier, one) for one in certificate.renewals],
    )
    if certificate.results:
        row = link.first(_KNOWN_RESULTS, identifier=identifier)
        known = 0 if row is None else int(row[0])
        new = certificate.results[known:]
        link.change(_INSERT_RESULT, [_result_row(identifier, one) for one in new])
    if len(certificate.history) > 1 or certificate.renewals or certificate.results:
        link.change(_putting_standing(link.dialect), _standing_row(certificate))


def summed_results(text: str) -> Iterator[PeriodicResult]:
    """What the column `results` says: enough to tell how duties stand."""
    for sequence, duty_code, result, done_on, next_due in json.loads(text):
        yield PeriodicResult(
            sequence=sequence,
            duty_code=duty_code,
            result=DutyResult(result),
            done_on=date.fromisoformat(done_on),
            recorded_at=_EVER,
            actor="",
            next_due=None if next_due is None else date.fromisoformat(next_due),
        )


def clocks_text(clocks: Sequence[DutyClock]) -> str | None:
    """The column `certificates.duties_since`."""
    kept = {item.duty_code: item.since.isoformat() for item in clocks}
    return canonical_bytes(kept).decode() if kept else None


def clocks_of(text: str | None) -> tuple[DutyClock, ...]:
    """What that column says."""
    kept = {} if text is None else json.loads(text)
    return tuple(DutyClock(code, date.fromisoformat(since)) for code, since in kept.items())


def renewals(link: Link, identifiers: Sequence[str]) -> dict[str, list[RenewalApplication]]:
    """Applications by identifier, in sequence."""
    found: dict[str, list[RenewalApplication]] = {}
    for row in link.fetch_of(_RENEWALS_OF, identifiers):
        found.setdefault(row.identifier, []).append(_renewal(row))
    return found


def results(link: Link, identifiers: Sequence[str]) -> dict[str, list[PeriodicResult]]:
    """Results by identifier, in sequence."""
    found: dict[str, list[PeriodicResult]] = {}
    for row in link.fetch_of(_RESULTS_OF, identifiers):
        found.setdefault(row.identifier, []).append(_result(row))
    return found


@cache
def _putting_renewals(dialect: str) -> Executable:
    inserted = inserting(_RENEWALS, dialect)
    decided = ("outcome", "decided_on", "document_number", "decided_at", "decided_by")
    return inserted.on_conflict_do_update(
        index_elements=list(_RENEWALS.primary_key),
        set_={name: inserted.excluded[name] for name in decided},
    )


@cache
def _putting_standing(dialect: str) -> Executable:
    inserted = inserting(_STANDING, dialect)
    return inserted.on_conflict_do_update(
        index_elements=list(_STANDING.primary_key),
        set_={
            column.name: inserted.excluded[column.name]
            for column in _STANDING.c
            if not column.primary_key
        },
    )


def _standing_row(certificate: Certificate) -> dict[str, Any]:
    decision = certificate.history[-1].decision
    kept = [
        [
            item.sequence,
            item.duty_code,
            item.result.value,
            item.done_on.isoformat(),
            None if item.next_due is None else item.next_due.isoformat(),
        ]
        for item in latest_results(certificate.results)
    ]
    return {
        "identifier": certificate.identifier,
        "action": decision.action,
        "reason_code": decision.reason_code,
        "begins": certificate.begins,
        "effective_from": decision.effective_from,
        "until": decision.until,
        "automatic": decision.automatic,
        "personal": any(is_person(holder.code_type) for holder in certificate.content.holders),
        "granted_on": _granted_on(certificate),
        "results": canonical_bytes(kept).decode(),
    }


def _granted_on(certificate: Certificate) -> date | None:
    for item in certificate.renewals:
        decision = item.decision
        granted = decision is not None and decision.outcome is RenewalOutcome.GRANTED
        if decision is not None and granted and certificate.in_time(item.applied_on):
            return decision.decided_on
    return None


def _renewal_row(identifier: str, one: RenewalApplication) -> dict[str, Any]:
    decision = one.decision
    return {
        "identifier": identifier,
        "sequence": one.sequence,
        "applied_on": one.applied_on,
        "case_number": one.case_number,
        "recorded_at": one.recorded_at,
        "actor": one.actor,
        "outcome": None if decision is None else decision.outcome,
        "decided_on": None if decision is None else decision.decided_on,
        "document_number": "" if decision is None else decision.document_number,
        "decided_at": None if decision is None else decision.recorded_at,
        "decided_by": "" if decision is None else decision.actor,
    }


def _renewal(row: Row[Any]) -> RenewalApplication:
    decision = None
    if row.outcome is not None:
        decision = RenewalDecision(
            outcome=RenewalOutcome(row.outcome),
            decided_on=row.decided_on,
            document_number=row.document_number,
            recorded_at=row.decided_at,
            actor=row.decided_by,
        )
    return RenewalApplication(
        sequence=row.sequence,
        applied_on=row.applied_on,
        case_number=row.case_number,
        recorded_at=row.recorded_at,
        actor=row.actor,
        decision=decision,
    )


def _result_row(identifier: str, one: PeriodicResult) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "sequence": one.sequence,
        "duty_code": one.duty_code,
        "result": one.result,
        "done_on": one.done_on,
        "period_start": one.period_start,
        "next_due": one.next_due,
        "authority": one.authority,
        "document_number": one.document_number,
        "recorded_at": one.recorded_at,
        "actor": one.actor,
    }


def _result(row: Row[Any]) -> PeriodicResult:
    return PeriodicResult(
        sequence=row.sequence,
        duty_code=row.duty_code,
        result=DutyResult(row.result),
        done_on=row.done_on,
        recorded_at=row.recorded_at,
        actor=row.actor,
        period_start=row.period_start,
        next_due=row.next_due,
        authority=row.authority,
        document_number=row.document_number,
    )
