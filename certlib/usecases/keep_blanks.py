"""Keep blank forms (空白证件): received, used, spoiled; nothing is printed on what is not there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from certlib.canonical import digest
from certlib.document import Form
from certlib.errors import Invalid, IssuerNotAuthorised, TypeUnknown
from certlib.paper import BlankForm, BlankStatus, StockCount
from certlib.ports import Clock
from certlib.registry import Registry, UnitOfWork
from certlib.usecases.caller import PAPER, Caller
from certlib.usecases.keep_paper import PaperPage, paper_page
from certlib.usecases.once import Done, Once, once
from certlib.usecases.order_checks import form_of_type_problems


class KeepBlanks:
    """The stock of blank forms of each department."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def receive(
        self, caller: Caller, numbers: Sequence[str], of: BlankForm, key: str
    ) -> Mapping[str, Any]:
        """Takes numbered blank forms into stock; `of` says of which type and form.

        Raises:
            ScopeMissing: the caller may not keep paper.
            TypeUnknown: no such type.
            IssuerNotAuthorised: the department does not issue it today.
            Invalid: the type has no such form.
            Conflict: one of the numbers is in stock already.
        """

        def do(uow: UnitOfWork) -> int:
            _need_use(uow, of)
            uow.receive_blanks(replace(of, number=number) for number in numbers)
            return len(numbers)

        asked = {"type_code": of.type_code, "form": of.form, "numbers": list(numbers)}
        return self._kept(caller, "blank-receive", key, asked, do)

    def spoil(self, caller: Caller, blanks: Sequence[BlankForm], key: str) -> Mapping[str, Any]:
        """Takes spoiled blank forms out of stock, with the reason.

        Raises:
            ScopeMissing: the caller may not keep paper.
            BlankFormUnusable: one of them is not in stock.
        """

        def do(uow: UnitOfWork) -> int:
            for item in blanks:
                uow.spoil_blank(item)
            return len(blanks)

        asked = {"blanks": [[item.type_code, item.form, item.number, item.note] for item in blanks]}
        return self._kept(caller, "blank-spoil", key, asked, do)

    def stock(self, caller: Caller, type_code: str = "") -> Sequence[StockCount]:
        """The department's blank forms, counted."""
        caller.need(PAPER)
        with self._registry.read() as session:
            return session.stock(caller.department_code, type_code)

    def blanks(
        self, caller: Caller, type_code: str, status: BlankStatus, after: str, limit: int
    ) -> PaperPage:
        """One page of the department's blank forms in a status."""
        caller.need(PAPER)
        with self._registry.read() as session:
            found = session.blank_forms(caller.department_code, type_code, status, after, limit + 1)
        return paper_page(found, limit, lambda item: item.number)

    def _kept(
        self,
        caller: Caller,
        route: str,
        key: str,
        asked: Mapping[str, Any],
        do: Callable[[UnitOfWork], int],
    ) -> Mapping[str, Any]:
        caller.need(PAPER)
        asked_digest = digest(dict(asked))

        def done(uow: UnitOfWork) -> Done:
            answer = {"number": do(uow)}
            target = f"department:{caller.department_code}"
            return Done(target, answer, {**answer, "asked_sha256": asked_digest})

        act = Once(caller, route, key, asked_digest, self._clock.now())
        return once(self._registry, act, done)


def _need_use(uow: UnitOfWork, blank: BlankForm) -> None:
    """Blank forms are kept by who issues the type, of the forms that it has."""
    versions = uow.versions_of(blank.type_code)
    if not versions:
        raise TypeUnknown(field_path="/type_code", type_code=blank.type_code[:32])
    name, day = versions[-1].name, blank.received_on
    if not any(item.covers(day) for item in uow.issue_list(blank.type_code, blank.issuer_code)):
        raise IssuerNotAuthorised(name=name, day=day.isoformat(), field_path="/type_code")
    wrong = [list(form_of_type_problems(Form(blank.form), item, "")) for item in versions]
    if all(wrong):
        raise Invalid(problems=tuple(wrong[-1]))
