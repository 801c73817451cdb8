"""A new definition keeps every rule, or each breach is named with its place and a sentence."""

import copy
import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_schema import JsonSchemaValidator
from certlib.definitions import definition_problems, new_type_version
from certlib.errors import Invalid
from certlib.masking import MASKS, masked_value

SCHEMAS = JsonSchemaValidator()
FOLDER = resources.files("certlib.data").joinpath("types")
FILES = sorted(item.name for item in FOLDER.iterdir() if item.name.endswith(".json"))
CODE = "11445200990090235U001"


def field(**changes):
    sound = {
        "type": "string",
        "title": "住所",
        "maxLength": 20,
        "x-title-en": "Address",
        "x-order": 10,
        "x-sample": "揭阳市",
    }
    return {key: value for key, value in (sound | changes).items() if value is not ...}


def schema(**properties):
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {f"KZ_{key}": value for key, value in properties.items()},
    }


def definition(**changes):
    sound = {
        "type_code": CODE,
        "version": "2026.1",
        "name": "演示许可证",
        "name_en": "Demonstration permit",
        "category": "证照执照",
        "design": "licence-landscape",
        "schema": schema(ZS=field()),
    }
    return {key: value for key, value in (sound | changes).items() if value is not ...}


def column(order=10, **changes):
    return {"type": "string", "title": "名称", "maxLength": 20, "x-order": order} | changes


def rows(sample=None, **columns):
    items = {"type": "object", "additionalProperties": False, "properties": columns}
    return field(
        type="array", maxLength=..., maxItems=9, items=items, **{"x-sample": sample or []}
    ) | {"x-format": "table"}


def found(data):
    return {(problem.field, problem.code) for problem in definition_problems(data, SCHEMAS)}


@pytest.mark.parametrize("name", FILES)
def test_shipped_definitions_are_sound(name):
    data = json.loads(FOLDER.joinpath(name).read_text("utf-8"))
    assert definition_problems(data, SCHEMAS) == ()
    assert new_type_version(data, SCHEMAS).type_code == data["type_code"]


def test_a_small_definition_is_sound():
    assert found(definition()) == set()
    assert new_type_version(definition(), SCHEMAS).name == "演示许可证"


def test_every_breach_is_named_at_once_with_a_sentence_in_both_languages():
    data = definition(design="A4 quer", approvals=True, schema=schema(ZS=field(title=7)), extra=1)
    with pytest.raises(Invalid) as caught:
        new_type_version(data, SCHEMAS)
    problems = caught.value.problems
    assert [problem.field for problem in problems] == [
        "/approvals",
        "/design",
        "/extra",
        "/schema/properties/KZ_ZS/title",
    ]
    for problem in problems:
        assert problem.zh.endswith("。")
        assert problem.en.endswith(".")
        assert "{" not in problem.en


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"name": ...}, "/name", "key-missing"),
        ({"nmae": "x"}, "/nmae", "key-unknown"),
        ({"name": ""}, "/name", "text-length"),
        ({"name": " 许可证"}, "/name", "text-form"),
        ({"name": 7}, "/name", "not-a-text"),
        ({"name_en": "许可证"}, "/name_en", "text-form"),
        ({"type_code": CODE.lower()}, "/type_code", "text-form"),
        ({"type_code": "11445200990090235A001"}, "/type_code", "credit-code"),
        ({"status": "asleep"}, "/status", "not-in-list"),
        ({"holder_category": True}, "/holder_category", "not-in-list"),
        ({"term_years": 0}, "/term_years", "not-a-number"),
        ({"max_holders": True}, "/max_holders", "not-a-number"),
        ({"separate_sealer": "yes"}, "/separate_sealer", "not-a-flag"),
        ({"published_from": "2026-02-30"}, "/published_from", "not-a-day"),
        ({"published_from": "20260201"}, "/published_from", "not-a-day"),
        (
            {"published_from": "2026-02-01", "usable_until": "2026-01-31"},
            "/usable_until",
            "day-order",
        ),
        ({"forms": []}, "/forms", "list-length"),
        ({"forms": ["original", "copy"]}, "/forms/1", "not-in-list"),
        ({"forms": ["original", "original"]}, "/forms/1", "repeated"),
        ({"forms": "original"}, "/forms", "not-a-list"),
        ({"numbering": "somebody"}, "/numbering", "not-in-list"),
        ({"numbering": {"source": "library"}}, "/numbering/pattern", "numbering-pattern"),
        (
            {"numbering": {"source": "caller", "pattern": "A{serial:04}"}},
            "/numbering/pattern",
            "numbering-pattern",
        ),
        (
            {"numbering": {"source": "library", "pattern": "A{year}"}},
            "/numbering/pattern",
            "numbering-serial",
        ),
        (
            {"numbering": {"source": "library", "pattern": "{serial:04}{serial:04}"}},
            "/numbering/pattern",
            "numbering-serial",
        ),
        (
            {"numbering": {"source": "library", "pattern": "{serial:4}"}},
            "/numbering/pattern",
            "numbering-serial",
        ),
        (
            {"numbering": {"source": "library", "pattern": "{month}{serial:04}"}},
            "/numbering/pattern",
            "numbering-place",
        ),
        (
            {"numbering": {"source": "library", "pattern": "}{serial:04}"}},
            "/numbering/pattern",
            "numbering-place",
        ),
        ({"face": "bronze"}, "/face", "not-an-object"),
        ({"face": {"Note": "x"}}, "/face/Note", "key-unknown"),
        ({"face": {"note": 7}}, "/face/note", "not-a-text"),
        ({"face": {"note": "长" * 401}}, "/face/note", "text-length"),
        ({"face": {"holder_order": "first"}}, "/face/holder_order", "face-number"),
        ({"face": {"columns": "zwölf"}}, "/face/columns", "face-number"),
        ({"face": {"subject": "关于{KZ_XM}的批复"}}, "/face/subject", "face-field"),
        ({"schema": []}, "/schema", "not-an-object"),
    ],
)
def test_rules_of_the_type(changes, place, code):
    assert (place, code) in found(definition(**changes))


