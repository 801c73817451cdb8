"""The table of covered characters is the truth about the fonts."""

import importlib.util
import re
import sys
import unicodedata
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from pages_orders import BIRTH, LICENCE, order
from pages_reading import words

from certlib.document import Holder
from signing.pages.coverage import first_unprintable
from signing.pages.fonts import FONTS_FOLDER, PACKAGED_FONTS
from signing.pages.renderer import DESIGNS_FOLDER

_SCRIPT = Path(__file__).parents[3] / "scripts" / "make_fonts.py"


@pytest.fixture(scope="module")
def make_fonts():
    spec = importlib.util.spec_from_file_location("make_fonts", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_fonts"] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_equals_the_fonts(make_fonts):
    assert (FONTS_FOLDER / "coverage.txt").read_text("ascii") == make_fonts.table_text()


@pytest.mark.parametrize(
    ("first", "last"),
    [(0x4E00, 0x9FA5), (0x3400, 0x4DB5), (0x20000, 0x2A6D6), (0x2A700, 0x2B734),
     (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0)],
)  # fmt: skip
def test_ideographs_from_the_first_block_to_extension_f_can_be_drawn(first, last):
    assert first_unprintable("".join(map(chr, range(first, last + 1)))) == ""


@pytest.mark.parametrize("chain", ["serif", "sans", "kai"])
def test_every_chain_of_faces_holds_all_fonts(chain):
    """What one font can draw must not become a box because another chain was chosen."""
    source = (DESIGNS_FOLDER / "common.typ").read_text("utf-8")
    listed = re.search(rf"#let {chain} = \(([^)]*)\)", source)[1]

    assert set(re.findall(r'"([^"]+)"', listed)) == {
        "Noto Serif SC", "Noto Sans SC", "Certlib Kai", "Certlib Rare",
    }  # fmt: skip


def test_accented_letters_are_those_that_only_the_kai_face_has():
    """A face without the letter would be asked for the letter and a loose accent."""
    cmaps = {}
    for path in PACKAGED_FONTS:
        with TTFont(path, lazy=True) as font:
            cmaps[path.stem] = set(font.getBestCmap())
    letters = range(0x00C0, 0x0250)
    lacking = set(letters) & cmaps["CertlibKai"] - cmaps["NotoSerifSC-Regular"]
    source = (DESIGNS_FOLDER / "common.typ").read_text("utf-8")

    listed = re.search(r'covers: regex\("\[([^]]+)\]"\)', source)[1]
    assert set(map(ord, listed)) == lacking


@pytest.mark.parametrize("code", [LICENCE, BIRTH])
def test_latin_beyond_the_serif_face_is_drawn(renderer, code):
    """PDF/A forbids boxes for missing glyphs: typst refuses to write one."""
    pdf = renderer.render(order(code, holders=(Holder("Żółć Dvořák Şahin", "414", "P1"),)))

    assert "ŻółćDvořákŞahin" in words(pdf)


def test_kai_holds_gb2312():
    """A value is set in kai when the codec holds it, so kai has to hold it too."""
    with TTFont(FONTS_FOLDER / "CertlibKai.ttf", lazy=True) as font:
        kai = set(font.getBestCmap())
    for point in range(0x20, 0x10000):
        char = chr(point)
        try:
            char.encode("gb2312")
        except UnicodeEncodeError:
            continue
        if unicodedata.category(char) == "Lo" and 0x4E00 <= point <= 0x9FFF:
            assert point in kai, char


@pytest.mark.parametrize("char", ["\n", "\t", "\u200b", "\u202e", "\ufeff", "\u3164", "\ue000",
                                  "\ufe0f", "\u0627", "😀", "\U00030000", "\U000323b0", "\ufffe"])  # fmt: skip
def test_what_cannot_be_seen_or_drawn_is_named(char):
    assert first_unprintable(f"王{char}五") == char


def test_ordinary_text_is_printable():
    text = "阿卜杜拉·买买提（广东）ABC-123〔2026〕№ “引”、；：？！—…℃㎡①"
    assert first_unprintable(text) == ""


@given(st.text())
def test_the_answer_is_the_first_such_character_of_the_text(text):
    found = first_unprintable(text)

    before, _, _ = text.partition(found) if found else (text, "", "")
    assert found in text
    assert first_unprintable(before) == ""
    if found:
        assert first_unprintable(found) == found


def test_our_fonts_do_not_use_reserved_names_and_carry_their_licence():
    """SIL Open Font License 1.1, conditions 2 and 3."""
    for stem in ("CertlibKai", "CertlibRare"):
        with TTFont(FONTS_FOLDER / f"{stem}.ttf", lazy=True) as font:
            names = {i: font["name"].getDebugName(i) or "" for i in (1, 3, 4, 6, 16)}
        for shown in map(str.lower, names.values()):
            for reserved in ("lxgw", "霞鹜", "hanazono", "hanamin", "花園"):
                assert reserved not in shown
        licence = (FONTS_FOLDER / f"OFL-{stem}.txt").read_text("utf-8")
        assert "SIL OPEN FONT LICENSE Version 1.1" in licence
        assert "Copyright" in licence
