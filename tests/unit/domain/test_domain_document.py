"""A certificate's content: one form, one JSON, one way back."""

import dataclasses
import hashlib
import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.canonical import canonical_bytes
from certlib.document import Content, Holder, content_from_json
from certlib.errors import CertlibError, Unsupported
from certlib.holders import CODE_TYPES

CHINA = timezone(timedelta(hours=8))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(TEXT, inner, max_size=3),
    ),
    max_leaves=6,
)
CONTENTS = st.builds(
    Content,
    type_code=TEXT,
    type_version=TEXT,
    name=TEXT,
    identifier=TEXT,
    number=TEXT,
    issuer_code=TEXT,
    issuer_name=TEXT,
    issue_date=st.dates(),
    holders=st.lists(
        st.builds(Holder, TEXT, st.sampled_from(sorted(CODE_TYPES)), TEXT), max_size=3
    ).map(tuple),
    division_code=TEXT,
    valid_from=st.none() | st.dates(),
    valid_to=st.none() | st.dates(),
    matter_code=TEXT,
    matter_name=TEXT,
    sealed_by=TEXT,
    sealed_at=st.none()
    | st.datetimes(
        datetime(2, 1, 1),
        datetime(9998, 12, 31),
        timezones=st.sampled_from([UTC, CHINA, timezone(-timedelta(hours=3, seconds=1))]),
    ),
    seal_name=TEXT,
    form=TEXT,
    acting_code=TEXT,
    acting_name=TEXT,
    copy_number=st.integers(0, 99),
    decision_number=TEXT,
    decision_date=st.none() | st.dates(),
    demonstration=st.booleans(),
    fields=st.dictionaries(TEXT.map("KZ_".__add__), JSON_VALUES, max_size=4),
)


def content(**changes):
    values = {
        "type_code": "11100000000019713D008",
        "type_version": "2026.1",
        "name": "道路运输经营许可证",
        "identifier": "1.2.156.3005.2.x",
        "number": "粤交运管许可揭字445200000001号",
        "issuer_code": "11445200990090139J",
        "issuer_name": "揭阳市交通运输局",
        "issue_date": date(2026, 3, 1),
        "holders": (Holder("某某公司", "001", "91445202MA9TEXT00K"),),
        "division_code": "445200",
    }
    return Content(**(values | changes))


@given(CONTENTS)
def test_the_way_through_json_gives_the_same_content_back(original):
    assert content_from_json(original.as_json()) == original


@given(CONTENTS)
def test_the_way_through_the_bytes_gives_the_same_content_and_bytes_back(original):
    read = content_from_json(json.loads(original.canonical()))
    assert read == original
    assert read.canonical() == original.canonical()
    assert read.digest() == original.digest()
    # In the same order, too: the page and its XMP are made of it, once more after a crash.
    assert json.dumps(read.as_json()) == json.dumps(original.as_json())


@given(CONTENTS)
def test_no_element_is_empty(original):
    assert all(value is not None and value != "" for value in original.as_json().values())


def test_the_elements_have_the_short_names_of_the_standard():
    whole = content(
        valid_from=date(2026, 3, 1),
        valid_to=date(2030, 2, 28),
        matter_code="M1",
        matter_name="道路运输经营许可",
        sealed_by="张某",
        sealed_at=datetime(2026, 3, 1, 9, 30, 15, tzinfo=CHINA),
        seal_name="揭阳市交通运输局",
        demonstration=True,
        fields={"KZ_JYFW": "普通货运"},
    )
    assert whole.as_json() == {
        "ZZMC": "道路运输经营许可证",
        "ZZLXDM": "11100000000019713D008",
        "ZZBH": "粤交运管许可揭字445200000001号",
        "ZZBS": "1.2.156.3005.2.x",
        "ZZBFJG": "揭阳市交通运输局",
        "ZZBFJGDM": "11445200990090139J",
        "ZZBFRQ": "20260301",
        "CZZT": ["某某公司"],
        "CZZTDM": ["91445202MA9TEXT00K"],
        "CZZTDMLX": ["统一社会信用代码"],
        "CZZTDMLXDM": ["001"],
        "ZZYXQQSRQ": "20260301",
        "ZZYXQJZRQ": "20300228",
        "division_code": "445200",
        "matter_code": "M1",
        "matter_name": "道路运输经营许可",
        "ZZQZR": "张某",
        "ZZQZSJ": "2026-03-01T01:30:15Z",
        "ZZQZMC": "揭阳市交通运输局",
        "type_version": "2026.1",
        "form": "original",
        "KZ_JYFW": "普通货运",
        "demonstration": True,
    }