def test_wording_may_name_fields_and_metadata():
    face = {"subject": "关于{KZ_ZS}的批复", "preamble": "{holder}、{number}", "holder_order": "10"}
    assert found(definition(face=face)) == set()


def test_duties_have_codes_of_their_own():
    duty = {"code": "review", "name": "年审", "name_en": "Review", "months": 12, "overdue": "block"}
    assert found(definition(duties=[duty])) == set()
    twice = definition(duties=[duty, duty | {"months": 24}])
    assert found(twice) == {("/duties/1/code", "repeated")}
    assert found(definition(duties=[duty | {"code": "Review"}])) == {
        ("/duties/0/code", "text-form")
    }
    assert found(definition(duties=[duty | {"overdue": "deny"}])) == {
        ("/duties/0/overdue", "not-in-list")
    }
    assert found(definition(duties=["review"])) == {("/duties/0", "not-an-object")}
    assert found(definition(duties="review")) == {("/duties", "not-a-list")}


def test_numbering_by_the_library_has_a_pattern():
    for pattern in ("{serial:06}", "JY{division}{year}{serial:012}号"):
        assert found(definition(numbering={"source": "library", "pattern": pattern})) == set()
    assert found(definition(numbering="none")) == set()
    wrong = definition(numbering={"source": "library", "pattern": 7})
    assert ("/numbering/pattern", "not-a-text") in found(wrong)


PLACE = "/schema/properties/KZ_ZS"


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"maxLength": ...}, "", "unbounded"),
        ({"minLength": 30}, "/minLength", "bounds-crossed"),
        ({"pattern": "^("}, "/pattern", "pattern-broken"),
        ({"pattern": "[0-9]+"}, "/pattern", "pattern-open"),
        ({"pattern": "^([0-9]+-?)*$"}, "/pattern", "pattern-slow"),
        ({"type": "number"}, "/type", "not-in-list"),
        ({"type": ...}, "/type", "key-missing"),
        ({"title": ...}, "/title", "key-missing"),
        ({"x-title-en": ...}, "/x-title-en", "key-missing"),
        ({"x-sample": ...}, "/x-sample", "key-missing"),
        ({"x-order": "10"}, "/x-order", "not-a-number"),
        ({"maxlength": 20}, "/maxlength", "key-unknown"),
        ({"minimum": 3}, "/minimum", "key-unknown"),
        ({"x-format": "bold"}, "/x-format", "not-in-list"),
        ({"x-format": "table"}, "/x-format", "format-for-type"),
        ({"x-format": 7}, "/x-format", "not-in-list"),
        ({"x-format": "photograph"}, "", "picture-undescribed"),
        ({"x-format": "amount", "x-sample": "1.50"}, "/pattern", "pattern-missing"),
        ({"x-format": "clock", "x-sample": "08:16"}, "/pattern", "pattern-missing"),
        ({"x-sensitive": True}, "/x-mask", "mask-missing"),
        ({"x-sensitive": True, "x-mask": "stars"}, "/x-mask", "not-in-list"),
        ({"x-mask": "name"}, "/x-mask", "mask-needless"),
        ({"x-forms": ["annex"]}, "/x-forms/0", "form-unused"),
        ({"x-forms": ["poster"]}, "/x-forms/0", "not-in-list"),
        ({"x-sum-of": "KZ_MX/paid"}, "/x-sum-of", "sum-of-nothing"),
        ({"enum": []}, "/enum", "list-length"),
        ({"x-sample": "长" * 21}, "/x-sample", "too-long"),
        ({"x-sample": 7}, "/x-sample", "type-wrong"),
    ],
)
def test_rules_of_a_field(changes, place, code):
    data = definition(schema=schema(ZS=field(**changes)))
    assert (PLACE + place, code) in found(data)


