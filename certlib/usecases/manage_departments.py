"""Manage departments: register, rename from a day on, merge, move functions, void errors."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.department_rules import (
    contradicting,
    dated_name_problems,
    department_problems,
    succession_problems,
)
from certlib.departments import DatedName, Department, Jurisdiction, Succession, SuccessionKind
from certlib.divisions import DivisionTable
from certlib.errors import Invalid, Problem, StaleVersion, TypeUnknown
from certlib.party_errors import (
    DepartmentRegistered,
    DepartmentUnknown,
    EventNotFound,
    EventVoid,
    SuccessionContradicts,
)
from certlib.ports import Clock, Entropy
from certlib.registry import AuditRecord, ReadSession, Registry, UnitOfWork
from certlib.sources import Source
from certlib.usecases.caller import DEPARTMENTS, TYPES, Caller
from certlib.usecases.once import Done, Once, digest_of, instant_text, once
from certlib.usecases.pass_on import passed_on

_ID_OCTETS = 16
_CODE_SHOWN = 32


@dataclass(frozen=True, slots=True)
class Dossier:
    """A department with everything dated about it, errors that were declared void among it."""

    department: Department
    names: Sequence[DatedName]
    successions: Sequence[Succession]


@dataclass(frozen=True, slots=True)
class NameRequest:
    """A name from a day on. `key` is the idempotency key, `expected_version` from `If-Match`."""

    credit_code: str
    name: str
    short_name: str
    effective_from: date
    basis: str
    document_number: str
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class SuccessionRequest:
    """Somebody in the department's place from a day on.

    Attributes:
        pass_on: the issue list passes on as well: the predecessor's entries end, the successor
            gets its own.
    """

    credit_code: str
    kind: SuccessionKind
    successor_code: str
    effective_from: date
    basis: str
    document_number: str
    key: str
    type_codes: frozenset[str] = frozenset()
    pass_on: bool = True
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class VoidingRequest:
    """A dated name or a succession of a department that was an error."""

    credit_code: str
    event_id: str
    reason: str
    key: str
    expected_version: int | None = None


class ManageDepartments:
    """Keeps the register of bodies, for the library's operator."""

    def __init__(
        self, registry: Registry, divisions: DivisionTable, clock: Clock, entropy: Entropy
    ) -> None:
        self._registry = registry
        self._divisions = divisions
        self._clock = clock
        self._entropy = entropy

    def departments(self, caller: Caller) -> Sequence[Department]:
        """All bodies by credit code, with the names of today.

        Raises:
            ScopeMissing: the caller may not read the catalogue.
        """
        caller.need(TYPES)
        with self._registry.read() as session:
            return session.departments()

    def dossier(self, caller: Caller, credit_code: str) -> Dossier:
        """One body with its names and the successions that concern it.

        Raises:
            DepartmentUnknown: no such body.
        """
        caller.need(TYPES)
        with self._registry.read() as session:
            found = _found(session, credit_code)
            steps = [
                item
                for item in session.successions()
                if credit_code in {item.predecessor_code, item.successor_code}
            ]
            return Dossier(found, session.department_names(credit_code), steps)

    def put(
        self, caller: Caller, department: Department, expected_version: int | None
    ) -> Department:
        """Registers a body, or changes its data; a new name has a day of its own (`name`).

        Raises:
            Invalid: `problems` names every field at fault.
            DepartmentRegistered: it is there, and the caller did not say which version it read.
            StaleVersion: it has changed since.
        """
        caller.need(DEPARTMENTS)
        now = self._clock.now()
        problems = list(department_problems(department, self._divisions))
        with self._registry.begin() as uow:
            before = uow.department(department.credit_code)
            problems += _kept_names(before, department)
            if problems:
                raise Invalid(problems=tuple(problems))
            if before is None:
                uow.add_department(replace(department, row_version=1))
            elif replace(department, row_version=before.row_version) == before:
                return before
            else:
                _expect(before, expected_version, insist=True)
                uow.change_department(department, before.row_version)
            uow.append_audit([_line(caller, department.credit_code, now)])
            after = _found(uow, department.credit_code)
            uow.commit()
        return after

    def name(self, caller: Caller, request: NameRequest) -> Mapping[str, Any]:
        """The body bears another name from a day on (更名); nothing is sealed anew.

        Raises:
            Invalid, DepartmentUnknown, StaleVersion: see there.
        """
        caller.need(DEPARTMENTS)
        now = self._clock.now()
        named = DatedName(
            self._event_id(),
            request.credit_code,
            request.name.strip(),
            request.short_name.strip(),
            request.effective_from,
            Source(request.basis, request.document_number, now, caller.actor),
        )
        problems = tuple(dated_name_problems(named))
        if problems:
            raise Invalid(problems=problems)

        def keep(uow: UnitOfWork) -> Done:
            version = _touched(uow, request.credit_code, request.expected_version)
            uow.add_department_name(named)
            return _done(request.credit_code, named.event_id, version, named.effective_from)

        return once(self._registry, _once(caller, "department-name", request, now), keep)

    def succeed(self, caller: Caller, request: SuccessionRequest) -> Mapping[str, Any]:
        """Another body stands in its place from a day on; certificates stay as they are.

        Raises:
            Invalid, DepartmentUnknown, TypeUnknown, StaleVersion: see there.
            SuccessionContradicts: what is on record leaves no room for it.
        """
        caller.need(DEPARTMENTS)
        now = self._clock.now()
        step = Succession(
            self._event_id(),
            request.kind,
            request.credit_code,
            request.successor_code,
            request.effective_from,
            Source(request.basis, request.document_number, now, caller.actor),
            request.type_codes,
        )
        problems = tuple(succession_problems(step))
        if problems:
            raise Invalid(problems=problems)

        def keep(uow: UnitOfWork) -> Done:
            version = _touched(uow, request.credit_code, request.expected_version)
            _need_room(uow, step)
            uow.add_succession(step)
            done = _done(request.credit_code, step.event_id, version, step.effective_from)
            entries = passed_on(uow, step, legal_day(now)) if request.pass_on else 0
            details = {"successor": request.successor_code, "kind": step.kind.value}
            return replace(
                done,
                answer={**done.answer, "entries_passed_on": entries},
                details={**done.details, **details},
            )

        return once(self._registry, _once(caller, "department-succession", request, now), keep)

    def void(self, caller: Caller, request: VoidingRequest) -> Mapping[str, Any]:
        """A name or succession was an error: it stays on record and counts for nothing.

        The issue list stays as it is: certificates issued meanwhile rest on it.

        Raises:
            Invalid, DepartmentUnknown, EventNotFound, EventVoid, StaleVersion: see there.
        """
        caller.need(DEPARTMENTS)
        now = self._clock.now()
        if not request.reason.strip():
            raise Invalid(field_path="/reason")

        def keep(uow: UnitOfWork) -> Done:
            version = _touched(uow, request.credit_code, request.expected_version)
            source = _source_of(uow, request.credit_code, request.event_id)
            if source.voided_at is not None:
                raise EventVoid(at=instant_text(source.voided_at))
            uow.void_event(request.event_id, reason=request.reason, actor=caller.actor, at=now)
            return _done(request.credit_code, request.event_id, version, legal_day(now))

        return once(self._registry, _once(caller, "department-void", request, now), keep)

    def _event_id(self) -> str:
        return self._entropy.octets(_ID_OCTETS).hex()


