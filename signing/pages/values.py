"""One value of a field as the designs print it, by its `x-format`.

Kinds: `text` {text, script}, `list` of texts, `table`, `picture` {svg, ratio, alt}, `pictures`
(a list of those, each with its caption).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from signing.pages.capitals import capitals
from signing.pages.pictures import picture_from

__all__ = ["column_sum", "day_text", "printed", "text_of", "with_script"]

_LAST: Final = 999
_BESIDE_GB2312: Final = {ord("·"): None, ord("—"): None}
_NUMERIC: Final = ("amount", "number")
_SHORT: Final = ("date", "clock")


def printed(spec: Mapping[str, Any], value: object) -> tuple[str, Any]:
    """Kind and printed value.

    Raises:
        ValueError, TypeError, AttributeError, KeyError: it is not what its schema says.
    """
    form = spec.get("x-format", "text")
    if form == "photograph":
        return "picture", _picture(spec, value, spec.get("title", ""))
    if isinstance(value, str) or not isinstance(value, Sequence):
        return "text", with_script(text_of(form, value) + spec.get("x-unit", ""))
    if form == "photographs":
        image = spec["items"]["properties"]["image"]
        return "pictures", [
            _picture(image, item["image"], item["caption"]) | {"caption": item["caption"]}
            for item in value
        ]
    if form == "table":
        return "table", _table(spec, value)
    return "list", [str(item) for item in value]


def text_of(form: str, value: object) -> str:
    """A single value as text, by its format."""
    if isinstance(value, bool):
        return "是" if value else "否"
    text = str(value)
    match form:
        case "date":
            return day_text(date.fromisoformat(text))
        case "clock":
            hour, _, minute = text.partition(":")
            return f"{int(hour)}时{minute}分"
        case "amount":
            return _grouped(text)
        case "capitals":
            return f"￥{_grouped(text)}（大写：{capitals(text)}）"
        case _:
            return text


def day_text(day: date) -> str:
    """A day as Chinese documents write it: no leading zeros (GB/T 9704 section 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def with_script(text: str) -> dict[str, str]:
    """The text, and whether to set it in kai: Chinese, and all of it in that face."""
    if text.isascii():
        return {"text": text, "script": "serif"}
    try:
        # The codec has other code points in the places of the two signs left out here.
        text.translate(_BESIDE_GB2312).encode("gb2312")
    except UnicodeEncodeError:
        return {"text": text, "script": "serif"}
    return {"text": text, "script": "kai"}


def column_sum(rows: Sequence[Mapping[str, Any]], column: str) -> Decimal:
    """The sum of one column of a table; a missing cell counts nothing.

    Raises:
        ValueError: a cell is no number.
    """
    try:
        return sum((Decimal(str(row[column])) for row in rows if column in row), Decimal())
    except ArithmeticError as error:  # no number, or beyond all numbers
        raise ValueError("number") from error


def _grouped(number: str) -> str:
    sign = "-" if number.startswith("-") else ""
    whole, dot, cents = number.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{dot}{cents}"


def _picture(spec: Mapping[str, Any], value: object, alt: str) -> dict[str, Any]:
    if not isinstance(value, str):
        raise TypeError("picture")
    picture = picture_from(value, spec["contentMediaType"])
    return {
        "svg": picture.svg,
        "ratio": picture.ratio,
        "pixels": picture.pixels,
        "alt": alt,
        "shape": spec.get("x-shape", "portrait"),
    }


def _table(spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = sorted(
        spec["items"].get("properties", {}).items(),
        key=lambda pair: (pair[1].get("x-order", _LAST), pair[0]),
    )
    forms = [column.get("x-format", "text") for _, column in columns]
    numeric = [
        form in _NUMERIC or column.get("type") == "integer"
        for (_, column), form in zip(columns, forms, strict=True)
    ]
    return {
        "head": [column.get("title", key) for key, column in columns],
        "numeric": numeric,
        "fixed": [right or form in _SHORT for right, form in zip(numeric, forms, strict=True)],
        "widths": (
            [column.get("x-width", 1) for _, column in columns]
            if any("x-width" in column for _, column in columns)
            else []
        ),
        "numbered": spec.get("x-numbered", True),
        "rows": [
            [
                text_of(form, row[key]) if key in row else ""
                for (key, _), form in zip(columns, forms, strict=True)
            ]
            for row in rows
        ],
        **_sums(columns, rows),
    }


def _sums(
    columns: Sequence[tuple[str, Mapping[str, Any]]], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The last line: sums of the columns that have one; below it those in capitals."""
    line, words = [], []
    for key, column in columns:
        wanted = column.get("x-sum", False)
        total = str(column_sum(rows, key)) if wanted else ""
        line.append(text_of(column.get("x-format", "text"), total) if wanted else "")
        if wanted == "capitals":
            words.append({"title": column.get("title", key), "text": capitals(total)})
    return {"sums": line if any(line) else [], "capitals": words}
