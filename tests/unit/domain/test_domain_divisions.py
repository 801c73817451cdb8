"""Divisions since 1981: the real table, and what became of each code."""

from dataclasses import FrozenInstanceError, fields, replace
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.divisions import (
    Division,
    DivisionTable,
    Level,
    ReportingArea,
    Successor,
    reporting_areas_from_csv,
)
from certlib.errors import Unsupported

HEADER = "code,province,prefecture,name,level,in_use,from_year,to_year,successors\n"
TABLE = DivisionTable.from_csv(
    files("certlib.data").joinpath("divisions.csv").read_text(encoding="utf-8")
)
CODES = sorted(TABLE.periods)


def table(*rows):
    return DivisionTable.from_csv(HEADER + "".join(f"{row}\n" for row in rows))


# --- the real table ------------------------------------------------------------------------


def test_the_whole_file_is_read():
    assert sum(1 for _ in TABLE) == 6823
    assert len(CODES) == 6450


def test_every_county_and_every_successor_resolves_to_codes_in_use():
    for division in TABLE:
        current = TABLE.current(division.code, division.from_year)
        assert all(TABLE.in_use(code) for code in current)
        # Abolished prefectures are the only ones of which the table names no heir.
        assert current or division.level is Level.PREFECTURE
        if division.in_use:
            assert current == (division.code,)


def test_every_successor_exists_in_the_year_of_the_change():
    for division in TABLE:
        for step in division.successors:
            assert TABLE.existed_on(step.code, step.year)


def test_periods_of_one_code_follow_one_another_and_only_the_last_is_in_use():
    for code in CODES:
        periods = TABLE.periods[code]
        for earlier, later in pairwise(periods):
            assert earlier.to_year <= later.from_year
        assert TABLE.in_use(code) == periods[-1].in_use
        assert TABLE.lookup(code) == periods[-1]


def test_no_full_name_says_anything_twice():
    for division in TABLE:
        assert division.full_name.startswith(division.province)
        assert division.full_name.endswith(division.name)
        assert "直辖" not in division.full_name
        assert division.name + division.name not in division.full_name


def test_chaoan_county_became_two_districts():
    assert TABLE.successors("445121") == (Successor("445102", 2013), Successor("445103", 2013))
    assert TABLE.current("445121") == ("445102", "445103")
    assert not TABLE.in_use("445121")
    assert TABLE.full_name("445103") == "广东省潮州市潮安区"
    assert TABLE.full_name("445121") == "广东省潮州市潮安县"


def test_jiedong_county_existed_from_1991_to_2012():
    assert [TABLE.existed_on("445221", year) for year in (1990, 1991, 2012, 2013)] == [
        False,
        True,
        True,
        False,
    ]
    assert TABLE.current("445221") == ("445202", "445203")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("110101", "北京市东城区"),
        ("110000", "北京市"),
        ("440000", "广东省"),
        ("445200", "广东省揭阳市"),
        ("441900", "广东省东莞市"),
        ("429004", "湖北省仙桃市"),
        ("469001", "海南省五指山市"),
        ("500101", "重庆市万州区"),
        ("810000", "香港特别行政区"),
    ],
)
def test_full_names_of_municipalities_and_units_directly_under_a_province(code, name):
    assert TABLE.full_name(code) == name


def test_a_renamed_code_answers_by_year():
    assert TABLE.lookup("500101", 1997).name == "万县区"
    assert TABLE.lookup("500101", 1998).name == "万州区"
    assert TABLE.lookup("500101").name == "万州区"
    assert TABLE.full_name("500101", 1997) == "重庆市万县区"
    assert TABLE.successors("500101", 1997) == (Successor("500101", 1998),)
    assert TABLE.current("500101", 1997) == ("500101",)


def test_a_code_in_use_is_its_own_answer_when_parts_of_it_left():
    assert TABLE.successors("120106") == (Successor("120113", 2020),)
    assert TABLE.current("120106") == ("120106",)


def test_an_abolished_prefecture_has_no_heir():
    assert TABLE.current("442300") == ()
    assert TABLE.full_name("442300") == "广东省汕头地区"


@given(st.one_of(st.text(max_size=8), st.from_regex(r"[0-9]{6}", fullmatch=True)))
def test_unknown_codes_get_empty_answers(code):
    if code not in TABLE:
        assert TABLE.lookup(code) is None
        assert not TABLE.in_use(code)
        assert TABLE.successors(code) == ()
        assert TABLE.current(code) == ()
        assert TABLE.full_name(code) == ""
        assert not TABLE.existed_on(code, 2000)


def test_830000_is_not_in_the_table():
    assert "830000" not in TABLE
    assert "810000" in TABLE


