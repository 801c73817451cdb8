"""What three independent readers show of a file: Poppler, PDFium, MuPDF.

Pages as coarse grids of darkness: readers smooth edges differently, and each has its own stand-in
for a font that is not embedded, but ink lies in the same places. Text without its spaces.
"""

import subprocess
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pypdfium2

RESOLUTION = 48
"""Dots per inch: a letter of 12 points is eight dots high."""

CELL = 4
"""Dots of a cell's side; its darkness is the mean of its dots."""

TOLERANCE = 0.3
"""Most that the darkness of one cell may differ between readers; 1 is black against white."""

MOST_PAGES = 3

Grid = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Raster:
    """One page in grey, one byte a dot, rows one after the other."""

    width: int
    height: int
    dots: bytes

    def grid(self) -> Grid:
        """Darkness of each whole cell, from 0 to 1."""
        rows = []
        for top in range(0, self.height - CELL + 1, CELL):
            lines = [
                self.dots[at * self.width : (at + 1) * self.width] for at in range(top, top + CELL)
            ]
            rows.append(
                tuple(
                    1 - sum(sum(line[left : left + CELL]) for line in lines) / (255 * CELL * CELL)
                    for left in range(0, self.width - CELL + 1, CELL)
                )
            )
        return tuple(rows)


@dataclass(frozen=True)
class Shown:
    """What a reader makes of a file."""

    pages: tuple[Raster, ...]
    text: Counter[str]


def by_poppler(pdf: bytes, folder: Path) -> Shown:
    source = folder / "shown.pdf"
    source.write_bytes(pdf)
    common = ["-q", "-f", "1", "-l", str(MOST_PAGES)]
    command = ["pdftoppm", *common, "-r", str(RESOLUTION), "-gray", str(source)]
    images = subprocess.run(command, check=True, capture_output=True, timeout=20).stdout
    command = ["pdftotext", *common, "-enc", "UTF-8", str(source), "-"]
    text = subprocess.run(command, check=True, capture_output=True, timeout=20).stdout
    return Shown(tuple(_portable(images)), _letters(text.decode()))


def _portable(images: bytes):
    """The PGM images of a stream, one after the other."""
    while images:
        kind, size, depth, rest = images.split(b"\n", 3)
        assert (kind, depth) == (b"P5", b"255")
        width, height = map(int, size.split())
        yield Raster(width, height, rest[: width * height])
        images = rest[width * height :]


def by_pdfium(pdf: bytes, _folder: Path) -> Shown:
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        pages, text = [], ""
        for at in range(min(len(document), MOST_PAGES)):
            page = document[at]
            bitmap = page.render(scale=RESOLUTION / 72, grayscale=True, may_draw_forms=True)
            rows = bytes(bitmap.buffer)
            dots = b"".join(
                rows[row * bitmap.stride : row * bitmap.stride + bitmap.width]
                for row in range(bitmap.height)
            )
            pages.append(Raster(bitmap.width, bitmap.height, dots))
            if document.formenv is not None:
                page.flatten()  # fields become part of the page, and of its text
            text += document[at].get_textpage().get_text_bounded()
        return Shown(tuple(pages), _letters(text))
    finally:
        document.close()


def by_mupdf(pdf: bytes, _folder: Path) -> Shown:
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        pages, text = [], ""
        for at in range(min(document.page_count, MOST_PAGES)):
            page = document[at]
            image = page.get_pixmap(dpi=RESOLUTION, colorspace=pymupdf.csGRAY, alpha=False)
            pages.append(Raster(image.width, image.height, bytes(image.samples)))
            text += page.get_text()
        return Shown(tuple(pages), _letters(text))


READERS: Mapping[str, Callable[[bytes, Path], Shown]] = {
    "Poppler": by_poppler,
    "PDFium": by_pdfium,
    "MuPDF": by_mupdf,
}


def _letters(text: str) -> Counter[str]:
    """Letters and how often they stand: readers differ in order, spaces and forms of letters."""
    return Counter(
        letter
        for letter in unicodedata.normalize("NFKC", text)
        if not letter.isspace() and unicodedata.category(letter)[0] != "C"
    )


def difference(first: Shown, second: Shown) -> float:
    """The greatest difference of darkness of a cell, over all pages; 1 when sizes differ."""
    if len(first.pages) != len(second.pages):
        return 1.0
    return max(
        (_between(one, other) for one, other in zip(first.pages, second.pages, strict=True)),
        default=0.0,
    )


def _between(one: Raster, other: Raster) -> float:
    # Half a dot more or less is how a reader rounds the size of a page.
    if abs(one.width - other.width) > 1 or abs(one.height - other.height) > 1:
        return 1.0
    pairs = zip(one.grid(), other.grid(), strict=False)
    return max(
        abs(here - there) for row, same in pairs for here, there in zip(row, same, strict=False)
    )