def test_values_of_every_kind():
    properties = {
        "A": field(**{"x-sensitive": True, "x-mask": "address"}),
        "B": field(**{"type": "integer", "maxLength": ..., "minimum": 1, "maximum": 9, "x-order": 2, "x-sample": 3}),
        "C": field(**{"type": "boolean", "maxLength": ..., "x-order": 3, "x-sample": True}),
        "D": field(maxLength=..., enum=["是", "否"], **{"x-order": 4, "x-sample": "是"}),
        "E": field(maxLength=..., format="date", pattern="^[0-9-]{10}$", **{"x-order": 5, "x-sample": "2026-11-22", "x-format": "date"}),
        "F": field(**{"type": "array", "maxLength": ..., "maxItems": 4, "items": {"type": "string", "maxLength": 9}, "x-order": 6, "x-sample": ["甲"]}),
        "G": rows([{"name": "甲", "paid": "1.00"}], name=column(), paid=column(20, pattern=r"^\d+\.\d\d$", **{"x-sum": True, "x-format": "amount"})) | {"x-order": 7},
        "H": field(pattern=r"^\d+\.\d\d$", **{"x-sum-of": "KZ_G/paid", "x-order": 8, "x-format": "capitals", "x-sample": "1.00"}),
        "I": field(maxLength=99, contentEncoding="base64", contentMediaType="image/png", **{"x-order": 9, "x-format": "photograph", "x-sample": "sample:portrait"}),
        "J": rows([], name=column()) | {"x-face": False, "x-order": 11},
    }  # fmt: skip
    assert found(definition(schema=schema(**properties))) == set()
    unprinted = dict(properties["J"])
    del unprinted["x-format"]
    assert found(definition(schema=schema(J=unprinted))) == set()


def test_integers_and_lists_are_bounded():
    whole = field(**{"type": "integer", "maxLength": ..., "minimum": 0, "x-sample": 3})
    assert found(definition(schema=schema(ZS=whole))) == {(PLACE, "unbounded")}
    texts = field(
        **{"type": "array", "maxLength": ..., "items": {"type": "string"}, "x-sample": []}
    )
    assert found(definition(schema=schema(ZS=texts))) == {
        (PLACE, "unbounded"),
        (PLACE + "/items", "unbounded"),
    }
    crossed = whole | {"minimum": 9, "maximum": 3}
    assert (PLACE + "/minimum", "bounds-crossed") in found(definition(schema=schema(ZS=crossed)))


def test_items_and_columns():
    place = PLACE + "/items"
    of_lists = field(type="array", maxLength=..., maxItems=2, items={"type": "array"})
    assert (place + "/type", "not-in-list") in found(definition(schema=schema(ZS=of_lists)))
    nothing = field(type="array", maxLength=..., maxItems=2, items="string")
    assert (place, "not-an-object") in found(definition(schema=schema(ZS=nothing)))
    wrong = rows([], Name=column(), area=column(10, nobody=1), late="x")
    del wrong["items"]["properties"]["area"]["maxLength"]
    wrong["items"] |= {"required": ["floors"], "additionalProperties": True}
    assert found(definition(schema=schema(ZS=wrong))) == {
        (place + "/properties/Name", "column-key"),
        (place + "/properties/area", "unbounded"),
        (place + "/properties/area/nobody", "key-unknown"),
        (place + "/properties/area/x-order", "order-repeated"),
        (place + "/properties/late", "not-an-object"),
        (place + "/required/0", "required-unknown"),
        (place + "/additionalProperties", "not-closed"),
    }
    unprintable = rows([], name=column())
    del unprintable["x-format"]
    assert (PLACE + "/x-format", "format-for-type") in found(
        definition(schema=schema(ZS=unprintable))
    )


