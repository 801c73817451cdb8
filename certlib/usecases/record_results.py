"""Results of periodic duties in batches: each row is judged, kept and answered by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from certlib import beside
from certlib.access import Access, Act
from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes, digest
from certlib.catalogue import Duty
from certlib.certificate import Certificate
from certlib.duties import DutyResult, PeriodicResult
from certlib.errors import (
    CertificateNotFound,
    CertlibError,
    Conflict,
    Invalid,
    OutsideDepartment,
    Problem,
    Unavailable,
)
from certlib.ports import Clock
from certlib.registry import Registry, SearchQuery, UnitOfWork
from certlib.states import RUNNING, State
from certlib.usecases.access import access_of
from certlib.usecases.amend import record_change
from certlib.usecases.caller import MANAGE, Caller
from certlib.usecases.idempotency import claim, kept_answer

ROUTE = "periodic-result"
_GONE = frozenset({State.SUPERSEDED, State.VOIDED})
_MOST_VERSIONS = 50
"""Versions that may carry one number on their face."""

Outcome = Mapping[str, Any] | CertlibError


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result of one certificate, named by identifier or by its number and type.

    Attributes:
        key: the idempotency key of this row.
    """

    key: str
    duty_code: str
    result: DutyResult
    done_on: date
    identifier: str = ""
    type_code: str = ""
    number: str = ""
    period_start: date | None = None
    next_due: date | None = None
    authority: str = ""
    document_number: str = ""

    def request_digest(self) -> str:
        """Hex SHA-256 of the row in canonical JSON."""
        return digest(
            {
                "identifier": self.identifier,
                "type_code": self.type_code,
                "number": self.number,
                "duty_code": self.duty_code,
                "result": self.result.value,
                "done_on": self.done_on.isoformat(),
                "period_start": _iso(self.period_start),
                "next_due": _iso(self.next_due),
                "authority": self.authority,
                "document_number": self.document_number,
            }
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """One transaction and who works in it."""

    uow: UnitOfWork
    caller: Caller
    access: Access
    now: datetime


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row that is good: nothing stands in the way of keeping it."""

    before: Certificate
    after: Certificate
    duty: Duty


class RecordResults:
    """Keeps results: one commit for a batch, and one for each row where that cannot be."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def record(self, caller: Caller, rows: Sequence[ResultRow]) -> list[Outcome]:
        """The outcome of each row, in order; rows do not hang on one another.

        Raises:
            ScopeMissing: the caller may not do this at all.
        """
        caller.need(MANAGE)
        if not rows:
            return []
        try:
            return self._together(caller, rows)
        except (Conflict, Unavailable) as error:
            # The store refused: whose row it was shows when each is tried alone.
            if len(rows) == 1:
                return [error]
            return [outcome for row in rows for outcome in self.record(caller, [row])]

    def _together(self, caller: Caller, rows: Sequence[ResultRow]) -> list[Outcome]:
        now = self._clock.now()
        with self._registry.begin() as uow:
            desk = _Desk(uow, caller, access_of(uow, caller, legal_day(now)), now)
            outcomes = [_outcome(desk, row) for row in rows]
            uow.commit()
        return outcomes


def _outcome(desk: _Desk, row: ResultRow) -> Outcome:
    """Nothing is written before everything was found good; a refusal leaves the key free."""
    try:
        ready = _ready(desk, row)
    except Unavailable:
        raise
    except CertlibError as error:
        return error
    if not isinstance(ready, _Ready):
        return ready
    desk.uow.save(ready.after, ready.before.row_version)
    return _kept(desk, row, ready)


def _ready(desk: _Desk, row: ResultRow) -> _Ready | Mapping[str, Any]:
    """The row found good and its key claimed, or the answer that its key got before."""
    asked = row.request_digest()
    uow, caller = desk.uow, desk.caller
    earlier = uow.idempotency(caller.client_id, ROUTE, row.key)
    if earlier is not None:
        return kept_answer(earlier, asked)
    before = _found(desk, row)
    if not desk.access.may(Act.CHANGE, before.content):
        raise OutsideDepartment
    duty = _duty(uow, before, row.duty_code)
    result = PeriodicResult(
        sequence=0,
        duty_code=duty.code,
        result=row.result,
        done_on=row.done_on,
        recorded_at=desk.now,
        actor=caller.actor,
        period_start=row.period_start,
        next_due=row.next_due,
        authority=row.authority,
        document_number=row.document_number,
    )
    after = beside.add_result(before, duty, result, now=desk.now)
    raced = uow.claim_idempotency(claim(caller, ROUTE, row.key, asked, desk.now))
    return _Ready(before, after, duty) if raced is None else kept_answer(raced, asked)


def _found(desk: _Desk, row: ResultRow) -> Certificate:
    """The certificate of a row; that of a number is the version that counts now."""
    if row.identifier:
        named = desk.uow.certificate(row.identifier)
        if named is None or not desk.access.may(Act.READ, named.content):
            raise CertificateNotFound(field_path="/identifier")
        return named
    query = SearchQuery(
        within=desk.access.holdings(),
        type_code=row.type_code,
        number=row.number,
        limit=_MOST_VERSIONS,
    )
    versions = [item for item in desk.uow.search(query) if item.state not in _GONE]
    running = [item for item in versions if item.state in RUNNING]
    known = {item.identifier: item for item in running or versions}
    # A renewal that waits has the same number: what is inspected is the version in force.
    found = [item for item in known.values() if item.supersedes not in known]
    if not found:
        raise CertificateNotFound(field_path="/number")
    if len(found) > 1:
        raise Invalid(problems=(_SEVERAL,))
    return found[0]


def _duty(uow: UnitOfWork, certificate: Certificate, code: str) -> Duty:
    content = certificate.content
    version = uow.type_version(content.type_code, content.type_version)
    duties = () if version is None else version.duties
    for duty in duties:
        if duty.code == code:
            return duty
    known = ", ".join(duty.code for duty in duties)
    problem = Problem(
        "/duty_code",
        "duty-unknown",
        f"该类型没有此项义务，应为：{known or '（无）'}。",
        f"The type has no such duty; it has: {known or 'none'}.",
    )
    raise Invalid(problems=(problem,))


def _kept(desk: _Desk, row: ResultRow, ready: _Ready) -> Mapping[str, Any]:
    after, kept = ready.after, ready.after.results[-1]
    details = {
        "duty": kept.duty_code,
        "result": kept.result.value,
        "done_on": kept.done_on.isoformat(),
        "next_due": _iso(kept.next_due),
    }
    record_change(desk.uow, desk.caller, ROUTE, after, details, desk.now)
    (standing,) = after.standings([ready.duty], legal_day(desk.now))
    answer = {
        "identifier": after.identifier,
        "duty_code": kept.duty_code,
        "result": kept.result.value,
        "done_on": kept.done_on.isoformat(),
        "next_due": standing.due.isoformat(),
        "overdue": standing.overdue,
        "row_version": after.row_version,
        "recorded_at": desk.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    desk.uow.complete_idempotency(
        desk.caller.client_id,
        ROUTE,
        row.key,
        identifier=after.identifier,
        answer=canonical_bytes(answer).decode(),
    )
    return answer


_SEVERAL = Problem(
    "/number",
    "several-found",
    "该编号对应多份证照，请改用电子证照标识。",
    "Several certificates have this number: give the identifier.",
)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
