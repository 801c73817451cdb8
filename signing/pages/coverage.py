"""Which characters the fonts of the pages can draw.

The table is generated (scripts/make_fonts.py) and a test holds it against the fonts' own cmaps, so
that asking costs a binary search in two small arrays and opens no font.
"""

from array import array
from bisect import bisect_right
from functools import cache
from typing import Final

from signing.pages.fonts import FONTS_FOLDER

__all__ = ["drawable", "first_unprintable"]

_INSTEAD: Final = "\N{WHITE SQUARE}"
"""For what no font can draw: everybody sees that something stands there."""


def first_unprintable(text: str) -> str:
    """The first character of `text` that no font can draw, or "".

    Control, format, private-use and blank characters count as not drawable: a value must not hold
    what nobody can see on the page.
    """
    if text.isascii() and text.isprintable():
        return ""  # pictures are hundreds of thousands of such characters
    firsts, lasts = _ranges()
    for char in text:
        point = ord(char)
        at = bisect_right(firsts, point) - 1
        if at < 0 or point > lasts[at]:
            return char
    return ""


def drawable(text: str) -> str:
    """`text` as far as it can be drawn, on one line: for words that are a caller's or a stranger's.

    A page that has to be an archive's is refused by its typesetter for one character that no font
    has.
    """
    if not first_unprintable(text):
        return text
    return "".join(
        " " if char.isspace() else _INSTEAD if first_unprintable(char) else char for char in text
    )


@cache
def _ranges() -> "tuple[array[int], array[int]]":
    firsts, lasts = array("L"), array("L")
    for line in (FONTS_FOLDER / "coverage.txt").read_text("ascii").split():
        first, _, last = line.partition("-")
        firsts.append(int(first, 16))
        lasts.append(int(last, 16))
    return firsts, lasts
