"""Keep paper twins: print, lose, declare void, replace, collect; blank forms; what is missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from certlib.access import Act
from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.certificate import Certificate, PaperStatus
from certlib.departments import Holding
from certlib.document import Form
from certlib.errors import (
    CertificateNotFound,
    Invalid,
    StaleVersion,
    TransitionForbidden,
    TypeUnknown,
)
from certlib.paper import (
    PaperAct,
    Print,
    Sheet,
    UntwinnedPrint,
    overall,
    print_problems,
    replaced_by,
    sheet_problems,
    sheets_meant,
)
from certlib.paper_errors import PrintNumberTaken, SheetAmbiguous, SheetUnknown
from certlib.ports import Clock
from certlib.registry import OutboxEvent, ReadSession, Registry, UnitOfWork
from certlib.usecases.access import access_of, need
from certlib.usecases.caller import PAPER, Caller
from certlib.usecases.once import Done, Once, once

_Listing = Callable[[ReadSession, tuple[Holding, ...]], Sequence[str]]

_REPLACEABLE = frozenset({PaperStatus.DECLARED_VOID, PaperStatus.COLLECTED})
LATE_DAYS = 3
"""Days after issue when a twin that is still pending is late, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class SheetAct:
    """Something that happened to one printed sheet.

    Attributes:
        form, copy_number: which sheet is meant, where several have the number; "" and None where
            the number says it.
        on: legal day; `notice`: where a declaration was published.
        expected_version: from `If-Match`, of the certificate.
    """

    identifier: str
    act: PaperAct
    print_number: str
    key: str
    on: date
    notice: str = ""
    expected_version: int | None = None
    form: str = ""
    copy_number: int | None = None

    def request_digest(self) -> str:
        """What the idempotency key stands for."""
        asked = {
            "identifier": self.identifier,
            "act": self.act.value,
            "print_number": self.print_number,
            "on": self.on.isoformat(),
            "notice": self.notice,
            "expected_version": self.expected_version,
        }
        # Only where they are said: keys used before there were such members go on working.
        named = {"form": self.form or None, "copy_number": self.copy_number}
        return digest(asked | {key: value for key, value in named.items() if value is not None})


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """Sheets that were printed for a certificate."""

    identifier: str
    prints: tuple[Print, ...]
    key: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class PaperPage:
    """One page of a list; `after` names where the next one begins, "" at the end."""

    items: Sequence[Any]
    after: str


