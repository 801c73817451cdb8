"""Characters that no value may hold, folding, and the keys of face numbers."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certlib.characters import codepoint, folded, is_forbidden, nfc, problems_in
from certlib.numbers import number_key

FORBIDDEN = {
    "nul": ("\x00", "U+0000"),
    "tab": ("\t", "U+0009"),
    "line feed": ("\n", "U+000A"),
    "carriage return": ("\r", "U+000D"),
    "delete": ("\x7f", "U+007F"),
    "next line": ("\x85", "U+0085"),
    "soft hyphen": ("\xad", "U+00AD SOFT HYPHEN"),
    "zero width space": ("\u200b", "U+200B ZERO WIDTH SPACE"),
    "byte order mark": ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
    "right to left override": ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    "isolate": ("\u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    "line separator": ("\u2028", "U+2028 LINE SEPARATOR"),
    "paragraph separator": ("\u2029", "U+2029 PARAGRAPH SEPARATOR"),
    "tag": ("\U000e0041", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    "private use": ("\ue000", "U+E000"),
    "private use plane": ("\U0010fffd", "U+10FFFD"),
    "unassigned": ("\u0378", "U+0378"),
    "noncharacter": ("\ufffe", "U+FFFE"),
    "noncharacter of a plane": ("\U0001ffff", "U+1FFFF"),
    "noncharacter among ideographs": ("\U0002ffff", "U+2FFFF"),
    "noncharacter block": ("\ufdd0", "U+FDD0"),
    "surrogate": ("\ud800", "U+D800"),
    "grapheme joiner": ("\u034f", "U+034F COMBINING GRAPHEME JOINER"),
    "hangul filler": ("\u3164", "U+3164 HANGUL FILLER"),
    "variation selector": ("\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
    "ideographic variation": ("\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
    "braille blank": ("\u2800", "U+2800 BRAILLE PATTERN BLANK"),
    "replacement": ("\ufffd", "U+FFFD REPLACEMENT CHARACTER"),
    "object": ("\ufffc", "U+FFFC OBJECT REPLACEMENT CHARACTER"),
}


@pytest.mark.parametrize(("character", "name"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_forbidden_character_is_named_by_its_code_point(character, name):
    (problem,) = problems_in(f"揭阳{character}市", "/fields/KZ_DZ")
    assert problem.field == "/fields/KZ_DZ"
    assert problem.code == "character-forbidden"
    assert f"（{name}）" in problem.zh
    assert f"({name})" in problem.en
    assert is_forbidden(character)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "揭阳市榕城区",
        "阿依古丽·买买提",
        "〔2026〕12号、（一）“引号”",
        "John O’Neill é",
        "全角　空格 and plain",
        "㐀𠀀𪜀𫝀",
        "\U00031350\U0002ebf0\U000323b0",
        "1㎡ ²℃",
    ],
)
def test_what_certificates_need_is_allowed(text):
    assert problems_in(text, "/x") == []


def test_line_feeds_are_allowed_in_text_of_several_lines_only():
    assert problems_in("甲\n乙", "/x", multiline=True) == []
    assert len(problems_in("甲\n乙", "/x")) == 1
    assert len(problems_in("甲\r\n乙", "/x", multiline=True)) == 1
    assert len(problems_in("甲\t乙", "/x", multiline=True)) == 1


def test_each_forbidden_character_is_named_once_and_the_list_is_short():
    assert len(problems_in("\u200b\u200b\u200c", "/x")) == 2
    assert len(problems_in("".join(map(chr, range(32))), "/x")) == 8


def test_text_outside_nfc_is_refused_and_mended_by_nfc():
    decomposed = "e\u0301"
    (problem,) = problems_in(decomposed, "/x")
    assert (problem.field, problem.code) == ("/x", "character-not-normalised")
    assert nfc(decomposed) == "é"
    assert problems_in(nfc(decomposed), "/x") == []
    assert problems_in("\uf900", "/x")[0].code == "character-not-normalised"


@given(st.text())
def test_text_without_problems_is_nfc_and_visible(text):
    assert (problems_in(text, "/x") == []) == (
        unicodedata.is_normalized("NFC", text) and not any(map(is_forbidden, text))
    )


def test_every_code_point_has_a_decided_place():
    """Control, format, surrogate, private and unassigned ones, and separators, are forbidden.

    Not so what is unassigned among ideographs: a later Unicode may name people with it.
    """
    wanted = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    others = 0
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        later = 0x20000 <= number < 0x40000 and number & 0xFFFF < 0xFFFE
        if unicodedata.category(character) == "Cn" and later:
            assert not is_forbidden(character)
        elif unicodedata.category(character) in wanted:
            assert is_forbidden(character)
        else:
            others += is_forbidden(character)
    assert others == 270


def test_a_code_point_without_a_name_is_its_number():
    assert codepoint("A") == "U+0041 LATIN CAPITAL LETTER A"
    assert codepoint("\x01") == "U+0001"
    assert codepoint("\U0001f600") == "U+1F600 GRINNING FACE"


# --- folding -------------------------------------------------------------------------------


@given(st.text())
@example("e \u0301")
@example("ﬀ")
@example("\u1100\u200b\u1161")
def test_folding_twice_changes_nothing(text):
    once = folded(text)
    assert folded(once) == once
    assert not any(character.isspace() for character in once)


def test_folding_makes_half_width_capitals_without_spaces():
    assert folded(" ａb　１２\u200b３\n-x") == "AB123-X"
    assert folded("ß") == "ß"


# --- face numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "粤交许【2026】12号",
        "粤交许[2026]12号",
        "粤交许［２０２６］１２号",
        "粤交许（2026）12号",
        "粤交许(2026) 12号",
        " 粤交许〔 2026 〕12 号 ",
        "粤交许「2026」12号\u200b",
    ],
)
def test_brackets_width_and_spaces_make_no_other_number(number):
    assert number_key(number) == number_key("粤交许〔2026〕12号") == "粤交许[2026]12号"


@pytest.mark.parametrize("dash", list("‐‑‒–—―−－﹣﹘─"))
def test_all_dashes_are_one(dash):
    assert number_key(f"GD{dash}2026{dash}1") == "GD-2026-1"


def test_different_numbers_stay_different():
    numbers = [
        "粤〔2026〕12号",
        "粤〔2026〕1号2",
        "粤2026-12号",
        "粤202612号",
        "一-1",
        "11",
        "1一1",
    ]
    assert len(set(map(number_key, numbers))) == len(numbers)


def test_letters_are_compared_as_capitals():
    assert number_key("gd-a1") == number_key("ＧＤ－Ａ1") == "GD-A1"


@given(st.text())
@example("⟨-\u0338")
def test_the_key_of_a_key_is_itself(number):
    assert number_key(number_key(number)) == number_key(number)
