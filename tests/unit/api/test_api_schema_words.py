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
        ({"either": ""}, "值的类型应为整数、空值。", "The value must be of type integer, null."),
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


@pytest.mark.parametrize(
    ("sample", "value", "zh", "en"),
    [
        ("186.50", "12,5", "应如“186.50”", "as in 186.50"),
        ("186,50", "186,50", "请核对", "check it"),
        ("9" * 31, "12,5", "请核对", "check it"),
        (None, "12,5", "请核对", "check it"),
    ],
)
def test_a_wrong_form_is_shown_a_right_one(sample, value, zh, en):
    """Unless the example is long, or is what stands there."""
    field = {"type": "string", "pattern": r"^\d+\.\d\d$", "x-sample": sample}
    (problem,) = JsonSchemaValidator().problems({"properties": {"KZ_MJ": field}}, {"KZ_MJ": value})
    assert zh in problem.zh
    assert en in problem.en
    assert ("应如" in problem.zh) is (sample == "186.50")
