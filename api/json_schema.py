"""JSON Schema 2020-12 behind the port `SchemaValidator`: every violation at once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from certlib.errors import Problem

_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "required": ("field-missing", "缺少必填字段，请补充。", "A required field is missing: add it."),
    "additionalProperties": (
        "field-unknown",
        "类型字典中没有此字段，请删除或核对字段代码。",
        "The type has no such field: remove it or check its key.",
    ),
    "type": ("type-wrong", "值的类型应为{value_zh}。", "The value must be of type {value}."),
    "maxLength": ("too-long", "内容过长，最多{value}字。", "Too long: at most {value} characters."),
    "minLength": (
        "too-short",
        "内容过短，至少{value}字。",
        "Too short: at least {value} characters.",
    ),
    "enum": ("not-in-list", "应为下列之一：{value}。", "Must be one of: {value}."),
    "const": ("not-in-list", "应为：{value}。", "Must be: {value}."),
    "pattern": ("pattern", "格式不符合要求，请核对。", "The form is wrong: check it."),
    "format": (
        "format",
        "应为有效的{value_zh}，日期写作 2026-01-31。",
        "Must be a real {value}, such as 2026-01-31.",
    ),
    "minimum": ("too-small", "不能小于{value}。", "Must not be below {value}."),
    "maximum": ("too-large", "不能大于{value}。", "Must not be above {value}."),
    "minItems": ("too-few", "至少{value}项。", "At least {value} items."),
    "maxItems": ("too-many", "最多{value}项。", "At most {value} items."),
    "uniqueItems": ("repeated", "各项不能重复。", "Items must not repeat."),
}
_WORDS: Mapping[str, str] = {
    "string": "文本",
    "integer": "整数",
    "number": "数值",
    "boolean": "真假值",
    "array": "列表",
    "object": "对象",
    "null": "空值",
    "date": "日期",
    "time": "时间",
    "date-time": "日期时间",
}
"""Types and formats of JSON Schema, as a clerk reads them."""
_SHOWN = 30
_OTHER = ("schema", "不符合字段规则，请核对。", "Breaks the field's rule: check it.")


class JsonSchemaValidator:
    """Validators are compiled once per schema and kept."""

    def __init__(self) -> None:
        self._compiled: dict[str, Draft202012Validator] = {}

    def problems(self, schema: Mapping[str, Any], value: Mapping[str, Any]) -> Sequence[Problem]:
        """Every violation; `field` is a JSON pointer (RFC 6901) into `value`."""
        errors = self._validator(schema).iter_errors(value)
        return [problem for error in errors for problem in _problems(error)]

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        validator = self._compiled.get(key)
        if validator is None:
            validator = Draft202012Validator(schema, format_checker=FormatChecker())
            self._compiled[key] = validator
        return validator


def _problems(error: ValidationError) -> Iterator[Problem]:
    pointer = "".join(f"/{_escaped(part)}" for part in error.absolute_path)
    code, zh, en = _SENTENCES.get(str(error.validator), _OTHER)
    value = error.validator_value
    listed = value if isinstance(value, list) else [value]
    value = "、".join(str(item) for item in listed)
    value_zh = "、".join(_WORDS.get(str(item), str(item)) for item in listed)
    zh = zh.format(value=value, value_zh=value_zh)
    en = en.format(value=value.replace("、", ", "))
    if error.validator == "pattern" and (sample := _sample(error)):
        zh = f"格式不符合要求，应如“{sample}”，请核对。"
        en = f"The form is wrong: write it as in {sample}."
    for leaf in _leaves(error):
        yield Problem(pointer + leaf, code, zh, en)


def _sample(error: ValidationError) -> str:
    """The dictionary's example, where it is short enough to show a form and not itself at fault."""
    sample = error.schema.get("x-sample") if isinstance(error.schema, Mapping) else None
    shown = isinstance(sample, str) and len(sample) <= _SHOWN and sample != error.instance
    return str(sample) if shown else ""


def _leaves(error: ValidationError) -> list[str]:
    """Errors about an object's keys name the key, not the object."""
    instance = error.instance
    if not isinstance(instance, Mapping):
        return [""]
    if error.validator == "required" and isinstance(error.validator_value, list):
        # One error per missing key: its message begins with the key's repr.
        missing = [key for key in error.validator_value if key not in instance]
        named = [key for key in missing if error.message.startswith(repr(key))]
        return [f"/{_escaped(key)}" for key in named]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        return [f"/{_escaped(key)}" for key in instance if key not in known]
    return [""]


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
