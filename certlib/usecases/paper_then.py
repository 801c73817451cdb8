"""The printed sheets of a certificate as they stood on the day that is asked about."""

from collections.abc import Iterator
from datetime import date, datetime

from certlib.certificate import Certificate, PaperStatus
from certlib.paper import PaperAct, Sheet
from certlib.past_paper import SheetEvent, sheets_on
from certlib.registry import ReadSession

_PREFIX = "paper-"
_ACTS = {f"{_PREFIX}{act.value}": act for act in PaperAct}
"""What happens to sheets, as the history names it (`certlib.usecases.keep_paper`)."""


def sheets_of(
    session: ReadSession, record: Certificate, on: date | None, known_at: datetime | None
) -> tuple[Sheet, ...]:
    """The sheets, today's without `on`.

    A sheet's row knows its last status; what it was before stands in the history.
    """
    if record.paper is PaperStatus.NONE:
        return ()
    sheets = tuple(session.sheets(record.identifier))
    changed = any(sheet.status_on is not None for sheet in sheets)
    if on is None:
        return sheets
    events = tuple(_events(session, record.identifier)) if changed else ()
    return sheets_on(sheets, events, on, known_at)


def _events(session: ReadSession, identifier: str) -> Iterator[SheetEvent]:
    for line in session.history_of(identifier):
        act = _ACTS.get(line.act)
        if act is not None:
            details = line.details
            on = date.fromisoformat(details["on"])
            form = details.get("form", "")
            yield SheetEvent(act, details["print_number"], on, line.at, form)
