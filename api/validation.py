"""What pydantic and FastAPI found wrong, in our words: every field at once, no value echoed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.strict_json import pointer_part
from certlib.errors import Invalid, Problem

_MOST_PROBLEMS = 100

_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "missing": ("field-missing", "缺少必填项，请补充。", "Required and missing: add it."),
    "extra_forbidden": (
        "field-unknown",
        "没有此项，请删除或核对名称。",
        "There is no such field: remove it or check its name.",
    ),
    "string_too_long": (
        "too-long",
        "内容过长，最多{max_length}个字符。",
        "Too long: at most {max_length} characters.",
    ),
    "string_too_short": (
        "too-short",
        "内容过短，至少{min_length}个字符。",
        "Too short: at least {min_length} characters.",
    ),
    "string_pattern_mismatch": ("pattern", "格式不符合要求，请核对。", "Wrong form: check it."),
    "literal_error": (
        "not-in-list",
        "应为下列之一：{expected}。",
        "Must be one of: {expected}.",
    ),
    "too_long": ("too-many", "最多{max_length}项。", "At most {max_length} items."),
    "too_short": ("too-few", "至少{min_length}项。", "At least {min_length} items."),
    "greater_than_equal": ("too-small", "不能小于{ge}。", "Must not be below {ge}."),
    "less_than_equal": ("too-large", "不能大于{le}。", "Must not be above {le}."),
    "certlib_day": (
        "format",
        "应为有效日期，写作 2026-01-31。",
        "Must be a real date, such as 2026-01-31.",
    ),
    "certlib_instant": (
        "format",
        "应为带时区的时间，写作 2026-01-31T08:00:00Z。",
        "Must be an instant with its zone, such as 2026-01-31T08:00:00Z.",
    ),
    "certlib_person": (
        "person-malformed",
        "应为经办人账号（1至64位字母、数字或._@-），不得使用身份证件号码。",
        "Must be an account (1 to 64 letters, digits or ._@-), never an identity number.",
    ),
    "certlib_number": (
        "number-forbidden",
        "此处不得填写身份证件号码。",
        "No person's number may stand here.",
    ),
    "certlib_choice": (
        "choice",
        "应当并且只能给出其中一项：{names}。",
        "Give exactly one of: {names}.",
    ),
    "certlib_claim": (
        "claim-unknown",
        "没有此项登记信息，可用证照要素名或以KZ_开头的字段。",
        "No such field on record: use an element's name or a KZ_ field.",
    ),
}
_TYPES: Mapping[str, tuple[str, str]] = {
    "string_type": ("字符串", "a string"),
    "list_type": ("列表", "a list"),
    "dict_type": ("对象", "an object"),
    "model_type": ("对象", "an object"),
    "model_attributes_type": ("对象", "an object"),
    "int_type": ("整数", "an integer"),
    "int_parsing": ("整数", "an integer"),
    "bool_type": ("真假值", "a boolean"),
    "bool_parsing": ("true 或 false", "true or false"),
}
_OTHER = ("invalid", "不符合要求，请核对。", "Does not meet the rules: check it.")
_PLACES = {"body": "", "query": "query:", "header": "header:", "path": "path:", "cookie": "cookie:"}


def invalid(errors: Iterable[Any]) -> Invalid:
    """The error that carries everything in `errors` (pydantic's own list)."""
    problems = tuple(problem_of(error) for error in list(errors)[:_MOST_PROBLEMS])
    return Invalid(problems=problems)


def problem_of(error: Mapping[str, Any], under: str = "") -> Problem:
    """One of pydantic's errors as a problem; `under` is the pointer of what was validated."""
    kind = str(error.get("type", ""))
    code, zh, en = _sentence(kind, error.get("ctx") or {})
    return Problem(under + _field(error.get("loc", ())), code, zh, en)


def _sentence(kind: str, context: Mapping[str, Any]) -> tuple[str, str, str]:
    if kind in _TYPES:
        zh, en = _TYPES[kind]
        return "type-wrong", f"值的类型应为{zh}。", f"The value must be {en}."
    code, zh, en = _SENTENCES.get(kind, _OTHER)
    if kind == "literal_error":
        # Pydantic says 'a', 'b' or 'c'.
        listed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return code, zh.format(expected="、".join(listed)), en.format(expected=", ".join(listed))
    return code, zh.format_map(context), en.format_map(context)


def _field(place: Sequence[object]) -> str:
    """A JSON pointer into the body, or `query:limit`, `header:idempotency-key`."""
    if not place:
        return ""
    first, *rest = place
    if first not in _PLACES:
        return "".join(f"/{pointer_part(part)}" for part in place)
    if first == "body":
        return "".join(f"/{pointer_part(part)}" for part in rest)
    return f"{_PLACES[str(first)]}{'.'.join(pointer_part(part) for part in rest)}"
