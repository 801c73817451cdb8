"""Unified social credit codes (统一社会信用代码, GB 32100): form and check digit."""

import re
import string
from operator import mul

from certlib.errors import BadCheckCharacter, MalformedCode, Problem, Unsupported

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100 section 4.2: no I, O, S, V, Z."""

_VALUES = {character: value for value, character in enumerate(CREDIT_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
# Places 3 to 8 are the division code of the registering body, digits only (GB 32100 section 4.1).
_FORM = re.compile(rf"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}")


def credit_check(first17: str) -> str:
    """The 18th character of a credit code (GB 32100 section 4.3).

    Raises:
        Unsupported: `first17` is not 17 characters of the credit alphabet.
    """
    if len(first17) != len(_WEIGHTS) or not _VALUES.keys() >= set(first17):
        raise Unsupported(what="credit code without check digit")
    total = sum(map(mul, map(_VALUES.__getitem__, first17), _WEIGHTS))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def credit_problem(code: str, field: str = "") -> Problem | None:
    """What is wrong with a credit code, or None.

    Args:
        code: as stored: capitals, no spaces.
        field: the JSON pointer that the problem shall carry.
    """
    if not _FORM.fullmatch(code):
        return Problem(field, MalformedCode.code, _form_zh(code), _form_en(code))
    if credit_check(code[:17]) != code[17]:
        return Problem(
            field,
            BadCheckCharacter.code,
            "统一社会信用代码第18位校验码有误，请逐位核对。",
            "The check digit of the credit code is wrong: compare it character by character.",
        )
    return None


def is_credit_code(code: str) -> bool:
    """Whether `code` is a well-formed credit code with a right check digit."""
    return credit_problem(code) is None


def _form_zh(code: str) -> str:
    if _uses_banned_letter(code):
        return "统一社会信用代码不使用字母 I、O、S、V、Z，请核对是否应为数字 1、0、5、2。"
    return "统一社会信用代码应为18位数字或大写字母，第3至8位为数字，请核对。"


def _form_en(code: str) -> str:
    if _uses_banned_letter(code):
        return "A credit code never uses the letters I, O, S, V, Z: perhaps 1, 0, 5 or 2 is meant."
    return "A credit code has 18 digits or capitals, digits in places 3 to 8: check it."


def _uses_banned_letter(code: str) -> bool:
    capitals = set(string.ascii_uppercase) - set(CREDIT_ALPHABET)
    return len(code) == len(_WEIGHTS) + 1 and bool(capitals & set(code))
