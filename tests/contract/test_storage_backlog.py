"""What waits is counted and dated, on both engines; what is done waits no longer."""

from datetime import datetime, timedelta

from certlib.document import Form
from certlib.registry import Backlog, OutboxEvent, Queue
from storage import SqlRegistry
from tests.contract.conftest import Store
from tests.fakes import records

AT, SECOND = records.AT, timedelta(seconds=1)


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


def test_what_is_under_way_of_an_issuer_is_counted_up_to_an_instant(store: Store) -> None:
    def under_way(code: str = records.ISSUER, at: datetime = AT) -> int:
        with store.registry.read() as session:
            return session.under_way(code, at)

    assert under_way() == 0
    store.publish(records.intent(1))
    store.reserve(records.intent(2, recorded_at=AT), records.intent(3, recorded_at=AT + SECOND))
    assert under_way() == 1
    assert under_way(at=AT - SECOND) == 0
    assert under_way(at=AT + SECOND) == 2
    assert under_way("11445200990090016H") == 0
    content = records.content(1).in_form(Form("duplicate", 1))
    added = records.intent(1, of=content, storage_key="b" * 32, recorded_at=AT)
    with store.registry.begin() as unit:
        unit.reserve_form(added)
        unit.commit()
    assert (under_way(), under_way(at=AT - SECOND)) == (2, 0)
    assert under_way("11445200990090016H") == 0
    with store.registry.begin() as unit:
        unit.burn(records.identifier(2), "given-up")
        unit.burn_form(added.storage_key, "given-up")
        unit.commit()
    assert under_way() == 0


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