def test_absent_elements_are_left_out():
    absent = {"ZZYXQQSRQ", "ZZYXQJZRQ", "matter_code", "matter_name", "ZZQZR", "ZZQZSJ", "ZZQZMC"}
    assert not (absent | {"demonstration"}) & set(content().as_json())


def test_the_digest_is_that_of_the_canonical_json():
    assert content().canonical() == canonical_bytes(content().as_json())
    assert content().digest() == hashlib.sha256(content().canonical()).hexdigest()


def test_instants_are_kept_in_utc_and_whole_seconds():
    sealed = datetime(2026, 1, 1, 7, 59, 59, 999999, tzinfo=CHINA)
    kept = content(sealed_at=sealed).sealed_at
    assert kept == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert kept.tzinfo is UTC
    with pytest.raises(Unsupported, match="time zone"):
        content(sealed_at=datetime(2026, 1, 1))


def test_early_years_keep_their_four_digits():
    assert content(issue_date=date(999, 1, 2)).as_json()["ZZBFRQ"] == "09990102"


def test_empty_fields_are_absent_and_sequences_are_lists():
    made = content(fields={"KZ_A": "", "KZ_B": None, "KZ_C": (1, {"x": ("y",)}), "KZ_D": False})
    assert made.fields == {"KZ_C": [1, {"x": ["y"]}], "KZ_D": False}


def test_a_field_cannot_shadow_an_element():
    with pytest.raises(Unsupported, match="KZ_") as caught:
        content(fields={"ZZMC": "另一个名称"})
    assert caught.value.field_path == "/fields"


def test_fields_are_not_those_of_the_caller_s_dictionary():
    mine = {"KZ_A": ["x"]}
    made = content(fields=mine)
    mine["KZ_A"].append("y")
    assert made.fields == {"KZ_A": ["x"]}


def test_contents_and_holders_do_not_change():
    made = content()
    for value in (made, made.holders[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.name = "x"


def test_contents_travel_to_other_processes_and_are_replaced():
    made = content(fields={"KZ_A": "x"})
    assert pickle.loads(pickle.dumps(made)) == made
    assert dataclasses.replace(made, identifier="y").fields == {"KZ_A": "x"}


def nested(levels):
    value = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_fields_nest_as_deep_as_canonical_json_allows():
    assert content(fields={"KZ_A": nested(63)}).canonical()
    for levels in (64, 5000):
        with pytest.raises(Unsupported, match="levels"):
            content(fields={"KZ_A": nested(levels)})


# --- reading what others wrote ---------------------------------------------------------------


def test_elements_of_a_later_version_are_passed_over():
    assert content_from_json(content().as_json() | {"JZJZZSJ": "x"}) == content()


@pytest.mark.parametrize("key", ["CZZT", "CZZTDM", "CZZTDMLXDM", "ZZBFRQ"])
def test_a_missing_mandatory_structure_is_refused(key):
    elements = content().as_json()
    del elements[key]
    with pytest.raises(Unsupported):
        content_from_json(elements)


@pytest.mark.parametrize(
    "change",
    [
        {"ZZBFRQ": "20260230"},
        {"ZZBFRQ": "2026031"},
        {"ZZBFRQ": "2026-3-1"},
        {"ZZBFRQ": "２０２６0301"},
        {"ZZBFRQ": 20260301},
        {"ZZYXQJZRQ": "202603011"},
        {"ZZQZSJ": "2026-03-01T09:30:15+08:00"},
        {"ZZQZSJ": "2026-03-01T24:30:15Z"},
        {"ZZQZSJ": "20260301T093015Z"},
        {"ZZQZSJ": 1},
        {"ZZMC": 1},
        {"ZZBH": None},
        {"CZZT": "某某公司"},
        {"CZZT": ["a", "b"]},
        {"CZZT": ["a", 1]},
        {"copy_number": "2"},
        {"copy_number": True},
        {"CZZTDM": None},
        {"KZ_A": nested(100)},
    ],
)
def test_a_value_of_the_wrong_type_or_form_is_refused(change):
    with pytest.raises(Unsupported):
        content_from_json(content().as_json() | change)


@given(
    st.one_of(JSON_VALUES, st.dictionaries(st.sampled_from(["CZZT", "ZZBFRQ", "KZ_"]), JSON_VALUES))
)
def test_any_json_is_read_or_refused(value):
    with pytest.raises(CertlibError):
        content_from_json(value)


def test_demonstration_is_the_literal_true_only():
    assert content_from_json(content().as_json() | {"demonstration": True}).demonstration
    assert not content_from_json(content().as_json() | {"demonstration": "true"}).demonstration
