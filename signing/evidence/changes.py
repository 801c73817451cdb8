"""What was changed after a signature: our accounting of bytes first, pyHanko's analysis second."""

from collections.abc import Sequence

from certlib.evidence import ChangeFacts, ChangeGrade
from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import SignatureLayout
from signing.evidence.revisions import AppendedProblemError, account
from signing.evidence.second_opinion import second_opinion
from signing.evidence.structure import LENIENT, notes_of

__all__ = ["changes_after"]

_WORST = (
    ChangeGrade.NONE,
    ChangeGrade.PERMITTED,
    ChangeGrade.UNEXPLAINED,
    ChangeGrade.NOT_PERMITTED,
)


def changes_after(document: Document, found: Sequence[SignatureLayout]) -> ChangeFacts:
    """The worst over all signatures."""
    graded = [_graded(document, layout) for layout in found]
    return max(graded, key=lambda item: _WORST.index(item.grade), default=ChangeFacts())


def _graded(document: Document, layout: SignatureLayout) -> ChangeFacts:
    if layout.sound_problem:
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=layout.sound_problem)
    if layout.covers_file:
        return ChangeFacts()
    strange = sorted(notes_of(document) & LENIENT)
    if strange:
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=strange[0])
    try:
        account(document, layout.end)
        grade, detail = second_opinion(document.data, layout)
        return ChangeFacts(grade, detail=detail)
    except AppendedProblemError as error:
        return ChangeFacts(error.grade, objects=error.objects, detail=str(error))
    except ReadingFaultError as error:
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=error.detail)
