"""Tables as offices have them: read where the meaning is certain, refused by the cell otherwise."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.batch import workbook
from api.cli.batch.rows import KeyMaker
from api.cli.failures import UsageProblem
from tests.unit.cli.test_cli_rows import HEADER, TYPE, VALUES, csv_file, order_of, read, xlsx_file

DATED = [*HEADER, "颁发日期"]


def merged(folder: Path, rows: list[list[Any]], *areas: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in areas:
        sheet.merge_cells(area)
    path = folder / "merged.xlsx"
    book.save(path)
    return path


def problems(row: Any) -> list[tuple[str, str]]:
    assert row.order is None
    return [(item["code"], item["zh"]) for item in row.problem["problems"]]


def test_a_title_over_the_header_is_passed_over(tmp_path: Path):
    path = merged(tmp_path, [["2026年道路运输发证清单"], [], HEADER, VALUES], "A1:E1")
    (row,) = read(path)
    assert (row.number, order_of(row)["number"]) == (4, "编号 1")
    (row,) = read(csv_file(tmp_path, ["2026年发证清单", "", "", "", ""], HEADER, VALUES))
    assert (row.number, order_of(row)["number"]) == (2 + 1, "编号 1")


def test_a_header_of_merged_cells_is_refused_by_its_cells(tmp_path: Path):
    path = merged(tmp_path, [HEADER, VALUES], "D1:E1")
    with pytest.raises(UsageProblem, match="D1:E1"):
        read(path)


def shown_as(folder: Path, value: Any, number_format: str) -> Any:
    """One row whose 证照编号 is a number shown by a format, and the address of its cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    place = HEADER.index("证照编号") + 1
    sheet.append(HEADER)
    sheet.append(VALUES)
    cell = sheet.cell(2, place)
    cell.value, cell.number_format = value, number_format
    path = folder / "shown.xlsx"
    book.save(path)
    (row,) = read(path)
    return row, cell.coordinate


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (43208, "00000000", "00043208"),
        (43208.0, "00000000", "00043208"),
        (-7, "000", "-007"),
        (43208, "General", "43208"),
        (43208, "0", "43208"),
        (43208, "#,##0", "43208"),
        (0, "0", "0"),
        (0.1 + 0.2, "General", "0.3"),
        (1234.5, '"¥"#,##0.00', "1234.5"),
        (-1234.5, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-1234.5"),
        (-12, "#,##0_);[Red](#,##0)", "-12"),
        (-5, "¥#,##0.00;¥-#,##0.00", "-5"),
        (12.5, "0.0##", "12.5"),
    ],
)
def test_a_number_is_read_as_it_is_shown(
    tmp_path: Path, value: float, number_format: str, expected: str
):
    row, _ = shown_as(tmp_path, value, number_format)
    assert order_of(row)["number"] == expected


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        (3.7, "0"),
        (3.7, "000"),
        (1234.567, "#,##0.00"),
        (0.05, "0%"),
        (5, "0.00E+00"),
        (43208, '"粤"00000000'),
        (12, '0"号"'),
        (1234567, "0,,"),
        (123456, "000-000"),
        (12, "#-#"),
        (12, "00.0"),
        (12.5, "# ?/?"),
        (12, ";;;"),
        (0, "#"),
        (-12, "#,##0;#,##0"),
    ],
)
def test_a_number_that_is_shown_otherwise_is_refused_by_its_cell(
    tmp_path: Path, value: float, number_format: str
):
    row, cell = shown_as(tmp_path, value, number_format)
    ((code, zh),) = problems(row)
    assert code == "cell-unusable"
    assert f"单元格 {cell} 按数字格式显示的" in zh


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("one", "other"),
    [("证照编号", "number"), ("颁发日期", "issue_date"), ("持证主体名称_2", "holder_name2")],
)
def test_two_columns_that_mean_the_same_are_refused_with_their_names(
    tmp_path: Path, kind: str, one: str, other: str
):
    make = csv_file if kind == "csv" else xlsx_file
    titles, values = HEADER[:2], VALUES[:2]
    with pytest.raises(UsageProblem) as caught:
        read(make(tmp_path, [*titles, one, other], [*values, "a", "b"]))
    assert one in caught.value.zh
    assert other in caught.value.zh


def test_two_columns_of_one_field_are_refused_in_each_row(tmp_path: Path):
    (row,) = read(csv_file(tmp_path, [*HEADER, "KZ_DZ"], [*VALUES, "某路 2 号"]))
    ((code, zh),) = problems(row)
    assert code == "column-twice"
    assert "KZ_DZ" in zh
    assert "地址" in zh


