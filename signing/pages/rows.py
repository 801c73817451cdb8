"""The rows of a face: fields of the dictionary, and metadata to which the type gives a title.

holder_title, code_title, validity_title, …    print the holders' names and so on as rows
..._title_en, ..._order, ..._span, ..._part    as x-title-en, x-order, x-span, x-part
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.errors import Invalid, Problem
from certlib.page_errors import PictureUnusable, SumDiffers
from signing.pages.values import column_sum, day_text, printed, with_script

__all__ = ["field_problems", "metadata_texts", "rows_of"]

_LAST: Final = 999
_FACES: Final = ("original", "duplicate")
_SHEETS: Final = ("annex", "drawing")
_PICTURES: Final = ("photograph", "photographs")
_MOST_PIXELS: Final = 50_000_000  # of one certificate: what the typesetter holds in memory at once
_ABSENT: Final = ("text", None)
# The schema was checked before; who comes here without that gets the same answer.
_NOT_AS_SCHEMA: Final = (ValueError, AttributeError, TypeError, KeyError)


def rows_of(content: Content, version: TypeVersion) -> list[dict[str, Any]]:
    """All rows of this form, in the order of the dictionary.

    Raises:
        Invalid: a value is not what its schema says; every such field is listed.
    """
    values, problems = _values(content.fields, version)
    if problems:
        raise Invalid(field_path=problems[0].field, problems=tuple(problems))
    hints = version.face or {}
    metadata = () if content.form in _SHEETS else _metadata_rows(content, hints)
    rows = [
        *metadata,
        *(
            _field_row(key, spec, *values.get(key, _ABSENT))
            for key, spec in _fields(version).items()
            if spec.get("x-face", True) and content.form in spec.get("x-forms", _FACES)
        ),
    ]
    return sorted(rows, key=lambda row: (row["order"], row["key"]))


def field_problems(fields: Mapping[str, Any], version: TypeVersion) -> Sequence[Problem]:
    """What only the page knows of values that pass the schema: pictures, sums, days that exist."""
    return _values(fields, version)[1]


def metadata_texts(content: Content) -> dict[str, str]:
    """The metadata that a type may print, as texts."""
    return {
        "holder": "、".join(holder.name for holder in content.holders),
        "code": "、".join(holder.code for holder in content.holders),
        "validity": _validity(content),
        "number": content.number,
        "issued": day_text(content.issue_date),
        "decision": content.decision_number,
        "decided": day_text(content.decision_date) if content.decision_date else "",
        "authority": content.issuer_name,
    }


def _values(
    fields: Mapping[str, Any], version: TypeVersion
) -> tuple[dict[str, tuple[str, Any]], list[Problem]]:
    """Kind and printed value of each field that has one, and what is wrong with the others."""
    values: dict[str, tuple[str, Any]] = {}
    problems: list[Problem] = []
    room = _MOST_PIXELS
    for key, spec in _fields(version).items():
        value = fields.get(key)
        if value in (None, "", [], {}):
            continue
        path = f"/fields/{key}"
        try:
            values[key] = printed(spec, value)
        except _NOT_AS_SCHEMA:
            problems += _refusals(path, spec, value)
        else:
            pixels = _pixels(*values[key])
            room -= pixels
            if pixels and room < 0:
                problems.append(PictureUnusable(field_path=path).as_problem())
            if "x-sum-of" in spec and not _is_sum(spec["x-sum-of"], value, fields):
                problems.append(SumDiffers(field_path=path).as_problem())
    return values, problems


def _pixels(kind: str, shown: Any) -> int:  # noqa: ANN401 - a JSON value
    if kind == "picture":
        return int(shown["pixels"])
    return sum(picture["pixels"] for picture in shown) if kind == "pictures" else 0


def _fields(version: TypeVersion) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = version.schema.get("properties", {})
    return found


def _refusals(path: str, spec: Mapping[str, Any], value: Any) -> Iterator[Problem]:  # noqa: ANN401 - a JSON value
    """The problem of the field, or of each picture in it that is none."""
    form = spec.get("x-format")
    if form not in _PICTURES:
        yield Problem(
            path,
            "format",
            "内容无法按该字段的格式排印，请核对类型字典中的写法。",
            "The value cannot be printed in the field's format: see how the dictionary writes it.",
        )
        return
    if form == "photograph" or not isinstance(value, list):
        yield PictureUnusable(field_path=path).as_problem()
        return
    for index, item in enumerate(value):
        try:
            printed(spec, [item])
        except _NOT_AS_SCHEMA:
            yield PictureUnusable(field_path=f"{path}/{index}/image").as_problem()


def _is_sum(place: str, value: object, fields: Mapping[str, Any]) -> bool:
    table, _, column = place.partition("/")
    try:
        return column_sum(fields.get(table) or (), column) == Decimal(str(value))
    except (*_NOT_AS_SCHEMA, ArithmeticError):
        return False


def _metadata_rows(content: Content, hints: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    formats = {"holder": "name", "authority": "name", "code": "code", "number": "code"}
    for name, text in metadata_texts(content).items():
        if hints.get(f"{name}_title"):
            yield {
                "key": name,
                "title": hints[f"{name}_title"],
                "title_en": hints.get(f"{name}_title_en", ""),
                "order": int(hints.get(f"{name}_order", "0")),
                "span": int(hints.get(f"{name}_span", "1")),
                "format": formats.get(name, "text"),
                "part": hints.get(f"{name}_part", ""),
                "kind": "text",
                "value": with_script(text) if text else None,
            }


def _field_row(key: str, spec: Mapping[str, Any], kind: str, shown: object) -> dict[str, Any]:
    return {
        "key": key,
        "title": spec.get("title", key),
        "title_en": spec.get("x-title-en", ""),
        "order": spec.get("x-order", _LAST),
        "span": spec.get("x-span", 1),
        "format": spec.get("x-format", "text"),
        "part": spec.get("x-part", ""),
        "kind": kind,
        "value": shown,
    }


def _validity(content: Content) -> str:
    start = day_text(content.valid_from) if content.valid_from else ""
    end = day_text(content.valid_to) if content.valid_to else "长期"
    return f"{start} 至 {end}" if start else end
