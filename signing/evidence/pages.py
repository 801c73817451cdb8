"""The page tree (ISO 32000-2, 7.7.3)."""

from collections.abc import Iterator

from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference

__all__ = ["inherit_alike", "pages", "placed_pages"]

_DEEPEST = 40
_MOST_NODES = 10_000
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_Above = tuple[tuple[int, PdfDictionary], ...]


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
    for number, page, _ in _leaves(document, root, (), [0]):
        if len(found) >= most:
            break
        found.append((number, page))
    return found


def inherit_alike(document: Document) -> bool:
    """Whether pages inherit the same from the tree and along `/Parent` (7.7.3.4).

    Some readers walk down from the catalogue to a page, others from the page upwards; where the two
    ways differ, they draw two pages.

    Raises:
        ReadingFaultError: as for `pages`.
    """
    for _, page, above in _leaves(document, document.catalog.get("/Pages"), (), [0]):
        missing = [key for key in _INHERITED if key not in page]
        if missing and not _same_above(document, page, above, missing):
            return False
    return True


def _same_above(document: Document, page: PdfDictionary, above: _Above, missing: list[str]) -> bool:
    """Whether the nodes along `/Parent` give to `missing` what those of the tree give."""
    nodes = [node for _, node in reversed(above)]
    upwards: list[PdfDictionary] = []
    node = document.get(page, "/Parent")
    while isinstance(node, dict):
        if len(upwards) > _DEEPEST:
            return False  # a circle, or as good as one
        upwards.append(node)
        node = document.get(node, "/Parent")
    return all(_nearest(upwards, key) == _nearest(nodes, key) for key in missing)


def _nearest(nodes: list[PdfDictionary], key: str) -> PdfValue:
    return next((node[key] for node in nodes if key in node), None)


def _leaves(
    document: Document, entry: PdfValue, above: _Above, count: list[int]
) -> Iterator[tuple[int, PdfDictionary, _Above]]:
    number = entry.number if isinstance(entry, Reference) else 0
    node = document.resolved(entry)
    count[0] += 1
    # The same node may stand twice beside itself, but never below itself.
    circular = any(number == seen for seen, _ in above)
    if not isinstance(node, dict) or circular or count[0] > _MOST_NODES:
        raise ReadingFaultError("malformed", "page tree")
    if "/Kids" not in node:
        yield number, node, above
        return
    kids = document.get(node, "/Kids")
    for kid in kids if isinstance(kids, list) else ():
        if not isinstance(kid, Reference) or len(above) > _DEEPEST:
            raise ReadingFaultError("malformed", "page tree")
        yield from _leaves(document, kid, (*above, (number, node)), count)
