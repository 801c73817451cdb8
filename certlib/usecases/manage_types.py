"""Manage the catalogue: draft, review, return, publish with a cut-over day, withdraw."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.catalogue import TypeStatus
from certlib.definitions import definition_problems
from certlib.errors import (
    Conflict,
    DateOrder,
    Invalid,
    NotFound,
    OutsideDepartment,
    Problem,
    TypeUnknown,
)
from certlib.issuing_errors import SamePerson
from certlib.ports import Clock, Renderer, SchemaValidator
from certlib.registry import ReadSession, Registry, UnitOfWork
from certlib.type_differences import Difference, differences
from certlib.type_lifecycle import TypeRecord, drafted
from certlib.usecases.access import access_of
from certlib.usecases.caller import MANAGE_TYPES, OPERATE, TYPES, Caller
from certlib.usecases.four_eyes import need_person
from certlib.usecases.once import Done, Once, once

_CODE_SHOWN = 32
_SEEN = frozenset({TypeStatus.PUBLISHED, TypeStatus.WITHDRAWN})
"""What everybody who reads the catalogue may see."""
_BY_PERSONS = frozenset({"draft", "rewrite", "review"})
"""Acts whose persons are compared: who wrote at it does not review it."""


@dataclass(frozen=True, slots=True)
class TypeAct:
    """One act on a version of a type.

    Attributes:
        act: `draft`, `rewrite`, `review`, `return`, `publish` or `withdraw`.
        definition: of a draft.
        remark: why it is returned or withdrawn.
        day: cut-over day of a publication, last day of a withdrawal.
        earlier_until: how long the version in force until now stays usable beside the new one;
            None ends it the day before the cut-over.
        expected_version: from `If-Match`.
    """

    act: str
    type_code: str
    version: str
    key: str
    definition: Mapping[str, Any] | None = None
    remark: str = ""
    day: date | None = None
    earlier_until: date | None = None
    expected_version: int | None = None

    def request_digest(self) -> str:
        """Hex SHA-256 of the act in canonical JSON."""
        return digest(
            {
                "act": self.act,
                "type_code": self.type_code,
                "version": self.version,
                "definition": None if self.definition is None else dict(self.definition),
                "remark": self.remark,
                "day": self.day and self.day.isoformat(),
                "earlier_until": self.earlier_until and self.earlier_until.isoformat(),
                "expected_version": self.expected_version,
            }
        )


class ManageTypes:
    """Keeps the catalogue of certificate types (GB/T 36902)."""

    def __init__(
        self, registry: Registry, renderer: Renderer, schemas: SchemaValidator, clock: Clock
    ) -> None:
        self._registry = registry
        self._renderer = renderer
        self._schemas = schemas
        self._clock = clock
        self._acts: Mapping[str, Callable[[UnitOfWork, Caller, TypeAct, datetime], TypeRecord]] = {
            "draft": self._draft,
            "rewrite": self._rewrite,
            "review": self._review,
            "return": self._return,
            "publish": self._publish,
            "withdraw": self._withdraw,
        }

    def act(self, caller: Caller, act: TypeAct) -> Mapping[str, Any]:
        """The version's place in the catalogue after the act, as kept for the idempotency key.

        Raises:
            ScopeMissing, OutsideDepartment: the caller may not manage this type.
            PersonMissing: it writes or reviews, and states no person.
            NotFound: no such version.
            TransitionForbidden, StaleVersion, SamePerson, DateOrder, Invalid: as `TypeRecord`.
        """
        caller.need(MANAGE_TYPES)
        now = self._clock.now()

        def do(uow: UnitOfWork) -> Done:
            if not self._managed(uow, caller)(act.type_code):
                raise OutsideDepartment(field_path="/type_code")
            if act.act in _BY_PERSONS:
                need_person(caller)
            record = self._acts[act.act](uow, caller, act, now)
            return Done(record.target, as_json(record), _details(record))

        asked = Once(caller, f"type-{act.act}", act.key, act.request_digest(), now)
        return once(self._registry, asked, do)

    def record(self, caller: Caller, type_code: str, version: str) -> TypeRecord:
        """One version, draft or not.

        Raises:
            TypeUnknown: there is none that the caller may see: drafts are their managers' own.
        """
        caller.need(TYPES)
        with self._registry.read() as session:
            found = session.type_record(type_code, version)
            visible = self._visible(session, caller)
            shown = found is not None and visible(found)
        if found is None or not shown:
            raise TypeUnknown(type_code=type_code[:_CODE_SHOWN])
        return found

    def records(self, caller: Caller, type_code: str = "") -> list[TypeRecord]:
        """Every version that the caller may see, of one type or of all."""
        caller.need(TYPES)
        with self._registry.read() as session:
            found = session.type_records(type_code)
            return list(filter(self._visible(session, caller), found))

    def differences(
        self, caller: Caller, type_code: str, before: str, after: str
    ) -> list[Difference]:
        """What differs between two versions of a type.

        Raises:
            TypeUnknown: one of them is not there.
        """
        first, second = (self.record(caller, type_code, name) for name in (before, after))
        return differences(json.loads(first.definition), json.loads(second.definition))

    def _managed(self, session: ReadSession, caller: Caller) -> Callable[[str], bool]:
        """Which types the caller manages: a body those it defines, the library's operator all."""
        if OPERATE in caller.scopes:
            return lambda _type_code: True
        return access_of(session, caller, legal_day(self._clock.now())).defines

    def _visible(self, session: ReadSession, caller: Caller) -> Callable[[TypeRecord], bool]:
        managed = self._managed(session, caller)
        manager = MANAGE_TYPES in caller.scopes
        return lambda record: record.status in _SEEN or (manager and managed(record.type_code))

    # --- the acts -----------------------------------------------------------------------------

    def _draft(self, uow: UnitOfWork, caller: Caller, act: TypeAct, now: datetime) -> TypeRecord:
        record = drafted(self._checked(act), caller.person, now)
        if uow.type_record(record.type_code, record.version) is not None:
            raise Conflict(field_path="/version")
        uow.save_type_record(record, 0)
        return record

    def _rewrite(self, uow: UnitOfWork, caller: Caller, act: TypeAct, now: datetime) -> TypeRecord:
        definition = self._checked(act)
        return _saved(uow, act, lambda item: item.rewritten(definition, caller.person, now))

    def _review(self, uow: UnitOfWork, caller: Caller, act: TypeAct, now: datetime) -> TypeRecord:
        def reviewed(item: TypeRecord) -> TypeRecord:
            # Earlier releases let a client write for persons that it did not name.
            if caller.client_id in item.authors:
                raise SamePerson
            return item.reviewed(caller.person, now)

        return _saved(uow, act, reviewed)

    def _return(self, uow: UnitOfWork, _caller: Caller, act: TypeAct, now: datetime) -> TypeRecord:
        return _saved(uow, act, lambda item: item.returned(act.remark, now))

    def _publish(self, uow: UnitOfWork, caller: Caller, act: TypeAct, now: datetime) -> TypeRecord:
        today = legal_day(now)
        first_day = act.day or today
        record = _saved(
            uow, act, lambda item: item.published(caller.requester, first_day, today, now)
        )
        _end_earlier(uow, act, first_day, now)
        uow.put_type_version(record.as_version(), record.definition)
        return record

    def _withdraw(
        self, uow: UnitOfWork, _caller: Caller, act: TypeAct, now: datetime
    ) -> TypeRecord:
        last_day = act.day or legal_day(now)
        return _saved(uow, act, lambda item: item.withdrawn(last_day, act.remark, now))

    def _checked(self, act: TypeAct) -> Mapping[str, Any]:
        """The definition, if it keeps every rule, speaks of this version, and its design exists."""
        definition = act.definition or {}
        wrong = [
            Problem(
                f"/definition/{name}",
                "type-definition",
                f"{name} 应为“{expected}”。",
                f"{name} must be {expected}.",
            )
            for name, expected in (("type_code", act.type_code), ("version", act.version))
            if definition.get(name) != expected
        ]
        wrong += [
            replace(problem, field="/definition" + problem.field)
            for problem in definition_problems(definition, self._schemas)
        ]
        wrong += self._design_problems(str(definition.get("design", "")))
        if wrong:
            raise Invalid(problems=tuple(wrong))
        return definition

    def _design_problems(self, design: str) -> list[Problem]:
        try:
            self._renderer.digests(design)
        except NotFound:
            return [
                Problem(
                    "/definition/design",
                    "design-unknown",
                    "没有这种版式，请查阅版式清单。",
                    "There is no such design: look at the list of designs.",
                )
            ]
        return []


