"""Columns of a table and the order they make: English keys, Chinese titles, GB/T short names."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.cli.batch.rows import Order, Row, problem_json
from api.cli.batch.workbook import Cell, Value, address
from certlib.errors import Problem
from certlib.holders import CODE_TYPES

_TITLES: Mapping[str, tuple[str, ...]] = {
    "type_code": ("证照类型代码", "ZZLXDM"),
    "type_version": ("证照类型版本",),
    "issuer_code": ("证照颁发机构代码", "颁发机构代码", "发证单位代码", "ZZBFJGDM"),
    "number": ("证照编号", "ZZBH"),
    "holder_name": ("持证主体名称", "持证主体", "CZZT"),
    "holder_code": ("持证主体代码", "CZZTDM"),
    "holder_code_type": ("持证主体代码类型", "持证主体代码类型代码", "CZZTDMLXDM", "CZZTDMLX"),
    "issue_date": ("颁发日期", "证照颁发日期", "发证日期", "ZZBFRQ"),
    "valid_from": ("有效期起始日期", "证照有效期起始日期", "ZZYXQQSRQ"),
    "valid_to": ("有效期截止日期", "证照有效期截止日期", "ZZYXQJZRQ"),
    "division_code": ("所属管辖属地编码", "管辖属地编码", "行政区划代码"),
    "matter_code": ("关联事项代码",),
    "matter_name": ("关联事项名称",),
    "forms": ("证照形式", "form"),
    "decision_number": ("决定文号",),
    "decision_date": ("决定日期",),
    "approved_by": ("审核人",),
    "made_by": ("制证人",),
    "supersedes": ("被换发证照标识",),
    "supersede_reason": ("换发原因",),
    "effective_from": ("变更生效日期", "生效日期"),
    "legal_basis": ("法律依据",),
    "document_number": ("换发决定文号",),
    "authority": ("决定机关",),
    # The record knows them better; columns for people.
    "": ("序号", "证照名称", "证照颁发机构", "颁发机构", "ZZMC", "ZZBFJG", "name", "issuer_name"),
}
_BY_TITLE = {title: key for key, titles in _TITLES.items() for title in (*titles, key) if title}
_HOLDER = ("holder_name", "holder_code", "holder_code_type")
_DATES = frozenset({"issue_date", "valid_from", "valid_to", "decision_date", "effective_from"})
_CODES = frozenset({"type_code", "issuer_code", "division_code", "supersedes"})
_FORMS = {"正本": "original", "副本": "duplicate", "附页": "annex", "附图": "drawing"}
_REASONS = {
    "变更": "change",
    "延续": "renewal",
    "补换": "replacement",
    "降低资质等级": "lowered",
    "更正": "correction",
}
_FORM = re.compile(r"(\D+?)\s*(\d{0,3})")
_CODE_TYPES = {name: code for code, name in CODE_TYPES.items()}
_LONG_TERM = frozenset({"长期", "长期有效", "无固定期限"})
_NUMBERED = re.compile(r"(.+?)[_ ]?([2-9])")
_DAY = re.compile(
    r"([12]\d{3})(?:\s*[-/.年]\s*(?=\d{1,2}\D)|(?=\d{4}$))(\d{1,2})(?:\s*[-/.月]\s*|(?=\d{2}$))(\d{1,2})\s*日?"
)
_MOST_PROBLEMS = 20
"""Of one row: a table with 200 strange columns would drown what matters."""
_SEVERAL = re.compile(r"[;；、,，\s]+")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a type: what its JSON Schema says of it."""

    title: str
    title_en: str = ""
    kind: str = "string"
    format: str = ""
    items: str = ""


Fields = Mapping[str, FieldSpec]
FieldsOf = Callable[[str], Fields]
"""The fields of a type by its code; {} when the type is unknown."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for rows whose own column is absent or empty."""

    type_code: str = ""
    issuer_code: str = ""


@dataclass(slots=True)
class _Draft:
    """A row on its way to an order."""

    order: Order = field(default_factory=dict)
    holders: dict[int, dict[str, str]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)

    def refuse(self, column: str, code: str, zh: str, en: str) -> None:
        self.problems.append(Problem(column, code, f"{zh}。", f"{en[:1].upper()}{en[1:]}."))