def _found(session: ReadSession, credit_code: str, field: str = "") -> Department:
    found = session.department(credit_code)
    if found is None:
        raise DepartmentUnknown(field_path=field, credit_code=credit_code[:_CODE_SHOWN])
    return found


def _expect(found: Department, expected_version: int | None, *, insist: bool) -> None:
    if expected_version is None and insist:
        raise DepartmentRegistered(field_path="header:If-Match")
    if expected_version not in {None, found.row_version}:
        raise StaleVersion


def _touched(uow: UnitOfWork, credit_code: str, expected_version: int | None) -> int:
    """The row's new version: whoever else changes the body meanwhile is told so."""
    found = _found(uow, credit_code)
    _expect(found, expected_version, insist=False)
    uow.change_department(found, found.row_version)
    return found.row_version + 1


def _kept_names(before: Department | None, after: Department) -> list[Problem]:
    if before is None or (before.name, before.short_name) == (after.name, after.short_name):
        return []
    return [
        Problem(
            "/name",
            "department-name-dated",
            "名称有变更的，请登记更名（注明生效日期和依据），不在此修改。",
            "A new name is recorded with its day and basis, not changed here.",
        )
    ]


def _need_room(uow: UnitOfWork, step: Succession) -> None:
    successor = _found(uow, step.successor_code, "/successor_code")
    if successor.ended(step.effective_from):
        raise SuccessionContradicts(
            name=successor.name, day=str(successor.effective_to), successor="—"
        )
    for type_code in sorted(step.type_codes):
        if uow.type_version(type_code) is None:
            raise TypeUnknown(field_path="/type_codes", type_code=type_code[:_CODE_SHOWN])
    other = contradicting(Jurisdiction(uow.successions()), step)
    if other is not None:
        raise SuccessionContradicts(
            name=_found(uow, other.predecessor_code).name,
            day=other.effective_from.isoformat(),
            successor=_found(uow, other.successor_code).name,
        )


def _source_of(uow: UnitOfWork, credit_code: str, event_id: str) -> Source:
    for named in uow.department_names(credit_code):
        if named.event_id == event_id:
            return named.source
    for step in uow.successions():
        if step.event_id == event_id and step.predecessor_code == credit_code:
            return step.source
    raise EventNotFound


def _done(credit_code: str, event_id: str, row_version: int, day: date) -> Done:
    answer = {
        "credit_code": credit_code,
        "event_id": event_id,
        "row_version": row_version,
        "effective_from": day.isoformat(),
    }
    return Done(credit_code, answer, {"event_id": event_id, "effective_from": day.isoformat()})


def _line(caller: Caller, credit_code: str, now: datetime) -> AuditRecord:
    details = {"request_id": caller.request_id}
    return AuditRecord(now, caller.actor, "department", credit_code, details)


def _once(
    caller: Caller,
    route: str,
    request: NameRequest | SuccessionRequest | VoidingRequest,
    now: datetime,
) -> Once:
    return Once(caller, route, request.key, digest_of(asdict(request)), now)
