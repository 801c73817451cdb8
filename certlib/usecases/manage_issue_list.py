"""Manage the issue list (发证清单): enter a body, end its entry, read the list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.errors import Invalid, Problem, StaleVersion, TypeUnknown
from certlib.mandates import IssueListEntry
from certlib.party_errors import DepartmentUnknown, MandateKnown
from certlib.ports import Clock
from certlib.registry import Registry, UnitOfWork
from certlib.usecases.caller import DEPARTMENTS, TYPES, Caller
from certlib.usecases.once import Done, Once, digest_of, once
from certlib.usecases.pass_on import overlap

_ROUTE = "issue-list"
_CODE_SHOWN = 32
_BETWEEN = "~"
_KEYS = 4
_NO_CURSOR = Problem(
    "query:after",
    "cursor-malformed",
    "游标无法识别，请原样使用上次返回的 after；首次读取不要给出。",
    "This is no cursor of ours: give `after` back as it came, or leave it out at first.",
)


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry, or the last day of one that is there. `key` is the idempotency key."""

    entry: IssueListEntry
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class EntriesAsk:
    """Which entries: of a type, of a body, after the last one of the page before."""

    limit: int
    type_code: str = ""
    issuer_code: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Entries by type, body, principal and first day; `after` is "" on the last page."""

    entries: Sequence[IssueListEntry]
    after: str


class ManageIssueList:
    """Keeps who may issue what, for the library's operator."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def entries(self, caller: Caller, ask: EntriesAsk) -> EntriesPage:
        """One page of the list, of a type or a body where given, whatever the period.

        Raises:
            ScopeMissing: the caller may not read the catalogue.
            Invalid: `after` came from no page of this list.
        """
        caller.need(TYPES)
        begin = _begin(ask.after)
        with self._registry.read() as session:
            listed = sorted(session.mandates(ask.type_code, ask.issuer_code), key=_order)
        found = [item for item in listed if _order(item) > begin]
        shown = found[: ask.limit]
        after = _BETWEEN.join(_order(shown[-1])) if len(found) > ask.limit else ""
        return EntriesPage(shown, after)

    def enter(self, caller: Caller, request: EntryRequest) -> Mapping[str, Any]:
        """Enters a body, or ends the entry that is there with the same first day.

        An entry ends today at the earliest: issued certificates rest on it.

        Raises:
            Invalid: `problems` names every field at fault.
            TypeUnknown, DepartmentUnknown: it speaks of what is not registered.
            MandateKnown: another entry says the same for some of its days.
            StaleVersion: it has changed since the caller read it.
        """
        caller.need(DEPARTMENTS)
        now = self._clock.now()
        request.entry.check()

        def keep(uow: UnitOfWork) -> Done:
            kept = _kept(uow, request, legal_day(now))
            return Done(kept.type_code, _answer(kept), _details(kept))

        return once(self._registry, _once(caller, request, now), keep)


def _kept(uow: UnitOfWork, request: EntryRequest, today: date) -> IssueListEntry:
    entry = request.entry
    listed = uow.mandates(entry.type_code, entry.issuer_code)
    found = next((item for item in listed if _place(item) == _place(entry)), None)
    others = [item for item in listed if _place(item) != _place(entry)]
    if any(overlap(entry, other) for other in others):
        raise MandateKnown
    if found is None:
        _need_known(uow, entry)
        new = replace(entry, row_version=1)
        uow.add_mandate(new)
        return new
    if request.expected_version not in {None, found.row_version}:
        raise StaleVersion
    problems = tuple(_end_problems(found, entry, today))
    if problems:
        raise Invalid(problems=problems)
    ended = replace(found, effective_to=entry.effective_to)
    if ended != found:
        uow.end_mandate(ended, found.row_version)
        return replace(ended, row_version=found.row_version + 1)
    return found


def _order(entry: IssueListEntry) -> tuple[str, ...]:
    first_day = entry.effective_from.isoformat()
    return entry.type_code, entry.issuer_code, entry.principal_code, first_day


def _begin(after: str) -> tuple[str, ...]:
    begin = tuple(after.split(_BETWEEN)) if after else ()
    if begin and len(begin) != _KEYS:
        raise Invalid(problems=(_NO_CURSOR,))
    return begin


def _place(entry: IssueListEntry) -> tuple[str, str, date]:
    return entry.issuer_code, entry.principal_code, entry.effective_from


def _end_problems(found: IssueListEntry, entry: IssueListEntry, today: date) -> Iterator[Problem]:
    if (entry.capacity, entry.basis) != (found.capacity, found.basis):
        yield Problem(
            "/basis",
            "entry-fixed",
            "已有条目只能变更截止日期；资格或依据不同的，请先到期再新增条目。",
            "Only the last day of an entry changes: for another capacity or basis end it and enter"
            " a new one.",
        )
    moved = entry.effective_to != found.effective_to
    past = entry.effective_to is not None and entry.effective_to < today
    if moved and past:
        yield Problem(
            "/effective_to",
            "end-in-past",
            "截止日期不能早于今天：已签发的证照以该条目为依据。",
            "An entry ends today at the earliest: certificates that were issued rest on it.",
        )


def _need_known(uow: UnitOfWork, entry: IssueListEntry) -> None:
    if uow.type_version(entry.type_code) is None:
        raise TypeUnknown(field_path="/type_code", type_code=entry.type_code[:_CODE_SHOWN])
    for field, code in (
        ("/issuer_code", entry.issuer_code), ("/principal_code", entry.principal_code),
    ):  # fmt: skip
        if code and uow.department(code) is None:
            raise DepartmentUnknown(field_path=field, credit_code=code[:_CODE_SHOWN])


def _answer(entry: IssueListEntry) -> dict[str, Any]:
    return {
        "type_code": entry.type_code,
        "issuer_code": entry.issuer_code,
        "capacity": entry.capacity.value,
        "principal_code": entry.principal_code,
        "effective_from": entry.effective_from.isoformat(),
        "effective_to": entry.effective_to and entry.effective_to.isoformat(),
        "basis": entry.basis,
        "row_version": entry.row_version,
    }


def _details(entry: IssueListEntry) -> dict[str, Any]:
    names = ("issuer_code", "capacity", "principal_code", "effective_from", "effective_to")
    return {name: _answer(entry)[name] for name in names}


def _once(caller: Caller, request: EntryRequest, now: datetime) -> Once:
    return Once(caller, _ROUTE, request.key, digest_of(asdict(request)), now)
