"""The type data files: real dictionaries, sound schemas, samples that pass."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from pages_orders import BIRTH, LICENCE, TYPE_CODES, TYPES_FOLDER, longest, type_version

from certlib.catalogue import HolderCategory, TypeStatus
from signing.pages.coverage import first_unprintable
from signing.pages.renderer import DESIGNS_FOLDER


def _validator(code: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        type_version(code).schema, format_checker=jsonschema.FormatChecker()
    )


def _samples(code: str) -> dict[str, Any]:
    return {item.key: item.sample for item in type_version(code).fields}


def test_every_file_is_a_type_of_the_catalogue():
    table = (TYPES_FOLDER.parent / "certificate_types.csv").read_text("utf-8")
    for path in TYPES_FOLDER.glob("*.json"):
        version = type_version(path.stem)
        assert version.type_code == path.stem
        assert f"{version.type_code},{version.name}," in table
        assert version.defining_body_code == version.type_code[:18]
        assert (DESIGNS_FOLDER / version.design / "design.typ").is_file()
        assert version.status in (TypeStatus.PUBLISHED, TypeStatus.WITHDRAWN)
        assert isinstance(version.holder_category, HolderCategory)


@pytest.mark.parametrize("code", TYPE_CODES)
def test_the_schema_is_sound_and_closed(code):
    schema = type_version(code).schema

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in _objects(schema):
        assert part["additionalProperties"] is False


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if schema.get("type") == "object":
        yield schema
        for spec in schema["properties"].values():
            yield from _objects(spec)
    if schema.get("type") == "array":
        yield from _objects(schema["items"])


@pytest.mark.parametrize("code", TYPE_CODES)
def test_every_field_is_bounded_titled_and_has_a_passing_sample(code):
    version = type_version(code)

    assert list(_validator(code).iter_errors(_samples(code))) == []
    for key, spec in version.schema["properties"].items():
        assert spec["title"], key
        assert spec["x-title-en"], key
        assert "x-order" in spec, key
        assert spec["x-sample"] not in (None, ""), key
        bounded = {"enum", "maxLength", "maximum", "maxItems"} | (
            {"pattern"} if spec.get("format") == "date" else set()
        )
        assert bounded & set(spec), key


@pytest.mark.parametrize("code", TYPE_CODES)
def test_orders_are_unique(code):
    orders = [item.order for item in type_version(code).fields]

    assert len(set(orders)) == len(orders)


@pytest.mark.parametrize("code", TYPE_CODES)
def test_the_longest_values_of_the_layout_tests_are_values_the_schema_allows(code):
    assert list(_validator(code).iter_errors(_samples(code) | longest(code))) == []


@pytest.mark.parametrize("code", TYPE_CODES)
def test_samples_and_wording_can_be_printed(code):
    whole = json.loads((TYPES_FOLDER / f"{code}.json").read_text("utf-8"))

    assert first_unprintable("".join(_texts(whole))) == ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def test_identity_numbers_and_addresses_of_parents_are_sensitive():
    sensitive = type_version(BIRTH).sensitive_keys

    for key in ("KZ_MQZJHM", "KZ_FQZJHM", "KZ_MQZZ", "KZ_FQZZ", "KZ_LXDH", "KZ_CSRQ"):
        assert key in sensitive
    assert "KZ_XB" not in sensitive
    assert "KZ_JYFW" not in type_version(LICENCE).sensitive_keys


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [
        (LICENCE, "KZ_CCHZRQ", "2018-02-30"),
        (LICENCE, "KZ_CCHZRQ", "2018-2-3"),
        (LICENCE, "KZ_JJXZ", "个体"),
        (LICENCE, "KZ_DZ", " 前有空格"),
        (LICENCE, "KZ_CLS", 0),
        (BIRTH, "KZ_CSSJ", "24:00"),
        (BIRTH, "KZ_CSYZ", "39+7"),
        (BIRTH, "KZ_MQZZ", "长" * 201),
        (BIRTH, "KZ_FREMD", "x"),
    ],
)
def test_wrong_values_are_refused(code, field, value):
    assert list(_validator(code).iter_errors(_samples(code) | {field: value}))
