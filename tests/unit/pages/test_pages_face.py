"""What stands on a face follows from the dictionary and the metadata alone."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_orders import APPROVAL, BIRTH, LICENCE, TYPE_CODES, order

from certlib.document import Holder
from certlib.errors import Invalid
from signing.pages.face import face_of
from signing.pages.values import day_text


def _row(face, key):
    return next((row for row in face["rows"] if row["key"] == key), None)


@pytest.mark.parametrize("code", TYPE_CODES)
def test_rows_come_in_the_order_of_the_dictionary(code):
    face = face_of(order(code))

    orders = [row["order"] for row in face["rows"]]
    assert orders == sorted(orders)


def test_what_is_only_in_the_data_is_not_on_the_face():
    face = face_of(order(LICENCE))

    assert _row(face, "KZ_LXDH") is None
    assert "0663" not in str(face)


def test_metadata_is_printed_where_the_type_gives_it_a_title():
    licence, letter = face_of(order(LICENCE)), face_of(order(APPROVAL))

    assert _row(licence, "holder")["title"] == "业户名称"
    assert _row(licence, "code")["value"]["text"] == "91445202MA9TEXT00K"
    assert _row(letter, "holder") is None
    assert letter["holders"][0]["text"] == "揭阳市榕江顺达物流有限公司"


def test_several_holders_are_named_together():
    pair = (Holder("阿卜杜拉·买买提", "111", "A"), Holder("王五", "111", "B"))

    row = _row(face_of(order(LICENCE, holders=pair)), "holder")
    assert row["value"] == {"text": "阿卜杜拉·买买提、王五", "script": "kai"}


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 11, 22), date(2030, 1, 2), "2026年11月22日 至 2030年1月2日"),
        (date(2026, 11, 22), None, "2026年11月22日 至 长期"),
        (None, date(2030, 1, 2), "2030年1月2日"),
        (None, None, "长期"),
    ],
)
def test_the_period_of_validity(start, end, text):
    face = face_of(order(LICENCE, valid_from=start, valid_to=end))

    assert _row(face, "validity")["value"]["text"] == text


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("KZ_CSSJ", "08:05", "8时05分"),
        ("KZ_CSRQ", "2026-01-09", "2026年1月9日"),
        ("KZ_CSTZ", 3350, "3350 克"),
    ],
)
def test_formats_of_single_values(key, value, text):
    assert _row(face_of(order(BIRTH, fields={key: value})), key)["value"]["text"] == text


def test_amounts_are_grouped_and_keep_their_cents():
    face = face_of(order(APPROVAL, fields={"KZ_YDMJ": "1234567.10"}))

    assert _row(face, "KZ_YDMJ")["value"]["text"] == "1,234,567.10 平方米"


def test_tables_follow_the_columns_of_the_dictionary():
    table = _row(face_of(order(APPROVAL)), "KZ_DTGC")["value"]

    assert table["head"] == ["单体名称", "层数", "高度（米）", "建筑面积（平方米）"]
    assert table["numeric"] == [False, False, True, True]
    assert table["rows"][0] == ["1#仓储楼", "地上 4 层", "23.80", "26,480.00"]


def test_a_missing_cell_of_a_table_is_blank():
    face = face_of(order(APPROVAL, fields={"KZ_DTGC": [{"name": "门卫", "height": "9"}]}))

    assert _row(face, "KZ_DTGC")["value"]["rows"] == [["门卫", "", "9", ""]]


def test_the_title_of_a_letter_is_filled_from_the_fields():
    face = face_of(order(APPROVAL, fields={"KZ_XMMC": "东湖公园"}))

    assert face["words"]["subject"] == "关于东湖公园|建设工程规划许可的批复"


def test_a_value_is_in_kai_only_when_kai_has_all_of_it():
    def script(name):
        face = face_of(order(BIRTH, holders=(Holder(name, "999", "X"),)))
        return _row(face, "holder")["value"]["script"]

    assert script("欧阳雨禾") == "kai"
    assert script("阿卜杜拉·买买提") == "kai"
    assert script("欧阳㐂") == "serif"
    assert script("Rongjiang Logistics") == "serif"
    assert script("李𠀀") == "serif"


@pytest.mark.parametrize(
    ("key", "value"),
    [("KZ_CSRQ", "2026-02-30"), ("KZ_CSSJ", "nachts"), ("KZ_CSRQ", 7)],
)
def test_a_value_that_was_never_checked_is_refused_by_field(key, value):
    with pytest.raises(Invalid) as caught:
        face_of(order(BIRTH, fields={key: value}))

    assert caught.value.field_path == f"/fields/{key}"


def test_forms_have_their_names():
    licence = order(LICENCE)
    copy = dataclasses.replace(
        licence, content=dataclasses.replace(licence.content, form="duplicate")
    )

    assert face_of(licence)["form"] == "正本"
    assert face_of(copy)["form"] == "副本"


@given(st.dates())
def test_days_are_written_without_leading_zeros(day):
    text = day_text(day)

    assert text == f"{day.year}年{day.month}月{day.day}日"
    assert "年0" not in text
    assert "月0" not in text
