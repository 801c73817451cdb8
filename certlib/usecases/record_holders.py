"""Record what happens to holders, find it again, and declare errors void: nothing is removed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.divisions import DivisionTable
from certlib.document import Holder
from certlib.errors import Invalid, OutsideDepartment
from certlib.holder_changes import (
    ENDINGS,
    ChangeKind,
    Chronicle,
    HolderChange,
    HolderKey,
    key_of,
)
from certlib.holder_rules import Checked, checked
from certlib.holders import normalise, normalise_code_type
from certlib.party_errors import EventNotFound, EventVoid, HolderChangeContradicts
from certlib.ports import Clock, Entropy
from certlib.registry import AuditRecord, Registry, UnitOfWork
from certlib.registry.notices import HOLDER_CHANGE_VOIDED, HOLDER_CHANGED
from certlib.sources import Source
from certlib.usecases.access import access_of
from certlib.usecases.caller import HOLDERS, OPERATE, Caller
from certlib.usecases.fit_holders import fit_problems
from certlib.usecases.four_eyes import need_second_person
from certlib.usecases.once import Done, Once, instant_text, once

APPROVED = frozenset({ChangeKind.RECODED, ChangeKind.MERGED, ChangeKind.DIVIDED})
"""Certificates pass with these from one code to another: two persons answer for them."""

_RECORD, _VOID = "holder-change", "holder-change-void"
_ID_OCTETS = 16


@dataclass(frozen=True, slots=True)
class HolderChangeRequest:
    """A change to record. `before` and `after` name holders as they were and as they are.

    Attributes:
        effective_from: legal day (UTC+8) from which it holds.
        basis: registration or proof behind it; `document_number`: its number.
        key: the idempotency key.
        approved_by: accounts of other persons who approved it; `APPROVED` needs one.
    """

    kind: ChangeKind
    before: tuple[Holder, ...]
    after: tuple[Holder, ...]
    effective_from: date
    basis: str
    key: str
    document_number: str = ""
    reason_code: str = ""
    approved_by: tuple[str, ...] = ()

    def request_digest(self) -> str:
        """Hex SHA-256 of the request in canonical JSON."""
        # As it was before approvals, where there are none: earlier keys still stand for it.
        approved = {"approved_by": list(self.approved_by)} if self.approved_by else {}
        return digest(
            approved
            | {
                "kind": self.kind.value,
                "before": [[item.name, item.code_type, item.code] for item in self.before],
                "after": [[item.name, item.code_type, item.code] for item in self.after],
                "effective_from": self.effective_from.isoformat(),
                "basis": self.basis,
                "document_number": self.document_number,
                "reason_code": self.reason_code,
            }
        )


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """An event to declare an error. `key` is the idempotency key."""

    event_id: str
    reason: str
    key: str

    def request_digest(self) -> str:
        """Hex SHA-256 of the request in canonical JSON."""
        return digest({"event_id": self.event_id, "reason": self.reason})


class RecordHolders:
    """Keeps the dated names and codes of holders."""

    def __init__(
        self, registry: Registry, divisions: DivisionTable, clock: Clock, entropy: Entropy
    ) -> None:
        self._registry = registry
        self._divisions = divisions
        self._clock = clock
        self._entropy = entropy

    def record(self, caller: Caller, request: HolderChangeRequest) -> Mapping[str, Any]:
        """The change as kept, without names and codes.

        Raises:
            ScopeMissing: the caller may not record changes of holders.
            PersonMissing, ApprovalMissing: the kind needs two persons, and there are fewer.
            Invalid: `problems` names every field at fault.
            HolderChangeContradicts: what is on record leaves no room for it.
        """
        caller.need(HOLDERS)
        if request.kind in APPROVED:
            need_second_person(caller, request.approved_by)
        now = self._clock.now()
        settled = self._settled(caller, request, now)

        def keep(uow: UnitOfWork) -> Done:
            _need_room(uow, settled.change)
            unfit = tuple(fit_problems(uow, settled.change))
            if unfit:
                raise Invalid(problems=unfit)
            uow.add_holder_change(settled.change)
            _tell(uow, caller, settled.change, HOLDER_CHANGED, now)
            answer = _answer(settled)
            details = {name: answer[name] for name in ("kind", "effective_from")}
            if request.approved_by:
                details["approved_by"] = list(request.approved_by)
            return Done(settled.change.event_id, answer, details)

        act = Once(caller, _RECORD, request.key, request.request_digest(), now)
        return once(self._registry, act, keep)

    def void(self, caller: Caller, request: VoidRequest) -> Mapping[str, Any]:
        """Declares a change an error; it stays on record and counts for nothing.

        Raises:
            ScopeMissing: the caller may not record changes of holders.
            Invalid: no reason is given.
            EventNotFound, EventVoid: there is nothing to declare void.
            OutsideDepartment: another department recorded it.
        """
        caller.need(HOLDERS)
        if not request.reason.strip():
            raise Invalid(field_path="/reason")
        now = self._clock.now()

        def keep(uow: UnitOfWork) -> Done:
            found = uow.holder_change(request.event_id)
            if found is None:
                raise EventNotFound
            access = access_of(uow, caller, legal_day(now))
            if OPERATE not in caller.scopes and not access.may_correct(found.department_code):
                raise OutsideDepartment
            if found.source.voided_at is not None:
                raise EventVoid(at=instant_text(found.source.voided_at))
            _tell(uow, caller, found, HOLDER_CHANGE_VOIDED, now)
            uow.void_event(request.event_id, reason=request.reason, actor=caller.actor, at=now)
            answer = {"event_id": request.event_id, "voided_at": instant_text(now)}
            return Done(request.event_id, answer, {"kind": found.kind.value})

        act = Once(caller, _VOID, request.key, request.request_digest(), now)
        return once(self._registry, act, keep)

    def changes(self, caller: Caller, key: HolderKey) -> Sequence[HolderChange]:
        """What happened to a holder and to all that are linked with it, void events among them.

        Raises:
            ScopeMissing: the caller may not see changes of holders.
            UnknownCodeType: the code's type is in no table.
        """
        caller.need(HOLDERS)
        kind = normalise_code_type(key.code_type)
        with self._registry.read() as session:
            return session.related_changes([HolderKey(kind, normalise(kind, key.code))])

    def _settled(self, caller: Caller, request: HolderChangeRequest, now: datetime) -> Checked:
        source = Source(request.basis, request.document_number, now, caller.actor)
        change = HolderChange(
            self._entropy.octets(_ID_OCTETS).hex(),
            request.kind,
            request.before,
            request.after,
            request.effective_from,
            source,
            request.reason_code,
            caller.department_code,
        )
        settled = checked(change, self._divisions, legal_day(now))
        if settled.errors:
            raise Invalid(problems=settled.errors)
        return settled


def _tell(uow: UnitOfWork, caller: Caller, change: HolderChange, act: str, now: datetime) -> None:
    """A line in the history, and so in the feed, of each certificate whose holder is concerned.

    Those under older codes too, and those that came to the holder by merger or division.
    """
    keys = {key_of(holder) for holder in change.before}
    chronicle = Chronicle(uow.related_changes(keys))
    day = max(legal_day(now), change.effective_from)
    concerned = uow.held_by({one for key in keys for one in chronicle.belonging(key, day)} | keys)
    details = {
        "event_id": change.event_id,
        "kind": change.kind.value,
        "effective_from": change.effective_from.isoformat(),
        "request_id": caller.request_id,
    }
    uow.append_audit(AuditRecord(now, caller.actor, act, item, details) for item in concerned)


def _need_room(uow: UnitOfWork, change: HolderChange) -> None:
    """Nothing happens to a key that is over, nor ends one to which something happened later."""
    keys = {key_of(holder) for holder in change.before}
    known = uow.related_changes(keys)
    for other in known:
        if other.source.stands() and _contradicts(other, change, keys):
            raise HolderChangeContradicts(
                kind=other.kind.zh,
                kind_en=other.kind.value,
                day=other.effective_from.isoformat(),
                event_id=other.event_id,
            )


def _contradicts(other: HolderChange, change: HolderChange, keys: Iterable[HolderKey]) -> bool:
    if not any(other.concerns(key) for key in keys):
        return False
    if replace(other, event_id="", source=change.source, department_code="") == replace(
        change, event_id="", department_code=""
    ):
        return True
    over = other.kind in ENDINGS and other.effective_from <= change.effective_from
    return over or (change.kind in ENDINGS and other.effective_from > change.effective_from)


def _answer(settled: Checked) -> dict[str, Any]:
    change = settled.change
    return {
        "event_id": change.event_id,
        "kind": change.kind.value,
        "effective_from": change.effective_from.isoformat(),
        "recorded_at": instant_text(change.source.recorded_at),
        "warnings": [problem.code for problem in settled.warnings],
    }