def known_columns(header: Sequence[str]) -> int:
    """How many of these titles say something to us: tells a header from chance."""
    return sum(1 for title in header if _core_key(title.strip()) is not None)


def same_meaning(header: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of titles that say the same: nobody knows which of them counts.

    Names and codes of code types (CZZTDMLX, CZZTDMLXDM) may stand side by side: they are compared
    row by row. Business fields depend on the row's type, and are looked at there.
    """
    seen: dict[tuple[str, int], str] = {}
    for title in map(str.strip, header):
        core = _core_key(title)
        if core is None or core[0] in {"", "holder_code_type"}:
            continue
        if core in seen:
            yield seen[core], title
        seen[core] = title


class Columns:
    """The columns of one table."""

    def __init__(self, header: Sequence[str], fields_of: FieldsOf, defaults: Defaults) -> None:
        self._header = [title.strip() for title in header]
        self._fields_of = fields_of
        self._defaults = defaults

    def row(self, number: int, cells: Sequence[Cell]) -> Row:
        """The order of one row, or everything that keeps it from being one."""
        draft = _Draft()
        business: list[tuple[str, Cell]] = []
        for place, (title, cell) in enumerate(zip(self._header, cells, strict=False), 1):
            if cell.problem is not None:
                draft.refuse(title, "cell-unusable", *cell.problem)
            elif title:
                core = _core_key(title)
                # An empty cell says nothing, but is where to write what the server misses.
                found = cell if cell.value is not None else Cell(None, address(place, number))
                if core is None:
                    business.append((title, found))
                else:
                    _set_core(draft, core, title, found)
        draft.order.setdefault("type_code", self._defaults.type_code)
        draft.order.setdefault("issuer_code", self._defaults.issuer_code)
        self._set_business(draft, business)
        return _finished(number, draft)

    def _set_business(self, draft: _Draft, cells: Sequence[tuple[str, Cell]]) -> None:
        fields = self._fields_of(str(draft.order["type_code"]))
        named: dict[str, str] = {}
        for title, cell in cells:
            keys = [key for key, spec in fields.items() if title in (key, spec.title)]
            other = named.setdefault(keys[0], title) if len(keys) == 1 else title
            if other != title:
                draft.refuse(
                    title,
                    "column-twice",
                    f"列“{other}”与“{title}”是同一字段，请只留一列",
                    f"the columns {other} and {title} are one field: leave one of them",
                )
                continue
            if cell.value is None:
                draft.cells.update({f"/fields/{key}": cell.address for key in keys[:1]})
            elif len(keys) == 1:
                _set_field(draft, keys[0], fields[keys[0]], title, cell)
            elif title.startswith("KZ_"):
                draft.fields[title] = cell.value  # the server says what it thinks of it
                draft.cells[f"/fields/{title}"] = cell.address
            elif keys:
                listed = "、".join(keys)
                draft.refuse(
                    title,
                    "column-ambiguous",
                    f"列“{title}”对应多个字段，请改用 {listed} 之一作列名",
                    f"the column {title} may be several fields: name it {' or '.join(keys)}",
                )
            else:
                draft.refuse(
                    title,
                    "column-unknown",
                    f"列“{title}”不是该类型证照的字段，请核对列名",
                    f"the column {title} is no field of this type: check its name",
                )


def _core_key(title: str) -> tuple[str, int] | None:
    """Key and number of the holder (0 the first) behind a title; None for business fields."""
    if title in _BY_TITLE:
        return _BY_TITLE[title], 0
    numbered = _NUMBERED.fullmatch(title)
    if numbered is None:
        return None
    key = _BY_TITLE.get(numbered.group(1), "")
    return (key, int(numbered.group(2)) - 1) if key in _HOLDER else None


def _set_core(draft: _Draft, core: tuple[str, int], title: str, cell: Cell) -> None:
    key, place = core
    part = key.removeprefix("holder_") if key in _HOLDER else ""
    draft.cells[f"/holders/{place}/{part}" if part else f"/{key}"] = cell.address
    if cell.value is None or not key:
        return
    text = _text(cell.value)
    if part:
        _set_holder(draft, place, part, text, title, cell)
    elif key not in _DATES:
        draft.order[key] = _core_value(key, text)
    elif text not in _LONG_TERM:
        _set_day(draft, draft.order, key, title, cell)


def _core_value(key: str, text: str) -> object:
    match key:
        case "forms":
            return [_form(part) for part in _SEVERAL.split(text) if part]
        case "supersede_reason":
            return _REASONS.get(text, text)
        case "approved_by":
            return [person for person in _SEVERAL.split(text) if person]
        case _:
            return _narrow(text) if key in _CODES else text


def _set_holder(draft: _Draft, place: int, part: str, text: str, title: str, cell: Cell) -> None:
    said = text if part == "name" else _narrow(text)
    if part == "code_type":
        said = _CODE_TYPES.get(said, said)
        if not re.fullmatch(r"\d{3}", said):
            draft.refuse(
                title,
                "code-type-unknown",
                f"单元格 {cell.address} 应为三位代码或其名称，如 001 或 统一社会信用代码",
                f"{cell.address} must be a code of three digits or its name, such as 001",
            )
    known = draft.holders.setdefault(place, {})
    if known.setdefault(part, said) != said:
        draft.refuse(
            title,
            "columns-differ",
            f"单元格 {cell.address} 与另一列的持证主体代码类型不一致，请核对",
            f"{cell.address} differs from the other column of the holder's code type: check it",
        )


def _set_field(draft: _Draft, key: str, spec: FieldSpec, title: str, cell: Cell) -> None:
    draft.cells[f"/fields/{key}"] = cell.address
    if spec.kind == "string" and spec.format == "date":
        _set_day(draft, draft.fields, key, title, cell)
    else:
        draft.fields[key] = _business_value(cell.value, spec)


def _set_day(draft: _Draft, into: dict[str, Any], key: str, title: str, cell: Cell) -> None:
    """A day written in any of the ways that leave no doubt; others are refused by their cell."""
    day = _day(_narrow(_text(cell.value)))
    if day is not None:
        into[key] = day
        return
    where = f"单元格 {cell.address} " if cell.address else ""
    draft.refuse(
        title,
        "day-unclear",
        f"{where}不是可以确定的日期，请写成 2026-01-31",
        f"{cell.address or title} holds no day that is certain: write 2026-01-31",
    )


def _form(text: str) -> dict[str, object]:
    """正本, 副本 (the next one) or 副本2; the server says what it thinks of anything else."""
    found = _FORM.fullmatch(text)
    name, number = (text, "") if found is None else found.groups()
    return {"form": _FORMS.get(name, name), "copy_number": int(number or "0")}


def _finished(number: int, draft: _Draft) -> Row:
    if draft.problems:
        first = draft.problems[0]
        problem = problem_json(first)
        shown = draft.problems[:_MOST_PROBLEMS]
        problem["problems"] = [problem_json(item)["problems"][0] for item in shown]
        return Row(number, None, problem)
    holders = [_holder(draft.holders[place]) for place in sorted(draft.holders)]
    present = {key: value for key, value in draft.order.items() if value != ""}
    order = {**present, "holders": holders, "fields": draft.fields}
    return Row(number, order, cells={name: cell for name, cell in draft.cells.items() if cell})


def _holder(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: parts.get(name, "") for name in ("name", "code_type", "code")}


def _business_value(value: Value, spec: FieldSpec) -> object:
    """The value as the field's schema wants it; the server judges what does not fit."""
    match spec.kind:
        case "integer":
            text = _narrow(_text(value))
            return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text
        case "boolean":
            return {"是": True, "否": False, "TRUE": True, "FALSE": False}.get(
                _text(value).upper(), value
            )
        case "array" | "object":
            return _structured(_text(value), spec)
        case _:
            return _text(value)


def _structured(text: str, spec: FieldSpec) -> object:
    """JSON in a cell, or one item a line where the items are texts."""
    if text[:1] in {"[", "{"}:
        try:
            return json.loads(text, parse_float=str)
        except ValueError:
            return text
    if spec.kind == "array" and spec.items == "string":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def _day(text: str) -> str | None:
    """2026-01-31 for the ways in which offices write a day; None where it is not certain.

    Year first, then month and day: 3/4/2026 may be March or April, and a bare number may be a day
    that the spreadsheet counts from 1900.
    """
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _narrow(text: str) -> str:
    """Full-width digits, letters and signs as half-width ones, where only those can be meant."""
    return unicodedata.normalize("NFKC", text).strip()