def test_a_code_type_by_name_and_by_code_must_agree(tmp_path: Path):
    both = [*HEADER, "CZZTDMLX", "CZZTDMLXDM"]
    (row,) = read(csv_file(tmp_path, both, [*VALUES, "统一社会信用代码", "001"]))
    assert order_of(row)["holders"][0]["code_type"] == "001"
    (row,) = read(csv_file(tmp_path, both, [*VALUES, "公民身份号码", "001"]))
    assert [code for code, _ in problems(row)] == ["columns-differ"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_of_two_rows_is_refused(tmp_path: Path, kind: str):
    make = csv_file if kind == "csv" else xlsx_file
    with pytest.raises(UsageProblem, match="2"):
        read(make(tmp_path, HEADER, HEADER, VALUES))


def test_merged_cells_below_the_header_are_refused_in_each_row_they_cover(tmp_path: Path):
    """The lower cells look empty: issued so, a certificate would lack what the clerk meant."""
    path = merged(tmp_path, [HEADER, VALUES, VALUES, VALUES], "E2:E3")
    first, second, third = read(path)
    assert [code for code, _ in problems(first)] == ["cell-unusable"]
    assert "E2:E3" in problems(second)[0][1]
    assert order_of(third)["fields"] == {"KZ_DZ": "某路 1 号"}


def test_two_hundred_columns_are_read_and_strange_ones_do_not_drown_the_rest(tmp_path: Path):
    many = [f"列{number}" for number in range(200)]
    (row,) = read(csv_file(tmp_path, [*HEADER, *many], [*VALUES, *[""] * 200]))
    assert order_of(row)["number"] == "编号 1"
    (row,) = read(csv_file(tmp_path, [*HEADER, *many], [*VALUES, *["x"] * 200]))
    assert len(problems(row)) == 20
    with pytest.raises(UsageProblem, match="250"):
        read(csv_file(tmp_path, [*HEADER, *many, *many], [*VALUES]))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        "2026/3/2",
        "2026.03.02",
        "2026年3月2日",
        "20260302",
        "２０２６年３月２日",
        "2026-3-2 ",
    ],
)
def test_days_that_leave_no_doubt(tmp_path: Path, text: str):
    (row,) = read(csv_file(tmp_path, DATED, [*VALUES, text]))
    assert order_of(row)["issue_date"] == "2026-03-02"


@pytest.mark.parametrize(
    "text", ["3/4/2026", "26-03-02", "2026112", "46083", "2026-02-30", "2026-13-01", "明天", "2026"]
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_days_that_are_not_certain_are_refused_by_their_cell(tmp_path: Path, text: str, kind: str):
    make = csv_file if kind == "csv" else xlsx_file
    value = int(text) if kind == "xlsx" and text.isdecimal() else text
    (row,) = read(make(tmp_path, DATED, [*VALUES, value]))
    ((code, zh),) = problems(row)
    assert code == "day-unclear"
    assert "F2" in zh


@pytest.mark.parametrize("text", ["信用代码", "身份证", "01", "0011"])
def test_a_code_type_that_is_none_is_refused_by_its_cell(tmp_path: Path, text: str):
    (row,) = read(csv_file(tmp_path, [*HEADER, "持证主体代码类型"], [*VALUES, text]))
    ((code, zh),) = problems(row)
    assert code == "code-type-unknown"
    assert "F2" in zh
    (good,) = read(csv_file(tmp_path, [*HEADER, "持证主体代码类型"], [*VALUES, "公民身份号码"]))
    assert order_of(good)["holders"][0]["code_type"] == "111"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_the_server_misses_is_told_with_the_empty_cell(tmp_path: Path, kind: str):
    make = csv_file if kind == "csv" else xlsx_file
    header = [*HEADER, "颁发日期", "核定车辆数", "颁发机构"]
    (row,) = read(make(tmp_path, header, [*VALUES[:4], "", "", "", "x"]))
    assert {"issue_date"} & order_of(row).keys() == set()
    assert order_of(row)["fields"] == {}
    listed = [{"field": name} for name in ("/fields/KZ_DZ", "/issue_date", "/fields/KZ_CLS", "/x")]
    found = row.located({"problems": listed})["problems"]
    assert [item.get("cell") for item in found] == ["E2", "F2", "G2", None]


def test_full_width_digits_and_stray_spaces_in_codes(tmp_path: Path):
    header = [*HEADER, "持证主体代码", "核定车辆数", "所属管辖属地编码"]
    wide = [*VALUES, "９１４４５２０２ＭＡ９ＴＥＸＴ００Ｋ\u3000", " １２ ", "４４５２０２"]
    (row,) = read(csv_file(tmp_path, header, wide))
    order = order_of(row)
    assert order["holders"][0]["code"] == "91445202MA9TEXT00K"
    assert order["fields"]["KZ_CLS"] == 12
    assert order["division_code"] == "445202"


def test_names_keep_their_full_width_signs(tmp_path: Path):
    (row,) = read(
        csv_file(tmp_path, HEADER, [TYPE, VALUES[1], "编号（１）", "甲（揭阳）公司", "某路"])
    )
    order = order_of(row)
    assert (order["number"], order["holders"][0]["name"]) == ("编号（１）", "甲（揭阳）公司")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_of_offices(tmp_path: Path, encoding: str):
    (row,) = read(csv_file(tmp_path, HEADER, VALUES, encoding=encoding))
    assert order_of(row)["holders"][0]["name"] == "甲公司"


def test_what_the_server_says_is_led_back_to_its_cell(tmp_path: Path):
    (row,) = (KeyMaker().keyed(item) for item in read(csv_file(tmp_path, HEADER, VALUES)))
    said = {"code": "invalid", "problems": [{"field": "/fields/KZ_DZ"}, {"field": "/valid_to"}]}
    assert row.located(said)["problems"] == [
        {"field": "/fields/KZ_DZ", "cell": "E2"},
        {"field": "/valid_to"},
    ]


@given(st.integers(1, 16_384), st.integers(1, 1_048_576))
def test_addresses_are_those_of_the_spreadsheet(column: int, row: int):
    assert workbook.address(column, row) == f"{openpyxl.utils.get_column_letter(column)}{row}"
