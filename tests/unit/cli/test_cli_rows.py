"""Rows of files: keys, encodings, columns in two languages, spreadsheets that lie."""

import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.batch import workbook
from api.cli.batch.columns import Defaults, Fields, FieldSpec
from api.cli.batch.decoding import decoded
from api.cli.batch.opening import open_source
from api.cli.batch.rows import KeyMaker, Row
from api.cli.failures import UsageProblem

TYPE, ISSUER = "11100000000019713D008", "11445200990090139J"
FIELDS: Fields = {
    "KZ_DZ": FieldSpec("地址"),
    "KZ_CLS": FieldSpec("核定车辆数", kind="integer"),
    "KZ_CCHZRQ": FieldSpec("初次领证", format="date"),
    "KZ_FJ": FieldSpec("附件", kind="array", items="string"),
    "KZ_DTGC": FieldSpec("单体工程明细", kind="array", items="object"),
    "KZ_GY": FieldSpec("共有", kind="boolean"),
    "KZ_MQNL": FieldSpec("年龄", kind="integer"),
    "KZ_FQNL": FieldSpec("年龄", kind="integer"),
}
HEADER = ["证照类型代码", "证照颁发机构代码", "证照编号", "持证主体名称", "地址"]
VALUES = [TYPE, ISSUER, "编号 1", "甲公司", "某路 1 号"]


def fields_of(type_code: str) -> Fields:
    return FIELDS if type_code == TYPE else {}


def read(path: Path, defaults: Defaults | None = None) -> list[Row]:
    return list(open_source(path, fields_of, defaults or Defaults()).rows)


def csv_file(
    folder: Path, *lines: Sequence[str], encoding: str = "utf-8", comma: str = ","
) -> Path:
    path = folder / "rows.csv"
    path.write_bytes("\r\n".join(comma.join(line) for line in lines).encode(encoding))
    return path


