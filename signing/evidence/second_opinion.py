"""What pyHanko's difference analysis says of later revisions: a second opinion, after our own.

Alone it is not enough: it trusts the cross-reference, ignores bytes beside it, and counts an
object that the signed part mentions but does not define as an orphan, although it changes what a
reader shows (`StandardDiffPolicy`, `_find_orphans`).
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
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
from signing.evidence.layout import SignatureLayout

__all__ = ["second_opinion"]

_NO_CHANGES = 1
# Where nothing may change, an object that nothing refers to has no business there, either.
_SEALED_POLICY = StandardDiffPolicy(
    DEFAULT_DIFF_POLICY.global_rules,
    DEFAULT_DIFF_POLICY.form_rule,
    ignore_orphaned_objects=False,
    ignore_identical_objects=False,
)
_MOST_OBJECTS = 20_000


def second_opinion(data: bytes, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    """What pyHanko makes of everything that follows a signature."""
    try:
        # A reader of its own for each question: its history fails on streams decoded before.
        reader = PdfFileReader(BytesIO(data), strict=True)
        return _analysed(reader, layout)
    except SuspiciousModification:
        return ChangeGrade.NOT_PERMITTED, "modification"
    # The analysis walks the whole hostile object graph: many kinds escape from it.
    except (
        PdfError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        AssertionError,
        RecursionError,
    ) as error:
        return ChangeGrade.UNEXPLAINED, type(error).__name__


def _analysed(pdf: PdfFileReader, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    embedded = _embedded(pdf, layout)
    if embedded is None:
        return ChangeGrade.UNEXPLAINED, "no field"
    if embedded.evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_REVISION:
        return ChangeGrade.UNEXPLAINED, "coverage"
    base = embedded.signed_revision
    mentioned = _late_definition(pdf, base)
    if mentioned:
        return ChangeGrade.NOT_PERMITTED, f"object {mentioned} defined after it was signed for"
    limit = _limit(layout, embedded)
    policy = _SEALED_POLICY if limit == _NO_CHANGES else DEFAULT_DIFF_POLICY
    result = policy.review_file(
        pdf, base, field_mdp_spec=embedded.fieldmdp, doc_mdp=embedded.docmdp_level
    )
    if not isinstance(result, DiffResult):
        return ChangeGrade.NOT_PERMITTED, "modification"
    return _level(pdf, base, result.modification_level, limit)


def _embedded(pdf: PdfFileReader, layout: SignatureLayout) -> EmbeddedPdfSignature | None:
    found: list[EmbeddedPdfSignature] = pdf.embedded_signatures
    same = (item for item in found if tuple(map(int, item.byte_range)) == layout.byte_range)
    return next(same, None)


def _limit(layout: SignatureLayout, embedded: EmbeddedPdfSignature) -> int | None:
    level = embedded.docmdp_level
    return layout.certified if level is None else int(level.value)


def _level(
    pdf: PdfFileReader, base: int, level: ModificationLevel, limit: int | None
) -> tuple[ChangeGrade, str]:
    if level is ModificationLevel.OTHER or level is ModificationLevel.ANNOTATIONS:
        return ChangeGrade.NOT_PERMITTED, level.name.lower()
    if limit == _NO_CHANGES:
        if level.value > ModificationLevel.LTA_UPDATES.value:
            return ChangeGrade.NOT_PERMITTED, level.name.lower()
        if _described_anew(pdf, base):
            return ChangeGrade.NOT_PERMITTED, "metadata"
    return ChangeGrade.PERMITTED, level.name.lower()


def _described_anew(pdf: PdfFileReader, base: int) -> bool:
    """Whether `/Info` or `/Metadata` changed: pyHanko lets both pass even where P=1 forbids it."""
    before, after = pdf.get_historical_resolver(base), pdf
    for old, new in ((before.trailer_view, after.trailer_view), (before.root, after.root)):
        for key in ("/Info", "/Metadata"):
            if _raw(old, key) != _raw(new, key):
                return True
    touched = {
        (reference.idnum, reference.generation)
        for number in range(base + 1, pdf.xrefs.total_revisions)
        for reference in pdf.xrefs.explicit_refs_in_revision(number)
    }
    watched = {_raw(after.trailer_view, "/Info"), _raw(after.root, "/Metadata")}
    return bool(watched & touched)


def _raw(holder: generic.DictionaryObject, key: str) -> tuple[int, int] | None:
    value = holder.raw_get(key) if key in holder else None
    if isinstance(value, generic.IndirectObject):
        return (value.idnum, value.generation)
    return None if value is None else (-1, hash(repr(value)))


def _late_definition(pdf: PdfFileReader, base: int) -> int:
    """The number of an object that the signed revision mentions and only a later one defines."""
    xrefs = pdf.xrefs
    later = {
        (reference.idnum, reference.generation)
        for number in range(base + 1, xrefs.total_revisions)
        for reference in xrefs.explicit_refs_in_revision(number)
    }
    known = _known(pdf, base)
    fresh = later - known
    if not fresh:
        return 0
    before = pdf.get_historical_resolver(base)
    for number, generation in sorted(known)[:_MOST_OBJECTS]:
        value = before(generic.Reference(number, generation, pdf=pdf))
        for mention in _mentions(value):
            if mention in fresh:
                return mention[0]
    return 0


def _known(pdf: PdfFileReader, base: int) -> set[tuple[int, int]]:
    return {
        (reference.idnum, reference.generation)
        for number in range(base + 1)
        for reference in pdf.xrefs.explicit_refs_in_revision(number)
        - pdf.xrefs.refs_freed_in_revision(number)
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
