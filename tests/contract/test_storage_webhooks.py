"""Webhooks and deliveries: events become deliveries once, and one worker at a time tries each."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.registry.notices import ChangeQuery, DeliveryQuery, DeliveryStatus, Webhook
from certlib.usecases.addressees import Addressees
from certlib.webhooks import CHANGED, EVERY, ISSUED, STATE_CHANGED, event_id
from tests.contract.conftest import Store
from tests.fakes import records

HOOK = Webhook(
    webhook_id="whk_1",
    department_code=records.ISSUER,
    url="https://receiver.example/hook?key=planted-key",
    topics=(EVERY,),
    type_codes=(),
    description="办件系统",
    secret="whsec_cGxhbnRlZC1zZWNyZXQ=",
    created_at=records.AT,
    created_by="client/officer",
)
MINUTE = timedelta(minutes=1)


def _put(store: Store, *hooks: Webhook) -> None:
    with store.registry.begin() as unit:
        for hook in hooks:
            unit.put_webhook(hook)
        unit.commit()


def _publish(store: Store, *numbers: int, announced: bool = True) -> None:
    intents = [records.intent(number) for number in numbers]
    store.reserve(*intents)
    with store.registry.begin() as unit:
        unit.publish([records.publication(item) for item in intents])
        unit.append_audit([records.audit(item.identifier, act="issue") for item in intents])
        if announced:
            unit.add_events(
                [records.event(f"{item.identifier}:1", item.identifier) for item in intents]
            )
        unit.commit()


def _fan_out(store: Store, limit: int = 100, *, commit: bool = True) -> int:
    with store.registry.begin() as unit:
        taken = unit.take_events(limit)
        told = Addressees(unit, store.clock.now()).deliveries(taken, unit.active_webhooks())
        unit.queue(list(told))
        unit.mark_told(taken, store.clock.now())
        if commit:
            unit.commit()
    return len(taken)


def _replay(store: Store, hook: Webhook, lines) -> int:
    with store.registry.begin() as unit:
        events = unit.events_of(lines)
        queued = list(Addressees(unit, store.clock.now()).deliveries(events, [hook]))
        unit.requeue(queued)
        unit.commit()
    return len(queued)


def _lease(store: Store, limit: int = 10, busy: tuple[str, ...] = ()):
    now = store.clock.now()
    with store.registry.begin() as unit:
        batch = unit.lease_deliveries(now, now + MINUTE, limit, busy)
        unit.commit()
    return batch


def _settle(store: Store, *deliveries) -> None:
    with store.registry.begin() as unit:
        unit.settle(deliveries)
        unit.commit()


def _deliveries(store: Store, hook: Webhook = HOOK, **query):
    with store.registry.read() as session:
        return list(session.deliveries(DeliveryQuery(hook.webhook_id, 1000, **query)))


def test_a_webhook_is_kept_with_its_secrets_sealed(store: Store) -> None:
    until = records.AT + MINUTE
    changed = replace(HOOK, former_secret="whsec_Zm9ybWVy", former_until=until)
    _put(store, HOOK, replace(HOOK, webhook_id="whk_2", department_code="other"))
    with store.registry.read() as session:
        assert session.webhook("whk_1") == HOOK
        assert session.webhooks(records.ISSUER) == [HOOK]
        assert session.webhook("whk_9") is None
    _put(store, changed)
    _put(store, replace(changed, disabled_at=records.AT, disabled_reason="asked"))
    with store.registry.read() as session:
        assert session.webhook("whk_1").former_secret == "whsec_Zm9ybWVy"
        assert session.webhook("whk_1").secrets(until) == (HOOK.secret,)
        assert session.webhook("whk_1").secrets(records.AT) == (HOOK.secret, "whsec_Zm9ybWVy")
    raw = b"".join(
        bytes(item) for row in store.rows("SELECT url, secret FROM webhooks") for item in row
    )
    assert b"planted" not in raw
    assert b"whsec" not in raw


def test_an_event_becomes_one_delivery_for_each_webhook_that_wants_it(store: Store) -> None:
    hooks = [
        HOOK,
        replace(HOOK, webhook_id="whk_topic", topics=(ISSUED,)),
        replace(HOOK, webhook_id="whk_type", type_codes=(records.TYPE, "x")),
        replace(HOOK, webhook_id="whk_other_topic", topics=(STATE_CHANGED,)),
        replace(HOOK, webhook_id="whk_other_type", type_codes=("x",)),
        replace(HOOK, webhook_id="whk_other_department", department_code="other"),
        replace(HOOK, webhook_id="whk_off", disabled_at=records.AT, disabled_reason="asked"),
    ]
    _put(store, *hooks)
    _publish(store, 1)
    assert _fan_out(store) == 1
    assert _fan_out(store) == 0
    reached = {hook.webhook_id for hook in hooks if _deliveries(store, hook)}
    assert reached == {"whk_1", "whk_topic", "whk_type"}
    (delivery,) = _deliveries(store)
    assert delivery.event_id == event_id(records.identifier(1), 1)
    assert (delivery.topic, delivery.status, delivery.attempts) == (ISSUED, "waiting", 0)
    assert (delivery.change.act, delivery.change.identifier) == ("issue", records.identifier(1))


def test_an_act_that_announced_nothing_is_announced_by_its_commit(store: Store) -> None:
    """No use case can forget a receiver: each version that the feed tells has an event."""
    _put(store, HOOK)
    _publish(store, 1, announced=False)
    assert _fan_out(store) == 1
    assert [item.topic for item in _deliveries(store)] == [CHANGED]


def test_an_event_of_something_else_is_taken_and_told_to_nobody(store: Store) -> None:
    _put(store, HOOK)
    with store.registry.begin() as unit:
        unit.add_events([records.event("type-published"), records.event("x:1", "x")])
        unit.commit()
    with store.registry.read() as session:
        assert session.events_waiting()
        assert session.backlog().events.number == 2
    assert _fan_out(store) == 2
    assert _deliveries(store) == []
    with store.registry.read() as session:
        assert not session.events_waiting()


def test_a_crash_before_the_commit_leaves_the_event_untaken(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1)
    _fan_out(store, commit=False)
    assert _deliveries(store) == []
    assert _fan_out(store) == 1
    assert len(_deliveries(store)) == 1


def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1, 2)
    _fan_out(store)
    with store.registry.read() as session:
        assert session.delivery_due(store.clock.now())
    first = _lease(store, limit=1)
    second = _lease(store)
    assert [len(batch.deliveries) for batch in (first, second)] == [1, 1]
    assert first.webhook == HOOK
    assert first.deliveries[0].attempts == 1
    assert _lease(store) is None
    with store.registry.read() as session:
        assert not session.delivery_due(store.clock.now())
    store.clock.move(seconds=60)
    again = _lease(store)
    assert [item.attempts for item in again.deliveries] == [2, 2]
    assert [item.change.sequence for item in again.deliveries] == sorted(
        item.change.sequence for item in again.deliveries
    )


def test_a_busy_or_disabled_webhook_is_left_alone(store: Store) -> None:
    other = replace(HOOK, webhook_id="whk_2")
    _put(store, HOOK, other)
    _publish(store, 1)
    _fan_out(store)
    assert _lease(store, busy=("whk_1",)).webhook == other
    assert _lease(store, busy=("whk_1", "whk_2")) is None
    _put(store, replace(HOOK, disabled_at=records.AT, disabled_reason="gone"))
    assert _lease(store) is None


def test_what_became_of_it_is_kept_once(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1)
    _fan_out(store)
    (delivery,) = _lease(store).deliveries
    now = store.clock.now()
    later = replace(delivery, next_at=now + 2 * MINUTE, last_status=500, last_error="status-500")
    _settle(store, later)
    (kept,) = _deliveries(store)
    assert (kept.last_status, kept.last_error, kept.next_at) == (500, "status-500", later.next_at)
    assert _lease(store) is None
    store.clock.move(seconds=120)
    (again,) = _lease(store).deliveries
    _settle(store, later)  # an answer that comes after its lease: somebody else tries meanwhile
    assert _deliveries(store)[0].next_at == again.next_at
    done = replace(again, status=DeliveryStatus.DELIVERED, delivered_at=now, last_status=200)
    _settle(store, done)
    _settle(store, replace(again, status=DeliveryStatus.DEAD))
    (kept,) = _deliveries(store)
    assert (kept.status, kept.delivered_at) == ("delivered", now)
    assert _deliveries(store, status=DeliveryStatus.WAITING) == []


def test_what_was_not_tried_is_put_back_uncounted(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1)
    _fan_out(store)
    batch = _lease(store)
    with store.registry.begin() as unit:
        unit.put_back([replace(item, next_at=store.clock.now()) for item in batch.deliveries])
        unit.commit()
    (again,) = _lease(store).deliveries
    assert again.attempts == 1


def test_a_replay_queues_what_was_settled_and_what_was_never_sent(store: Store) -> None:
    _publish(store, 1, 2)
    _fan_out(store)  # before there was a webhook
    _put(store, HOOK)
    with store.registry.read() as session:
        lines = session.changes(ChangeQuery())
    assert _replay(store, HOOK, lines[:1]) == 1
    (dead,) = _lease(store).deliveries
    _settle(store, replace(dead, status=DeliveryStatus.DEAD, last_error="timeout"))
    assert _replay(store, replace(HOOK, topics=(STATE_CHANGED,)), lines) == 0
    assert _replay(store, HOOK, lines) == 2
    queued = _deliveries(store)
    assert [(item.status, item.attempts, item.topic) for item in queued] == [
        ("waiting", 0, ISSUED)
    ] * 2
    assert queued[1].event_id == dead.event_id


def test_pages_go_from_the_newest_back(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1, 2, 3)
    _fan_out(store)
    everything = [item.change.sequence for item in _deliveries(store)]
    assert everything == sorted(everything, reverse=True)
    assert [item.change.sequence for item in _deliveries(store, before=everything[0])] == (
        everything[1:]
    )
    with store.registry.read() as session:
        one = session.deliveries(DeliveryQuery("whk_1", 1))[0]
        assert session.delivery(one.delivery_id) == one
        assert session.delivery("dlv_x") is None
        found = session.backlog()
        assert (found.deliveries.number, found.dead, found.events.number) == (3, 0, 0)


def test_settled_deliveries_are_forgotten_and_waiting_ones_are_not(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1, 2)
    _fan_out(store)
    (delivery,) = _lease(store, limit=1).deliveries
    _settle(store, replace(delivery, status=DeliveryStatus.DEAD))
    with store.registry.read() as session:
        found = session.backlog()
        assert (found.deliveries.number, found.dead) == (1, 1)
    with store.registry.begin() as unit:
        assert unit.forget_deliveries(store.clock.now(), 100) == 0
        assert unit.forget_deliveries(store.clock.now() + MINUTE, 100) == 1
        unit.commit()
    assert len(_deliveries(store)) == 1


def test_removing_a_webhook_removes_its_deliveries(store: Store) -> None:
    _put(store, HOOK)
    _publish(store, 1)
    _fan_out(store)
    with store.registry.begin() as unit:
        unit.remove_webhook("whk_1")
        unit.commit()
    assert _deliveries(store) == []
    with store.registry.read() as session:
        assert session.webhook("whk_1") is None


@pytest.mark.parametrize("workers", [4])
def test_workers_that_race_queue_each_event_once_and_try_each_delivery_alone(
    store: Store, workers: int
) -> None:
    hooks = [replace(HOOK, webhook_id=f"whk_{number}") for number in range(3)]
    _put(store, *hooks)
    _publish(store, *range(1, 31))
    taken: list[int] = []
    tried: list[str] = []
    faults: list[BaseException] = []
    barrier = threading.Barrier(workers)

    def work() -> None:
        try:
            barrier.wait()
            while (count := _fan_out(store, limit=7)) > 0:
                taken.append(count)
            barrier.wait()
            while (batch := _lease(store, limit=4)) is not None:
                tried.extend(item.delivery_id for item in batch.deliveries)
                done = {"status": DeliveryStatus.DELIVERED, "delivered_at": records.AT}
                _settle(store, *(replace(item, **done) for item in batch.deliveries))
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test must see it
            faults.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sum(taken) == 30
    assert len(tried) == len(set(tried)) == 90
    assert all(
        item.status == "delivered" and item.attempts == 1
        for hook in hooks
        for item in _deliveries(store, hook)
    )
