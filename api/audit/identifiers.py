"""Identifiers by the standard's own words (GB/T 36904, ISO/IEC 7064 MOD 37,36)."""

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{18}[0-9]{3})\.([0-9A-Z]{18})\.([0-9A-Z]{7,32})\."
    r"([0-9]{3})\.([0-9A-Z])"
)
_MODULUS = 36


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a well-formed identifier."""

    type_code: str
    issuer_code: str
    serial: str
    version: str
    check: str

    @property
    def check_holds(self) -> bool:
        """Whether the check character fits."""
        body = self.type_code + self.issuer_code + self.serial + self.version
        return _remainder(body + self.check) == 1


def parts_of(text: str) -> Parts | None:
    """The parts, or None when the form is wrong."""
    found = _FORM.fullmatch(text)
    return None if found is None else Parts(*found.groups())


def _remainder(text: str) -> int:
    """ISO/IEC 7064 section 8.2.2, as the standard verifies: the whole string must leave 1.

    P(1) = 36; S(j) = P(j) + a(j); P(j+1) = (S(j) mod 36, 36 for 0) × 2 mod 37; S(n) mod 36 = 1.
    """
    product, total = _MODULUS, 0
    for character in text:
        total = product + int(character, _MODULUS)
        product = (total % _MODULUS or _MODULUS) * 2 % (_MODULUS + 1)
    return total % _MODULUS


def check_character(body: str) -> str:
    """The character with which `body` (type, issuer, serial, version) leaves 1."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return next(last for last in alphabet if _remainder(body + last) == 1)
