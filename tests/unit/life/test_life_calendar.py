"""Periods of law: months end as the Civil Code says, working days as the State Council arranges."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.calendar import end_of_day, legal_day, months_after
from certlib.errors import Corrupt
from certlib.workdays import WorkingDays

SHIPPED = WorkingDays.from_csv(
    resources.files("certlib.data").joinpath("holidays.csv").read_text("utf-8")
)
DAYS = st.dates(date(2023, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 3, 2), 12, date(2027, 3, 2)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_a_period_of_months_ends_on_the_corresponding_day(start, months, end):
    """Civil Code art. 202: the corresponding day, or the last of a month that lacks it."""
    assert months_after(start, months) == end


def test_the_end_of_a_legal_day():
    last = end_of_day(date(2026, 3, 2))
    assert last.astimezone(UTC) == datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    assert legal_day(last) == date(2026, 3, 2)
    assert legal_day(last + timedelta(seconds=1)) == date(2026, 3, 3)


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_the_shipped_years_have_as_many_working_days_as_published(year, days):
    first = date(year, 1, 1)
    every = (first + timedelta(days=place) for place in range((date(year + 1, 1, 1) - first).days))
    assert sum(SHIPPED.works(day) for day in every) == days


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday, worked for the Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 10, 9), True),
        (date(2026, 11, 21), False),
        (date(2031, 10, 1), True),  # nothing is known of that year: weekends alone
        (date(2031, 10, 4), False),
    ],
)
def test_holidays_worked_weekends_and_years_without_lines(day, works):
    assert SHIPPED.works(day) is works


def test_ten_working_days_across_a_long_holiday():
    """Decided on the eve of the Spring Festival of 2026."""
    assert SHIPPED.after(date(2026, 2, 13), 10) == date(2026, 3, 5)
    assert SHIPPED.after(date(2026, 2, 15), 1) == date(2026, 2, 24)


@given(day=DAYS, count=st.integers(1, 15))
def test_before_is_the_last_day_whose_period_is_over(day, count):
    found = SHIPPED.before(day, count)
    assert SHIPPED.after(found, count) < day <= SHIPPED.after(found + timedelta(days=1), count)


@given(day=DAYS, count=st.integers(1, 15))
def test_a_period_ends_on_a_working_day_after_its_beginning(day, count):
    end = SHIPPED.after(day, count)
    assert SHIPPED.works(end)
    assert end > day
    between = (day + timedelta(days=place) for place in range(1, (end - day).days + 1))
    assert sum(SHIPPED.works(item) for item in between) == count


@pytest.mark.parametrize(
    "line", ["2026-13-01,holiday,x", "2026-01-01,feast,x", "2026-01-01", "tomorrow,workday,x"]
)
def test_a_damaged_table_is_refused(line):
    with pytest.raises(Corrupt):
        WorkingDays.from_csv(f"day,kind,name\n{line}\n")
