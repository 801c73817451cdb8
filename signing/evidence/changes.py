"""What was changed after a signature: our accounting of bytes first, pyHanko's analysis second.

pyHanko alone is not enough: it trusts the cross-reference, ignores bytes beside it, and counts an
object that the signed part mentions but does not define as an orphan, although it changes what a
reader shows (`StandardDiffPolicy`, `_find_orphans`).
"""

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from certlib.evidence import ChangeGrade
from signing.evidence.layout import SignatureLayout, layouts
from signing.evidence.opened import OpenedPdf, opened
from signing.evidence.revisions import AppendedProblemError, account

__all__ = ["changes_after"]

_NO_CHANGES = 1
# Where nothing may change, an object that nothing refers to has no business there, either.
_SEALED_POLICY = StandardDiffPolicy(
    DEFAULT_DIFF_POLICY.global_rules,
    DEFAULT_DIFF_POLICY.form_rule,
    ignore_orphaned_objects=False,
    ignore_identical_objects=False,
)
_WORST = (
    ChangeGrade.NONE,
    ChangeGrade.PERMITTED,
    ChangeGrade.UNEXPLAINED,
    ChangeGrade.NOT_PERMITTED,
)
_MOST_OBJECTS = 20_000


def changes_after(pdf: OpenedPdf, found: list[SignatureLayout]) -> tuple[ChangeGrade, str]:
    """The worst grade over all signatures, and why."""
    graded = [_graded(pdf, index, layout) for index, layout in enumerate(found)]
    return max(graded, key=lambda item: _WORST.index(item[0]), default=(ChangeGrade.NONE, ""))


def _graded(pdf: OpenedPdf, index: int, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    if layout.covers_file and not layout.sound_problem:
        return ChangeGrade.NONE, ""
    if layout.sound_problem or not pdf.strict:
        return ChangeGrade.UNEXPLAINED, layout.sound_problem or "lenient syntax"
    try:
        account(pdf, layout.end)
        # pyHanko's history fails on objects whose streams were decoded before: read anew.
        fresh = opened(pdf.data, len(pdf.data))
        return _analysed(fresh, layouts(fresh)[index])
    except AppendedProblemError as error:
        return error.grade, str(error)
    except SuspiciousModification:
        return ChangeGrade.NOT_PERMITTED, "modification"
    # pyHanko's analysis walks the whole hostile object graph: many kinds escape from it.
    except (PdfError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        return ChangeGrade.UNEXPLAINED, type(error).__name__


def _analysed(pdf: OpenedPdf, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    if layout.field is None:
        return ChangeGrade.UNEXPLAINED, "no field"
    embedded = EmbeddedPdfSignature(pdf.reader, layout.field.dictionary, layout.name)
    if embedded.evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_REVISION:
        return ChangeGrade.UNEXPLAINED, "coverage"
    base = embedded.signed_revision
    mentioned = _late_definition(pdf, base)
    if mentioned:
        return ChangeGrade.NOT_PERMITTED, f"object {mentioned} defined after it was signed for"
    limit = _limit(layout, embedded)
    policy = _SEALED_POLICY if limit == _NO_CHANGES else DEFAULT_DIFF_POLICY
    result = policy.review_file(
        pdf.reader, base, field_mdp_spec=embedded.fieldmdp, doc_mdp=embedded.docmdp_level
    )
    if not isinstance(result, DiffResult):
        return ChangeGrade.NOT_PERMITTED, "modification"
    return _level(pdf, base, result.modification_level, limit)


def _limit(layout: SignatureLayout, embedded: EmbeddedPdfSignature) -> int | None:
    level = embedded.docmdp_level
    return layout.certified if level is None else int(level.value)


def _level(
    pdf: OpenedPdf, base: int, level: ModificationLevel, limit: int | None
) -> tuple[ChangeGrade, str]:
    if level is ModificationLevel.OTHER or level is ModificationLevel.ANNOTATIONS:
        return ChangeGrade.NOT_PERMITTED, level.name.lower()
    if limit == _NO_CHANGES:
        if level.value > ModificationLevel.LTA_UPDATES.value:
            return ChangeGrade.NOT_PERMITTED, level.name.lower()
        if _described_anew(pdf, base):
            return ChangeGrade.NOT_PERMITTED, "metadata"
    return ChangeGrade.PERMITTED, level.name.lower()


def _described_anew(pdf: OpenedPdf, base: int) -> bool:
    """Whether `/Info` or `/Metadata` changed: pyHanko lets both pass even where P=1 forbids it."""
    before, after = pdf.reader.get_historical_resolver(base), pdf.reader
    for old, new in ((before.trailer_view, after.trailer_view), (before.root, after.root)):
        for key in ("/Info", "/Metadata"):
            if _raw(old, key) != _raw(new, key):
                return True
    touched = {
        (reference.idnum, reference.generation)
        for number in range(base + 1, pdf.reader.xrefs.total_revisions)
        for reference in pdf.reader.xrefs.explicit_refs_in_revision(number)
    }
    watched = {_raw(after.trailer_view, "/Info"), _raw(after.root, "/Metadata")}
    return bool(watched & touched)


def _raw(holder: generic.DictionaryObject, key: str) -> tuple[int, int] | None:
    value = holder.raw_get(key) if key in holder else None
    if isinstance(value, generic.IndirectObject):
        return (value.idnum, value.generation)
    return None if value is None else (-1, hash(repr(value)))


def _late_definition(pdf: OpenedPdf, base: int) -> int:
    """The number of an object that the signed revision mentions and only a later one defines."""
    xrefs = pdf.reader.xrefs
    later = {
        (reference.idnum, reference.generation)
        for number in range(base + 1, xrefs.total_revisions)
        for reference in xrefs.explicit_refs_in_revision(number)
    }
    known = _known(pdf, base)
    fresh = later - known
    if not fresh:
        return 0
    before = pdf.reader.get_historical_resolver(base)
    for number, generation in sorted(known)[:_MOST_OBJECTS]:
        value = before(generic.Reference(number, generation, pdf=pdf.reader))
        for mention in _mentions(value):
            if mention in fresh:
                return mention[0]
    return 0


def _known(pdf: OpenedPdf, base: int) -> set[tuple[int, int]]:
    return {
        (reference.idnum, reference.generation)
        for number in range(base + 1)
        for reference in pdf.reader.xrefs.explicit_refs_in_revision(number)
        - pdf.reader.xrefs.refs_freed_in_revision(number)
    }


def _mentions(value: Any) -> Iterator[tuple[int, int]]:  # noqa: ANN401 - a pyHanko object
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, generic.IndirectObject):
            yield (found.idnum, found.generation)
        elif isinstance(found, generic.DictionaryObject):
            waiting.extend(found.raw_get(key) for key in found)
        elif isinstance(found, generic.ArrayObject):
            waiting.extend(found.raw_get(index) for index in range(len(found)))
