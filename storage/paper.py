"""Paper twins and blank forms."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, delete, exists, func, insert, select, update

from certlib.calendar import start_of_day
from certlib.certificate import PaperStatus
from certlib.departments import Holding
from certlib.errors import Conflict
from certlib.paper import BlankForm, BlankStatus, Print, Sheet, StockCount, UntwinnedPrint
from certlib.paper_errors import BlankFormUnusable, PrintNumberTaken
from certlib.states import State
from storage.holdings import held
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import (
    BlankFormRow,
    CertificateFileRow,
    CertificateRow,
    SheetRow,
    UntwinnedPrintRow,
    table,
)
from storage.untwinned import untwinned_of, with_number_sealed

_SHEETS = table(SheetRow)
_BLANKS = table(BlankFormRow)
_PRINTS = table(UntwinnedPrintRow)
_CERTIFICATES = table(CertificateRow)
_FILES = table(CertificateFileRow)

ENDED = (
    State.SUPERSEDED,
    State.DEREGISTERED,
    State.ANNULLED,
    State.WITHDRAWN,
    State.REVOKED,
    State.TRANSFERRED_OUT,
    State.VOIDED,
)
"""States after which the paper is to be handed in."""

_OF_CERTIFICATE = Prepared(
    select(_SHEETS)
    .where(_SHEETS.c.identifier == bindparam("identifier"))
    .order_by(_SHEETS.c.recorded_at, _SHEETS.c.form, _SHEETS.c.copy_number, _SHEETS.c.print_number)
)
_SAVE_SHEET = (
    update(_SHEETS)
    .where(_SHEETS.c.identifier == bindparam("b_identifier"))
    .where(_SHEETS.c.form == bindparam("b_form"))
    .where(_SHEETS.c.copy_number == bindparam("b_copy_number"))
    .where(_SHEETS.c.print_number == bindparam("b_print_number"))
    .values({name: bindparam(f"b_{name}") for name in ("status", "status_on", "notice")})
)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)
_ACTIVATE = (
    update(_SHEETS)
    .where(_SHEETS.c.identifier.in_(_MANY))
    .where(_SHEETS.c.status == PaperStatus.PENDING)
    .values(status=PaperStatus.SYNCED)
    .returning(_SHEETS.c.identifier, _SHEETS.c.form)
)
_WITHDRAW = delete(_SHEETS).where(_SHEETS.c.identifier == bindparam("b_identifier"))
_USE_BLANK = (
    update(_BLANKS)
    .where(_BLANKS.c.issuer_code == bindparam("b_issuer_code"))
    .where(_BLANKS.c.type_code == bindparam("b_type_code"))
    .where(_BLANKS.c.form == bindparam("b_form"))
    .where(_BLANKS.c.number == bindparam("b_number"))
    .where(_BLANKS.c.status == BlankStatus.RECEIVED)
    .values(
        {name: bindparam(f"b_{name}") for name in ("status", "identifier", "changed_at", "note")}
    )
)
_SPOIL_USED = (
    update(_BLANKS)
    .where(_BLANKS.c.identifier == bindparam("b_identifier"))
    .values(
        status=BlankStatus.SPOILED, note=bindparam("b_note"), changed_at=bindparam("b_changed_at")
    )
)
_KEEPS_STOCK = Prepared(
    select(_BLANKS.c.number)
    .where(_BLANKS.c.issuer_code == bindparam("issuer_code"))
    .where(_BLANKS.c.type_code == bindparam("type_code"))
    .where(_BLANKS.c.form == bindparam("form"))
    .limit(1)
)
_TWIN = (
    update(_PRINTS)
    .where(_PRINTS.c.issuer_code == bindparam("b_issuer_code"))
    .where(_PRINTS.c.type_code == bindparam("b_type_code"))
    .where(_PRINTS.c.print_number == bindparam("b_print_number"))
    .where(_PRINTS.c.identifier == "")
    .values(identifier=bindparam("b_identifier"))
)
_UNTWIN = (
    update(_PRINTS).where(_PRINTS.c.identifier == bindparam("b_identifier")).values(identifier="")
)
_TWINNED = (
    select(_SHEETS.c.identifier)
    .where(_SHEETS.c.type_code == bindparam("type_code"))
    .where(_SHEETS.c.print_number == bindparam("print_number"))
    .limit(1)
)
_COUNTED = (
    select(_BLANKS.c.type_code, _BLANKS.c.form, _BLANKS.c.status, func.count().label("number"))
    .where(_BLANKS.c.issuer_code == bindparam("issuer_code"))
    .group_by(_BLANKS.c.type_code, _BLANKS.c.form, _BLANKS.c.status)
    .order_by(_BLANKS.c.type_code, _BLANKS.c.form)
)
_LISTED = Prepared(
    select(_BLANKS)
    .where(_BLANKS.c.issuer_code == bindparam("issuer_code"))
    .where(_BLANKS.c.type_code == bindparam("type_code"))
    .where(_BLANKS.c.status == bindparam("status"))
    .where(_BLANKS.c.number > bindparam("after"))
    .order_by(_BLANKS.c.number, _BLANKS.c.form)
    .limit(bindparam("count"))
)
_PAGE = (
    select(_CERTIFICATES.c.identifier)
    .where(_CERTIFICATES.c.identifier > bindparam("after"))
    .order_by(_CERTIFICATES.c.identifier)
    .limit(bindparam("count"))
)
_LATE = (
    _PAGE.where(_CERTIFICATES.c.paper == PaperStatus.PENDING)
    .where(_CERTIFICATES.c.state.in_((State.ISSUED, State.SUSPENDED)))
    .where(_CERTIFICATES.c.issue_date < bindparam("issued_before"))
)
_WITHOUT_SHEET = (
    select(_FILES.c.identifier)
    .where(_FILES.c.form == "duplicate")
    .where(_FILES.c.kind == "original")
    .where(_FILES.c.stored_at < bindparam("stored_before"))
    .where(
        ~exists()
        .where(_SHEETS.c.identifier == _FILES.c.identifier)
        .where(_SHEETS.c.form == _FILES.c.form)
        .where(_SHEETS.c.copy_number == _FILES.c.copy_number)
    )
)
_LATE_COPIES = (
    _PAGE.where(_CERTIFICATES.c.paper != PaperStatus.NONE)
    .where(_CERTIFICATES.c.state.in_((State.ISSUED, State.SUSPENDED)))
    .where(_CERTIFICATES.c.issue_date < bindparam("issued_before"))
    .where(_CERTIFICATES.c.identifier.in_(_WITHOUT_SHEET))
)
_UNCOLLECTED = _PAGE.where(_CERTIFICATES.c.paper.in_((PaperStatus.SYNCED, PaperStatus.LOST))).where(
    _CERTIFICATES.c.state.in_(ENDED)
)
_UNTWINNED = Prepared(
    select(_PRINTS)
    .where(_PRINTS.c.identifier == "")
    .where(_PRINTS.c.issuer_code == bindparam("issuer_code"))
    .where(_PRINTS.c.print_number > bindparam("after"))
    .order_by(_PRINTS.c.print_number, _PRINTS.c.type_code)
    .limit(bindparam("count"))
)


class PaperReading:
    """The part of a session that reads them."""

    _link: Link

    def sheets(self, identifier: str) -> Sequence[Sheet]:
        """Every sheet of a certificate, oldest first."""
        return [_sheet(row) for row in self._link.fetch(_OF_CERTIFICATE, identifier=identifier)]

    def stock(self, issuer_code: str, type_code: str = "") -> Sequence[StockCount]:
        """Blank forms by type and form."""
        statement = _COUNTED
        if type_code:
            statement = statement.where(_BLANKS.c.type_code == type_code)
        counted: dict[tuple[str, str], dict[str, int]] = {}
        for row in self._link.fetch(statement, issuer_code=issuer_code):
            counted.setdefault((row.type_code, row.form), {})[row.status] = int(row.number)
        return [
            StockCount(code, form, *(numbers.get(status, 0) for status in BlankStatus))
            for (code, form), numbers in counted.items()
        ]

    def blank_forms(
        self, issuer_code: str, type_code: str, status: BlankStatus, after: str, limit: int
    ) -> Sequence[BlankForm]:
        """One page of blank forms, by number."""
        rows = self._link.fetch(
            _LISTED,
            issuer_code=issuer_code,
            type_code=type_code,
            status=status,
            after=after,
            count=limit,
        )
        return [_blank(row) for row in rows]

    def late_twins(
        self, within: tuple[Holding, ...], issued_before: date, after: str, limit: int
    ) -> Sequence[str]:
        """Certificates issued before a day whose paper is still pending."""
        page = {"issued_before": issued_before, "after": after, "count": limit}
        stored_before = start_of_day(issued_before)
        pending = self._link.fetch(_LATE.where(held(_CERTIFICATES, within)), **page)
        copies = self._link.fetch(
            _LATE_COPIES.where(held(_CERTIFICATES, within)), stored_before=stored_before, **page
        )
        return sorted({row.identifier for row in (*pending, *copies)})[:limit]

    def uncollected(self, within: tuple[Holding, ...], after: str, limit: int) -> Sequence[str]:
        """Certificates that have ended while their paper is out."""
        statement = _UNCOLLECTED.where(held(_CERTIFICATES, within))
        return [row.identifier for row in self._link.fetch(statement, after=after, count=limit)]

    def untwinned(self, issuer_code: str, after: str, limit: int) -> Sequence[UntwinnedPrint]:
        """Prints without a certificate."""
        page = {"issuer_code": issuer_code, "after": after, "count": limit}
        rows = self._link.fetch(_UNTWINNED, **page)
        return [untwinned_of(self._link, UntwinnedPrint(*tuple(row))) for row in rows]


class PaperWriting(PaperReading):
    """The part of a unit of work that keeps them."""

    def add_sheets(
        self, sheets: Iterable[Sheet], issuer_code: str, type_code: str, reporters: Collection[str]
    ) -> None:
        """Keeps new sheets and uses their blank forms; `PrintNumberTaken`, `BlankFormUnusable`."""
        for sheet in sheets:
            self._use_blank(sheet, issuer_code, type_code)
            try:
                self._link.change(insert(_SHEETS), _sheet_row(sheet, issuer_code, type_code))
            except Conflict as error:
                raise PrintNumberTaken(field_path="/print_number") from error
            for reporter in sorted({issuer_code, *reporters}):
                twinned = {
                    "b_issuer_code": reporter,
                    "b_type_code": type_code,
                    "b_print_number": sheet.printed.print_number,
                    "b_identifier": sheet.identifier,
                }
                self._link.change(_TWIN, twinned)

    def save_sheet(self, sheet: Sheet) -> None:
        """Keeps a sheet's status."""
        self._link.change(
            _SAVE_SHEET,
            {
                "b_identifier": sheet.identifier,
                "b_form": sheet.printed.form,
                "b_copy_number": sheet.printed.copy_number,
                "b_print_number": sheet.printed.print_number,
                "b_status": sheet.status,
                "b_status_on": sheet.status_on,
                "b_notice": sheet.notice,
            },
        )

    def activate_sheets(self, identifiers: Sequence[str]) -> frozenset[str]:
        """Sheets reserved with these intents are printed now; those that had an original."""
        rows = self._link.fetch_of(_ACTIVATE, identifiers)
        return frozenset(row.identifier for row in rows if row.form == "original")

    def withdraw_sheets(self, identifier: str) -> None:
        """Forgets the sheets of a burned intent; what was printed on is spoiled."""
        now = self._link.clock.now()
        spoiled = {"b_identifier": identifier, "b_note": "burned", "b_changed_at": now}
        self._link.change(_SPOIL_USED, spoiled)
        self._link.change(_WITHDRAW, {"b_identifier": identifier})
        self._link.change(_UNTWIN, {"b_identifier": identifier})

    def receive_blanks(self, blanks: Iterable[BlankForm]) -> None:
        """Keeps new blank forms; `Conflict` where a number is in stock already."""
        self._link.change(insert(_BLANKS), [_blank_row(one) for one in blanks])

    def spoil_blank(self, blank: BlankForm) -> None:
        """Takes a blank form out of stock; `BlankFormUnusable` unless it is there."""
        row = {f"b_{name}": value for name, value in _blank_row(blank).items()}
        if self._link.change(_USE_BLANK, row) == 0:
            raise BlankFormUnusable(number=blank.number)

    def twinned(self, issuers: Collection[str], type_code: str, print_number: str) -> bool:
        """Whether a sheet of one of the issuers has the print number."""
        statement = _TWINNED.where(_SHEETS.c.issuer_code.in_(sorted(issuers)))
        place = {"type_code": type_code, "print_number": print_number}
        return self._link.first(statement, **place) is not None

    def add_untwinned(self, found: UntwinnedPrint) -> None:
        """Keeps a print without a certificate; `Conflict` where it is known."""
        kept = with_number_sealed(self._link, found)
        self._link.change(
            insert(_PRINTS), {name: getattr(kept, name) for name in UntwinnedPrint.__slots__}
        )

    def _use_blank(self, sheet: Sheet, issuer_code: str, type_code: str) -> None:
        """Where a stock is kept, every sheet is printed on a form of it."""
        number, form = sheet.printed.blank_number, sheet.printed.form
        if not number:
            place = {"issuer_code": issuer_code, "type_code": type_code, "form": form}
            if self._link.first(_KEEPS_STOCK, **place) is not None:
                raise BlankFormUnusable(number="", field_path="/blank_number")
            return
        used = {
            "b_issuer_code": issuer_code,
            "b_type_code": type_code,
            "b_form": form,
            "b_number": number,
            "b_status": BlankStatus.USED,
            "b_identifier": sheet.identifier,
            "b_changed_at": sheet.recorded_at,
            "b_note": "",
        }
        if self._link.change(_USE_BLANK, used) == 0:
            raise BlankFormUnusable(number=number, field_path="/blank_number")


