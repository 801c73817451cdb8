"""What stands on a face, as plain data for the designs: wording and order, no layout.

A design never names a field. It draws the rows that this module makes from the type's field
dictionary and from the metadata to which the type's `face` gives a title:

    holder_title, code_title, validity_title   print holder, holder code, period of validity
    ..._title_en, ..._order, ..._span          as x-title-en, x-order, x-span of a field
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.errors import Invalid
from certlib.ports import PageOrder

__all__ = ["day_text", "face_of"]

_FORMS = {"original": "正本", "duplicate": "副本", "annex": "附页", "drawing": "附图"}
_LAST = 999
_BESIDE_GB2312 = {ord("·"): None, ord("—"): None}


def face_of(order: PageOrder) -> dict[str, Any]:
    """The whole face of a certificate as JSON values."""
    content, version = order.content, order.type_version
    hints = dict(version.face or {})
    return {
        "title": content.name,
        "title_en": version.name_en,
        "form": _FORMS.get(content.form, content.form),
        "number": content.number,
        "identifier": content.identifier,
        "issuer": content.issuer_name,
        "seal_name": content.seal_name or content.issuer_name,
        "date": day_text(content.issue_date),
        "date_parts": [content.issue_date.year, content.issue_date.month, content.issue_date.day],
        "holders": [_with_script(holder.name) for holder in content.holders],
        "validity": _validity(content),
        "demonstration": content.demonstration,
        "verify_url": order.verify_url,
        "hints": hints,
        "subject": _subject(content, hints),
        "rows": _rows(content, version, hints),
    }


def _subject(content: Content, hints: Mapping[str, str]) -> str:
    """The title of a letter: the type's wording with `{KZ_...}` filled from the fields."""
    wording = hints.get("subject", content.name)
    for key, value in content.fields.items():
        wording = wording.replace("{" + key + "}", str(value))
    return wording


def day_text(day: date) -> str:
    """A day as Chinese documents write it: no leading zeros (GB/T 9704 section 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def _validity(content: Content) -> str:
    start = day_text(content.valid_from) if content.valid_from else ""
    end = day_text(content.valid_to) if content.valid_to else "长期"
    return f"{start} 至 {end}" if start else end


def _rows(content: Content, version: TypeVersion, hints: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = [
        *_metadata_rows(content, hints),
        *(
            _field_row(key, spec, content.fields.get(key))
            for key, spec in version.schema.get("properties", {}).items()
            if spec.get("x-face", True)
        ),
    ]
    return sorted(rows, key=lambda row: (row["order"], row["key"]))


def _metadata_rows(content: Content, hints: Mapping[str, str]) -> list[dict[str, Any]]:
    values = {
        "holder": ("name", "、".join(holder.name for holder in content.holders)),
        "code": ("code", "、".join(holder.code for holder in content.holders)),
        "validity": ("text", _validity(content)),
        "number": ("code", content.number),
    }
    return [
        {
            "key": name,
            "title": hints[f"{name}_title"],
            "title_en": hints.get(f"{name}_title_en", ""),
            "order": int(hints.get(f"{name}_order", "0")),
            "span": int(hints.get(f"{name}_span", "1")),
            "format": form,
            "part": hints.get(f"{name}_part", ""),
            "value": _with_script(text) if text else None,
        }
        for name, (form, text) in values.items()
        if hints.get(f"{name}_title")
    ]


def _field_row(key: str, spec: Mapping[str, Any], value: object) -> dict[str, Any]:
    form = spec.get("x-format", "text")
    return {
        "key": key,
        "title": spec.get("title", key),
        "title_en": spec.get("x-title-en", ""),
        "order": spec.get("x-order", _LAST),
        "span": spec.get("x-span", 1),
        "format": form,
        "part": spec.get("x-part", ""),
        "value": None if value in (None, "", [], {}) else _checked_value(key, spec, value),
    }


def _checked_value(key: str, spec: Mapping[str, Any], value: object) -> object:
    try:
        return _value(spec.get("x-format", "text"), spec, value)
    except (ValueError, AttributeError, TypeError):
        # The schema was checked before; who comes here without that gets the same answer.
        raise Invalid(field_path=f"/fields/{key}") from None


def _value(form: str, spec: Mapping[str, Any], value: object) -> object:
    """One value as the designs print it: `{text, script}`, a list of texts, or a table."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _table(spec["items"], value) if form == "table" else [str(item) for item in value]
    return _with_script(_text(form, value) + spec.get("x-unit", ""))


def _text(form: str, value: object) -> str:
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
            whole, dot, cents = text.partition(".")
            return f"{int(whole):,}{dot}{cents}"
        case _:
            return text


def _table(item: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = sorted(
        item.get("properties", {}).items(),
        key=lambda pair: (pair[1].get("x-order", _LAST), pair[0]),
    )
    return {
        "head": [spec.get("title", key) for key, spec in columns],
        "numeric": [spec.get("x-format") in ("amount", "number") for _, spec in columns],
        "rows": [
            [
                _text(spec.get("x-format", "text"), row[key]) if key in row else ""
                for key, spec in columns
            ]
            for row in rows
        ],
    }


def _with_script(text: str) -> dict[str, str]:
    """The text, and whether to set it in kai: Chinese, and all of it in that face."""
    if text.isascii():
        return {"text": text, "script": "serif"}
    try:
        # The codec has other code points in the places of the two signs left out here.
        text.translate(_BESIDE_GB2312).encode("gb2312")
    except UnicodeEncodeError:
        return {"text": text, "script": "serif"}
    return {"text": text, "script": "kai"}
