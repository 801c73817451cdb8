"""Printed sheets as they stood on a past day: a row knows its last status, the history the others.

What happened is told by form and print number; records of earlier releases give the number alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from certlib.calendar import legal_day
from certlib.certificate import PaperStatus
from certlib.paper import SHEET_STEPS, PaperAct, Sheet, sheets_meant


@dataclass(frozen=True, slots=True)
class SheetEvent:
    """Something that happened to a sheet.

    Attributes:
        on: its legal day; `recorded_at`: since when the record knows of it.
        form: of the sheet; "" in records of earlier releases, which took the oldest sheet.
    """

    act: PaperAct
    print_number: str
    on: date
    recorded_at: datetime
    form: str = ""


def sheets_on(
    sheets: Iterable[Sheet], events: Iterable[SheetEvent], day: date, known_at: datetime | None
) -> tuple[Sheet, ...]:
    """The sheets as they stood on a past day, as the record knew them at an instant.

    Args:
        sheets: as they are now, oldest first.
        events: everything that happened to them, in the order of recording.
        day: the legal day that is asked about.
        known_at: None for all that is known.
    """
    listed = list(sheets)
    found = {
        sheet.key: replace(sheet, status=PaperStatus.SYNCED)
        for sheet in listed
        if legal_day(sheet.printed.printed_at) <= day
        and (known_at is None or sheet.recorded_at <= known_at)
    }
    for event in events:
        meant = sheets_meant(listed, event.print_number, event.form)[:1]
        sheet = found.get(meant[0].key) if meant else None
        if sheet is None or event.on > day or (known_at and event.recorded_at > known_at):
            continue
        status = SHEET_STEPS.get((sheet.status, event.act), sheet.status)
        found[sheet.key] = replace(sheet, status=status)
    return tuple(found.values())
