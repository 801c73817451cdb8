"""Stops of sealing on record: one row a scope, witnessed, the last one counts."""

from datetime import timedelta

from certlib.registry.stops import ALL, SealingStop
from tests.contract.conftest import Store
from tests.fakes import records

STOP = SealingStop(ALL, records.AT, "值班甲", "值班乙", "演练")


def _put(store: Store, stop: SealingStop) -> None:
    with store.registry.begin() as unit:
        unit.put_sealing_stop(stop)
        unit.commit()


def _stops(store: Store) -> list[SealingStop]:
    with store.registry.read() as session:
        return list(session.sealing_stops())


def test_a_stop_counts_until_it_is_lifted(store: Store) -> None:
    assert _stops(store) == []
    key = SealingStop("seal-1", records.AT, "值班甲", "值班乙", "", final=True)
    _put(store, STOP)
    _put(store, key)
    assert _stops(store) == [STOP, key]
    with store.registry.begin() as unit:
        unit.lift_sealing_stop(ALL, records.AT + timedelta(hours=1), ("丙", "丁"))
        unit.commit()
    assert _stops(store) == [key]
    rows = store.rows("SELECT lifted_by, lift_confirmed_by FROM sealing_stops ORDER BY scope")
    assert rows == [("丙", "丁"), ("", "")]


def test_a_scope_stopped_again_has_one_row(store: Store) -> None:
    _put(store, STOP)
    with store.registry.begin() as unit:
        unit.lift_sealing_stop(ALL, records.AT, ("丙", "丁"))
        unit.commit()
    later = SealingStop(ALL, records.AT + timedelta(days=1), "戊", "己", "再次")
    _put(store, later)
    assert _stops(store) == [later]
    assert store.rows("SELECT count(*), max(lifted_by) FROM sealing_stops") == [(1, "")]


def test_the_history_bears_witness_to_a_stop(store: Store) -> None:
    """Who takes a stop away behind the record's back is found by the audit."""
    _put(store, STOP)
    with store.registry.read() as session:
        said = [item for item in session.history_of("rows") if item.act == "witness"]
    assert "sealing_stops" in str(said[-1].details)
