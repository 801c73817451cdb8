"""Webhooks: signed as the specification says, at least once, one id for each event."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib import webhooks
from certlib.certificate import Decision
from certlib.errors import IdempotencyMismatch, Invalid, NotFound, ScopeMissing
from certlib.holder_changes import ChangeKind
from certlib.ports import Receipt
from certlib.registry import OutboxEvent
from certlib.registry.notices import DeliveryQuery, DeliveryStatus
from certlib.states import Action
from certlib.usecases.caller import Caller
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.manage_webhooks import MOST, WebhookOrder
from certlib.usecases.record_holders import HolderChangeRequest
from tests.unit.usecases.house import CALLER, ISSUER, NOW, STRANGER, TYPE, request

URL = "https://receiver.example/hook"
ORDER = WebhookOrder(URL, (webhooks.EVERY,), (), "办件系统")
READER = Caller("reader", ISSUER, frozenset({"certificates:read"}))


@pytest.fixture
def manage(house):
    return house.notices.webhooks


@pytest.fixture
def deliver(house):
    return house.notices.deliver


@pytest.fixture
def hook(manage):
    return manage.create(CALLER, ORDER, "w-1")


def _issue(house, key="key-1", **changes):
    return house.issue.issue_one(CALLER, request(key, **changes)).identifier


def _revoke(house, identifier, key="r-1"):
    decision = Decision(
        Action.REVOKE, "penalty", NOW.date(), "某法第一条", "揭交罚〔2026〕1号", "揭阳市交通运输局"
    )
    house.change.change(CALLER, ChangeRequest(identifier, decision, key))


def _carry(deliver):
    """Everything that is due now."""
    while deliver.fan_out():
        pass
    found = []
    while (batch := deliver.lease()) is not None:
        found.append(deliver.send(batch))
    return found


def _deliveries(house, hook, **query):
    with house.registry.read() as session:
        return session.deliveries(DeliveryQuery(hook["webhook_id"], 100, **query))


# --- the specification ------------------------------------------------------------------------


def test_a_signature_is_that_of_the_specification():
    """The example of the Standard Webhooks reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signed = webhooks.headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_are_as_long_as_the_specification_asks(hook):
    octets = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    assert 24 <= len(octets) <= 64


@given(st.text(), st.integers(1, 10**6))
def test_ids_hold_no_full_stop_and_are_the_same_every_time(identifier, version):
    event = webhooks.event_id(identifier, version)
    assert "." not in event
    assert event == webhooks.event_id(identifier, version)
    assert event != webhooks.event_id(identifier, version + 1)
    assert webhooks.delivery_id("whk_1", event) != webhooks.delivery_id("whk_2", event)


def test_waits_grow_threefold_up_to_six_hours_and_are_spread():
    plain = [webhooks.delay(attempt, 0.5) for attempt in range(1, webhooks.MOST_ATTEMPTS)]
    assert plain[:4] == [5, 15, 45, 135]
    assert plain[-1] == 21_600
    assert 20 * 3600 <= sum(plain) <= 26 * 3600
    assert webhooks.delay(1, 0.0) == 4
    assert webhooks.delay(1, 1.0) == 6


@pytest.mark.parametrize(
    ("subscribed", "topic", "wanted"),
    [
        (("certificate.*",), "certificate.issued", True),
        (("certificate.*",), "type.published", False),
        (("certificate.issued",), "certificate.issued", True),
        (("certificate.issued",), "certificate.changed", False),
    ],
)
def test_topics(subscribed, topic, wanted):
    assert webhooks.wants(subscribed, topic) is wanted


# --- what is sent -----------------------------------------------------------------------------


def test_what_happened_is_posted_signed_and_without_anything_personal(house, hook, deliver):
    identifier = _issue(house)
    _revoke(house, identifier)
    (sent,) = _carry(deliver)
    assert (sent.delivered, sent.failed, sent.dead, sent.reachable) == (2, 0, 0, True)
    (url, first), (_, second) = house.outside.posted
    assert url == URL
    assert first.headers["content-type"] == "application/json"
    key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    for letter in (first, second):
        signed = ".".join(
            (
                letter.headers["webhook-id"],
                letter.headers["webhook-timestamp"],
                letter.body.decode(),
            )
        )
        code = base64.b64encode(hmac.digest(key, signed.encode(), hashlib.sha256)).decode()
        assert letter.headers["webhook-signature"] == f"v1,{code}"
        assert int(letter.headers["webhook-timestamp"]) == NOW.timestamp()
    assert json.loads(second.body) == {
        "type": "certificate.state-changed",
        "timestamp": "2026-11-22T02:00:00Z",
        "data": {
            "identifier": identifier,
            "type_code": TYPE,
            "issuer_code": ISSUER,
            "act": "revoke",
            "state": "REVOKED",
            "row_version": 2,
            "recorded_at": "2026-11-22T02:00:00Z",
        },
    }
    assert _carry(deliver) == []
    assert [item.status for item in _deliveries(house, hook)] == ["delivered"] * 2


