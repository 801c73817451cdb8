"""What was changed after a signature, and whether the signature permits it.

First every appended byte is accounted for (`revisions`). Then each revision is compared with what
stood before, object by object (`differences`), and judged by what the signature permits
(`permissions`). Beyond validation material and document timestamps pyHanko must find the same
(`second_opinion`). At last both states are drawn, and must look the same but for what was filled in
(`rendering`). The worst of it counts.
"""

from collections.abc import Sequence
from dataclasses import replace

from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind
from signing.evidence.differences import Difference, View, differences
from signing.evidence.document import Document
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.layout import SignatureLayout
from signing.evidence.opened import opened
from signing.evidence.permissions import Permission, permission_of
from signing.evidence.rendering import Touched, compared
from signing.evidence.revisions import AppendedProblemError, Revision, account
from signing.evidence.second_opinion import second_opinion
from signing.evidence.structure import LENIENT, notes_of

__all__ = ["changes_after"]

_WORST = (
    ChangeGrade.NONE,
    ChangeGrade.PERMITTED,
    ChangeGrade.UNEXPLAINED,
    ChangeGrade.NOT_PERMITTED,
)
_OURS_ALONE = frozenset({ChangeKind.VALIDATION_MATERIAL, ChangeKind.DOCUMENT_TIMESTAMP})
_MOST_NAMED = 20


def changes_after(document: Document, found: Sequence[SignatureLayout]) -> ChangeFacts:
    """The worst over all signatures, with everything that any of them saw come.

    Raises:
        ReadingFaultError: `too-large`, there is too much to compare.
    """
    history = _History(document)
    graded = [_graded(history, layout) for layout in found]
    worst = max(graded, key=lambda item: _WORST.index(item.grade), default=ChangeFacts())
    kinds = {kind for item in graded for kind in item.kinds}
    return replace(worst, kinds=tuple(kind for kind in ChangeKind if kind in kinds))


class _History:
    """The file at the end of each of its revisions; each is looked at once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._budget = Budget.of_history(len(document.data))
        self._views: dict[int, View] = {}
        self._steps: dict[int, list[Difference]] = {}

    def after(self, end: int, revisions: Sequence[Revision]) -> list[Difference]:
        """What the revisions brought that follow `end`.

        Raises:
            ReadingFaultError: there is too much to compare.
        """
        found: list[Difference] = []
        for revision in revisions:
            place = revision.section.start
            if place not in self._steps:
                old, new = self._view(end), self._view(revision.end)
                self._steps[place] = differences(old, new, new.document.sections[0])
            found += self._steps[place]
            end = revision.end
        return found

    def _view(self, end: int) -> View:
        if end not in self._views:
            data = self.document.data
            document = opened(data[:end], len(data), self._budget)
            earlier = max((place for place in self._views if place < end), default=None)
            if earlier is not None:
                document.continues(self._views[earlier].document)
            view = View.of(document)
            # Only now all of it has been looked at.
            strange = sorted(_strange(view) | document.notes & LENIENT)
            if strange:
                raise ReadingFaultError("malformed", strange[0])
            self._views[end] = view
        return self._views[end]


def _strange(view: View) -> set[str]:
    """Objects in use whose numbers are beyond what the trailer announces (7.5.5, `/Size`)."""
    entries, size = view.document.entries, view.document.trailer.get("/Size")
    last = max(view.labels.mentioned & entries.keys(), default=0)
    return {"crossref-size"} if not isinstance(size, int) or last >= size else set()


def _graded(history: _History, layout: SignatureLayout) -> ChangeFacts:
    if layout.sound_problem:
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=layout.sound_problem)
    strange = sorted(notes_of(history.document) & LENIENT)
    if layout.covers_file and "linearised-length" not in strange:
        return ChangeFacts()
    if strange:
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=strange[0])
    try:
        revisions = account(history.document, layout.end)
        found = history.after(layout.end, revisions)
        facts = _judged(found, permission_of(history.document, layout))
        return _confirmed(history.document, layout, found, facts)
    except AppendedProblemError as error:
        return ChangeFacts(error.grade, objects=error.objects, detail=str(error))
    except ReadingFaultError as error:
        # That there is too much to compare says nothing against what was changed.
        if error.fault == "too-large":
            raise
        return ChangeFacts(ChangeGrade.UNEXPLAINED, detail=error.detail)


def _judged(found: Sequence[Difference], permission: Permission) -> ChangeFacts:
    """By our own reading alone."""
    brought = {item.kind for item in found if not item.orphan}
    kinds = tuple(kind for kind in ChangeKind if kind in brought)
    refused = [item for item in found if not permission.permits(item)]
    deciding, grade = [item for item in refused if item.explained], ChangeGrade.NOT_PERMITTED
    if not deciding:
        deciding = refused
        grade = ChangeGrade.UNEXPLAINED if refused else ChangeGrade.PERMITTED
    places = tuple(dict.fromkeys(item.place for item in deciding))
    detail = f"{deciding[0].kind} {deciding[0].detail}".strip() if deciding else ""
    return ChangeFacts(grade, kinds, places[:_MOST_NAMED], detail)


def _confirmed(
    document: Document, layout: SignatureLayout, found: Sequence[Difference], facts: ChangeFacts
) -> ChangeFacts:
    """What others see: pyHanko in the objects, PDFium on the pages."""
    if facts.grade is not ChangeGrade.PERMITTED:
        return facts
    kinds = {item.kind for item in found}
    # pyHanko knows of no remarks; where there are some, nobody calls the file valid.
    if not kinds <= _OURS_ALONE and ChangeKind.ANNOTATION not in kinds:
        grade, detail = second_opinion(document.data, layout)
        if grade is not ChangeGrade.PERMITTED:
            return replace(facts, grade=grade, detail=f"second opinion: {detail}")
    touched = Touched(
        frozenset(item.number for item in found if item.number),
        frozenset(item.field for item in found if item.field),
        frozenset(item.field for item in found if item.fresh),
    )
    grade, detail, page = compared(document, layout.end, touched)
    if grade is ChangeGrade.PERMITTED:
        return facts
    return replace(facts, grade=grade, detail=detail, objects=(page,) if page else ())
