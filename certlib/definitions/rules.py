"""The rules of a definition beside its dictionary: identity, numbering, duties, wording."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from certlib.catalogue import DutyEffect, HolderCategory, NumberSource, TypeStatus
from certlib.creditcode import is_credit_code
from certlib.definitions.checks import (
    Keys,
    anything,
    choice,
    day,
    either_none,
    flag,
    listed,
    raw_text,
    text,
    whole,
)
from certlib.definitions.fields import properties_of
from certlib.definitions.vocabulary import FORMS
from certlib.definitions.wording import at, told
from certlib.errors import Problem

__all__ = ["CATEGORIES", "LEVELS", "of_the_type"]

CATEGORIES = ("证照执照", "证明文件", "批文批复", "鉴定报告", "办事结果")
"""证照大类."""
LEVELS = ("国家级", "省级", "地市级", "区县级", "乡镇级", "其他")
"""证照颁发机构级别 (GB/T 36902)."""
_METADATA = frozenset({"holder", "number", "validity", "date"})
_SEAL_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_LONGEST_WORDING = 400
_TYPE_CODE = 21
_CREDIT_CODE = 18
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SERIAL = re.compile(r"serial:0([1-9]|1[0-2])")


def _type_code(pointer: str, value: object) -> Iterator[Problem]:
    form = text(
        _TYPE_CODE, r"[0-9A-Z]{18}[0-9]{3}", "18位信用代码加3位数字", "18 characters and 3 digits"
    )
    found = list(form(pointer, value))
    yield from found
    if not found and not is_credit_code(str(value)[:_CREDIT_CODE]):
        yield told(pointer, "credit-code")


def _numbering(pointer: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield from choice([item.value for item in NumberSource])(pointer, value)
        return
    source = choice([item.value for item in NumberSource])
    yield from Keys({"source": source}, {"pattern": text(60)})(pointer, value)
    pattern = value.get("pattern")
    if (value.get("source") == NumberSource.LIBRARY) is (pattern is None):
        yield told(at(pointer, "pattern"), "numbering-pattern")
    if isinstance(pattern, str):
        yield from _number_pattern(at(pointer, "pattern"), pattern)


def _number_pattern(pointer: str, pattern: str) -> Iterator[Problem]:
    places = _PLACEHOLDER.findall(pattern)
    if sum(bool(_SERIAL.fullmatch(place)) for place in places) != 1:
        yield told(pointer, "numbering-serial")
    strange = [
        item
        for item in places
        if not item.startswith("serial") and item not in ("year", "division")
    ]
    strange += [item for item in "{}" if item in _PLACEHOLDER.sub("", pattern)]
    for item in strange:
        yield told(pointer, "numbering-place", value=item)


_DUTY = Keys(
    required={
        "code": text(
            40, r"[a-z][a-z0-9-]*", "小写字母、数字和连字符", "lower-case letters, digits, hyphens"
        ),
        "name": text(40),
        "name_en": text(80),
        "months": whole(1, 120),
    },
    optional={
        "grace_days": whole(0, 366),
        "overdue": choice([item.value for item in DutyEffect]),
        "failed": choice([item.value for item in DutyEffect]),
    },
)


def _duties(pointer: str, value: object) -> Iterator[Problem]:
    yield from listed(_DUTY, 0, 12)(pointer, value)
    seen: set[str] = set()
    for index, duty in enumerate(value if isinstance(value, list) else []):
        code = duty.get("code") if isinstance(duty, Mapping) else None
        if isinstance(code, str):
            if code in seen:
                yield told(at(at(pointer, index), "code"), "repeated", value=code[:40])
            seen.add(code)


def _face(pointer: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield told(pointer, "not-an-object")
        return
    for key, words in value.items():
        place = at(pointer, key)
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", str(key)):
            yield told(place, "key-unknown", value=str(key)[:40])
        yield from raw_text(_LONGEST_WORDING)(place, words)
        numeric = str(key).endswith(("_order", "_span")) or key == "columns"
        if numeric and isinstance(words, str) and not re.fullmatch(r"[0-9]{1,4}", words):
            yield told(place, "face-number")


_WORD = r"[0-9A-Za-z][0-9A-Za-z.-]*"
_TYPE = Keys(
    required={
        "type_code": _type_code,
        "version": text(32, _WORD, "字母、数字、点和连字符", "letters, digits, dots, hyphens"),
        "name": text(60),
        "name_en": text(160, r"[ -~]+", "英文名称只用 ASCII 字符", "ASCII only"),
        "category": choice(CATEGORIES),
        "design": text(
            40, r"[a-z][a-z0-9-]*", "小写字母、数字和连字符", "lower-case letters, digits, hyphens"
        ),
        "schema": anything,
    },
    optional={
        "short_name": text(20),
        "status": choice([item.value for item in TypeStatus]),
        "defining_body": text(60),
        "holder_category": choice([item.value for item in HolderCategory]),
        "issuing_levels": listed(choice(LEVELS), 1, len(LEVELS)),
        "term_years": either_none(whole(1, 100)),
        "max_holders": whole(1, 200),
        "consent": choice(["any", "all"]),
        "numbering": _numbering,
        "forms": listed(choice(FORMS), 1, len(FORMS)),
        "approvals": whole(0, 5),
        "separate_sealer": flag,
        "seal_level": choice(_SEAL_LEVELS),
        "paper": flag,
        "duties": _duties,
        "renewal_notice_days": whole(0, 366),
        "published_from": either_none(day),
        "usable_until": either_none(day),
        "face": _face,
        "sample_number": text(60),
    },
)


def of_the_type(data: object) -> Iterator[Problem]:
    """What is wrong with a definition, its dictionary aside."""
    yield from _TYPE("", data)
    if isinstance(data, Mapping):
        yield from _days(data)
        yield from _placeholders(data)
        yield from _forms(data)


def _days(data: Mapping[str, Any]) -> Iterator[Problem]:
    first, last = data.get("published_from"), data.get("usable_until")
    # Days of ISO 8601 sort as texts; what is no day has its problem already.
    if isinstance(first, str) and isinstance(last, str) and last < first:
        yield told("/usable_until", "day-order")


def _placeholders(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Wording that is filled from fields names fields that exist."""
    face, fields = data.get("face"), properties_of(data.get("schema"))
    for key, words in face.items() if isinstance(face, Mapping) else ():
        for name in _PLACEHOLDER.findall(words) if isinstance(words, str) else ():
            if name not in fields and name not in _METADATA:
                yield told(at("/face", key), "face-field", value=name[:40])


def _forms(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A field printed on a form that the type does not have would be printed nowhere."""
    forms = data.get("forms", ["original"])
    for key, spec in properties_of(data.get("schema")).items():
        wanted = spec.get("x-forms") if isinstance(spec, Mapping) else None
        for index, form in enumerate(wanted if isinstance(wanted, list) else []):
            if form in FORMS and isinstance(forms, list) and form not in forms:
                place = at(at(at("/schema/properties", key), "x-forms"), index)
                yield told(place, "form-unused", value=form)