# --- rules, on small tables ----------------------------------------------------------------


def test_rows_become_periods_in_order_of_time():
    small = table(
        "000001,省,直辖,新,county,1,2000,,",
        "000001,省,市,旧,county,0,1981,1990,000002[1985];000003",
    )
    old, new = small.periods["000001"]
    assert old == Division(
        "000001",
        "省",
        "市",
        "旧",
        Level.COUNTY,
        1981,
        1990,
        (Successor("000002", 1985), Successor("000003", 1990)),
    )
    assert new == Division("000001", "省", "", "新", Level.COUNTY, 2000)
    assert small.lookup("000001", 1995) is None
    assert not small.existed_on("000001", 1995)


def test_a_part_that_left_before_the_place_came_is_no_heir_of_it():
    small = table(
        "000001,省,市,甲,county,0,1981,2000,000002",
        "000002,省,市,乙,county,0,1981,2010,000003[1990];000004",
        "000003,省,市,丙,county,1,1981,,",
        "000004,省,市,丁,county,1,1981,,",
    )
    assert small.current("000001") == ("000004",)
    assert small.current("000002") == ("000003", "000004")


def test_a_part_that_left_in_the_year_of_arrival_may_be_an_heir():
    small = table(
        "000001,省,市,甲,county,0,1981,2000,000002",
        "000002,省,市,乙,county,0,1981,2010,000003[2000];000004",
        "000003,省,市,丙,county,1,1981,,",
        "000004,省,市,丁,county,1,1981,,",
    )
    assert small.current("000001") == ("000003", "000004")


def test_a_place_reached_twice_counts_from_the_earlier_arrival_too():
    small = table(
        "000001,省,市,甲,county,0,1981,2000,000002[1985];000002",
        "000002,省,市,乙,county,0,1981,2010,000003[1990];000004",
        "000003,省,市,丙,county,1,1981,,",
        "000004,省,市,丁,county,1,1981,,",
    )
    assert small.current("000001") == ("000003", "000004")


def test_a_circle_within_one_year_ends():
    small = table(
        "000001,省,市,甲,county,0,1981,2000,000002",
        "000002,省,市,乙,county,0,1981,2000,000001",
    )
    assert small.current("000001") == ()


def test_a_successor_that_is_not_in_the_table_is_passed_over():
    assert table("000001,省,市,甲,county,0,1981,2000,999999").current("000001") == ()


def test_a_byte_order_mark_does_no_harm():
    text = "\ufeff" + HEADER + "000001,省,市,甲,county,1,1981,,\n"
    assert "000001" in DivisionTable.from_csv(text)


@pytest.mark.parametrize(
    "row",
    [
        "00001,省,市,甲,county,1,1981,,",
        "00000A,省,市,甲,county,1,1981,,",
        "000001,省,市,甲,town,1,1981,,",
        "000001,省,市,甲,county,1,then,,",
        "000001,省,市,甲,county,0,1981,,",
        "000001,省,市,甲,county,1,1981,1990,",
        "000001,省,市,甲,county,0,1981,1990,abc",
        "000001,省,市,甲,county,0,1981,1990,0000021",
        "000001,省,市,甲,county,0,1981,1990,000002[90]",
        "000001,省,市,甲,county,1,1981,,000002",
        "000001,省,市,甲,county,1,1981",
        "000001,省,市,甲,county,1,1981,,,extra",
    ],
)
def test_a_bad_row_is_refused_with_its_line(row):
    with pytest.raises(Unsupported, match="line 2"):
        table(row)


# --- reporting areas -----------------------------------------------------------------------


def test_reporting_areas_stand_beside_the_division_codes():
    text = files("certlib.data").joinpath("reporting_areas.csv").read_text(encoding="utf-8")
    areas = reporting_areas_from_csv(text)
    assert [area.area for area in areas] == ["蓝城区", "空港经济区", "大南海工业区", "枫溪区"]
    assert all(TABLE.in_use(area.within_division) for area in areas)
    assert areas[0].city == "揭阳市"
    assert areas[0].note.startswith("administered")


def test_divisions_and_areas_are_values():
    """The search for heirs keeps divisions in sets."""
    for value in (TABLE.lookup("445203"), Successor("445203", 2012), ReportingArea("a", "b", "c")):
        assert len({value, replace(value)}) == 1
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, "x")


def test_a_bad_reporting_area_is_refused_with_its_line():
    with pytest.raises(Unsupported, match="line 3"):
        reporting_areas_from_csv("area,city,within_division,note\na,b,c,d\na,b\n")
    assert reporting_areas_from_csv("area,city,within_division,note\na,b,c,d\n") == (
        ReportingArea("a", "b", "c", "d"),
    )
