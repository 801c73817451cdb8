"""What can be wrong with a definition, each as one sentence that says what to do."""

from collections.abc import Mapping
from typing import Any

from certlib.errors import Problem

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "key-missing": ("缺少必填项“{value}”，请补充。", "{value} is missing: add it."),
    "key-unknown": (
        "没有“{value}”这一项，请核对拼写或删除。",
        "There is no key {value}: check its spelling or remove it.",
    ),
    "not-an-object": ("应为 JSON 对象。", "Must be a JSON object."),
    "not-a-list": ("应为列表。", "Must be a list."),
    "not-a-text": ("应为文本。", "Must be a text."),
    "not-a-number": ("应为{least}至{most}的整数。", "Must be an integer from {least} to {most}."),
    "not-a-flag": ("应为 true 或 false。", "Must be true or false."),
    "not-a-day": (
        "应为真实存在的日期，写作 2026-01-31。",
        "Must be a real day, such as 2026-01-31.",
    ),
    "text-length": ("应为1至{most}字。", "Must have 1 to {most} characters."),
    "text-form": ("格式有误：{zh}。", "The form is wrong: {en}."),
    "list-length": ("应有{least}至{most}项。", "Must have {least} to {most} items."),
    "repeated": ("“{value}”重复，请删除其一。", "{value} stands twice: remove one."),
    "not-in-list": ("应为下列之一：{value}。", "Must be one of: {value}."),
    "credit-code": (
        "前18位应为定义机构的统一社会信用代码，校验位须正确。",
        "The first 18 characters must be the defining body's credit code, check digit included.",
    ),
    "day-order": (
        "停用日期（usable_until）不能早于开通日期（published_from）。",
        "usable_until cannot be before published_from.",
    ),
    "numbering-pattern": (
        "由库编号（library）时须给出编号规则，其他情形不得给出。",
        "A pattern belongs to numbering by the library, and only to it.",
    ),
    "numbering-serial": (
        "编号规则中须恰有一个流水号，写作 {{serial:06}}，位数1至12。",
        "The pattern needs exactly one serial, such as {{serial:06}}, of 1 to 12 digits.",
    ),
    "numbering-place": (
        "编号规则中只能使用 {{year}}、{{division}} 和一个 {{serial:06}}，不认识 {value}。",
        "A pattern knows {{year}}, {{division}} and one {{serial:06}}, not {value}.",
    ),
    "face-field": (
        "证面用语引用了字典中没有的字段 {value}。",
        "The wording names the field {value}, which the dictionary does not have.",
    ),
    "face-number": (
        '次序和宽度应为数字文本，如 "10"。',
        'Orders and spans are numbers as text, such as "10".',
    ),
    "required-unknown": (
        "必填清单中的 {value} 不在字典中。",
        "The required field {value} is not in the dictionary.",
    ),
    "not-closed": (
        '须写明 "additionalProperties": false，多出的字段才会被拒绝。',
        'Say "additionalProperties": false: stray fields must be refused.',
    ),
    "dialect": (
        "须写明 JSON Schema 2020-12：{value}。",
        "Name the dialect, JSON Schema 2020-12: {value}.",
    ),
    "field-key": (
        "字段代码须以 KZ_ 开头，其后为1至30位大写字母、数字或下划线。",
        "A field's key is KZ_ and 1 to 30 capitals, digits or underscores.",
    ),
    "column-key": (
        "列名须为1至30位小写字母、数字或下划线，以字母开头。",
        "A column's key has 1 to 30 lower-case letters, digits or underscores, a letter first.",
    ),
    "order-repeated": (
        "次序 {value} 已被 {other} 使用，每个字段的 x-order 须不同。",
        "Order {value} is that of {other}: every x-order differs.",
    ),
    "unbounded": (
        "须限定长度：文本 maxLength 或 enum，整数 minimum 和 maximum，列表 maxItems。",
        "Bound it: texts by maxLength or enum, integers by minimum and maximum, lists by maxItems.",
    ),
    "bounds-crossed": ("{low} 大于 {high}。", "{low} is above {high}."),
    "pattern-broken": (
        "正则表达式无法编译，请更正。",
        "The pattern is no regular expression: correct it.",
    ),
    "pattern-open": (
        "正则表达式须以 ^ 开头、以 $ 结尾，否则只核对一部分。",
        "A pattern begins with ^ and ends with $, or it checks only a part.",
    ),
    "pattern-slow": (
        "正则表达式中重复套重复，会拖垮核对，请改写。",
        "The pattern repeats a repetition, which can take for ever: rewrite it.",
    ),
    "format-for-type": (
        "x-format “{value}”不能用于 {kind} 类型。",
        "x-format {value} is not for values of type {kind}.",
    ),
    "pattern-missing": (
        "x-format 为 {value} 时须给出 pattern，否则无法排印，例如 {pattern}。",
        "With x-format {value} give a pattern, or values cannot be printed, such as {pattern}.",
    ),
    "day-format": ('日期须写明 "format": "date"。', 'A day says "format": "date".'),
    "picture-undescribed": (
        "图片须写明 contentEncoding 和 contentMediaType；photographs 的各项只有 caption 和 image。",
        "A picture names contentEncoding and contentMediaType; photographs have caption and image.",
    ),
    "sum-of-nothing": (
        "没有可供合计的列 {value}，应写作 KZ_表格/列名。",
        "There is no column {value} to add up: write KZ_TABLE/column.",
    ),
    "form-unused": (
        "该类型没有 {value} 这一形式，请在 forms 中增加或在此删除。",
        "The type has no form {value}: add it to forms or remove it here.",
    ),
    "mask-missing": (
        "敏感字段须写明脱敏方式 x-mask：{value}。",
        "A sensitive field names its masking rule x-mask: {value}.",
    ),
    "mask-needless": (
        "x-mask 只用于敏感字段（x-sensitive 为 true）。",
        "x-mask is for sensitive fields only (x-sensitive true).",
    ),
}


def told(pointer: str, code: str, **values: Any) -> Problem:
    """One problem at a JSON pointer (RFC 6901) into the definition."""
    zh, en = _SENTENCES[code]
    english = {key: str(value).replace("、", ", ") for key, value in values.items()}
    return Problem(pointer, code, zh.format(**values), en.format(**english))


def at(pointer: str, key: object) -> str:
    """The pointer one step deeper."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
