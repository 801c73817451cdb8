"""Makes the two fonts of signing/pages/fonts and the table of covered characters.

Usage: python scripts/make_fonts.py WENKAI.ttf HANAMINB.ttf [--table-only]

Sources: Debian packages fonts-lxgw-wenkai (LXGWWenKai-Regular.ttf) and fonts-hanazono
(HanaMinB.ttf), both under the SIL Open Font License with reserved names, so what comes out has
names of its own. The result depends on the sources and on the fontTools version only.
"""

import argparse
import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from signing.pages.fonts import FONTS_FOLDER, PACKAGED_FONTS

_DROPPED = ["BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "VORG", "gasp", "vhea", "vmtx"]
_TABLE = FONTS_FOLDER / "coverage.txt"

_BEYOND_BMP = 0x20000  # where Extension B begins
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))

# Blank on paper though not of category C: they would let a value hold what nobody can see.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def wenkai_characters() -> set[int]:
    """GB 2312, Latin and the punctuation of titles.

    signing.pages.face sets a value in kai only when the `gb2312` codec holds all of it.
    """
    chosen = {
        ord(bytes((high, low)).decode("gb2312"))
        for high in range(0xA1, 0xF8)
        for low in range(0xA1, 0xFF)
        if _in_gb2312(high, low)
    }
    for first, last in ((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2027), (0x3000, 0x301F)):
        chosen |= set(range(first, last + 1))
    return chosen


def _in_gb2312(high: int, low: int) -> bool:
    try:
        bytes((high, low)).decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def cut(source: Path, wanted: set[int], family: str, target: Path) -> None:
    """Writes the glyphs of `wanted` under the name `family`, without hints and layout tables."""
    options = subset.Options(
        hinting=False, layout_features=[], glyph_names=False, notdef_outline=True, name_IDs=["*"]
    )
    options.drop_tables += _DROPPED
    with TTFont(source, lazy=True, recalcTimestamp=False) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=wanted & set(font.getBestCmap()))
        cutter.subset(font)
        _rename(font, family)
        font.save(target)


def _rename(font: TTFont, family: str) -> None:
    """Names of our own; copyright (0) and licence (13, 14) stay."""
    post_script = family.replace(" ", "") + "-Regular"
    names = font["name"]
    kept = {i: names.getDebugName(i) for i in (0, 13, 14) if names.getDebugName(i)}
    names.names = []
    new = {1: family, 2: "Regular", 3: post_script, 4: family, 5: "Version 1.0", 6: post_script}
    for identifier, text in {**kept, **new}.items():
        names.setName(text, identifier, 3, 1, 0x409)


def covered() -> list[tuple[int, int]]:
    """Ranges of visible characters that at least one font of the pages can draw."""
    points: set[int] = set()
    for path in PACKAGED_FONTS:
        with TTFont(path, lazy=True) as font:
            points |= set(font.getBestCmap())
    visible = sorted(point for point in points if _visible(chr(point)))
    ranges: list[tuple[int, int]] = []
    for point in visible:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1] = (ranges[-1][0], point)
        else:
            ranges.append((point, point))
    return ranges


def _visible(char: str) -> bool:
    if char in _INVISIBLE or any(ord(char) in block for block in _VARIATION_SELECTORS):
        return False
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def table_text() -> str:
    """The table as signing.pages.coverage reads it: one `first-last` in hex a line."""
    return "".join(f"{first:X}-{last:X}\n" for first, last in covered())


def main() -> None:
    """Cuts the fonts, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wenkai", type=Path, nargs="?")
    parser.add_argument("hanamin", type=Path, nargs="?")
    parser.add_argument("--table-only", action="store_true")
    given = parser.parse_args()
    if not given.table_only:
        if given.wenkai is None or given.hanamin is None:
            parser.error("both source fonts are needed")
        cut(given.wenkai, wenkai_characters(), "Certlib Kai", FONTS_FOLDER / "CertlibKai.ttf")
        cut(
            given.hanamin,
            set(range(_BEYOND_BMP, sys.maxunicode + 1)),
            "Certlib Rare",
            FONTS_FOLDER / "CertlibRare.ttf",
        )
    _TABLE.write_text(table_text(), "ascii")


if __name__ == "__main__":
    main()
