"""The paper twin of a certificate, and the blank forms it is printed on.

Electronic and paper certificate are issued together (电子证照与纸质证照同步签发). What happens to
the paper (lost, declared void, replaced, collected) takes nothing from the electronic certificate.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from certlib.calendar import legal_day
from certlib.certificate import PaperStatus
from certlib.errors import Invalid, Problem, TransitionForbidden

_RANGE_LIMIT = 10_000
_ONE_SHEET = frozenset({"original", "duplicate"})
"""Files that are a certificate in themselves: there is one sheet of each at a time."""

SheetKey = tuple[str, str]
"""Form and print number, which name one sheet of a certificate."""


class PaperAct(StrEnum):
    """What may happen to a printed sheet."""

    LOSE = "lose"
    FIND = "find"
    DECLARE_VOID = "declare-void"
    COLLECT = "collect"

    @property
    def zh(self) -> str:
        """The act in Chinese."""
        return _ACT_ZH[self]


_ACT_ZH: Mapping[PaperAct, str] = {
    PaperAct.LOSE: "挂失",
    PaperAct.FIND: "撤销挂失",
    PaperAct.DECLARE_VOID: "声明作废",
    PaperAct.COLLECT: "收回",
}

SHEET_STEPS: Mapping[tuple[PaperStatus, PaperAct], PaperStatus] = {
    (PaperStatus.SYNCED, PaperAct.LOSE): PaperStatus.LOST,
    (PaperStatus.LOST, PaperAct.FIND): PaperStatus.SYNCED,
    (PaperStatus.LOST, PaperAct.DECLARE_VOID): PaperStatus.DECLARED_VOID,
    # Damaged or stolen from the office: void without having been reported lost.
    (PaperStatus.SYNCED, PaperAct.DECLARE_VOID): PaperStatus.DECLARED_VOID,
    (PaperStatus.SYNCED, PaperAct.COLLECT): PaperStatus.COLLECTED,
    # A sheet that was declared void may still be handed in one day.
    (PaperStatus.DECLARED_VOID, PaperAct.COLLECT): PaperStatus.COLLECTED,
}
"""The one table of a sheet's life."""

_STATUS_ZH: Mapping[PaperStatus, str] = {
    PaperStatus.NONE: "无纸质件",
    PaperStatus.PENDING: "待同步",
    PaperStatus.SYNCED: "已同步",
    PaperStatus.COLLECTED: "已收回",
    PaperStatus.LOST: "已挂失",
    PaperStatus.DECLARED_VOID: "声明作废",
}


@dataclass(frozen=True, slots=True)
class Print:
    """What the printing system says of a sheet.

    Attributes:
        print_number: number printed on the sheet, unique for issuer, type and form.
        blank_number: number of the blank form (空白证件) it was printed on, or "".
        place: where it was printed.
        printed_at: when (aware UTC).
        replaces: print number of the sheet that was declared void, or ""; of its own form where
            sheets of several forms have it.
    """

    form: str
    print_number: str
    place: str
    printed_at: datetime
    copy_number: int = 0
    blank_number: str = ""
    replaces: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the digest of a request."""
        return {
            "form": self.form,
            "copy_number": self.copy_number,
            "print_number": self.print_number,
            "blank_number": self.blank_number,
            "place": self.place,
            "printed_at": self.printed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "replaces": self.replaces,
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed sheet of a certificate.

    Attributes:
        status: of this sheet; `pending` while its certificate is being issued.
        status_on: legal day of the loss, declaration or collection.
        notice: newspaper, page or document of it.
    """

    identifier: str
    printed: Print
    status: PaperStatus
    recorded_at: datetime
    actor: str
    status_on: date | None = None
    notice: str = ""

    @property
    def key(self) -> SheetKey:
        """Which sheet of its certificate it is."""
        return self.printed.form, self.printed.print_number

    def after(self, act: PaperAct, day: date, *, today: date, notice: str = "") -> "Sheet":
        """The sheet after `act` on the legal day `day`.

        Raises:
            TransitionForbidden: the table has no such step.
            Invalid: the day is in the future, before the print or before what happened last, or
                a declaration has no notice.
        """
        to_status = SHEET_STEPS.get((self.status, act))
        if to_status is None:
            raise TransitionForbidden(
                state=self.status.value,
                state_zh=_STATUS_ZH[self.status],
                action=act.value,
                action_zh=act.zh,
            )
        problems = []
        if day > today:
            problems.append(
                Problem("/on", "date-future", "日期不能晚于今天。", "The day is in the future.")
            )
        earliest = max(legal_day(self.printed.printed_at), self.status_on or date.min)
        if day < earliest:
            problems.append(
                Problem(
                    "/on",
                    "date-order",
                    f"日期不能早于印制日期及上一次登记的日期（{earliest}），请核对。",
                    f"The day lies before the print, or what was recorded last ({earliest}).",
                )
            )
        if act is PaperAct.DECLARE_VOID and not notice.strip():
            problems.append(
                Problem(
                    "/notice",
                    "notice-missing",
                    "请填写声明刊登处或文号。",
                    "Name the notice or document of the declaration.",
                )
            )
        if problems:
            raise Invalid(problems=tuple(problems))
        return replace(self, status=to_status, status_on=day, notice=notice or self.notice)


def print_problems(
    prints: Iterable[Print], forms: Collection[tuple[str, int]], today: date, path: str
) -> Iterator[Problem]:
    """What stands against sheets of a certificate.

    Args:
        prints: the sheets.
        forms: (form, copy number) of every file of the certificate.
        today: no sheet is printed later.
        path: JSON pointer of the list in the caller's document.
    """
    for place, item in enumerate(prints):
        if (item.form, item.copy_number) not in forms:
            yield Problem(
                f"{path}/{place}/form",
                "form-unknown",
                "该证照没有这种形式或副本号，请先签发。",
                "The certificate has no such form or copy: issue it first.",
            )
        if legal_day(item.printed_at) > today:
            yield Problem(
                f"{path}/{place}/printed_at",
                "date-future",
                "印制时间不能晚于现在。",
                "The sheet cannot be printed in the future.",
            )


