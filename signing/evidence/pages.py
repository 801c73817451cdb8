"""The page tree (ISO 32000-2, 7.7.3)."""

from collections.abc import Iterator

from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference

__all__ = ["pages", "placed_pages"]

_DEEPEST = 40
_MOST_NODES = 20_000


def pages(document: Document, most: int) -> list[PdfDictionary]:
    """The first pages in order, at most so many.

    Raises:
        ReadingFaultError: the page tree is circular, a kid is no reference, or it has no end.
    """
    return [page for _, page in placed_pages(document, most)]


def placed_pages(document: Document, most: int) -> list[tuple[int, PdfDictionary]]:
    """The first pages with their object numbers, in order; 0 for a page without.

    Raises:
        ReadingFaultError: as for `pages`.
    """
    found: list[tuple[int, PdfDictionary]] = []
    root = document.catalog.get("/Pages")
    for entry in _leaves(document, root, frozenset(), [0]):
        if len(found) >= most:
            break
        found.append(entry)
    return found


def _leaves(
    document: Document, entry: PdfValue, above: frozenset[int], count: list[int]
) -> Iterator[tuple[int, PdfDictionary]]:
    number = entry.number if isinstance(entry, Reference) else 0
    node = document.resolved(entry)
    count[0] += 1
    # The same node may stand twice beside itself, but never below itself.
    if not isinstance(node, dict) or number in above or count[0] > _MOST_NODES:
        raise ReadingFaultError("malformed", "page tree")
    if "/Kids" not in node:
        yield number, node
        return
    kids = document.get(node, "/Kids")
    for kid in kids if isinstance(kids, list) else ():
        if not isinstance(kid, Reference) or len(above) > _DEEPEST:
            raise ReadingFaultError("malformed", "page tree")
        yield from _leaves(document, kid, above | {number}, count)
