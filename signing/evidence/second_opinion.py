"""What pyHanko's difference analysis says of later revisions: a second opinion, after our own.

Alone it is not enough: it trusts the cross-reference, ignores bytes beside it, lets descriptions
change where nothing may, and counts an object that the signed part mentions but does not define as
an orphan, although it changes what a reader shows (`StandardDiffPolicy`, `_find_orphans`).

It lists every path by which an object is reached, which is quadratic in a long chain (the chapters
of an outline) and factorial in objects that all mention each other. Its steps are counted: a file
that needs more of them is too large to be examined, which says nothing against it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from types import FrameType
from typing import cast

from pyhanko.pdf_utils.generic import PdfObject, Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    FormUpdate,
    FormUpdatingRule,
    GenericFieldModificationRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from certlib.evidence import ChangeGrade
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import SignatureLayout

__all__ = ["second_opinion"]

# Its rules for the level P=3 end with form fields; remarks it knows none of.
_AGREED = frozenset(
    {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING}
)
# Beside the keys that it knows: the chosen entries (12.7.5.4), rich text and the date.
_FILLED = frozenset({"/I", "/TI", "/RV", "/M"})
_MOST_STEPS = 600_000
"""Objects followed, each times the depth at which it was: about a second."""
_DEEPEST = 4_000
"""Calls within each other. A chapter of an outline takes one; Python alone stops at 1,000."""


def second_opinion(data: bytes, layout: SignatureLayout) -> tuple[ChangeGrade, str]:
    """What pyHanko makes of everything that follows a signature.

    Raises:
        ReadingFaultError: `too-large`, its analysis would take too many steps.
    """
    try:
        with _deep():
            # A reader of its own for each question: its history fails on streams decoded before.
            return _analysed(_CountingReader(BytesIO(data), strict=True), layout)
    except SuspiciousModification:
        return ChangeGrade.NOT_PERMITTED, "modification"
    except RecursionError as error:
        raise ReadingFaultError("too-large", "references") from error
    except (MemoryError, ReadingFaultError):
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
    result = _POLICY.review_file(
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
    """The signature as pyHanko has it; no other's message is read for it."""
    for name, value, reference in enumerate_sig_fields(pdf, filled_status=True):
        stated = value.get_object()["/ByteRange"]
        if tuple(map(int, stated)) == layout.byte_range:
            return EmbeddedPdfSignature(pdf, reference.get_object(), name)
    return None


class _TouchedFields(FormUpdatingRule):
    """Fields as pyHanko judges them, but that none is changed by a revision that leaves it alone.

    It approves of what an untouched field refers to as of an update of that field, which a lock
    (12.8.2.4) then forbids: with one locked text field every later timestamp was refused.
    """

    def apply(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterator[tuple[ModificationLevel, FormUpdate]]:
        """What changed in the form between two revisions, and at which level."""
        written = new.explicit_refs_in_revision()  # type: ignore[no-untyped-call]  # not typed there
        for level, update in super().apply(old, new):
            touched = update.updated_ref in written
            yield level, update if touched else replace(update, valid_when_locked=True)


_POLICY = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=_TouchedFields(
        [
            SigFieldCreationRule(),  # type: ignore[no-untyped-call]  # not typed there
            SigFieldModificationRule(),
            GenericFieldModificationRule(value_update_keys=VALUE_UPDATE_KEYS | _FILLED),
        ]
    ),
)


class _CountingReader(PdfFileReader):
    """A reader whose revisions count what is asked of them."""

    def __init__(self, stream: BytesIO, *, strict: bool) -> None:
        super().__init__(stream, strict=strict)
        self._left = _MOST_STEPS
        self._counting: dict[int, _CountingResolver] = {}

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        """The file as it was at that revision; the same one each time, for it remembers paths."""
        if revision not in self._counting:
            self._counting[revision] = _CountingResolver(self, revision)
        return self._counting[revision]

    def spend(self, steps: int) -> None:
        """Counts what an analysis takes.

        Raises:
            ReadingFaultError: it takes too much.
        """
        self._left -= steps
        if self._left < 0:
            raise ReadingFaultError("too-large", "references")


class _CountingResolver(HistoricalResolver):
    def __init__(self, reader: _CountingReader, revision: int) -> None:
        super().__init__(reader, revision)
        self._weights: dict[Reference, int] = {}

    def get_object(self, ref: Reference, as_metadata_stream: bool = False) -> PdfObject:
        """The object, after it has been counted: as deep as it lies, and all that is in it."""
        found = super().get_object(ref, as_metadata_stream)
        if ref not in self._weights:
            self._weights[ref] = _weight(found)
        cast("_CountingReader", self.reader).spend(_depth() + self._weights[ref])
        return cast("PdfObject", found)


def _weight(value: object) -> int:
    """The number of values that lie in a value directly."""
    if isinstance(value, dict):
        return 1 + sum(map(_weight, value.values()))
    return 1 + sum(map(_weight, value)) if isinstance(value, list) else 1


def _depth() -> int:
    """Calls within each other: what is kept of a path, and hashed at each step, is as long."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 (there is no other way to ask)
    depth = 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


@contextmanager
def _deep() -> Iterator[None]:
    """Lets calls go deeper for a while."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