class KeepPaper:
    """The paper side of the library (I1: 电子证照与纸质证照同步签发)."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    # --- sheets -------------------------------------------------------------------------------

    def printed(self, caller: Caller, request: PrintRequest) -> Mapping[str, Any]:
        """The certificate's paper after new sheets were printed for it.

        A sheet that replaces another needs that one declared void or collected before.

        Raises:
            ScopeMissing, OutsideDepartment, CertificateNotFound, StaleVersion.
            PrintNumberTaken, BlankFormUnusable: the numbers do not fit the record.
            Invalid: the certificate has no such form, or its type has no paper.
        """
        now = self._clock.now()
        today = legal_day(now)
        asked = {
            "identifier": request.identifier,
            "prints": [item.as_json() for item in request.prints],
            "expected_version": request.expected_version,
        }

        def do(uow: UnitOfWork) -> Done:
            certificate = _mine(uow, caller, request, today)
            known = list(uow.sheets(certificate.identifier))
            check_prints(certificate, request.prints, known, today)
            sheets = new_sheets(certificate.identifier, request.prints, caller.actor, now)
            content = certificate.content
            codes = printers(uow, caller, content.type_code, today)
            uow.add_sheets(sheets, content.issuer_code, content.type_code, codes)
            details = {"prints": [item.print_number for item in request.prints]}
            return _kept(uow, certificate, details, now)

        caller.need(PAPER)
        act = Once(caller, "paper-print", request.key, digest(asked), now)
        return once(self._registry, act, do)

    def happened(self, caller: Caller, request: SheetAct) -> Mapping[str, Any]:
        """The certificate's paper after a sheet was lost, found, declared void or collected.

        Raises:
            SheetUnknown: no such sheet.
            SheetAmbiguous: several sheets have the number, and which one is not said.
            TransitionForbidden, Invalid: as `Sheet.after`.
        """
        now = self._clock.now()
        today = legal_day(now)

        def do(uow: UnitOfWork) -> Done:
            certificate = _mine(uow, caller, request, today)
            sheet = _sheet_of(uow.sheets(certificate.identifier), request)
            after = sheet.after(request.act, request.on, today=today, notice=request.notice)
            uow.save_sheet(after)
            details = {
                "print_number": request.print_number,
                "form": sheet.printed.form,
                "copy_number": str(sheet.printed.copy_number),
                "on": request.on.isoformat(),
            }
            return _kept(uow, certificate, details, now)

        caller.need(PAPER)
        route = f"paper-{request.act.value}"
        act = Once(caller, route, request.key, request.request_digest(), now)
        return once(self._registry, act, do)

    def sheets(self, caller: Caller, identifier: str) -> tuple[Certificate, Sequence[Sheet]]:
        """The certificate and every sheet that was printed for it.

        Raises:
            CertificateNotFound: not on record, or another department's.
        """
        caller.need(PAPER)
        with self._registry.read() as session:
            found = session.certificate(identifier)
            if found is None:
                raise CertificateNotFound
            need(session, caller, Act.READ, found, legal_day(self._clock.now()))
            return found, session.sheets(identifier)

    # --- what is missing ----------------------------------------------------------------------

    def untwinned_print(self, caller: Caller, found: UntwinnedPrint, key: str) -> Mapping[str, Any]:
        """Records paper that was printed while no electronic certificate stood behind it.

        Raises:
            TypeUnknown: no such type.
            PrintNumberTaken: a certificate stands behind it.
            Conflict: the print is on record.
        """
        asked: dict[str, Any] = {
            "type_code": found.type_code,
            "print_number": found.print_number,
            "number": found.number,
            "printed_on": found.printed_on.isoformat(),
        }

        def do(uow: UnitOfWork) -> Done:
            if not uow.versions_of(found.type_code):
                raise TypeUnknown(field_path="/type_code", type_code=found.type_code[:32])
            codes = printers(uow, caller, found.type_code, legal_day(found.recorded_at))
            if uow.twinned(codes, found.type_code, found.print_number):
                raise PrintNumberTaken(field_path="/print_number")
            uow.add_untwinned(found)
            told = {"type_code": found.type_code, "print_number": found.print_number}
            return Done(f"department:{caller.department_code}", told, told)

        caller.need(PAPER)
        act = Once(caller, "paper-untwinned", key, digest(asked), found.recorded_at)
        return once(self._registry, act, do)

    def late(self, caller: Caller, days: int, after: str, limit: int) -> PaperPage:
        """Certificates whose paper is still pending more than `days` days after issue."""
        before = legal_day(self._clock.now()) - timedelta(days=days)
        return self._identifiers(
            caller, limit, lambda session, mine: session.late_twins(mine, before, after, limit + 1)
        )

    def uncollected(self, caller: Caller, after: str, limit: int) -> PaperPage:
        """Certificates that have ended while their paper is out."""
        return self._identifiers(
            caller, limit, lambda session, mine: session.uncollected(mine, after, limit + 1)
        )

    def untwinned(self, caller: Caller, after: str, limit: int) -> PaperPage:
        """Paper without a twin."""
        caller.need(PAPER)
        with self._registry.read() as session:
            found = session.untwinned(caller.department_code, after, limit + 1)
        return paper_page(found, limit, lambda item: item.print_number)

    def _identifiers(
        self,
        caller: Caller,
        limit: int,
        ask: Callable[[ReadSession, tuple[Holding, ...]], Sequence[str]],
    ) -> PaperPage:
        caller.need(PAPER)
        with self._registry.read() as session:
            mine = access_of(session, caller, legal_day(self._clock.now())).holdings()
            found = ask(session, mine)
        return paper_page(found, limit, lambda item: item)


def _kept(
    uow: UnitOfWork, certificate: Certificate, details: Mapping[str, Any], now: datetime
) -> Done:
    """The certificate with what is said of its paper now."""
    paper = overall(uow.sheets(certificate.identifier), has_paper=True)
    after = replace(certificate, paper=paper, row_version=certificate.row_version + 1)
    uow.save(after, certificate.row_version)
    payload = {"paper": paper.value, "row_version": after.row_version}
    event_id = f"{after.identifier}:{after.row_version}"
    uow.add_events(
        [OutboxEvent(event_id, "certificate.paper-changed", after.identifier, payload, now)]
    )
    answer = {
        "identifier": after.identifier,
        "paper": paper.value,
        "row_version": after.row_version,
    }
    return Done(after.identifier, answer, {**details, "paper": paper.value})


def printers(session: ReadSession, caller: Caller, type_code: str, day: date) -> frozenset[str]:
    """The bodies whose paper of a type the caller's department prints.

    Itself and, where it is entrusted or has taken functions over, others.
    """
    holdings = access_of(session, caller, day).holdings()
    others = {
        item.issuer_code
        for item in holdings
        if item.covers(item.issuer_code, type_code, item.acting_code)
    }
    return frozenset({caller.department_code, *others})


def new_sheets(
    identifier: str,
    prints: Sequence[Print],
    actor: str,
    now: datetime,
    status: PaperStatus = PaperStatus.SYNCED,
) -> list[Sheet]:
    """Sheets as the printing system told them."""
    return [Sheet(identifier, item, status, now, actor) for item in prints]


def check_prints(
    certificate: Certificate, prints: Sequence[Print], known: Sequence[Sheet], today: date
) -> None:
    """Everything that can be said against new sheets of a certificate, at once.

    Raises:
        TransitionForbidden: a sheet to be replaced was neither declared void nor collected, or
            the certificate had ended on the day of the print.
        SheetUnknown: the sheet to be replaced is not there.
        SheetAmbiguous: sheets of several other forms have its number.
        Invalid: a form the certificate does not have, a print in the future, or a second sheet
            while the first is out.
    """
    forms = {(item.form, item.copy_number) for item in certificate.files}
    problems = (
        *print_problems(prints, forms, today, "/prints"),
        *sheet_problems(prints, known, "/prints"),
    )
    if problems:
        raise Invalid(problems=problems)
    for place, item in enumerate(prints):
        _need_running(certificate, legal_day(item.printed_at))
        if item.replaces:
            old = _the_one(replaced_by(item, known), f"/prints/{place}/replaces")
            if old.status not in _REPLACEABLE:
                raise TransitionForbidden(
                    state=old.status.value,
                    state_zh="未声明作废、未收回",
                    action="replace",
                    action_zh="补发",
                )


def _need_running(certificate: Certificate, day: date) -> None:
    """What was printed in its time may be recorded later; nothing is printed after the end."""
    ended = certificate.ended_on(day)
    if ended is not None:
        raise TransitionForbidden(
            state=ended.value, state_zh=ended.zh, action="print", action_zh="印制纸质件"
        )


def _mine(
    uow: UnitOfWork, caller: Caller, request: PrintRequest | SheetAct, today: date
) -> Certificate:
    found, expected_version = uow.certificate(request.identifier), request.expected_version
    if found is None:
        raise CertificateNotFound
    need(uow, caller, Act.HANDLE, found, today)
    if expected_version is not None and expected_version != found.row_version:
        raise StaleVersion
    return found


def _sheet_of(sheets: Sequence[Sheet], act: SheetAct) -> Sheet:
    meant = sheets_meant(sheets, act.print_number, act.form, act.copy_number)
    return _the_one(meant, "/print_number")


def _the_one(meant: Sequence[Sheet], path: str) -> Sheet:
    """The sheet, where one is meant; nothing happens to a sheet by guessing."""
    if not meant:
        raise SheetUnknown(field_path=path)
    if len(meant) > 1:
        printed = [sheet.printed for sheet in meant]
        zh, en = zip(*(Form(one.form, one.copy_number).names for one in printed), strict=True)
        raise SheetAmbiguous(
            field_path=path,
            number=printed[0].print_number,
            sheets="、".join(zh),
            sheets_en=", ".join(en),
        )
    return meant[0]


def paper_page(found: Sequence[Any], limit: int, name: Callable[[Any], str]) -> PaperPage:
    """At most `limit` of what was found, and where the next page begins."""
    shown = found[:limit]
    return PaperPage(shown, name(shown[-1]) if len(found) > limit else "")