def as_json(record: TypeRecord) -> dict[str, Any]:
    """A version's place in the catalogue, as answers tell it."""
    return {
        "type_code": record.type_code,
        "version": record.version,
        "status": record.status.value,
        "authors": list(record.authors),
        "reviewer": record.reviewer,
        "publisher": record.publisher,
        "remark": record.remark,
        "published_from": record.published_from and record.published_from.isoformat(),
        "usable_until": record.usable_until and record.usable_until.isoformat(),
        "definition_digest": record.definition_digest,
        "row_version": record.row_version,
        "changed_at": record.changed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _saved(uow: UnitOfWork, act: TypeAct, step: Callable[[TypeRecord], TypeRecord]) -> TypeRecord:
    found = uow.type_record(act.type_code, act.version)
    if found is None:
        raise TypeUnknown(type_code=act.type_code[:_CODE_SHOWN])
    after = step(found.expect(act.expected_version))
    uow.save_type_record(after, found.row_version)
    return after


def _end_earlier(uow: UnitOfWork, act: TypeAct, first_day: date, now: datetime) -> None:
    """The version in force until now ends with the cut-over, or some days later."""
    eve = date.fromordinal(first_day.toordinal() - 1)
    last_day = act.earlier_until or eve
    if last_day < eve:
        raise DateOrder(
            field_path="/earlier_usable_until",
            later="旧版停用日期",
            earlier="新版启用的前一日",
            later_en="the last day of the earlier version",
            earlier_en="the day before the new one begins",
        )
    for record in uow.type_records(act.type_code):
        other = record.version != act.version and record.status is TypeStatus.PUBLISHED
        if other and (record.usable_until is None or record.usable_until > last_day):
            uow.save_type_record(record.ended(last_day, now), record.row_version)


def _details(record: TypeRecord) -> dict[str, Any]:
    days = {"published_from": record.published_from, "usable_until": record.usable_until}
    return {
        "definition_sha256": record.definition_digest,
        "status": record.status.value,
        **{name: day.isoformat() for name, day in days.items() if day is not None},
    }