def test_what_happens_to_a_holder_is_for_the_feed_alone(house, hook, deliver):
    """No version moves, so there is no event: neither now nor when the time is replayed."""
    identifier = _issue(house)
    (holder,) = house.certificate(identifier).content.holders
    after = replace(holder, name="揭阳市示例物流有限公司")
    change = HolderChangeRequest(ChangeKind.RENAMED, (holder,), (after,), NOW.date(), "登记", "h-1")
    house.holders.record(CALLER, change)
    _carry(deliver)
    assert len(house.outside.posted) == 1
    answer = house.notices.deliveries.stretch(CALLER, hook["webhook_id"], NOW, NOW, "r-1")
    assert answer["queued"] == 1
    _carry(deliver)
    told = [json.loads(letter.body)["data"]["act"] for _, letter in house.outside.posted]
    assert told == ["issue", "issue"]


def test_a_superseded_version_is_told_of_too(house, hook, deliver):
    old = _issue(house)
    _issue(house, "key-2", supersedes=old, supersede_reason="renewal")
    _carry(deliver)
    told = [json.loads(letter.body)["data"] for _, letter in house.outside.posted]
    assert [(item["identifier"] == old, item["act"]) for item in told] == [
        (True, "issue"),
        (True, "supersede"),
        (False, "issue"),
    ]


def test_a_failure_is_tried_again_later_with_the_same_id(house, hook, deliver):
    _issue(house)
    house.outside.receipts = [Receipt(500, "status-500")]
    (sent,) = _carry(deliver)
    assert (sent.delivered, sent.failed, sent.reachable) == (0, 1, True)
    (waiting,) = _deliveries(house, hook)
    assert (waiting.status, waiting.attempts, waiting.last_status) == ("waiting", 1, 500)
    assert 4 <= (waiting.next_at - NOW).total_seconds() <= 6
    assert _carry(deliver) == []
    house.clock.pass_time(seconds=7)
    _carry(deliver)
    assert len({letter.headers["webhook-id"] for _, letter in house.outside.posted}) == 1
    assert len({letter.body for _, letter in house.outside.posted}) == 1
    assert len({letter.headers["webhook-timestamp"] for _, letter in house.outside.posted}) == 2
    assert _deliveries(house, hook)[0].status == "delivered"


def test_a_receiver_may_ask_for_a_longer_wait(house, hook, deliver):
    _issue(house)
    house.outside.receipts = [Receipt(503, "status-503", retry_after=600)]
    _carry(deliver)
    assert _deliveries(house, hook)[0].next_at == NOW + timedelta(seconds=600)


def test_after_twelve_failures_a_letter_is_dead_and_can_be_replayed(house, hook, deliver):
    _issue(house)
    house.outside.receipts = [Receipt(0, "timeout")] * webhooks.MOST_ATTEMPTS
    for _ in range(webhooks.MOST_ATTEMPTS + 3):
        _carry(deliver)
        house.clock.pass_time(hours=8)
    (dead,) = _deliveries(house, hook, status=DeliveryStatus.DEAD)
    assert (dead.attempts, dead.last_error) == (webhooks.MOST_ATTEMPTS, "timeout")
    assert len(house.outside.posted) == webhooks.MOST_ATTEMPTS
    answer = house.notices.deliveries.one(CALLER, hook["webhook_id"], dead.delivery_id, "p-1")
    assert answer["queued"] == 1
    _carry(deliver)
    assert _deliveries(house, hook)[0].status == "delivered"


def test_a_receiver_that_does_not_answer_is_not_asked_for_the_rest(house, hook, deliver):
    for number in range(3):
        _issue(house, f"key-{number}", number=f"n-{number}")
    house.outside.receipts = [Receipt(0, "unreachable")]
    deliver.fan_out()
    sent = deliver.send(deliver.lease())
    assert (sent.failed, sent.reachable) == (1, False)
    assert sorted(item.attempts for item in _deliveries(house, hook)) == [0, 0, 1]
    (rest,) = _carry(deliver)
    assert rest.delivered == 2


def test_a_service_that_ends_puts_back_what_it_has_not_tried(house, hook, deliver):
    for number in range(3):
        _issue(house, f"key-{number}", number=f"n-{number}")
    deliver.fan_out()
    halts = iter([False, True])
    sent = deliver.send(deliver.lease(), lambda: next(halts))
    assert (sent.delivered, sent.reachable) == (1, True)
    deliver.send(deliver.lease(), lambda: True)
    assert len(house.outside.posted) == 1
    assert sorted(item.attempts for item in _deliveries(house, hook)) == [0, 0, 1]


