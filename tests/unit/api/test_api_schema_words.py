"""What a JSON Schema refuses, in words of the reader's language."""

import pytest

from api.json_schema import JsonSchemaValidator

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "either": {"type": ["integer", "null"]},
        "day": {"type": "string", "format": "date"},
    },
}


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ({"text": 1}, "值的类型应为文本。", "The value must be of type string."),
        ({"either": ""}, "值的类型应为整数、空值。", "The value must be of type integer、null."),
        (
            {"day": "2026-02-30"},
            "应为有效的日期，日期写作 2026-01-31。",
            "Must be a real date, such",
        ),
    ],
)
def test_chinese_sentences_name_types_in_chinese(value, zh, en):
    (problem,) = JsonSchemaValidator().problems(SCHEMA, value)
    assert problem.zh == zh
    assert problem.en.startswith(en)
