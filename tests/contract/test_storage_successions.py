"""Planned successions, and the versions of one lineage."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.errors import StaleVersion, Unsupported
from certlib.states import State
from tests.contract.conftest import Store
from tests.fakes import records

DUE = date(2030, 3, 2)


def _plan(store: Store, due: date, expected: int = 1) -> None:
    with store.registry.begin() as unit:
        before = unit.certificate(records.identifier(1))
        assert before is not None
        named = replace(before, superseded_by=records.identifier(1, 2), row_version=expected + 1)
        unit.plan_succession(named, expected, due)
        unit.commit()


def _due(store: Store, day: date) -> list[str]:
    with store.registry.read() as session:
        return list(session.due_successions(day, 5))


def test_a_planned_succession_is_due_on_its_day(store: Store) -> None:
    store.publish(records.intent(1))
    _plan(store, DUE)
    assert _due(store, DUE - timedelta(days=1)) == []
    assert _due(store, DUE) == [records.identifier(1)]
    with store.registry.read() as session:
        found = session.certificate(records.identifier(1))
    assert found is not None
    assert (found.state, found.superseded_by, found.row_version) == (
        State.ISSUED,
        records.identifier(1, 2),
        2,
    )
    assert len(found.history) == 1


def test_a_new_plan_takes_the_place_of_the_old_one(store: Store) -> None:
    store.publish(records.intent(1))
    _plan(store, DUE)
    _plan(store, DUE + timedelta(days=3), expected=2)
    assert _due(store, DUE) == []


def test_a_plan_insists_on_the_version(store: Store) -> None:
    store.publish(records.intent(1))
    with pytest.raises(StaleVersion):
        _plan(store, DUE, expected=4)


def test_what_is_settled_is_forgotten(store: Store) -> None:
    store.publish(records.intent(1))
    _plan(store, DUE)
    with store.registry.begin() as unit:
        unit.settle_succession(records.identifier(1))
        unit.settle_succession(records.identifier(9))
        unit.commit()
    assert _due(store, DUE) == []


def test_a_lineage_is_all_its_versions_oldest_first(store: Store) -> None:
    contents = [records.content(1, version=version, number=f"{version}") for version in (2, 1, 3)]
    store.publish(*(records.intent(9, of=content) for content in contents))
    store.publish(records.intent(2))
    with store.registry.read() as session:
        found = session.lineage(records.identifier(1, 3))
        assert session.lineage(records.identifier(5)) == []
        with pytest.raises(Unsupported):
            session.lineage("1.2")
    assert [item.identifier for item in found] == [
        records.identifier(1, version) for version in (1, 2, 3)
    ]


def test_an_intent_of_an_earlier_release_keeps_its_meaning(store: Store) -> None:
    """It kept the reason alone, and said nothing of files, sealer and actor."""
    intent = records.intent(1, supersedes=records.identifier(9))
    store.reserve(intent)
    store.run("UPDATE intents SET supersede_reason = 'renewal', succession = NULL")
    with store.registry.read() as session:
        found = session.intent(intent.identifier)
    assert found is not None
    assert found.succession is not None
    assert found.succession.reason_code == "renewal"
    assert found.succession.effective_from == intent.content.issue_date
