"""What waits is counted and dated, on both engines; what is done waits no longer."""

from datetime import timedelta

from certlib.registry import Backlog, OutboxEvent, Queue
from storage import SqlRegistry
from tests.contract.conftest import Store
from tests.fakes import records


def _backlog(registry: SqlRegistry) -> Backlog:
    with registry.read() as session:
        return session.backlog()


def test_an_empty_record_waits_for_nothing(store: Store) -> None:
    assert _backlog(store.registry) == Backlog()
    assert Queue().seconds(store.clock.now()) == 0


def test_intents_wait_until_they_are_published(store: Store) -> None:
    store.reserve(records.intent(1), records.intent(2))
    found = _backlog(store.registry).intents
    assert found.number == 2
    assert found.since == records.intent(1).recorded_at
    assert found.seconds(found.since + timedelta(minutes=3)) == 180
    with store.registry.begin() as unit:
        unit.publish([records.publication(records.intent(1))])
        unit.commit()
    assert _backlog(store.registry).intents.number == 1


def test_files_to_be_added_wait_among_them(store: Store) -> None:
    """An addition is an intent like the others."""
    store.publish(records.intent(1))
    columns = (
        "identifier, form, copy_number, round, status, storage_key, seal_level, template_digest,"
        " fonts_digest, typst_digest, client_id, route, idempotency_key, requested_by, actor,"
        " sealed_by, approved_by, approvals_required, attempts, last_error, burn_reason,"
        " recorded_at, content_digest, content"
    )
    store.run(
        f"INSERT INTO form_intents ({columns}) SELECT identifier, 'duplicate', 1, 1, 'pending',"
        " 'f' || substr(storage_key, 2), seal_level, template_digest, fonts_digest, typst_digest,"
        " client_id, route, idempotency_key, requested_by, actor, sealed_by, approved_by,"
        " approvals_required, 0, '', '', recorded_at, content_digest, content FROM intents"
    )
    found = _backlog(store.registry).intents
    assert (found.number, found.since) == (1, records.intent(1).recorded_at)


def test_events_and_locks(store: Store) -> None:
    locking = SqlRegistry(store.options, store.cipher, store.clock, locking=True)
    intents = [records.intent(1)]
    with locking.begin() as unit:
        unit.reserve(intents)
        unit.commit()
    with locking.begin() as unit:
        unit.publish([records.publication(item) for item in intents])
        unit.add_events(
            [OutboxEvent("e-1", "certificate.issued", intents[0].identifier, {}, store.clock.now())]
        )
        unit.commit()
    found = _backlog(locking)
    locking.close()
    assert (found.events.number, found.locks.number) == (1, 1)
    assert found.events.since is not None
    assert found.locks.since is not None
    assert found.dead == found.deliveries.number == 0
