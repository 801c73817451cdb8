"""The promises of a unit of work and of a snapshot."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from certlib.errors import Conflict, FaceNumberTaken, StoreUnavailable, Unsupported
from certlib.registry import Department, IssueListEntry
from certlib.states import State
from storage import EngineOptions, SqlRegistry
from tests.contract.conftest import Store
from tests.fakes import records

DEPARTMENT = Department(
    "11445200999999015E", "揭阳市交通运输局", "市交通局", "445200", "prefecture"
)


def test_leaving_the_block_without_commit_keeps_nothing(store: Store) -> None:
    with store.registry.read() as session:
        before = session.audit_trail()
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        unit.reserve([records.intent(1)])
        unit.append_audit([records.audit()])
        assert unit.intent(records.identifier(1)) is not None
    with store.registry.read() as session:
        assert session.department(DEPARTMENT.credit_code) is None
        assert session.intent(records.identifier(1)) is None
        assert session.audit_trail() == before


def test_an_exception_in_the_block_rolls_back_and_passes_through(store: Store) -> None:
    def act() -> None:
        with store.registry.begin() as unit:
            unit.put_department(DEPARTMENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    with store.registry.read() as session:
        assert session.departments() == []
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        unit.commit()


def test_after_commit_everything_is_there_for_others(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        unit.commit()
        with store.registry.read() as session:
            assert session.department(DEPARTMENT.credit_code) == DEPARTMENT


def test_a_snapshot_does_not_move_while_others_commit(store: Store) -> None:
    store.publish(records.intent(1))
    with store.registry.read() as session:
        before = session.counts()
        store.publish(records.intent(2))
        assert session.counts() == before == {"ISSUED": 1, "INTENT": 0}
        assert session.certificate(records.identifier(2)) is None
    with store.registry.read() as session:
        assert session.counts() == {"ISSUED": 2, "INTENT": 0}


def test_a_reader_is_not_stopped_by_an_open_unit(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        with store.registry.read() as session:
            assert session.departments() == []


def test_a_read_session_cannot_write(store: Store) -> None:
    with store.registry.read() as session, pytest.raises(StoreUnavailable):
        session._link.change(records_table().insert(), {"id": 2, "sequence": 0, "digest": ""})


def records_table():
    from storage.tables import AuditHeadRow, table

    return table(AuditHeadRow)


def test_a_unit_that_failed_half_way_cannot_be_committed(store: Store) -> None:
    store.publish(records.intent(1))
    taken = records.intent(2, of=records.content(2, number=records.content(1).number))
    with store.registry.begin() as unit:
        with pytest.raises(FaceNumberTaken):
            unit.reserve([taken])
        with pytest.raises(Conflict):
            unit.commit()
    with store.registry.read() as session:
        assert session.intent(taken.identifier) is None


def test_a_refusal_that_wrote_nothing_leaves_the_unit_usable(store: Store) -> None:
    store.publish(records.intent(1))
    with store.registry.begin() as unit:
        certificate = unit.certificate(records.identifier(1))
        with pytest.raises(Conflict):
            unit.save(replace(certificate, state=State.VOIDED), 7)
        unit.put_department(DEPARTMENT)
        unit.commit()
    with store.registry.read() as session:
        assert session.departments() == [DEPARTMENT]


class _BrokenTransaction:
    def commit(self) -> None:
        raise OperationalError("COMMIT", {"name": DEPARTMENT.name}, OSError("disk"))


def test_a_commit_that_errors_is_an_unknown_outcome(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`StoreUnavailable`, and no parameter in the message."""
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        monkeypatch.setattr(unit, "_transaction", _BrokenTransaction())
        with pytest.raises(StoreUnavailable) as caught:
            unit.commit()
    assert DEPARTMENT.name not in str(caught.value)
    with store.registry.read() as session:
        assert session.departments() == []


def test_a_server_that_dies_before_the_commit_is_unavailable(postgres_store: Store) -> None:
    """Nothing was kept, and the next unit finds a new connection."""
    store = postgres_store
    with store.registry.begin() as unit:
        unit.put_department(DEPARTMENT)
        store.server.kill_sessions(store.database)
        with pytest.raises(StoreUnavailable):
            unit.commit()
    with store.registry.begin() as unit:
        assert unit.departments() == []
        unit.put_department(DEPARTMENT)
        unit.commit()


def test_a_full_disk_is_unavailable_and_keeps_nothing(sqlite_store: Store) -> None:
    store = sqlite_store
    with store.registry.begin() as unit:
        unit._link.connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(StoreUnavailable) as caught:
            unit.reserve(records.intent(number) for number in range(200))
    assert caught.value.values == {"what": "SQLITE_FULL"}
    with store.registry.read() as session:
        assert session.pending_intents() == []


def test_units_of_many_threads_all_get_their_turn(store: Store) -> None:
    def work(number: int) -> None:
        for step in range(5):
            store.reserve(records.intent(number * 100 + step))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.registry.read() as session:
        assert session.counts()["INTENT"] == 40


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_a_column_cannot_hold_is_refused_by_name(store: Store, text: str) -> None:
    if store.engine == "sqlite" and text == "a\x00b":
        text = "\udfff"  # SQLite keeps zero octets
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.put_issue_entry(IssueListEntry(text, "x", records.AT.date()))
    with store.registry.read() as session, pytest.raises(Unsupported):
        session.status(text)


def test_values_that_break_a_rule_of_a_table_are_refused(store: Store) -> None:
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.put_department(replace(DEPARTMENT, name=""))
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.reserve([records.intent(1, storage_key="short")])


def test_naive_instants_are_refused(store: Store) -> None:
    naive = records.AT.replace(tzinfo=None)
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.reserve([records.intent(1, recorded_at=naive)])
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.append_audit([records.audit(at=naive)])
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.lease_intents(naive, naive, 1)


def test_a_database_that_is_not_there_is_unavailable(store: Store, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("none")
    url = (
        f"sqlite:///{folder}/missing/registry.db"
        if store.engine == "sqlite"
        else f"postgresql://nobody@/none?host={folder}"
    )
    lost = SqlRegistry(EngineOptions(url, timeout=1), store.cipher, store.clock)
    with pytest.raises(StoreUnavailable), lost.begin():
        raise AssertionError
    with pytest.raises(StoreUnavailable), lost.read() as session:
        session.counts()
    lost.close()


def test_a_commit_on_sqlite_is_synced_before_it_returns(sqlite_store: Store) -> None:
    """INV-13 rests on these settings, on the connection that writes."""
    with sqlite_store.registry.begin() as unit:
        asked = {
            name: unit._link.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "query_only")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "query_only": 0}


def test_a_commit_on_postgresql_is_synced_before_it_returns(postgres_store: Store) -> None:
    with postgres_store.registry.begin() as unit:
        asked = unit._link.connection.exec_driver_sql("SHOW synchronous_commit").scalar()
        zone = unit._link.connection.exec_driver_sql("SHOW timezone").scalar()
    assert (asked, zone) == ("on", "UTC")


def test_an_address_of_another_kind_is_refused() -> None:
    for url in ("mysql://host/db", "sqlite://", "nonsense"):
        with pytest.raises(StoreUnavailable):
            _ = EngineOptions(url).address


def test_options_do_not_print_the_password() -> None:
    assert "secret" not in repr(EngineOptions("postgresql://user:secret@host/name"))
