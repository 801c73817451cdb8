"""Which characters a value may hold, and the folded form in which typed codes are compared.

What the fonts can draw is the renderer's question; here are the characters that no value needs:
those a reader cannot see, and those that mean nothing.
"""

import unicodedata
from functools import lru_cache

from certlib.errors import ControlCharacter, NotNormalised, Problem

# Control, format (zero width, bidirectional), surrogate, private use, unassigned and
# noncharacters, line and paragraph separators.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Of harmless categories, yet without a shape of their own (Default_Ignorable_Code_Point), or
# standing for text that a conversion has lost (U+FFFC, U+FFFD).
_FORBIDDEN_RANGES = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # hangul fillers
    (0x17B4, 0x17B5),  # khmer inherent vowels
    (0x180B, 0x180F),  # mongolian variation selectors
    (0x2800, 0x2800),  # braille blank
    (0x3164, 0x3164),  # hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # half-width hangul filler
    (0xFFFC, 0xFFFD),  # object replacement, replacement character
    (0xE0100, 0xE01EF),  # variation selectors supplement
)
# Planes of ideographs: what is unassigned here today is a rare name's character tomorrow (Unicode
# 15 assigned Extension H, 15.1 Extension I). Whether it can be drawn is the renderer's question.
_IDEOGRAPHIC_PLANES = (0x20000, 0x3FFFF)
_NONCHARACTERS = (0xFFFE, 0xFFFF)  # the last two of every plane
_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MOST_PROBLEMS = 8
_MOST_REMEMBERED = 8192


def problems_in(text: str, path: str, *, multiline: bool = False) -> list[Problem]:
    """Every forbidden character once, by its code point; then whether the text is NFC.

    Args:
        text: the value.
        path: JSON pointer of the field.
        multiline: whether line feeds are allowed (never carriage returns or tabs).
    """
    allowed = "\n" if multiline else ""
    found = [
        ControlCharacter(field_path=path, codepoint=codepoint(character)).as_problem()
        for character in dict.fromkeys(text)
        if character not in allowed and is_forbidden(character)
    ]
    if nfc(text) != text:
        found.append(NotNormalised(field_path=path).as_problem())
    return found[:_MOST_PROBLEMS]


@lru_cache(_MOST_REMEMBERED)
def is_forbidden(character: str) -> bool:
    """Whether no value may hold `character`, line feeds in multi-line values aside."""
    category = unicodedata.category(character)
    if category == "Cn" and _is_future_ideograph(ord(character)):
        return False
    if category in _FORBIDDEN_CATEGORIES:
        return True
    return any(low <= ord(character) <= high for low, high in _FORBIDDEN_RANGES)


def _is_future_ideograph(number: int) -> bool:
    first, last = _IDEOGRAPHIC_PLANES
    return first <= number <= last and number & 0xFFFF not in _NONCHARACTERS


def codepoint(character: str) -> str:
    """`U+200B ZERO WIDTH SPACE`; the number alone where Unicode has no name."""
    number = f"U+{ord(character):04X}"
    return f"{number} {unicodedata.name(character, '')}".rstrip()


def nfc(text: str) -> str:
    """Unicode normalisation form C, in which every value is kept."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """What people type, for comparing: half-width, ASCII capitals, nothing white or invisible.

    Folding twice changes nothing. Only ASCII letters are raised: capitals of other alphabets
    may be longer than what they came from.
    """
    compatible = unicodedata.normalize("NFKC", text)
    visible = "".join(
        character
        for character in compatible
        if not (character.isspace() or is_forbidden(character))
    )
    # Taking something out may have put a letter beside its accent.
    return unicodedata.normalize("NFKC", visible).translate(_CAPITALS)
