"""Orders at the limits of a dictionary: everything longest, everything shortest, many holders."""

import base64
from collections.abc import Mapping
from typing import Any

from pages_orders import filled

from certlib.catalogue import HolderCategory, TypeVersion
from certlib.document import Holder
from signing.pages.sample import sample_fields

_SAMPLES_OF_FORM = {
    "date": "2026-12-30",
    "clock": "23:59",
    "amount": "9",
    "number": "9",
    "capitals": "9",
    "photograph": "sample:portrait",
}
_NAMES = ("欧阳明远", "阿卜杜拉·买买提", "林晓岚", "陈雨桐", "李㐂㛃𠀀")


def longest_fields(version: TypeVersion) -> dict[str, Any]:
    """Every field at its longest, lists at their most items; sums stay sums."""
    samples = sample_fields(version)
    specs = version.schema["properties"]
    found = {key: _longest(spec, samples.get(key)) for key, spec in specs.items()}
    return _with_sums(found, specs)


def shortest_fields(version: TypeVersion) -> dict[str, Any]:
    """Nothing that may be left out; the rest as short as its samples and lists allow."""
    samples = sample_fields(version)
    required = set(version.schema.get("required", ()))
    specs = version.schema["properties"]
    found = {
        key: _shortest(spec, samples.get(key)) if key in required else None
        for key, spec in specs.items()
    }
    return _with_sums(found, specs)


def many_holders(version: TypeVersion) -> tuple[Holder, ...]:
    """As many holders as the type allows, at most twenty, with names of every kind."""
    person = version.holder_category is HolderCategory.PERSON
    code = "445202199703150019" if person else "91445202MA9TEXT00K"
    kind = "111" if person else "001"
    return tuple(
        Holder(_NAMES[i % len(_NAMES)] + ("" if person else "有限公司"), kind, code)
        for i in range(min(20, version.max_holders))
    )


def _longest(spec: Mapping[str, Any], sample: Any) -> Any:
    form = spec.get("x-format", "text")
    kind = spec.get("type", "string")
    if "enum" in spec:
        return max(spec["enum"], key=len) if kind == "string" else spec["enum"][0]
    if kind == "array":
        most = min(spec.get("maxItems", 60), 6 if form == "photographs" else 60)
        items = sample if isinstance(sample, list) and sample else [None]
        return [_longest(spec["items"], items[i % len(items)]) for i in range(most)]
    if kind == "object":
        known = sample or {}
        return {
            key: _longest(part, known.get(key)) for key, part in spec.get("properties", {}).items()
        }
    if kind == "string":
        return _longest_text(spec, form, sample)
    return spec.get("maximum", 99999) if kind == "integer" else sample


def _longest_text(spec: Mapping[str, Any], form: str, sample: Any) -> Any:
    most = spec.get("maxLength", 40)
    if "contentEncoding" in spec:
        return sample or _picture()
    if form in ("amount", "number", "capitals"):
        # Of the greatest number's form, with two decimals, where the column is long enough.
        digits = min(most, 15)
        return "9" * digits if digits < 4 else "9" * (digits - 3) + ".99"
    if form in ("date", "clock"):
        return _SAMPLES_OF_FORM[form]
    if form == "code":
        return ("A9-" * most)[:most]
    if "pattern" in spec and not spec["pattern"].startswith("^\\S"):
        return sample  # the pattern decides, not the length
    return filled(most)


def _shortest(spec: Mapping[str, Any], sample: Any) -> Any:
    if spec.get("type") == "array" and isinstance(sample, list):
        return sample[: max(1, spec.get("minItems", 1))]
    plain = spec.get("x-format", "text") in ("text", "multiline", "name", "paragraphs")
    if spec.get("type") == "string" and plain and "pattern" not in spec and "enum" not in spec:
        return "甲"[: spec.get("maxLength", 1)] * max(1, spec.get("minLength", 1))
    return sample


def _with_sums(fields: dict[str, Any], specs: Mapping[str, Any]) -> dict[str, Any]:
    from signing.pages.values import column_sum

    for key, spec in specs.items():
        if "x-sum-of" in spec and fields.get(key) is not None:
            table, _, column = spec["x-sum-of"].partition("/")
            fields[key] = str(column_sum(fields.get(table) or (), column))
    return fields


def _picture() -> str:
    from signing.pages.sample import _FOLDER

    return base64.b64encode((_FOLDER / "portrait.jpg").read_bytes()).decode("ascii")
