"""What pyHanko's difference analysis says of later revisions: a second opinion, after our own.

Alone it is not enough: it trusts the cross-reference, ignores bytes beside it, lets descriptions
change where nothing may, and counts an object that the signed part mentions but does not define as
an orphan, although it changes what a reader shows (`StandardDiffPolicy`, `_find_orphans`).
"""

from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    SuspiciousModification,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from certlib.evidence import ChangeGrade
from signing.evidence.layout import SignatureLayout

__all__ = ["second_opinion"]

# Its rules for the level P=3 end with form fields; remarks it knows none of.
_AGREED = frozenset(
    {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING}
)


def second_opinion(data: bytes, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    """What pyHanko makes of everything that follows a signature."""
    try:
        # A reader of its own for each question: its history fails on streams decoded before.
        reader = PdfFileReader(BytesIO(data), strict=True)
        return _analysed(reader, layout)
    except SuspiciousModification:
        return ChangeGrade.NOT_PERMITTED, "modification"
    except MemoryError:
        raise
    # The analysis walks the whole hostile object graph, and is deterministic: whatever escapes
    # from it says that these bytes cannot be explained.
    except Exception as error:  # noqa: BLE001
        return ChangeGrade.UNEXPLAINED, type(error).__name__


def _analysed(pdf: PdfFileReader, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    embedded = _embedded(pdf, layout)
    if embedded is None:
        return ChangeGrade.UNEXPLAINED, "no field"
    if embedded.evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_REVISION:
        return ChangeGrade.UNEXPLAINED, "coverage"
    result = DEFAULT_DIFF_POLICY.review_file(
        pdf,
        embedded.signed_revision,
        field_mdp_spec=embedded.fieldmdp,
        doc_mdp=embedded.docmdp_level,
    )
    level = result.modification_level if isinstance(result, DiffResult) else None
    if level in _AGREED:
        return ChangeGrade.PERMITTED, ""
    return ChangeGrade.NOT_PERMITTED, "modification" if level is None else level.name.lower()


def _embedded(pdf: PdfFileReader, layout: SignatureLayout) -> EmbeddedPdfSignature | None:
    found: list[EmbeddedPdfSignature] = pdf.embedded_signatures
    same = (item for item in found if tuple(map(int, item.byte_range)) == layout.byte_range)
    return next(same, None)
