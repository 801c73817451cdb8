"""Citizen identity numbers (公民身份号码, GB 11643), with the permits that share their form.

The same 18 places serve residence permits of Hong Kong, Macao and Taiwan residents (division
810000, 820000, 830000; 710000 in older data) and the permanent residence number of foreigners,
which begins with 9 and holds a country where a citizen's number holds the division.
"""

import re
from datetime import date
from enum import StrEnum

from certlib.divisions import DivisionTable
from certlib.errors import (
    BadCheckCharacter,
    ImpossibleBirthDate,
    MalformedCode,
    Problem,
    Unsupported,
)
from certlib.remarks import IdentityDivision

PERMIT_DIVISIONS = frozenset({"710000", "810000", "820000", "830000"})
"""Prefixes of residence permits; 830000 is in no division table."""

EARLIEST_BIRTH = date(1900, 1, 1)

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_FORM = re.compile(r"[0-9]{17}[0-9X]")
_OLD_FORM = re.compile(r"[0-9]{15}")
_FOREIGN = "9"


class Sex(StrEnum):
    """Sex as the sequence number's last digit tells it."""

    MALE = "male"
    FEMALE = "female"


def identity_check(first17: str) -> str:
    """The 18th character of an identity number (GB 11643; ISO 7064 MOD 11-2).

    Raises:
        Unsupported: `first17` is not 17 digits.
    """
    if not re.fullmatch(r"[0-9]{17}", first17):
        raise Unsupported(what="identity number without check digit")
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def lengthened(code: str) -> str:
    """A 15-digit number in its 18-place form; anything else unchanged.

    Numbers of 15 digits were given before 2000 only, so the century is always 19 (GB 11643-1999).
    """
    if not _OLD_FORM.fullmatch(code):
        return code
    first17 = code[:6] + "19" + code[6:]
    return first17 + identity_check(first17)


def birth_date(code: str) -> date | None:
    """The birth date inside an 18-place number, or None when there is no such day."""
    if not _FORM.fullmatch(code):
        return None
    try:
        return date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return None


def sex(code: str) -> Sex | None:
    """Odd sequence numbers are male, even ones female; None when the form is wrong."""
    if not _FORM.fullmatch(code):
        return None
    return Sex.MALE if int(code[16]) % 2 else Sex.FEMALE


def identity_problems(code: str, field: str = "", *, today: date | None = None) -> list[Problem]:
    """Errors of an 18-place number: form, then birth date and check digit together.

    Args:
        code: normalised (18 places, capital X).
        field: the JSON pointer that the problems shall carry.
        today: a birth date after this day is impossible; without it the future is not checked.
    """
    if not _FORM.fullmatch(code):
        return [
            Problem(
                field,
                MalformedCode.code,
                "公民身份号码应为18位：17位数字加1位校验码（数字或X），请核对。",
                "An identity number has 17 digits and a check character (digit or X): check it.",
            )
        ]
    found = []
    born = birth_date(code)
    if born is None or born < EARLIEST_BIRTH or (today is not None and born > today):
        found.append(ImpossibleBirthDate(field_path=field).as_problem())
    if identity_check(code[:17]) != code[17]:
        found.append(
            Problem(
                field,
                BadCheckCharacter.code,
                "公民身份号码第18位校验码有误，请逐位核对。",
                "The check digit of the identity number is wrong: compare it digit by digit.",
            )
        )
    return found


def division_warning(code: str, divisions: DivisionTable, field: str = "") -> Problem | None:
    """A warning when the first six digits are no division code that the bearer can have.

    A number keeps its first code for life, so an abolished code is right; only one that had ended
    before the birth is not. Codes younger than the birth are right: numbers exist since 1984 only.
    """
    prefix = code[:6]
    if prefix in PERMIT_DIVISIONS or prefix.startswith(_FOREIGN):
        return None
    periods = divisions.periods.get(prefix, ())
    born = birth_date(code)
    fits = any(
        period.to_year is None or born is None or born.year <= period.to_year for period in periods
    )
    return None if fits else IdentityDivision(field_path=field).as_problem()
