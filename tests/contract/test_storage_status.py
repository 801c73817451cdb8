"""The public status look-up: the same answer as a session, and never an old one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import make_url

from certlib.certificate import Restriction, RestrictionKind
from certlib.errors import StoreUnavailable
from certlib.states import State
from storage import EngineOptions, StatusReader
from storage.status import _SQLITE_UNTOUCHED
from tests.contract.conftest import Store
from tests.fakes import records


def _save(store: Store, **changes: object) -> None:
    with store.registry.begin() as unit:
        before = unit.certificate(records.identifier(1))
        unit.save(replace(before, **changes), before.row_version)
        unit.commit()


def test_the_reader_and_a_session_say_the_same(store: Store) -> None:
    store.publish(records.intent(1), records.intent(2, of=records.content(2, valid_to=None)))
    _save(store, state=State.SUSPENDED, renewals=(records.renewal(),))
    for number in (1, 2, 3):
        name = records.identifier(number)
        with store.registry.read() as session:
            assert session.status(name) == store.reader.status(name)
    found = store.reader.status(records.identifier(1))
    assert found.state is State.SUSPENDED
    assert found.renewal_pending_since == date(2026, 3, 3)
    assert store.reader.status(records.identifier(3)) is None


def test_no_row_and_no_content_is_read_for_a_look_up(sqlite_store: Store) -> None:
    """SQLite has contents between a row's columns: a long one would be read page by page."""
    asked = _SQLITE_UNTOUCHED.replace("?1", "'x'").replace("?2", "'2026-03-02'")
    plan = [row[-1] for row in sqlite_store.rows(f"EXPLAIN QUERY PLAN {asked}")]
    assert plan[0] == "SEARCH c USING COVERING INDEX ix_certificates_status (identifier=?)"


def test_a_revocation_is_seen_as_soon_as_it_is_committed(store: Store) -> None:
    """INV-6: by a connection that was open and had looked before."""
    store.publish(records.intent(1))
    name = records.identifier(1)
    for state in (State.SUSPENDED, State.ISSUED, State.REVOKED):
        before = store.reader.status(name)
        with store.registry.begin() as unit:
            certificate = unit.certificate(name)
            unit.save(replace(certificate, state=state), certificate.row_version)
            assert store.reader.status(name) == before
            unit.commit()
            after = store.reader.status(name)
        assert (after.state, after.row_version) == (state, before.row_version + 1)


def test_every_stored_state_is_found(store: Store) -> None:
    """Nothing filters on valid states: a cancelled certificate is not "not found"."""
    store.publish(records.intent(1))
    for state in State:
        _save(store, state=state)
        assert store.reader.status(records.identifier(1)).state is state
        with store.registry.read() as session:
            assert session.certificate(records.identifier(1)).state is state


@pytest.mark.parametrize(("changes", "restricted"), [
    ({}, True),
    ({"effective_from": date(2026, 3, 3)}, False),
    ({"effective_to": date(2026, 3, 2)}, True),
    ({"effective_from": date(2026, 2, 1), "effective_to": date(2026, 3, 1)}, False),
    ({"lifted_on": date(2026, 3, 2)}, False),
    ({"lifted_on": date(2026, 3, 3)}, True),
])  # fmt: skip
def test_restricted_means_in_force_today(store: Store, changes: dict, restricted: bool) -> None:
    """As `Restriction.in_force` says, on the legal day."""
    store.publish(records.intent(1))
    made = replace(Restriction(RestrictionKind.FROZEN, "法院", "1号", date(2026, 3, 2)), **changes)
    _save(store, restrictions=(made,))
    assert made.in_force(date(2026, 3, 2)) is restricted
    assert store.reader.status(records.identifier(1)).restricted is restricted
    with store.registry.read() as session:
        assert session.status(records.identifier(1)).restricted is restricted


@pytest.mark.parametrize("text", ["", "x" * 10_000, "a\x00b", "\ud800", "' OR 1=1 --", "%", "🂡"])
def test_any_text_gets_an_answer(store: Store, text: str) -> None:
    store.publish(records.intent(1))
    assert store.reader.status(text) is None
    assert store.reader.status(records.identifier(1)) is not None


def test_a_reader_goes_on_after_the_server_cut_it_off(postgres_store: Store) -> None:
    store = postgres_store
    store.publish(records.intent(1))
    assert store.reader.status(records.identifier(1)) is not None
    store.server.kill_sessions(store.database)
    assert store.reader.status(records.identifier(1)) is not None


def test_without_a_database_the_answer_is_unavailable(store: Store, tmp_path_factory) -> None:
    """INV-14: never "not found"."""
    folder = tmp_path_factory.mktemp("none")
    url = (
        f"sqlite:///{folder}/registry.db"
        if store.engine == "sqlite"
        else f"postgresql://nobody@/none?host={folder}"
    )
    reader = StatusReader(EngineOptions(url, timeout=1), store.clock)
    with pytest.raises(StoreUnavailable):
        reader.status(records.identifier(1))
    reader.close()
    assert list(folder.iterdir()) == []


def test_a_database_file_that_has_gone_answers_nothing(sqlite_store: Store) -> None:
    """INV-14: open connections would go on with a file that has no name any more."""
    store, name = sqlite_store, records.identifier(1)
    store.publish(records.intent(1))
    assert store.reader.status(name) is not None
    file = Path(str(make_url(store.options.url).database))
    aside = file.with_name("aside")
    file.rename(aside)
    for _ in range(2):
        for ask in (lambda: store.reader.status(name), store.reader.version):
            with pytest.raises(StoreUnavailable):
                ask()
        with pytest.raises(StoreUnavailable), store.registry.read():
            pytest.fail("read from a file that has gone")
        with pytest.raises(StoreUnavailable), store.registry.begin():
            pytest.fail("written to a file that has gone")
        file.write_bytes(b"")  # nor is another file under its name the one that was opened
    aside.replace(file)
    assert store.reader.status(name) is not None
    with store.registry.read() as session:
        assert session.certificate(name) is not None
