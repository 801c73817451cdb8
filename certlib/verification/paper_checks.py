"""What is said of printed sheets: 挂失 and 声明作废 take nothing from the electronic one.

For a past day the sheets are those of that day: last year's question is not answered with today's
loss.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from certlib.calendar import legal_day
from certlib.certificate import Certificate, PaperStatus
from certlib.document import ORIGINAL, Form
from certlib.paper import current, overall
from certlib.states import View
from certlib.verification.model import Check, Finding, Judgement, Outcome

_WHOLE: Final[Mapping[PaperStatus, str]] = {
    PaperStatus.LOST: "paper-lost",
    PaperStatus.DECLARED_VOID: "paper-void",
}
_OF_COPIES: Final[Mapping[PaperStatus, str]] = {
    PaperStatus.LOST: "paper-copy-lost",
    PaperStatus.DECLARED_VOID: "paper-copy-void",
}
_WHOLE_CODES: Final = frozenset(_WHOLE.values())


def paper(bench: Judgement, record: Certificate) -> list[Finding]:
    """Sheets that are lost or void, the copy that is asked about first, then the 正本."""
    facts = bench.facts
    day = facts.on or legal_day(bench.at)
    if record.view_on(day, facts.known_at if facts.on is not None else None) is not View.VALID:
        return []  # the sentences say that the electronic certificate is valid
    return sorted(_findings(bench, record), key=lambda item: not tells(bench, item))


def tells(bench: Judgement, finding: Finding) -> bool:
    """Whether a finding is about what was asked: the 正本, or the very copy at hand."""
    if finding.check is not Check.PAPER:
        return False
    known = bench.facts.known_file
    at_hand = "" if known is None else known.file_form.names[0]
    return finding.code in _WHOLE_CODES or finding.values["form"] == at_hand


def _findings(bench: Judgement, record: Certificate) -> Iterator[Finding]:
    sheets = bench.facts.sheets
    status = record.paper if sheets is None else overall(sheets, has_paper=False)
    for sheet in current(sheets or ()):
        form = Form(sheet.printed.form, sheet.printed.copy_number)
        if form != ORIGINAL and sheet.status in _OF_COPIES:
            zh, en = form.names
            values = {"form": zh, "form_en": en, "print_number": sheet.printed.print_number}
            code = _OF_COPIES[sheet.status]
            yield bench.finding(Check.PAPER, Outcome.PASS, code, values)
    if status in _WHOLE:
        yield bench.finding(Check.PAPER, Outcome.PASS, _WHOLE[status])
