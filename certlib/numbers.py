"""Face numbers (证照编号, ZZBH) and document numbers (文号) as they are compared and searched.

The face keeps what the department wrote; uniqueness and search use the key.
"""

import re
from dataclasses import dataclass

from certlib.characters import folded
from certlib.errors import Unsupported

_BRACKETS = {
    **dict.fromkeys("〔[【〖(⟨〈《「『{", "["),
    **dict.fromkeys("〕]】〗)⟩〉》」』}", "]"),
}
# Half-width forms of these come out of the folding; 一 and ー are letters, not dashes.
_DASHES = dict.fromkeys("‐‑‒–—―−⁃─━﹘", "-")
_SAME = str.maketrans({**_BRACKETS, **_DASHES})


def number_key(number: str) -> str:
    """The key of a face or document number; equal for numbers that differ in typing only.

    Full-width characters become half-width and letters capitals; 〔〕 [] 【】 and round brackets
    become one kind, and so do dashes; spaces and invisible characters go. `粤交许〔2026〕12号` and
    `粤交许【２０２６】 12号` are one number. The key of a key is itself.
    """
    return folded(number).translate(_SAME)


_SERIAL = re.compile(r"\{serial:0([1-9][0-9]?)\}")
_LONGEST = 18


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """Numbers that the library draws: the text around a serial of at least `digits` digits.

    `揭交许〔2026〕{serial:04}号` is the text of year 2026; each text counts from 1.
    """

    before: str
    digits: int
    after: str

    @property
    def stem(self) -> str:
        """What the sequence is named by: the text with a hole for the serial."""
        return f"{self.before}{{serial}}{self.after}"

    def number(self, serial: int) -> str:
        """The number with that serial; one that outgrows its digits gets longer."""
        return f"{self.before}{serial:0{self.digits}}{self.after}"


def number_pattern(pattern: str, *, year: int, division_code: str) -> NumberPattern:
    """The pattern of a type (`{year}`, `{division}`, one `{serial:0N}`) for a year and a place.

    Raises:
        Unsupported: not one serial, too many digits, or a brace that means nothing.
    """
    found = _SERIAL.findall(pattern)
    if len(found) != 1 or int(found[0]) > _LONGEST:
        raise Unsupported(what="numbering pattern", field_path="/numbering/pattern")
    known = pattern.replace("{year}", f"{year:04}").replace("{division}", division_code)
    before, _, after = known.partition(f"{{serial:0{found[0]}}}")
    if set("{}") & {*before, *after}:
        raise Unsupported(what="numbering pattern", field_path="/numbering/pattern")
    return NumberPattern(before, int(found[0]), after)
