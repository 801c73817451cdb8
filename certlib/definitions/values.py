"""What holds for one value of a dictionary, wherever it stands: field, item or column."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from certlib.definitions.vocabulary import FORMATS
from certlib.definitions.wording import at, told
from certlib.errors import Problem
from certlib.masking import MASKS

__all__ = ["kind_of", "masking_problems", "value_problems"]

# A repetition without an end inside a repetition without an end: exponential in the worst case.
_ENDLESS: Final = r"(?:[*+]|\{\d+,\})"
_NESTED: Final = re.compile(rf"\((?:[^()\\]|\\.)*{_ENDLESS}(?:[^()\\]|\\.)*\){_ENDLESS}")
_AMOUNT: Final = r"^(0|[1-9]\d{0,11})(\.\d{1,2})?$"
_READ: Final[Mapping[str, str]] = {
    "date": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "clock": r"^([01]\d|2[0-3]):[0-5]\d$",
    "amount": _AMOUNT,
    "capitals": _AMOUNT,
}
"""Formats that are read before they are printed, each with a pattern that keeps them readable."""
_BOUNDS: Final = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))


def kind_of(spec: object) -> str:
    """The JSON type a schema names, or ""."""
    kind = spec.get("type") if isinstance(spec, Mapping) else None
    return kind if isinstance(kind, str) else ""


def value_problems(
    pointer: str, spec: Mapping[str, Any], kinds: tuple[str, ...]
) -> Iterator[Problem]:
    """Type, bounds, pattern and format of one value."""
    kind = kind_of(spec)
    if kind not in kinds:
        if "type" in spec:
            yield told(at(pointer, "type"), "not-in-list", value="、".join(kinds))
        return
    if not _bounded(spec, kind):
        yield told(pointer, "unbounded")
    for low, high in _BOUNDS:
        if _above(spec.get(low), spec.get(high)):
            yield told(at(pointer, low), "bounds-crossed", low=low, high=high)
    if isinstance(pattern := spec.get("pattern"), str):
        yield from _pattern(at(pointer, "pattern"), pattern)
    yield from _format(pointer, spec, kind)


def masking_problems(pointer: str, spec: Mapping[str, Any]) -> Iterator[Problem]:
    """A sensitive field says how it is masked, and only such a field does."""
    sensitive = spec.get("x-sensitive") is True
    if sensitive and "x-mask" not in spec:
        yield told(at(pointer, "x-mask"), "mask-missing", value="、".join(MASKS))
    if "x-mask" in spec and not sensitive:
        yield told(at(pointer, "x-mask"), "mask-needless")


def _bounded(spec: Mapping[str, Any], kind: str) -> bool:
    match kind:
        case "string":
            return bool({"maxLength", "enum"} & spec.keys()) or {"format", "pattern"} <= spec.keys()
        case "integer":
            return {"minimum", "maximum"} <= spec.keys()
        case "array":
            return "maxItems" in spec
        case _:
            return True


def _above(low: object, high: object) -> bool:
    return isinstance(low, int) and isinstance(high, int) and low > high


def _pattern(pointer: str, pattern: str) -> Iterator[Problem]:
    try:
        re.compile(pattern)
    except re.error:
        yield told(pointer, "pattern-broken")
        return
    if not (pattern.startswith("^") and pattern.endswith("$")):
        yield told(pointer, "pattern-open")
    if _NESTED.search(pattern):
        yield told(pointer, "pattern-slow")


def _format(pointer: str, spec: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    """The format suits the value, a table has one, and a picture says what it is."""
    name = spec.get("x-format", "")
    shape = "table" if kind == "array" and kind_of(spec.get("items")) == "object" else kind
    plain = not name and (shape != "table" or spec.get("x-face", True) is False)
    if not plain and shape not in FORMATS.get(name if isinstance(name, str) else "", ()):
        yield told(at(pointer, "x-format"), "format-for-type", value=name or "—", kind=shape)
    if isinstance(name, str) and name in _READ and shape == "string":
        yield from _readable(pointer, spec, name)
    pictured = {"contentEncoding", "contentMediaType"} <= spec.keys()
    if (name == "photograph" and not pictured) or (name == "photographs" and not _captioned(spec)):
        yield told(pointer, "picture-undescribed")


def _readable(pointer: str, spec: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """Whatever the dictionary accepts can be printed in this format."""
    if not {"pattern", "enum"} & spec.keys():
        yield told(at(pointer, "pattern"), "pattern-missing", value=name, pattern=_READ[name])
    if name == "date" and "format" not in spec:
        yield told(at(pointer, "format"), "day-format")


def _captioned(spec: Mapping[str, Any]) -> bool:
    """Whether the items are a caption and one picture, as the designs draw them."""
    items = spec.get("items")
    properties = items.get("properties") if isinstance(items, Mapping) else None
    if not isinstance(properties, Mapping) or set(properties) != {"caption", "image"}:
        return False
    image = properties["image"]
    return isinstance(image, Mapping) and {"contentEncoding", "contentMediaType"} <= image.keys()