def xlsx_file(folder: Path, *rows: Sequence[Any]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    path = folder / "rows.xlsx"
    book.save(path)
    return path


def order_of(row: Row) -> dict[str, Any]:
    assert row.order is not None, row.problem
    return row.order


# --- keys -------------------------------------------------------------------------------------

ORDERS = st.lists(
    st.fixed_dictionaries({"number": st.sampled_from("ABC"), "fields": st.just({})}), max_size=8
)


def keys(orders: Sequence[dict[str, Any]]) -> list[str]:
    maker = KeyMaker()
    return [maker.keyed(Row(number, order)).key for number, order in enumerate(orders)]


@given(ORDERS)
def test_no_two_rows_share_a_key(orders: list[dict[str, Any]]):
    """Not even equal ones: two equal rows stay two."""
    assert len(set(keys(orders))) == len(orders)


@given(ORDERS, st.randoms(use_true_random=False))
def test_the_same_file_has_the_same_keys_in_any_order(orders: list[dict[str, Any]], random: Any):
    """A run after a crash issues nothing twice; sorting the file changes nothing."""
    shuffled = list(orders)
    random.shuffle(shuffled)
    assert sorted(keys(orders)) == sorted(keys(shuffled))


@given(ORDERS, st.integers(0, 7))
def test_a_row_that_is_edited_changes_no_other_key(orders: list[dict[str, Any]], place: int):
    """Only its own."""
    if place < len(orders):
        edited = [*orders[:place], {"number": "Z", "fields": {}}, *orders[place + 1 :]]
        assert len(set(keys(orders)) - set(keys(edited))) == 1


def test_the_order_of_members_does_not_matter():
    """Keys hang on what an order says, not on how it is written."""
    assert keys([{"a": "1", "b": "2"}]) == keys([{"b": "2", "a": "1"}])


def test_what_canonical_json_cannot_carry_is_a_problem_of_its_row():
    """A decimal that is no string."""
    row = KeyMaker().keyed(Row(1, {"fields": {"KZ_X": 0.1}}))
    assert row.order is None
    assert row.problem is not None
    assert row.problem["code"] == "value-unsupported"


# --- JSONL ------------------------------------------------------------------------------------


def test_json_lines_are_orders_as_they_are(tmp_path: Path):
    """Numbered by line; empty lines are passed over; a mark at the start is none of the row."""
    path = tmp_path / "orders.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"number": "\xe7\x94\xb2"}\n\n{"number": "B"}')
    assert [(row.number, row.order) for row in read(path)] == [
        (1, {"number": "甲"}),
        (3, {"number": "B"}),
    ]


@pytest.mark.parametrize("line", ['{"a": ', '{"a": 1, "a": 2}', "[1]", '{"a": NaN}', '{"\ud800"}'])
def test_a_broken_line_is_a_problem_of_its_row_only(tmp_path: Path, line: str):
    """The others go their way."""
    path = tmp_path / "orders.jsonl"
    path.write_bytes(('{"number": "A"}\n' + line + "\n").encode("utf-8", "surrogatepass"))
    first, second = read(path)
    assert first.order == {"number": "A"}
    assert second.order is None
    assert second.problem is not None


# --- text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("comma", [",", "\t", ";"])
def test_offices_encodings_and_separators_are_read(tmp_path: Path, encoding: str, comma: str):
    """By their content, without being told."""
    (row,) = read(csv_file(tmp_path, HEADER, VALUES, encoding=encoding, comma=comma))
    assert order_of(row)["holders"][0]["name"] == "甲公司"
    assert row.number == 2


def test_gb18030_is_believed_only_with_known_columns():
    """Nearly all octets are some GB18030 text."""
    assert decoded("证照编号".encode("gb18030"), lambda text: "证照" in text) == "证照编号"
    with pytest.raises(UsageProblem):
        decoded("证照编号".encode("gb18030"), lambda _: False)
    with pytest.raises(UsageProblem):
        decoded(b"\xff\xff\xff", lambda _: True)
    with pytest.raises(UsageProblem):
        decoded(b"\xef\xbb\xbf\xff", lambda _: True)


def test_a_table_without_a_header_is_refused(tmp_path: Path):
    """Values in the first row are no names of columns."""
    with pytest.raises(UsageProblem):
        read(csv_file(tmp_path, VALUES))


def test_a_column_that_stands_twice_is_refused(tmp_path: Path):
    """Which of the two counts is not for us to guess."""
    with pytest.raises(UsageProblem, match="地址"):
        read(csv_file(tmp_path, [*HEADER, "地址"], [*VALUES, "x"]))


@pytest.mark.parametrize("content", [b"", b" \n", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(99)])
def test_files_that_are_none_of_the_three_kinds(tmp_path: Path, content: bytes):
    """Empty, or of the old Excel."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(UsageProblem):
        read(path)


@given(st.binary(max_size=300))
def test_no_octets_break_the_reading(tmp_path_factory: pytest.TempPathFactory, octets: bytes):
    """Rows, or a sentence."""
    path = tmp_path_factory.getbasetemp() / "octets"
    path.write_bytes(octets)
    try:
        read(path)
    except UsageProblem:
        return


# --- columns ----------------------------------------------------------------------------------


def one(tmp_path: Path, columns: dict[str, str], defaults: Defaults | None = None) -> Row:
    given = {"证照编号": "编号 1", "持证主体名称": "甲公司", **columns}
    (row,) = read(
        csv_file(tmp_path, list(given), [f'"{item}"' for item in given.values()]), defaults
    )
    return row


def test_chinese_titles_english_keys_and_short_names_say_the_same(tmp_path: Path):
    """Three headers, one order."""
    chinese = one(tmp_path, {"证照类型代码": TYPE, "颁发日期": "2026-03-02", "地址": "某路"})
    english = read(
        csv_file(
            tmp_path,
            ["number", "holder_name", "type_code", "issue_date", "KZ_DZ"],
            ["编号 1", "甲公司", TYPE, "2026-03-02", "某路"],
        )
    )[0]
    short = read(
        csv_file(
            tmp_path,
            ["ZZBH", "CZZT", "ZZLXDM", "ZZBFRQ", "KZ_DZ"],
            ["编号 1", "甲公司", TYPE, "20260302", "某路"],
        )
    )[0]
    assert chinese.order == english.order == short.order
    assert order_of(chinese)["fields"] == {"KZ_DZ": "某路"}


@pytest.mark.parametrize(
    "text", ["2026-03-02", "20260302", "2026/3/2", "2026.03.02", "2026年3月2日", "2026 - 3 - 2"]
)
def test_days_as_offices_write_them(tmp_path: Path, text: str):
    """All of them 2026-03-02."""
    row = one(tmp_path, {"type_code": TYPE, "颁发日期": text, "初次领证": text})
    assert order_of(row)["issue_date"] == "2026-03-02"
    assert order_of(row)["fields"]["KZ_CCHZRQ"] == "2026-03-02"


def test_no_end_is_no_value(tmp_path: Path):
    """长期 and an empty cell both mean that there is no last day."""
    assert "valid_to" not in order_of(one(tmp_path, {"有效期截止日期": "长期"}))
    assert "valid_to" not in order_of(one(tmp_path, {"有效期截止日期": ""}))


def test_values_take_the_type_of_their_field(tmp_path: Path):
    """Integers, booleans, lists; what does not fit is left for the server to name."""
    row = one(
        tmp_path,
        {
            "type_code": TYPE,
            "核定车辆数": "36",
            "共有": "是",
            "附件": "甲\n乙",
            "单体工程明细": '[{""name"": ""1#"", ""height"": 23.80}]',
            "KZ_MQNL": "三十",
        },
    )
    assert order_of(row)["fields"] == {
        "KZ_CLS": 36,
        "KZ_GY": True,
        "KZ_FJ": ["甲", "乙"],
        "KZ_DTGC": [{"name": "1#", "height": "23.80"}],
        "KZ_MQNL": "三十",
    }


def test_words_for_codes(tmp_path: Path):
    """Form, cause, code type and approvers as people write them."""
    row = one(
        tmp_path,
        {
            "证照形式": "正本、副本、副本3、手册",
            "换发原因": "延续",
            "持证主体代码类型": "公民身份号码",
            "审核人": "checker、chief",
        },
    )
    order = order_of(row)
    assert order["forms"] == [
        {"form": "original", "copy_number": 0},
        {"form": "duplicate", "copy_number": 0},
        {"form": "duplicate", "copy_number": 3},
        {"form": "手册", "copy_number": 0},
    ]
    assert order["supersede_reason"] == "renewal"
    assert order["holders"][0]["code_type"] == "111"
    assert order["approved_by"] == ["checker", "chief"]


def test_several_holders_by_number(tmp_path: Path):
    """持证主体名称2, holder_code_2."""
    row = one(tmp_path, {"持证主体代码": "A", "持证主体名称2": "乙", "holder_code_2": "B"})
    assert [(item["name"], item["code"]) for item in order_of(row)["holders"]] == [
        ("甲公司", "A"),
        ("乙", "B"),
    ]


def test_columns_for_people_are_passed_over(tmp_path: Path):
    """序号, 证照名称, 颁发机构: the record knows them better."""
    row = one(tmp_path, {"序号": "1", "证照名称": "许可证", "证照颁发机构": "某局"})
    assert set(order_of(row)) == {"number", "holders", "fields"}


def test_type_and_issuer_may_be_given_for_all_rows(tmp_path: Path):
    """For tables of one type; a row's own column outranks them."""
    defaults = Defaults(TYPE, ISSUER)
    assert order_of(one(tmp_path, {"地址": "某路"}, defaults))["issuer_code"] == ISSUER
    assert order_of(one(tmp_path, {"issuer_code": "X"}, defaults))["issuer_code"] == "X"


@pytest.mark.parametrize(
    ("title", "code"), [("地止", "column-unknown"), ("年龄", "column-ambiguous")]
)
def test_a_title_that_names_no_field_or_several_is_said(tmp_path: Path, title: str, code: str):
    """Nothing is guessed, nothing dropped."""
    row = one(tmp_path, {"type_code": TYPE, title: "1"})
    assert row.order is None
    assert row.problem is not None
    assert row.problem["code"] == code


# --- workbooks --------------------------------------------------------------------------------


def test_cells_keep_what_they_mean(tmp_path: Path):
    """Dates are days, whole numbers are written whole, decimals as text."""
    header = [*HEADER, "颁发日期", "有效期起始日期", "核定车辆数", "关联事项代码", "KZ_T"]
    values = [*VALUES, date(2026, 3, 2), datetime(2026, 3, 2), 36.0, 20260001, 1.5]
    (row,) = read(xlsx_file(tmp_path, header, values))
    order = order_of(row)
    assert order["issue_date"] == order["valid_from"] == "2026-03-02"
    assert order["matter_code"] == "20260001"
    assert order["fields"] == {"KZ_DZ": "某路 1 号", "KZ_CLS": 36, "KZ_T": "1.5"}


def test_times_keep_their_minutes(tmp_path: Path):
    """A time of day in a cell of its own, or with its day."""
    header = [*HEADER, "KZ_A", "KZ_B"]
    values = [*VALUES, time(9, 30), datetime(2026, 3, 2, 9, 30)]
    (row,) = read(xlsx_file(tmp_path, header, values))
    assert order_of(row)["fields"]["KZ_A"] == "09:30:00"
    assert order_of(row)["fields"]["KZ_B"] == "2026-03-02T09:30"


@pytest.mark.parametrize(
    ("value", "named"),
    [("=1+1", "E2"), ("#N/A", "E2"), (445221198501010019, "E2"), (float("1e300"), "E2")],
)
def test_formulas_errors_and_numbers_that_have_lost_digits_are_refused_by_cell(
    tmp_path: Path, value: object, named: str
):
    """An 18-digit code typed as a number is already wrong in the file."""
    (row,) = read(xlsx_file(tmp_path, HEADER, [*VALUES[:4], value]))
    assert row.order is None
    assert row.problem is not None
    assert named in row.problem["zh"]
    assert named in row.problem["en"]


def test_empty_rows_are_passed_over_and_numbers_are_the_sheets_own(tmp_path: Path):
    """What a person sees at the left edge."""
    rows = read(xlsx_file(tmp_path, HEADER, [], VALUES, [None], VALUES))
    assert [row.number for row in rows] == [3, 5]


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"a": b"b"},
        {"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b"<"},
        {"xl/worksheets/sheet1.xml": bytes(20_000_000)},
        {f"m{number}": b"" for number in range(2_001)},
    ],
)
def test_archives_that_swell_or_are_no_workbook_are_refused(
    tmp_path: Path, members: dict[str, bytes]
):
    """Before anything of them is unpacked."""
    path = _archive(tmp_path / "rows.xlsx", members)
    with pytest.raises(UsageProblem):
        list(workbook.sheet_rows(path))


def test_a_truncated_workbook_is_refused(tmp_path: Path):
    """With a sentence."""
    path = xlsx_file(tmp_path, HEADER, VALUES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UsageProblem):
        read(path)


def test_five_thousand_rows_are_read_one_by_one(tmp_path: Path):
    """The file is never in memory as orders: the first row comes before the last is read."""
    path = tmp_path / "orders.jsonl"
    with path.open("w") as stream:
        for number in range(5_000):
            stream.write(json.dumps({"number": str(number)}) + "\n")
    source = open_source(path, fields_of, Defaults())
    assert source.expected == 5_000
    assert next(source.rows).number == 1
