"""The pages that a signature covers, and those that the file shows now, drawn and compared.

Whatever objects say, this is what people see. Drawn twice with PDFium at low resolution: without
annotations both must be the same picture; with them they may differ only where a field or a
remark that was permitted to change lies. Number, size and order of the pages stay.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certlib.evidence import ChangeGrade
from signing.evidence.document import Document
from signing.evidence.form import FieldTree
from signing.evidence.pages import placed_pages
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, text_of

__all__ = ["Touched", "compared", "warm"]

_MOST_PAGES = 40
_MOST_PIXELS = 300_000
_SCALE = 1.0
_CORNERS = 4
_MARGIN = 2
_Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Touched:
    """What was permitted to change: annotations by their numbers, fields by their full names."""

    numbers: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()


def compared(document: Document, end: int, touched: Touched) -> tuple[ChangeGrade, str, str]:
    """Permitted, or what differs: grade, detail and the page's object.

    Args:
        document: the file as it is now.
        end: the offset after the last byte that the signature covers.
        touched: what was permitted to change.

    Raises:
        ReadingFaultError: there is no page tree.
    """
    pages = placed_pages(document, _MOST_PAGES)
    tree = FieldTree(document)
    rectangles = [list(_rectangles(document, tree, page, touched)) for _, page in pages]
    try:
        index, detail = _first_difference(document.data, end, rectangles)
    # Whatever PDFium cannot draw, nobody has seen: it raises errors of its own and of ctypes.
    except (RuntimeError, ValueError, ctypes.ArgumentError, OSError) as error:
        return ChangeGrade.UNEXPLAINED, f"appearance {type(error).__name__}", ""
    if not detail:
        return ChangeGrade.PERMITTED, "", ""
    number = pages[index][0] if index < len(pages) else 0
    return ChangeGrade.NOT_PERMITTED, detail, f"{number} 0" if number else ""


def warm() -> None:
    """Loads PDFium and its fonts, while files can still be opened freely."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    try:
        document.init_forms()
        page = document.new_page(10, 10)
        page.render(scale=1).close()
        page.close()
    finally:
        document.close()


def _first_difference(data: bytes, end: int, rectangles: list[list[_Rectangle]]) -> tuple[int, str]:
    import pypdfium2

    old, new = pypdfium2.PdfDocument(data[:end]), pypdfium2.PdfDocument(data)
    try:
        # Without this PDFium leaves form fields out. Nothing in a file is run: it has no scripts.
        old.init_forms()
        new.init_forms()
        if len(old) != len(new):
            return 0, "appearance: number of pages"
        for index in range(min(len(new), _MOST_PAGES)):
            allowed = rectangles[index] if index < len(rectangles) else []
            before, after = old[index], new[index]
            try:
                detail = _difference(before, after, allowed)
            finally:
                before.close()
                after.close()
            if detail:
                return index, detail
    finally:
        old.close()
        new.close()
    return 0, ""


def _difference(old: Any, new: Any, allowed: list[_Rectangle]) -> str:  # noqa: ANN401 - pages of pypdfium2
    if old.get_size() != new.get_size() or old.get_rotation() != new.get_rotation():
        return "appearance: size of the page"
    scale = _scale(*new.get_size())
    if _drawn(old, scale, [], annotations=False) != _drawn(new, scale, [], annotations=False):
        return "appearance"
    if _drawn(old, scale, allowed, annotations=True) != _drawn(
        new, scale, allowed, annotations=True
    ):
        return "appearance: annotations"
    return ""


def _scale(width: float, height: float) -> float:
    """As large as it may be within the bound of pixels."""
    if not (width > 0 and height > 0):
        raise ValueError("page size")
    return float(min(_SCALE, (_MOST_PIXELS / (width * height)) ** 0.5))


def _drawn(page: Any, scale: float, hidden: list[_Rectangle], *, annotations: bool) -> bytes:  # noqa: ANN401
    """The picture of a page, with what is allowed to differ painted over."""
    bitmap = page.render(
        scale=scale, grayscale=False, draw_annots=annotations, may_draw_forms=annotations
    )
    try:
        pixels = bytearray(bitmap.buffer)
        for rectangle in hidden:
            _blank(pixels, bitmap, _on_bitmap(page, bitmap, rectangle))
        return bytes(pixels)
    finally:
        bitmap.close()


def _on_bitmap(page: Any, bitmap: Any, rectangle: _Rectangle) -> tuple[int, int, int, int]:  # noqa: ANN401
    """A rectangle of the page in pixels; PDFium knows of boxes and rotation."""
    from pypdfium2 import raw

    xs, ys = [], []
    left, bottom, right, top = rectangle
    for x, y in ((left, bottom), (right, top)):
        column, row = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, bitmap.width, bitmap.height, 0, x, y, column, row)
        xs.append(column.value)
        ys.append(row.value)
    return (
        max(0, min(xs) - _MARGIN),
        max(0, min(ys) - _MARGIN),
        min(bitmap.width, max(xs) + _MARGIN),
        min(bitmap.height, max(ys) + _MARGIN),
    )


def _blank(pixels: bytearray, bitmap: Any, area: tuple[int, int, int, int]) -> None:  # noqa: ANN401
    left, top, right, bottom = area
    width = bitmap.n_channels * max(0, right - left)
    for row in range(top, bottom):
        start = row * bitmap.stride + bitmap.n_channels * left
        pixels[start : start + width] = bytes(width)


def _rectangles(
    document: Document, tree: FieldTree, page: PdfDictionary, touched: Touched
) -> Iterator[_Rectangle]:
    annotations = document.get(page, "/Annots")
    for item in annotations if isinstance(annotations, list) else ():
        entries = document.resolved(item)
        number = item.number if isinstance(item, Reference) else 0
        widget = text_of(document.get(entries, "/Subtype")) == "/Widget"
        if number in touched.numbers or (widget and tree.name(entries) in touched.fields):
            corners = _corners(document, document.get(entries, "/Rect"))
            if corners is not None:
                yield corners


def _corners(document: Document, rectangle: PdfValue) -> _Rectangle | None:
    found = [document.resolved(item) for item in rectangle] if isinstance(rectangle, list) else []
    numbers = [float(item) for item in found if isinstance(item, (int, float))]
    if len(numbers) != _CORNERS:
        return None
    return numbers[0], numbers[1], numbers[2], numbers[3]
