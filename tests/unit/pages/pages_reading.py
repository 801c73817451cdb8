"""Reads a rendered page back: where its words stand and what they say."""

import re
from dataclasses import dataclass
from functools import cache

import pymupdf

SEAL_RED = 0xD8121B


@dataclass(frozen=True)
class Run:
    """One horizontal run of text in one face, in points; the box is that of the signs themselves."""

    page: int
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Run", tolerance: float = 0.6) -> bool:
        """Whether both boxes share more than a hair."""
        return (
            self.page == other.page
            and min(self.right, other.right) - max(self.left, other.left) > tolerance
            and min(self.bottom, other.bottom) - max(self.top, other.top) > tolerance
        )


@cache
def runs(pdf: bytes) -> list[Run]:
    """All upright text but that of the seal image, which is meant to lie under other text."""
    found = []
    with pymupdf.open(stream=pdf) as document:
        for number, page in enumerate(document):
            for block in page.get_text("rawdict")["blocks"]:
                for line in block.get("lines", ()):
                    for span in line["spans"]:
                        text = "".join(char["c"] for char in span["chars"])
                        if text.strip() and span["color"] != SEAL_RED:
                            found.append(_run(number, text, span))
    return found


def _run(page: int, text: str, span: dict) -> Run:
    size, last = span["size"], span["chars"][-1]
    base = last["origin"][1]
    # The left half of an opening bracket is blank, and the line may use it.
    left = span["bbox"][0] + (0.5 * size if text[0] in "（《〔“" else 0)
    # Letter-spacing after the last sign is not ink.
    right = min(span["bbox"][2], last["origin"][0] + size)
    # Nor has the right half of a closing mark any, and the next one may use it.
    right -= 0.5 * size if text[-1] in "、，。；：）》〕”" else 0
    # The designs set every face in this line box, whatever its own ascent says.
    return Run(page, text, left, base - 0.86 * size, right, base + 0.1 * size)


@cache
def boxes(pdf: bytes) -> list[Run]:
    """Every figure with its alternative text and its place, as its tag says (ISO 32000-1, 14.8.5)."""
    found = []
    with pymupdf.open(stream=pdf) as document:
        pages = {page.xref: page for page in document}
        for xref in range(1, document.xref_length()):
            if document.xref_get_key(xref, "S")[1] != "/Figure":
                continue
            whole = " ".join(document.xref_object(xref).split())
            page = pages[int(re.search(r"/Pg (\d+) 0 R", whole)[1])]
            box = re.search(r"/BBox \[([^]]*)\]", whole)
            left, low, right, high = map(float, box[1].split())
            height = page.rect.height
            text = document.xref_get_key(xref, "Alt")[1]
            found.append(Run(page.number, text, left, height - high, right, height - low))
    return found


@cache
def words(pdf: bytes) -> str:
    """The text of all pages without white space, running heads and feet left out."""
    parts = []
    with pymupdf.open(stream=pdf) as document:
        for number, page in enumerate(document):
            upright = page.rect.height > page.rect.width
            head = 80 if upright and number > 0 else 0
            foot = page.rect.height - 91 if upright else 10_000
            parts.append(page.get_text(clip=pymupdf.Rect(0, head, page.rect.width, foot)))
    return squeezed("".join(parts))


@cache
def all_words(pdf: bytes) -> str:
    """The text of all pages without white space."""
    with pymupdf.open(stream=pdf) as document:
        return squeezed("".join(page.get_text() for page in document))


def squeezed(text: str) -> str:
    """Without white space: the page spaces Latin from Chinese and breaks lines."""
    return re.sub(r"\s+", "", text)


@cache
def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page, points."""
    with pymupdf.open(stream=pdf) as document:
        return [(page.rect.width, page.rect.height) for page in document]


def used_fonts(pdf: bytes) -> set[str]:
    """Base names of the embedded fonts, subset tags removed."""
    with pymupdf.open(stream=pdf) as document:
        return {
            font[3].split("+")[-1].removesuffix("-Identity-H")
            for page in document
            for font in page.get_fonts(full=True)
        }
