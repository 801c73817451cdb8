"""Prepared queries: when they run on the driver, when Core runs them, and what is kept of them."""

import sqlite3
from types import SimpleNamespace

import pytest
from sqlalchemy import bindparam, column, create_engine, event, select, table
from sqlalchemy.exc import DBAPIError, OperationalError

from storage.prepared import Prepared, ask

NUMBERS = table("numbers", column("one"), column("two"))
BOTH = Prepared(
    select(NUMBERS.c.one)
    .where(NUMBERS.c.one.in_(bindparam("ones", expanding=True)))
    .where(NUMBERS.c.two.in_(bindparam("twos", expanding=True)))
)


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    with engine.connect() as made:
        made.exec_driver_sql("CREATE TABLE numbers (one, two)")
        made.exec_driver_sql("INSERT INTO numbers VALUES (1, 2), (3, 4)")
        made.commit()
        yield made
    engine.dispose()


def lists(ones=1, twos=1):
    return {"ones": [1] * ones, "twos": [2] * twos}


def test_in_a_transaction_the_driver_is_asked_and_without_one_core(connection):
    assert BOTH._plan(connection, lists()) is None
    with connection.begin():
        assert BOTH._plan(connection, lists()) is not None
        assert [tuple(row) for row in BOTH.rows(connection, lists())] == [(1,)]


def test_who_listens_to_statements_hears_each(connection):
    heard = []
    event.listen(connection, "before_cursor_execute", lambda *said: heard.append(said[2]))
    with connection.begin():
        assert BOTH._plan(connection, lists()) is None
        assert [tuple(row) for row in BOTH.rows(connection, lists())] == [(1,)]
    assert len(heard) == 1


def test_another_driver_is_left_to_core():
    other = SimpleNamespace(
        dispatch=SimpleNamespace(before_cursor_execute=()),
        dialect=SimpleNamespace(driver="asyncpg"),
        in_transaction=lambda: True,
    )
    assert BOTH._plan(other, lists()) is None


@pytest.mark.parametrize(
    ("ones", "twos", "ours"), [(8, 8, True), (9, 1, False), (1, 9, False), (1, 8, True)]
)
def test_a_long_list_is_left_to_core(connection, ones, twos, ours):
    """There is a text for each number of values up to eight, and not one for each that comes."""
    with connection.begin():
        assert (BOTH._plan(connection, lists(ones, twos)) is not None) is ours
        assert [tuple(row) for row in BOTH.rows(connection, lists(ones, twos))] == [(1,)]


def test_a_text_is_made_once_for_each_length(connection):
    with connection.begin():
        first = BOTH._plan(connection, lists())
        assert BOTH._plan(connection, lists()) is first
        longer = BOTH._plan(connection, lists(2))
        assert longer is not first
        assert (len(first.template), len(longer.template)) == (2, 3)


def test_a_drivers_error_is_wrapped_as_core_does_and_no_other(connection):
    with connection.begin():
        with pytest.raises(OperationalError) as caught:
            ask(connection, "SELECT * FROM nowhere")
        assert isinstance(caught.value.orig, sqlite3.OperationalError)
        assert not connection.invalidated, "it is of use still"
        with pytest.raises(TypeError) as plain:
            ask(connection, None)
        assert not isinstance(plain.value, DBAPIError)
        assert ask(connection, "SELECT 1")[0] == [(1,)]