def test_a_receiver_that_is_gone_switches_its_webhook_off(house, hook, deliver, manage):
    for number in range(2):
        _issue(house, f"key-{number}", number=f"n-{number}")
    house.outside.receipts = [Receipt(410, "status-410")]
    _carry(deliver)
    found = manage.read(CALLER, hook["webhook_id"])
    assert (found.disabled_at, found.disabled_reason) == (NOW, "gone")
    assert house.audit()[-1].act == "disable-webhook"
    assert len(house.outside.posted) == 1
    again = manage.switch(CALLER, hook["webhook_id"], "on-1", on=True)
    assert again["disabled_at"] is None
    house.clock.pass_time(hours=1)
    (sent,) = _carry(deliver)
    assert sent.delivered == 2


def test_a_webhook_that_is_removed_while_it_is_told_stays_removed(house, hook, deliver, manage):
    _issue(house)
    deliver.fan_out()
    batch = deliver.lease()
    manage.remove(CALLER, hook["webhook_id"])
    house.outside.receipts = [Receipt(410, "status-410")]
    deliver.send(batch)
    assert manage.every(CALLER) == []


def test_one_that_was_switched_off_meanwhile_is_not_switched_off_twice(
    house, hook, deliver, manage
):
    _issue(house)
    deliver.fan_out()
    batch = deliver.lease()
    manage.switch(CALLER, hook["webhook_id"], "off-1", on=False)
    house.outside.receipts = [Receipt(410, "status-410")]
    deliver.send(batch)
    assert manage.read(CALLER, hook["webhook_id"]).disabled_reason == "asked"


def test_a_test_event_goes_out_at_once_and_leaves_no_delivery(house, hook, deliver, manage):
    house.outside.receipts = [Receipt(204)]
    assert deliver.test(manage.read(CALLER, hook["webhook_id"])) == Receipt(204)
    ((_, letter),) = house.outside.posted
    assert json.loads(letter.body)["type"] == "webhook.test"
    assert _deliveries(house, hook) == []


def test_what_was_settled_long_ago_is_forgotten(house, hook, deliver):
    _issue(house)
    _carry(deliver)
    assert deliver.forget() == 0
    house.clock.pass_time(days=91)
    assert deliver.forget() == 1
    assert deliver.forget() == 0


# --- who is told ------------------------------------------------------------------------------


def test_only_the_department_that_keeps_the_certificate_is_told(house, manage, deliver):
    manage.create(STRANGER, ORDER, "w-1")
    _issue(house)
    assert _carry(deliver) == []
    assert deliver.fan_out() == 0


def test_topics_and_types_narrow_what_is_told(house, manage, deliver):
    manage.create(CALLER, WebhookOrder(URL + "/1", (webhooks.STATE_CHANGED,)), "w-1")
    manage.create(CALLER, WebhookOrder(URL + "/2", (webhooks.EVERY,), ("other",)), "w-2")
    manage.create(CALLER, WebhookOrder(URL + "/3", (webhooks.ISSUED,), (TYPE,)), "w-3")
    _revoke(house, _issue(house))
    _carry(deliver)
    assert sorted(url[-1] for url, _ in house.outside.posted) == ["1", "3"]


def test_an_event_of_something_else_is_told_to_nobody(house, hook, deliver):
    with house.registry.begin() as uow:
        uow.add_events([OutboxEvent("type:1", "type.published", "", {}, NOW)])
        uow.commit()
    assert deliver.fan_out() == 1
    assert _carry(deliver) == []


# --- managing ---------------------------------------------------------------------------------


def test_the_secret_is_told_once_and_with_the_same_key_again(house, manage, hook):
    assert manage.create(CALLER, ORDER, "w-1") == hook
    with pytest.raises(IdempotencyMismatch):
        manage.create(CALLER, WebhookOrder(URL, (webhooks.ISSUED,)), "w-1")
    found = manage.read(CALLER, hook["webhook_id"])
    assert found.secret == hook["secret"]
    assert [item.webhook_id for item in manage.every(CALLER)] == [hook["webhook_id"]]
    last = house.audit()[-1]
    assert (last.act, last.target) == ("add-webhook", hook["webhook_id"])
    assert "receiver.example" not in str(last.details)