def test_a_day_says_so_and_has_a_pattern():
    """Without both, an order could bring what no page can print."""
    day = field(**{"x-format": "date", "x-sample": "2026-03-02"})
    assert found(definition(schema=schema(ZS=day))) == {
        (PLACE + "/pattern", "pattern-missing"),
        (PLACE + "/format", "day-format"),
    }
    day |= {"format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    assert found(definition(schema=schema(ZS=day))) == set()


@pytest.mark.parametrize("properties", [None, True, [], "KZ_ZS", 7])
def test_properties_are_an_object(properties):
    wrong = schema(ZS=field()) | {"properties": properties}
    assert ("/schema/properties", "not-an-object") in found(definition(schema=wrong))
    table = rows([], name=column())
    table["items"]["properties"] = properties
    place = PLACE + "/items/properties"
    assert (place, "not-an-object") in found(definition(schema=schema(ZS=table)))


def test_photographs_are_captions_and_pictures():
    image = {"contentEncoding": "base64", "contentMediaType": "image/jpeg"}
    sound = rows([], caption=column(), image=column(20, **image)) | {"x-format": "photographs"}
    assert found(definition(schema=schema(ZS=sound))) == set()
    for columns in (
        {"caption": column(), "image": column(20)},
        {"image": column(20, **image)},
        {"caption": column(), "image": "x"},
    ):
        wrong = rows([], **columns) | {"x-format": "photographs"}
        assert (PLACE, "picture-undescribed") in found(definition(schema=schema(ZS=wrong)))
    texts = field(type="array", maxLength=..., maxItems=2, items="x", **{"x-format": "photographs"})
    assert (PLACE, "picture-undescribed") in found(definition(schema=schema(ZS=texts)))


def test_the_whole_dictionary():
    data = definition(schema=schema(ZS=field(), FR=field(), jyfw=field(**{"x-order": 30})))
    data["schema"] |= {
        "required": ["KZ_JYFW", 7],
        "additionalProperties": {},
        "$schema": "draft-07",
    }
    assert found(data) >= {
        ("/schema/properties/KZ_FR/x-order", "order-repeated"),
        ("/schema/properties/KZ_jyfw", "field-key"),
        ("/schema/required/0", "required-unknown"),
        ("/schema/required/1", "not-a-text"),
        ("/schema/additionalProperties", "not-closed"),
        ("/schema/$schema", "not-in-list"),
    }
    assert ("/schema/properties/KZ_ZS", "not-an-object") in found(
        definition(schema=schema(ZS="string"))
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


def _paths(value, path=()):
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from _paths(item, (*path, key))


@given(st.data())
def test_whatever_stands_anywhere_is_told_and_never_thrown(data):
    """Any JSON in any place of a definition gives problems or a version, never another error."""
    whole = json.loads(FOLDER.joinpath(FILES[0]).read_text("utf-8"))
    path = data.draw(st.sampled_from(list(_paths(whole))))
    value = data.draw(JSON)
    if not path:
        whole = value
    else:
        changed = whole = copy.deepcopy(whole)
        for key in path[:-1]:
            changed = changed[key]
        changed[path[-1]] = value
    if not definition_problems(whole, SCHEMAS):
        assert new_type_version(whole, SCHEMAS).type_code


@pytest.mark.parametrize(
    ("rule", "value", "shown"),
    [
        ("hidden", "甲", "***"),
        ("name", "欧阳明远", "欧**"),
        ("code", "445221198501010019", "445221********0019"),
        ("address", "广东省揭阳市榕城区临江北路 1 号", "广东省揭阳市榕城区***"),
        ("address", "普宁市流沙东街道", "普宁市***"),
        ("address", "临江北路 12 号院内", "临江北***"),
        ("telephone", "13800001234", "138******34"),
        ("telephone", "12345", "***"),
        ("day", "1985-01-01", "1985-**-**"),
        ("day", "昨天", "***"),
        ("name", ["王五", "李四"], ["王*", "李*"]),
        ("name", 7, "***"),
        ("hidden", ["甲", "乙"], "***"),
        ("name", [{"name": "王五"}], ["***"]),
        ("no-such-rule", "甲", "***"),
    ],
)
def test_masking_rules(rule, value, shown):
    assert masked_value(rule, value) == shown


@given(st.sampled_from(sorted(MASKS)), st.text(st.characters(exclude_characters="*")))
def test_a_mask_never_shows_the_whole(rule, text):
    """What already consists of stars tells nobody anything."""
    assert not text or masked_value(rule, text) != text
