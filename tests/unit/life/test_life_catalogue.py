"""Type versions are data: read strictly, open on the days they say."""

import json
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest

from certlib.catalogue import HolderCategory, TypeStatus, type_version_from
from certlib.errors import Invalid
from certlib.states import Action, reason_text

FILES = sorted(
    item.name
    for item in resources.files("certlib.data").joinpath("types").iterdir()
    if item.name.endswith(".json")
)


def _data(name):
    return json.loads(resources.files("certlib.data").joinpath("types", name).read_text("utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_shipped_types_read(name):
    version = type_version_from(_data(name))
    assert name == f"{version.type_code}.json"
    assert version.defining_body_code == version.type_code[:18]
    assert version.fields
    assert all(item.title and item.title_en for item in version.fields)
    assert all(item.sample is not None for item in version.fields)
    orders = [item.order for item in version.fields]
    assert orders == sorted(orders)


def test_what_is_missing_or_stray_is_named():
    data = _data(FILES[0])
    with pytest.raises(Invalid) as caught:
        type_version_from({key: value for key, value in data.items() if key != "design"})
    assert caught.value.field_path == "/design"
    schema = {"properties": {"JYFW": {"type": "string"}}}
    with pytest.raises(Invalid) as caught:
        type_version_from({**data, "schema": schema})
    assert caught.value.field_path == "/schema/properties/JYFW"


@pytest.mark.parametrize(
    "change", [{"status": "asleep"}, {"holder_category": "animal"}, {"published_from": "soon"}]
)
def test_values_outside_their_lists(change):
    with pytest.raises(Invalid):
        type_version_from({**_data(FILES[0]), **change})


def test_open_from_and_until():
    version = replace(
        type_version_from(_data(FILES[0])),
        published_from=date(2026, 1, 1),
        usable_until=date(2026, 12, 31),
    )
    assert not version.open_on(date(2025, 12, 31))
    assert version.open_on(date(2026, 1, 1))
    assert version.open_on(date(2026, 12, 31))
    assert not version.open_on(date(2027, 1, 1))
    for status in (TypeStatus.DRAFT, TypeStatus.REVIEWED):
        assert not replace(version, status=status).open_on(date(2026, 6, 1))
    assert replace(version, published_from=None, usable_until=None).open_on(date(1999, 1, 1))


def test_sensitive_fields_are_marked():
    versions = {name: type_version_from(_data(name)) for name in FILES}
    birth = next(item for item in versions.values() if "出生" in item.name)
    assert birth.holder_category is HolderCategory.PERSON
    assert {"KZ_MQZJHM", "KZ_MQZZ", "KZ_FQZJHM"} <= birth.sensitive_keys


def test_an_unknown_reason_names_itself():
    assert reason_text(Action.REVOKE, "penalty").zh == "行政处罚"
    assert reason_text(Action.REVOKE, "old-code").zh == "old-code"


def test_rules_of_issuing_are_read():
    data = {
        **_data(FILES[0]),
        "numbering": {"source": "library", "pattern": "JY{year}{serial:06}"},
        "duties": [
            {"code": "annual", "name": "年审", "name_en": "Annual", "months": 12, "overdue": "warn"}
        ],
        "forms": ["original", "duplicate"],
    }
    version = type_version_from(data)
    assert version.numbering.pattern == "JY{year}{serial:06}"
    assert version.duties[0].overdue.value == "warn"
    assert version.forms == ("original", "duplicate")
    assert type_version_from({**data, "numbering": "none"}).numbering.source.value == "none"
    with pytest.raises(Invalid):
        type_version_from({**data, "duties": [{"code": "annual"}]})


def test_rights_of_their_holders_own_end_with_them_and_things_do_not():
    """Licences and proofs for a term of one kind of holder; what both may hold is of a thing."""
    every = [type_version_from(_data(name)) for name in FILES]
    outlive = {item.name for item in every if not item.ends_with_holder}
    assert outlive == {
        "中华人民共和国不动产权证",
        "中华人民共和国不动产登记证明",
        "道路运输证",
        "网络预约出租汽车运输证",
        "渔业船舶检验证书",
        "木材运输证",
        "出生医学证明（演示）",
        "就业创业登记证明",
        "建设项目环境影响评价批复",
        "建设工程规划许可批复",
        "特种设备检验报告",
        "完税情况办理结果",
    }