def sheets_meant(
    sheets: Iterable[Sheet], print_number: str, form: str = "", copy_number: int | None = None
) -> list[Sheet]:
    """The sheets that a print number means: 正本 and 副本 may each have one of that number.

    Args:
        sheets: of one certificate.
        print_number: as it is printed.
        form: of this form alone; "" for all.
        copy_number: of this copy alone; None for all.
    """
    return [
        sheet
        for sheet in sheets
        if sheet.printed.print_number == print_number
        and form in {"", sheet.printed.form}
        and copy_number in {None, sheet.printed.copy_number}
    ]


def replaced_by(printed: Print, sheets: Iterable[Sheet]) -> list[Sheet]:
    """The sheets that a print's `replaces` means: that of its own form, where there is one."""
    meant = sheets_meant(sheets, printed.replaces)
    return sheets_meant(meant, printed.replaces, printed.form) or meant


def _replaced(sheets: Sequence[Sheet]) -> set[SheetKey]:
    return {old.key for sheet in sheets for old in replaced_by(sheet.printed, sheets)}


def sheet_problems(prints: Iterable[Print], known: Iterable[Sheet], path: str) -> Iterator[Problem]:
    """There is one 正本 and one of each 副本 at a time, and a sheet is replaced once.

    Args:
        prints: new sheets of a certificate.
        known: its sheets on record.
        path: JSON pointer of the list in the caller's document.
    """
    before = list(known)
    replaced = _replaced(before)
    out = [item.printed for item in current(before) if item.status is not PaperStatus.COLLECTED]
    for place, item in enumerate(prints):
        olds = {old.key for old in replaced_by(item, before)}
        if olds & replaced:
            yield Problem(
                f"{path}/{place}/replaces",
                "sheet-replaced",
                "该纸质件已补发过，请写明最近一次补发的印制号。",
                "That sheet has been replaced: name the one that replaced it last.",
            )
        rivals = [
            other.print_number
            for other in out
            if (other.form, other.copy_number) == (item.form, item.copy_number)
            and other.print_number != item.replaces
        ]
        if rivals and item.form in _ONE_SHEET:
            yield Problem(
                f"{path}/{place}/form",
                "sheet-out",
                f"已有纸质件“{rivals[0]}”：请先登记收回，或声明作废后在 replaces 写明其印制号。",
                f"Its sheet {rivals[0]} is out: record it as collected, or declare it void and"
                " name it in replaces.",
            )
        replaced |= olds
        out.append(item)


def overall(sheets: Iterable[Sheet], *, has_paper: bool) -> PaperStatus:
    """What is said of the paper twin as a whole: its 正本 decides, replaced sheets do not count.

    Args:
        sheets: every sheet of the certificate.
        has_paper: whether the type has paper at all.
    """
    deciding = [sheet for sheet in current(sheets) if sheet.printed.form == "original"]
    if not deciding:
        return PaperStatus.PENDING if has_paper else PaperStatus.NONE
    for status in (PaperStatus.LOST, PaperStatus.DECLARED_VOID, PaperStatus.SYNCED):
        if any(sheet.status is status for sheet in deciding):
            return status
    return deciding[0].status


def current(sheets: Iterable[Sheet]) -> list[Sheet]:
    """The sheets that no other one replaces."""
    listed = list(sheets)
    replaced = _replaced(listed)
    return [sheet for sheet in listed if sheet.key not in replaced]


class BlankStatus(StrEnum):
    """A blank form (空白证件): 已入库, 已使用, 已作废."""

    RECEIVED = "received"
    USED = "used"
    SPOILED = "spoiled"


@dataclass(frozen=True, slots=True)
class BlankForm:
    """One numbered blank form of a type's form in the stock of an issuer.

    Attributes:
        identifier: the certificate it was used for, or "".
        note: why it was spoiled.
    """

    issuer_code: str
    type_code: str
    form: str
    number: str
    status: BlankStatus
    received_on: date
    changed_at: datetime
    identifier: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StockCount:
    """How many blank forms of a type's form there are, by status."""

    type_code: str
    form: str
    received: int
    used: int
    spoiled: int


@dataclass(frozen=True, slots=True)
class UntwinnedPrint:
    """Paper that a department printed while no electronic certificate stood behind it."""

    issuer_code: str
    type_code: str
    print_number: str
    number: str
    printed_on: date
    recorded_at: datetime
    actor: str
    identifier: str = ""


def numbers_between(first: str, last: str) -> list[str]:
    """Every number from `first` to `last`: equal letters before, digits of equal length after.

    Raises:
        Invalid: not such a range, or more than 10,000.
    """
    stem = first.rstrip("0123456789")
    head, tail = first[len(stem) :], last[len(stem) :]
    good = (
        last.startswith(stem)
        and head.isascii()
        and tail.isascii()
        and head.isdecimal()
        and tail.isdecimal()
        and len(head) == len(tail)
        and int(head) <= int(tail) < int(head) + _RANGE_LIMIT
    )
    if not good:
        raise Invalid(
            problems=(
                Problem(
                    "/last",
                    "blank-range",
                    "起止号码应前缀相同、位数相同、由小到大，且一次不超过10000个。",
                    "First and last must share their letters and length, rise, and span 10,000.",
                ),
            )
        )
    return [f"{stem}{number:0{len(head)}d}" for number in range(int(head), int(tail) + 1)]