def _sheet_row(sheet: Sheet, issuer_code: str, type_code: str) -> dict[str, Any]:
    printed = sheet.printed
    return {
        "identifier": sheet.identifier,
        "form": printed.form,
        "copy_number": printed.copy_number,
        "print_number": printed.print_number,
        "issuer_code": issuer_code,
        "type_code": type_code,
        "blank_number": printed.blank_number,
        "place": printed.place,
        "printed_at": printed.printed_at,
        "replaces": printed.replaces,
        "status": sheet.status,
        "status_on": sheet.status_on,
        "notice": sheet.notice,
        "recorded_at": sheet.recorded_at,
        "actor": sheet.actor,
    }


def _sheet(row: Row[Any]) -> Sheet:
    return Sheet(
        identifier=row.identifier,
        printed=Print(
            form=row.form,
            print_number=row.print_number,
            place=row.place,
            printed_at=row.printed_at,
            copy_number=row.copy_number,
            blank_number=row.blank_number,
            replaces=row.replaces,
        ),
        status=PaperStatus(row.status),
        recorded_at=row.recorded_at,
        actor=row.actor,
        status_on=row.status_on,
        notice=row.notice,
    )


def _blank_row(blank: BlankForm) -> dict[str, Any]:
    return {name: getattr(blank, name) for name in BlankForm.__slots__}


def _blank(row: Row[Any]) -> BlankForm:
    return replace(BlankForm(*tuple(row)), status=BlankStatus(row.status))
