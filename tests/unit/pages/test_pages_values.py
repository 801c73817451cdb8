"""Formats of single values, tables and their sums, forms and wording."""

from dataclasses import replace

import pytest
from pages_families import LANDSCAPE, PRESALE, PROOF, RESULT

from signing.pages.face import face_of
from signing.pages.rows import field_problems
from signing.pages.sample import sample_fields, sample_order
from signing.pages.values import printed, text_of


def _row(face, key):
    return next(row for row in face["rows"] if row["key"] == key)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("amount", "1234567.10", "1,234,567.10"),
        ("amount", "-1234.5", "-1,234.5"),
        ("amount", "-0.50", "-0.50"),
        ("amount", 1234, "1,234"),
        ("number", "0012", "0012"),
        ("capitals", "2846.00", "￥2,846.00（大写：贰仟捌佰肆拾陆元整）"),
        ("text", True, "是"),
        ("text", False, "否"),
    ],
)
def test_single_values(form, value, text):
    assert text_of(form, value) == text


def test_a_sum_is_printed_below_its_column():
    table = _row(face_of(sample_order(RESULT)), "KZ_MX")["value"]

    assert table["sums"] == ["", "", "", "249,975.51"]
    assert table["capitals"] == [
        {"title": "实缴金额（元）", "text": "贰拾肆万玖仟玖佰柒拾伍元伍角壹分"}
    ]


def test_a_cell_that_is_missing_counts_nothing():
    spec = RESULT.schema["properties"]["KZ_MX"]
    _, table = printed(spec, [{"tax": "印花税"}, {"tax": "房产税", "paid": "12.30"}])

    assert table["sums"][-1] == "12.30"
    assert table["rows"][0][-1] == ""


def test_a_table_without_sums_has_no_last_line():
    spec = dict(RESULT.schema["properties"]["KZ_MX"])
    spec["items"] = {"properties": {"tax": {"title": "税种", "x-width": 3}}}
    spec["x-numbered"] = False
    _, table = printed(spec, [{"tax": "印花税"}])

    assert (table["sums"], table["capitals"]) == ([], [])
    assert table["widths"] == [3]
    assert table["numbered"] is False


@pytest.mark.parametrize(
    ("total", "codes"),
    [("249975.51", []), ("249975.510", ["format"]), ("249975.50", ["sum-differs"])],
)
def test_a_total_is_the_sum_of_its_table(total, codes):
    fields = sample_fields(RESULT) | {"KZ_HJ": total}

    assert [(item.field, item.code) for item in field_problems(fields, RESULT)] == [
        ("/fields/KZ_HJ", code) for code in codes
    ]


@pytest.mark.parametrize("total", ["viel", "sNaN", "NaN", "1e3"])
@pytest.mark.parametrize(
    "table", [None, "x", 7, ["x"], [{"paid": "1000"}], [{"paid": "1e999999999999999999"}]]
)
def test_no_total_breaks_the_comparison(total, table):
    """The schema was not asked before: whatever stands there, it is a difference."""
    spec = {"title": "合计", "x-sum-of": "KZ_MX/paid"}
    version = replace(RESULT, schema={"properties": {"KZ_HJ": spec}})
    found = field_problems({"KZ_HJ": total, "KZ_MX": table}, version)

    assert [item.code for item in found] in (["sum-differs"], [])


def test_a_total_of_no_table_or_of_no_numbers_differs():
    fields = sample_fields(PROOF)
    without = fields | {"KZ_CY": []}
    unread = fields | {"KZ_CY": [{"name": "甲", "amount": "viel"}]}

    assert [item.code for item in field_problems(without, PROOF)] == ["sum-differs"]
    assert [(item.field, item.code) for item in field_problems(unread, PROOF)] == [
        ("/fields/KZ_JE", "sum-differs"),
        ("/fields/KZ_CY", "format"),
    ]


def test_fields_stand_on_their_forms():
    faces = {form: face_of(sample_order(LANDSCAPE, form=form)) for form in LANDSCAPE.forms}
    keys = {form: {row["key"] for row in face["rows"]} for form, face in faces.items()}

    assert keys["original"] == keys["duplicate"]
    assert {"KZ_JYCS", "holder", "validity"} <= keys["original"]
    assert keys["annex"] == {"KZ_SB", "KZ_SM"}
    assert keys["drawing"] == {"KZ_PMT", "KZ_PMTSM"}


@pytest.mark.parametrize(
    ("form", "number", "label"),
    [
        ("original", 0, "正本"), ("duplicate", 0, "副本"), ("duplicate", 2, "副本 2"),
        ("annex", 1, "附页 1"), ("drawing", 3, "附图 3"),
    ],
)  # fmt: skip
def test_a_form_has_its_name_and_number(form, number, label):
    assert face_of(sample_order(LANDSCAPE, form=form, copy_number=number))["form_label"] == label


def test_the_only_form_of_a_type_needs_no_name():
    assert face_of(sample_order(PROOF))["form_label"] == ""
    asked = replace(PROOF, face={"show_form": "yes"})
    assert face_of(sample_order(asked))["form_label"] == "正本"
    # A file that is no original says so even where the type forgot to list it.
    assert face_of(sample_order(PROOF, form="duplicate"))["form_label"] == "副本 1"


def test_wording_is_filled_in_one_pass():
    """A value that looks like a place stays what it is."""
    version = replace(
        PRESALE, face={"preamble": "{holder}{KZ_XM}{KZ_MJ}{KZ_NICHTS}{number}{date}{x}"}
    )
    order = sample_order(version, fields={"KZ_XM": "{KZ_DZ}"}, number="甲1")

    assert face_of(order)["words"]["preamble"] == (
        "揭阳市榕江顺达物流有限公司{KZ_DZ}82,450.36甲12026年11月22日{x}"
    )


def test_more_metadata_can_stand_in_rows():
    titles = {
        f"{name}_title": name for name in ("issued", "decision", "decided", "authority", "number")
    }
    face = face_of(sample_order(replace(PRESALE, face=titles)))

    assert {
        row["key"]: row["value"]["text"]
        for row in face["rows"]
        if row["key"] in titles["issued_title"]
    } == {"issued": "2026年11月22日"}
    assert _row(face, "decision")["value"]["text"] == "揭样许〔2026〕118号"
    assert _row(face, "decided")["value"]["text"] == "2026年11月20日"
    assert _row(face, "authority")["value"]["text"] == "揭阳市市场监督管理局"
    bare = face_of(
        sample_order(replace(PRESALE, face=titles), decision_number="", decision_date=None)
    )
    assert _row(bare, "decision")["value"] is None
    assert _row(bare, "decided")["value"] is None


def test_a_column_of_numbers_beyond_all_numbers_is_refused():
    fields = sample_fields(RESULT) | {"KZ_MX": [{"paid": "9e999999999999999999"}] * 2}

    assert "/fields/KZ_MX" in {item.field for item in field_problems(fields, RESULT)}
