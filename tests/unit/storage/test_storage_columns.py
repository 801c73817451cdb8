"""Column types: one meaning on both engines; instants are aware UTC or refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from certlib.errors import Unsupported
from storage.columns import Day, Flag, Instant, instant_from, instant_text
from storage.tables import Row

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()
ZONES = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30), timezones=ZONES)


@given(INSTANTS)
def test_an_instant_comes_back_in_utc_and_whole_seconds(moment: datetime) -> None:
    column = Instant()
    kept = column.process_bind_param(moment, SQLITE)
    assert isinstance(kept, str)
    found = column.process_result_value(kept, SQLITE)
    assert found == moment.replace(microsecond=0)
    assert found.tzinfo is UTC
    assert column.process_bind_param(moment, POSTGRESQL) == found
    assert column.process_result_value(moment.replace(microsecond=0), POSTGRESQL) == found


@given(INSTANTS, INSTANTS)
def test_instants_sort_as_their_text(one: datetime, two: datetime) -> None:
    first, second = (moment.replace(microsecond=0) for moment in (one, two))
    assert (instant_text(one) < instant_text(two)) == (first < second)


def test_instants_look_alike_whatever_the_zone() -> None:
    china = timezone(timedelta(hours=8))
    assert instant_text(datetime(2026, 3, 2, 8, 0, 0, 999, tzinfo=china)) == "2026-03-02T00:00:00Z"
    assert instant_from("2026-03-02T00:00:00Z") == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_naive_instants_are_refused(dialect) -> None:
    with pytest.raises(Unsupported):
        Instant().process_bind_param(datetime(2026, 3, 2), dialect)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
@pytest.mark.parametrize("column", [Instant(), Day(), Flag()])
def test_absent_stays_absent(dialect, column) -> None:
    assert column.process_result_value(None, dialect) is None
    if not isinstance(column, Flag):
        assert column.process_bind_param(None, dialect) is None


@given(st.dates())
def test_days_survive(day: date) -> None:
    column = Day()
    kept = column.process_bind_param(day, SQLITE)
    assert column.process_result_value(kept, SQLITE) == day
    assert column.process_bind_param(day, POSTGRESQL) == day
    assert column.process_result_value(day, POSTGRESQL) == day


def test_sqlite_tables_are_strict() -> None:
    """Otherwise SQLite would keep a word in a column of numbers."""
    for table in Row.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=SQLITE)).rstrip().endswith("STRICT")


def test_no_key_is_drawn_from_a_sequence_of_the_database() -> None:
    """Rows may live on many machines (architecture section 6)."""
    for table in Row.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=POSTGRESQL))
        assert "SERIAL" not in made
        assert "IDENTITY" not in made


def test_every_constraint_has_a_name() -> None:
    for table in Row.metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints), table.name
        assert all(index.name for index in table.indexes), table.name
