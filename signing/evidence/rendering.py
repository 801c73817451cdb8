"""The pages that a signature covers, and those that the file shows now, drawn and compared.

Whatever objects say, this is what people see. Drawn twice with PDFium at low resolution: without
annotations both must be the same picture; with them they may differ only where a field or a
remark that was permitted to change lies. Number, size and order of the pages stay.
"""

import ctypes
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Any

from certlib.evidence import ChangeGrade
from signing.evidence.document import Document
from signing.evidence.form import FieldTree
from signing.evidence.pages import placed_pages
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, size_of, text_of

__all__ = ["Touched", "compared", "warm"]

# PDFium keeps one state for the whole process; threads take turns.
_ONE_AT_A_TIME = Lock()
_MOST_PAGES = 40
_MOST_PLACES = 20_000
_MOST_PIXELS = 300_000
_SCALE = 1.0
_CORNERS = 4
_MARGIN = 2
_LARGE = 4
_Rectangle = tuple[float, float, float, float]
_Area = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a page may look different; a fresh field only where nothing was."""

    rectangle: _Rectangle
    fresh: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """What was permitted to change.

    Attributes:
        numbers: annotations by their object numbers.
        fields: fields by their full names.
        fresh: those of them that were not there before.
    """

    numbers: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()


def compared(document: Document, end: int, touched: Touched) -> tuple[ChangeGrade, str, str]:
    """Permitted, or what differs: grade, detail and the page's object.

    Args:
        document: the file as it is now.
        end: the offset after the last byte that the signature covers.
        touched: what was permitted to change.

    Raises:
        ReadingFaultError: there is no page tree, or too many annotations.
    """
    pages = placed_pages(document, _MOST_PLACES)
    tree = FieldTree(document)
    rooms = {
        index: found
        for index, (_, page) in enumerate(pages)
        if (found := list(_rectangles(document, tree, page, touched)))
    }
    if len(rooms) > _MOST_PAGES:
        return ChangeGrade.UNEXPLAINED, "appearance: too many pages", ""
    try:
        with _ONE_AT_A_TIME:
            index, detail = _first_difference(document.data, end, rooms)
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


def _chosen(rooms: Collection[int], count: int) -> list[int]:
    """Which pages are drawn: all where something may be new, and the first."""
    others = (index for index in range(count) if index not in rooms)
    return sorted({*rooms, *islice(others, _MOST_PAGES - len(rooms))})


def _first_difference(data: bytes, end: int, rooms: Mapping[int, list[_Room]]) -> tuple[int, str]:
    import pypdfium2

    old, new = pypdfium2.PdfDocument(data[:end]), pypdfium2.PdfDocument(data)
    try:
        # Without this PDFium leaves form fields out. Nothing in a file is run: it has no scripts.
        old.init_forms()
        new.init_forms()
        if len(old) != len(new):
            return 0, "appearance: number of pages"
        for index in _chosen(rooms, len(new)):
            allowed = rooms.get(index, [])
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


def _difference(old: Any, new: Any, allowed: list[_Room]) -> str:  # noqa: ANN401 - pages of pypdfium2
    if old.get_size() != new.get_size() or old.get_rotation() != new.get_rotation():
        return "appearance: size of the page"
    scale = _scale(*new.get_size())
    before, after = _drawn(old, scale, annotations=False), _drawn(new, scale, annotations=False)
    if before.pixels != after.pixels:
        return "appearance"
    if not _annotated(old) and not _annotated(new):
        return ""
    for printed in (False, True):
        before, after = (
            _drawn(page, scale, annotations=True, printed=printed) for page in (old, new)
        )
        areas = [(before.area(new, room.rectangle), room.fresh) for room in allowed]
        if any(fresh and before.hidden_by(after, area) for area, fresh in areas):
            return "appearance: field over the page"
        for area, _ in areas:
            before.blank(area)
            after.blank(area)
        if before.pixels != after.pixels:
            return "appearance: annotations"
    return ""


def _annotated(page: Any) -> bool:  # noqa: ANN401
    from pypdfium2 import raw

    return bool(raw.FPDFPage_GetAnnotCount(page))


def _scale(width: float, height: float) -> float:
    """As large as it may be within the bound of pixels."""
    if not (width > 0 and height > 0):
        raise ValueError("page size")
    return float(min(_SCALE, (_MOST_PIXELS / (width * height)) ** 0.5))


@dataclass(frozen=True, slots=True)
class _Picture:
    """A page as it was drawn: rows of pixels of so many bytes."""

    pixels: bytearray
    width: int
    height: int
    stride: int
    depth: int

    def area(self, page: Any, rectangle: _Rectangle) -> _Area:  # noqa: ANN401 - a page of pypdfium2
        """A rectangle of the page in pixels; PDFium knows of boxes and rotation."""
        from pypdfium2 import raw

        xs, ys = [], []
        left, bottom, right, top = rectangle
        for x, y in ((left, bottom), (right, top)):
            column, row = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(page, 0, 0, self.width, self.height, 0, x, y, column, row)
            xs.append(column.value)
            ys.append(row.value)
        return (
            max(0, min(xs) - _MARGIN),
            max(0, min(ys) - _MARGIN),
            min(self.width, max(xs) + _MARGIN),
            min(self.height, max(ys) + _MARGIN),
        )

    def rows(self, area: _Area) -> Iterator[slice]:
        """The bytes of an area, row by row."""
        left, top, right, bottom = area
        for row in range(top, bottom):
            start = row * self.stride + self.depth * left
            yield slice(start, start + self.depth * max(0, right - left))

    def blank(self, area: _Area) -> None:
        """Paints an area over."""
        for row in self.rows(area):
            self.pixels[row] = bytes(row.stop - row.start)

    def hidden_by(self, other: "_Picture", area: _Area) -> bool:
        """Whether the other picture has a face laid over what shows in an area of this one.

        What showed must look the same, and a face as large as a good part of the page lies over
        whatever is there, even where its letters fall between those of the page.
        """
        old = [bytes(self.pixels[row]) for row in self.rows(area)]
        new = [bytes(other.pixels[row]) for row in self.rows(area)]
        dots = Counter(dot for row in old for dot in self._dots(row))
        ground = max(dots, key=dots.__getitem__, default=b"")
        if len(dots) > 1 and sum(dots.values()) * _LARGE > self.width * self.height:
            return old != new
        return any(
            dot not in (ground, now)
            for before, after in zip(old, new, strict=True)
            if before != after
            for dot, now in zip(self._dots(before), self._dots(after), strict=True)
        )

    def _dots(self, row: bytes) -> list[bytes]:
        return [row[at : at + self.depth] for at in range(0, len(row), self.depth)]


def _drawn(page: Any, scale: float, *, annotations: bool, printed: bool = False) -> _Picture:  # noqa: ANN401
    """On a screen, or as it comes out of a printer: annotations may be for one of both only."""
    bitmap = page.render(
        scale=scale,
        draw_annots=annotations,
        may_draw_forms=annotations,
        optimize_mode="print" if printed else None,
    )
    try:
        pixels = bytearray(bitmap.buffer)
        size = (bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)
        return _Picture(pixels, *size)
    finally:
        bitmap.close()


def _rectangles(
    document: Document, tree: FieldTree, page: PdfDictionary, touched: Touched
) -> Iterator[_Room]:
    annotations = document.get(page, "/Annots")
    document.spend_visits(size_of(annotations))
    for item in annotations if isinstance(annotations, list) else ():
        entries = document.resolved(item)
        number = item.number if isinstance(item, Reference) else 0
        widget = text_of(document.get(entries, "/Subtype")) == "/Widget"
        name = tree.name(entries) if widget else ""
        if number in touched.numbers or name in touched.fields:
            corners = _corners(document, document.get(entries, "/Rect"))
            if corners is not None:
                yield _Room(corners, name in touched.fresh)


def _corners(document: Document, rectangle: PdfValue) -> _Rectangle | None:
    found = [document.resolved(item) for item in rectangle] if isinstance(rectangle, list) else []
    numbers = [float(item) for item in found if isinstance(item, (int, float))]
    if len(numbers) != _CORNERS:
        return None
    return numbers[0], numbers[1], numbers[2], numbers[3]