def test_while_a_secret_is_replaced_both_sign(house, manage, hook, deliver):
    new = manage.rotate(CALLER, hook["webhook_id"], "s-1")
    assert new["secret"] != hook["secret"]
    assert new["former_secret_until"] == "2026-11-23T02:00:00Z"
    _issue(house)
    _carry(deliver)
    house.clock.pass_time(hours=24)
    _issue(house, "key-2", number="n-2")
    _carry(deliver)
    (_, both), (_, one) = house.outside.posted
    expected = [
        webhooks.signature(
            secret, both.headers["webhook-id"], int(both.headers["webhook-timestamp"]), both.body
        )
        for secret in (new["secret"], hook["secret"])
    ]
    assert both.headers["webhook-signature"].split(" ") == expected
    assert len(one.headers["webhook-signature"].split(" ")) == 1


def test_switched_off_nothing_is_queued_and_a_replay_makes_up_for_it(house, manage, hook, deliver):
    webhook_id = hook["webhook_id"]
    off = manage.switch(CALLER, webhook_id, "off-1", on=False)
    assert off["disabled_reason"] == "asked"
    house.clock.pass_time(minutes=1)
    again = manage.switch(CALLER, webhook_id, "off-2", on=False)
    assert again["disabled_at"] == off["disabled_at"]
    _issue(house)
    assert _carry(deliver) == []
    manage.switch(CALLER, webhook_id, "on-1", on=True)
    since, until = NOW, NOW + timedelta(minutes=1)
    replay = house.notices.deliveries.stretch
    assert replay(CALLER, webhook_id, since, until, "p-1") == {
        "webhook_id": webhook_id,
        "queued": 1,
    }
    assert replay(CALLER, webhook_id, since, until, "p-1")["queued"] == 1
    assert replay(CALLER, webhook_id, NOW, NOW, "p-2")["queued"] == 0
    (sent,) = _carry(deliver)
    assert sent.delivered == 1


def test_a_replay_is_bounded_and_forwards(house, hook, monkeypatch):
    for number in range(2):
        _issue(house, f"key-{number}", number=f"n-{number}")
    replay = house.notices.deliveries.stretch
    with pytest.raises(Invalid) as caught:
        replay(CALLER, hook["webhook_id"], NOW, NOW - timedelta(seconds=1), "p-1")
    assert caught.value.problems[0].field == "/until"
    monkeypatch.setattr("certlib.usecases.replay_deliveries.MOST", 1)
    with pytest.raises(Invalid) as caught:
        replay(CALLER, hook["webhook_id"], NOW, NOW, "p-2")
    assert caught.value.problems[0].code == "replay-too-long"


def test_pages_of_deliveries(house, hook, deliver):
    for number in range(3):
        _issue(house, f"key-{number}", number=f"n-{number}")
    deliver.fan_out()
    deliveries = house.notices.deliveries
    first = deliveries.page(CALLER, DeliveryQuery(hook["webhook_id"], 2))
    assert len(first.deliveries) == 2
    rest = deliveries.page(CALLER, DeliveryQuery(hook["webhook_id"], 2, first.before))
    assert (len(rest.deliveries), rest.before) == (1, None)


def test_a_department_has_so_many_webhooks_and_no_more(manage):
    for number in range(MOST):
        manage.create(CALLER, ORDER, f"w-{number}")
    with pytest.raises(Invalid) as caught:
        manage.create(CALLER, ORDER, "w-more")
    assert caught.value.problems[0].code == "webhooks-too-many"


def test_what_is_another_departments_is_not_there(house, manage, hook, deliver):
    _issue(house)
    deliver.fan_out()
    (delivery,) = _deliveries(house, hook)
    own = manage.create(STRANGER, ORDER, "w-1")["webhook_id"]
    webhook_id, deliveries = hook["webhook_id"], house.notices.deliveries
    for act in (
        lambda: manage.read(STRANGER, webhook_id),
        lambda: manage.read(CALLER, "whk_0"),
        lambda: manage.rotate(STRANGER, webhook_id, "k"),
        lambda: manage.switch(STRANGER, webhook_id, "k", on=True),
        lambda: manage.remove(STRANGER, webhook_id),
        lambda: deliveries.page(STRANGER, DeliveryQuery(webhook_id, 2)),
        lambda: deliveries.one(STRANGER, webhook_id, delivery.delivery_id, "k"),
        lambda: deliveries.one(STRANGER, own, delivery.delivery_id, "k"),
        lambda: deliveries.one(CALLER, webhook_id, "dlv_0", "k"),
        lambda: deliveries.stretch(STRANGER, webhook_id, NOW, NOW, "k"),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_scope_is_needed(manage, hook):
    for act in (
        lambda: manage.create(READER, ORDER, "k"),
        lambda: manage.every(READER),
        lambda: manage.read(READER, hook["webhook_id"]),
        lambda: manage.remove(READER, hook["webhook_id"]),
    ):
        with pytest.raises(ScopeMissing):
            act()
