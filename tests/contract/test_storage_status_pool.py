"""Look-ups from an event loop: the same rows, never old ones, and nobody waits for the dead."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from certlib.errors import StoreUnavailable
from certlib.states import State
from storage import EngineOptions, StatusReader
from storage.status_pool import SETTINGS
from storage.status_sql import STATUS_SQL, UNTOUCHED_SQL, of_many
from tests.contract.conftest import Store
from tests.fakes import records
from tests.fakes.proxy import Harm, Proxy

TODAY = date(2026, 3, 2)


def _run(reader: StatusReader, act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """On a loop of its own, as a server has one."""

    async def whole() -> Any:
        try:
            return await act()
        finally:
            await reader.release()

    return asyncio.run(whole())


def test_a_loop_gets_the_same_as_a_thread(store: Store) -> None:
    store.publish(*(records.intent(number) for number in range(1, 6)))
    names = [records.identifier(number) for number in range(8)]

    async def act() -> list[Any]:
        return [await store.reader.ask(name, TODAY) for name in names]

    found = _run(store.reader, act)
    read = [None if values is None else store.reader.read(values) for values in found]
    assert read == [store.reader.status(name) for name in names]
    assert sum(row is not None for row in read) == 5


def test_only_microseconds_are_spent_on_the_loop(store: Store) -> None:
    assert store.reader.inline is (store.engine == "sqlite")


def test_many_questions_at_once_all_get_their_own_answer(store: Store) -> None:
    store.publish(*(records.intent(number) for number in range(1, 40)))

    async def act() -> list[Any]:
        asked = [
            (number, store.reader.ask(records.identifier(number), TODAY))
            for number in [*range(45), *range(45), *range(300)]
        ]
        return [(number, await answer) for number, answer in asked]

    for number, values in _run(store.reader, act):
        assert (values is not None) == (1 <= number < 40)
        assert values is None or values[0] == records.identifier(number)


def test_the_day_of_each_question_counts(postgres_store: Store) -> None:
    """Questions on both sides of midnight never share a statement."""
    store = postgres_store
    store.publish(records.intent(1))
    days = [TODAY, date(2026, 3, 3), TODAY, date(2026, 3, 4)]

    async def act() -> list[Any]:
        return [await one for one in [store.reader.ask(records.identifier(1), day) for day in days]]

    assert all(values is not None for values in _run(store.reader, act))


def test_a_revocation_is_seen_by_the_next_question(store: Store) -> None:
    """INV-6, on connections that were open and had looked before."""
    store.publish(records.intent(1))
    name = records.identifier(1)

    async def act() -> None:
        for state in (State.SUSPENDED, State.ISSUED, State.REVOKED) * 3:
            with store.registry.begin() as unit:
                certificate = unit.certificate(name)
                unit.save(replace(certificate, state=state), certificate.row_version)
                unit.commit()
            seen = await asyncio.gather(*(store.reader.ask(name, TODAY) for _ in range(5)))
            assert {store.reader.read(values).state for values in seen} == {state}

    _run(store.reader, act)


@pytest.mark.parametrize("text", ["", "x" * 10_000, "a\x00b", "\ud800", "' OR 1=1 --", "%", "🂡"])
def test_any_text_gets_an_answer_and_spoils_nobodys(store: Store, text: str) -> None:
    store.publish(records.intent(1))

    async def act() -> list[Any]:
        return await asyncio.gather(
            store.reader.ask(text, TODAY), store.reader.ask(records.identifier(1), TODAY)
        )

    nothing, something = _run(store.reader, act)
    assert nothing is None
    assert something is not None


def test_a_statement_that_cannot_be_prepared_leaves_no_connection(postgres_store: Store) -> None:
    """Or a table that is locked for a while would take every connection there is."""
    store = postgres_store
    name = records.identifier(1)
    count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{store.database}'"

    async def act() -> tuple[Any, Any]:
        await asyncio.to_thread(store.run, "ALTER TABLE certificates RENAME TO elsewhere")
        before = await asyncio.to_thread(store.rows, count)
        for _ in range(10):
            with pytest.raises(StoreUnavailable):
                await store.reader.ask(name, TODAY)
        for _ in range(100):
            after = await asyncio.to_thread(store.rows, count)
            if after == before:
                break
            await asyncio.sleep(0.1)  # the server needs a moment to notice
        return before, after

    before, after = _run(store.reader, act)
    assert after == before


@pytest.mark.parametrize("sql", [UNTOUCHED_SQL, STATUS_SQL])
def test_a_plan_that_was_made_on_empty_tables_reads_by_keys(
    postgres_store: Store, sql: str
) -> None:
    """It is kept while millions of rows come: no hash of a whole table, no parties by role."""
    with postgres_store.raw() as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"SET {name} = '{value}'")
        connection.execute(f"PREPARE look_up (text[], date) AS {of_many(sql)}")
        asked = "EXPLAIN EXECUTE look_up (ARRAY['x'], '2026-03-02')"
        plan = "\n".join(row[0] for row in connection.execute(asked))
    assert "ix_holder_change_parties_code" in plan
    assert "Index Cond: ((role)" not in plan
    assert "Seq Scan" not in plan
    assert "Hash" not in plan


def test_it_goes_on_after_the_server_cut_it_off(postgres_store: Store) -> None:
    store = postgres_store
    store.publish(records.intent(1))
    name = records.identifier(1)

    async def act() -> None:
        assert await store.reader.ask(name, TODAY) is not None
        await asyncio.to_thread(store.server.kill_sessions, store.database)
        found = await asyncio.gather(*(store.reader.ask(name, TODAY) for _ in range(50)))
        assert None not in found

    _run(store.reader, act)


def test_one_that_no_longer_waits_harms_nobody(postgres_store: Store) -> None:
    store = postgres_store
    store.publish(records.intent(1))

    async def act() -> None:
        gone = [store.reader.ask(records.identifier(1), TODAY) for _ in range(5)]
        for one in gone:
            one.cancel()
        assert await store.reader.ask(records.identifier(1), TODAY) is not None

    _run(store.reader, act)


def test_without_a_database_everybody_hears_so_at_once(store: Store, tmp_path_factory) -> None:
    """INV-14: never "not found"; and no question waits for the timeouts of those before it."""
    folder = tmp_path_factory.mktemp("none")
    url = (
        f"sqlite:///{folder}/registry.db"
        if store.engine == "sqlite"
        else f"postgresql://nobody@/none?host={folder}"
    )
    reader = StatusReader(EngineOptions(url, timeout=1), store.clock)

    async def act() -> list[Any]:
        asked = [reader.ask(records.identifier(1), TODAY) for _ in range(300)]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = _run(reader, act)
    assert {type(one) for one in found} == {StoreUnavailable}
    reader.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("harm", [Harm(refuse=True), Harm(silence=True), Harm(cut_answer=3)])
def test_a_database_that_falls_silent_is_unavailable_and_comes_back(
    postgres_store: Store, harm: Harm
) -> None:
    store = postgres_store
    store.publish(records.intent(1))
    name, server = records.identifier(1), store.server
    proxy = Proxy(str(server.socket))
    url = f"postgresql://service@127.0.0.1:{proxy.port}/{store.database}?sslmode=disable"
    reader = StatusReader(EngineOptions(url, timeout=1), store.clock)

    async def act() -> None:
        assert await reader.ask(name, TODAY) is not None
        proxy.set(harm)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await reader.ask(name, TODAY)
        proxy.heal()
        assert await reader.ask(name, TODAY) is not None

    _run(reader, act)
    reader.close()
    proxy.stop()
