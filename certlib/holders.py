"""Holder codes (持证主体代码, GB/T 36903 annex A): types, normal form, checks, masks.

The key of a person is (code type, normalised code); names are dated attributes of it.
"""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from certlib import masking
from certlib.characters import folded
from certlib.creditcode import CREDIT_ALPHABET, credit_check, credit_problem, is_credit_code
from certlib.divisions import DivisionTable
from certlib.errors import MalformedCode, Problem, UnknownCodeType
from certlib.identity import (
    Sex,
    birth_date,
    division_warning,
    identity_check,
    identity_problems,
    lengthened,
    sex,
)

__all__ = [
    "CODE_TYPES",
    "CREDIT_ALPHABET",
    "CREDIT_CODE",
    "HALL_CODE_TYPES",
    "IDENTITY_NUMBER",
    "Sex",
    "birth_date",
    "check",
    "code_type_name",
    "credit_check",
    "credit_problem",
    "identity_check",
    "is_credit_code",
    "is_person",
    "mask_code",
    "mask_name",
    "may_die",
    "name_key",
    "normalise",
    "normalise_code_type",
    "sex",
]

CREDIT_CODE = "001"
IDENTITY_NUMBER = "111"

CODE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        CREDIT_CODE: "统一社会信用代码",
        "099": "其他组织代码",
        IDENTITY_NUMBER: "公民身份号码",
        "114": "军官证",
        "115": "警官证",
        # Which force each of the pairs belongs to: as in GA/T 517, whose numbers annex A takes.
        "118": "解放军士兵证",
        "119": "武警士兵证",
        "120": "解放军文职人员证",
        "122": "武警文职人员证",
        "411": "外交护照",
        "412": "公务护照",
        "413": "公务普通护照",
        "414": "普通护照",
        "511": "台湾居民来往大陆通行证",
        "516": "港澳居民来往内地通行证",
        "999": "其他自然人证件",
    }
)
"""Code type to Chinese name."""

HALL_CODE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "10": IDENTITY_NUMBER,
        "11": "114",
        "12": "118",
        "13": "115",
        "14": "516",
        "15": "511",
        "20": "414",
        "40": "999",
        "90": "999",
    }
)
"""Two-digit types of older hall systems to ours. 40 and 90 both say "other"."""

_ORGANISATIONS = frozenset({CREDIT_CODE, "099"})
_SOLE_TRADER = "92"
"""How the credit codes of 个体工商户 begin (GB 32100 section 4.1)."""

_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・.", "·"))
_CARD = re.compile(r"[0-9A-Z\u4e00-\u9fff()-]{5,32}")
_PASSPORT = re.compile(r"[0-9A-Z]{5,17}")
_OTHER = re.compile(r"\S{1,64}")
# Deliberately loose: these numbers have no published check digit and several generations.
_LOOSE_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "114": _CARD,
        "115": _CARD,
        "118": _CARD,
        "119": _CARD,
        "120": _CARD,
        "122": _CARD,
        "411": _PASSPORT,
        "412": _PASSPORT,
        "413": _PASSPORT,
        "414": _PASSPORT,
        # Eight digits on the card of 2015; ten and perhaps a letter in brackets before.
        "511": re.compile(r"[0-9]{8}|[0-9]{10}(?:[A-Z]|\([A-Z]\))?"),
        # H or M, eight digits; two more count the renewals before 2012.
        "516": re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    }
)


def normalise_code_type(code_type: str) -> str:
    """The three-digit type behind a three- or two-digit one.

    Raises:
        UnknownCodeType: outside GB/T 36903 annex A and the hall systems' table.
    """
    found = HALL_CODE_TYPES.get(code_type, code_type)
    if found not in CODE_TYPES:
        # Cut: somebody may have put a person's number in the wrong field.
        raise UnknownCodeType(value=code_type[:3])
    return found


def code_type_name(code_type: str) -> str:
    """Chinese name of a code type (持证主体代码类型).

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    return CODE_TYPES[normalise_code_type(code_type)]


def is_person(code_type: str) -> bool:
    """Whether holders of this type are natural persons.

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    return normalise_code_type(code_type) not in _ORGANISATIONS


def may_die(code_type: str, code: str) -> bool:
    """Whether somebody's death can end what this holder holds.

    That of a person, or of the person behind a sole trader (个体工商户). Whom another code of an
    organisation stands for cannot be told: then it may.

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    known = normalise_code_type(code_type)
    return known != CREDIT_CODE or folded(code).startswith(_SOLE_TRADER)


def normalise(code_type: str, code: str) -> str:
    """The form in which codes are kept and compared: half-width, capitals, no spaces, 18 places.

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    known = normalise_code_type(code_type)
    text = folded(code)
    return lengthened(text) if known == IDENTITY_NUMBER else text


def check(
    code_type: str,
    code: str,
    divisions: DivisionTable | None = None,
    *,
    today: date | None = None,
    field: str = "",
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Errors and warnings of a holder code, which is normalised first.

    Args:
        code_type: three digits, or two of a hall system.
        code: as the caller sent it.
        divisions: to warn of an identity number whose division never was; None: no such check.
        today: a birth date after this day is an error; None: the future is not checked.
        field: the JSON pointer that the problems shall carry.
    """
    try:
        known = normalise_code_type(code_type)
    except UnknownCodeType as error:
        problem = error.as_problem()
        return (Problem(field, problem.code, problem.zh, problem.en),), ()
    text = normalise(known, code)
    if known == IDENTITY_NUMBER:
        return _checked_identity(text, divisions, today, field)
    wrong = credit_problem(text, field) if known == CREDIT_CODE else _loose(known, text, field)
    return (() if wrong is None else (wrong,)), ()


def name_key(name: str) -> str:
    """The form in which names are compared: folded as people type, one kind of middle dot."""
    return folded(name).translate(_DOTS)


def mask_name(name: str, code_type: str = IDENTITY_NUMBER) -> str:
    """A holder's name for display: persons masked, organisations in full.

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    return masking.masked_name(name) if is_person(code_type) else name


def mask_code(code_type: str, code: str) -> str:
    """A holder's code for display: persons masked, organisations' public codes in full.

    Raises:
        UnknownCodeType: as `normalise_code_type`.
    """
    return masking.masked_identity(code) if is_person(code_type) else code


def _checked_identity(
    text: str, divisions: DivisionTable | None, today: date | None, field: str
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    errors = tuple(identity_problems(text, field, today=today))
    if errors or divisions is None:
        return errors, ()
    warning = division_warning(text, divisions, field)
    return (), () if warning is None else (warning,)


def _loose(code_type: str, text: str, field: str) -> Problem | None:
    if _LOOSE_FORMS.get(code_type, _OTHER).fullmatch(text):
        return None
    return Problem(
        field,
        MalformedCode.code,
        f"{CODE_TYPES[code_type]}号码格式有误，请核对长度和字符。",
        f"The number has the wrong form for code type {code_type}: check length and characters.",
    )
