"""Opening an uploaded PDF: what cannot be read is a classified fault, never an exception.

The file structure of ISO 32000-2, 7.5, read by ourselves. `startxref` must lead to a
cross-reference section, a few bytes of miscounting allowed; where the chain behind it is broken,
the file is rebuilt from its object bodies as other readers do, and noted as `repaired`.
"""

import re

from signing.evidence.crossref import CrossReferenceProblemError, Section, chain_from
from signing.evidence.document import Document
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.recovery import rebuilt

__all__ = ["opened"]

_HEADER = re.compile(rb"%PDF-\d\.\d")
_FIRST = 1024
_TAIL = 2048
_START = re.compile(rb"startxref[\x00\t\n\x0c\r ]+(\d{1,12})[\x00\t\n\x0c\r ]+%%EOF")


def opened(data: bytes, most: int, budget: Budget | None = None) -> Document:
    """Parses `data`.

    Args:
        data: the whole file.
        most: the largest size accepted, in bytes.
        budget: what may be spent; of its own unless several readings share one.

    Raises:
        ReadingFaultError: empty, too large, no PDF, truncated, encrypted or malformed.
    """
    if not data:
        raise ReadingFaultError("empty")
    if len(data) > most:
        raise ReadingFaultError("too-large", str(most))
    header = _HEADER.search(data, 0, _FIRST)
    if header is None:
        raise ReadingFaultError("not-pdf")
    if data.rfind(b"%%EOF", max(0, len(data) - _TAIL)) < 0:
        raise ReadingFaultError("truncated", "end marker")
    budget = budget or Budget.of(len(data))
    sections, notes = _sections(data, budget, shifted=header.start() > 0)
    document = Document(data, sections, notes, budget)
    if any(document.resolved(item.trailer.get("/Encrypt")) is not None for item in sections):
        raise ReadingFaultError("encrypted")
    assert document.catalog is not None  # noqa: S101 - it raises where there is none
    return document


def _sections(
    data: bytes, budget: Budget, *, shifted: bool
) -> tuple[tuple[Section, ...], set[str]]:
    # A damaged end before the last `startxref` is not searched: nobody could tell which is meant.
    stated = _START.match(data, max(0, data.rfind(b"startxref")))
    if stated is None:
        raise ReadingFaultError("malformed", "startxref")
    try:
        chain = chain_from(data, int(stated[1]), budget)
    except CrossReferenceProblemError as error:
        # Bytes before the header shift every offset, which is the commonest of such damages.
        if error.hopeless and not shifted:
            raise ReadingFaultError("malformed", "startxref") from error
        return (rebuilt(data, budget),), {"repaired"}
    return chain.sections, set(chain.notes)
