"""Idempotency keys and the outbox."""

import pytest

from certlib.errors import Conflict
from tests.contract.conftest import Store
from tests.fakes import records

ANSWER = '{"identifier":"x","holder":"蔡梓涵"}'


def _claim(store: Store, record, *, commit: bool = True):
    with store.registry.begin() as unit:
        earlier = unit.claim_idempotency(record)
        if commit:
            unit.commit()
    return earlier


def _complete(store: Store, key: str = "key") -> None:
    with store.registry.begin() as unit:
        unit.complete_idempotency("client", "issue", key, identifier="x", answer=ANSWER)
        unit.commit()


def test_the_first_claim_wins_and_the_second_sees_it(store: Store) -> None:
    assert _claim(store, records.key_record()) is None
    other = records.key_record(request_digest="e" * 64)
    assert _claim(store, other) == records.key_record()


def test_a_claim_without_commit_is_none(store: Store) -> None:
    assert _claim(store, records.key_record(), commit=False) is None
    assert _claim(store, records.key_record()) is None


def test_a_completed_key_gives_its_answer_for_ever(store: Store) -> None:
    _claim(store, records.key_record())
    _complete(store)
    done = records.key_record(status="done", identifier="x", answer=ANSWER)
    assert _claim(store, records.key_record()) == done
    with store.registry.begin() as unit:
        unit.release_idempotency("client", "issue", "key")
        unit.commit()
    with store.registry.read() as session:
        assert session.idempotency("client", "issue", "key") == done
    with pytest.raises(Conflict):
        _complete(store)


def test_a_released_key_may_be_used_again(store: Store) -> None:
    _claim(store, records.key_record())
    with store.registry.begin() as unit:
        unit.release_idempotency("client", "issue", "key")
        unit.release_idempotency("client", "issue", "never-there")
        unit.commit()
    assert _claim(store, records.key_record(request_digest="e" * 64)) is None


def test_only_a_running_key_can_be_completed(store: Store) -> None:
    with pytest.raises(Conflict):
        _complete(store)


def test_client_route_and_key_together_are_the_key(store: Store) -> None:
    assert _claim(store, records.key_record()) is None
    assert _claim(store, records.key_record(client_id="other")) is None
    assert _claim(store, records.key_record(route="revoke")) is None
    assert _claim(store, records.key_record("other")) is None


def test_claim_and_reservation_stand_or_fall_together(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.claim_idempotency(records.key_record())
        with pytest.raises(Conflict):
            unit.reserve([records.intent(1), records.intent(1)])
        with pytest.raises(Conflict):
            unit.commit()
    with store.registry.read() as session:
        assert session.idempotency("client", "issue", "key") is None


def test_an_event_is_kept_once_with_its_unit(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.add_events([records.event("lost")])
    with store.registry.begin() as unit:
        unit.add_events([records.event("e1"), records.event("e2")])
        unit.commit()
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.add_events([records.event("e2")])
    rows = store.rows("SELECT event_id, attempts, delivered_at FROM outbox ORDER BY event_id")
    assert rows == [("e1", 0, None), ("e2", 0, None)]
