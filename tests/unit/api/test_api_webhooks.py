"""Webhooks over HTTP: registered, tested, switched, removed; deliveries looked at and replayed."""

import pytest

from certlib.ports import Receipt
from tests.unit.api.api_world import SECRET

ORDER = {"url": "https://receiver.example/hook?key=k", "topics": ["certificate.*"]}


def _ask(world, method, path, client="transport", key=None, **arguments):
    headers = world.bearer(client) | ({"Idempotency-Key": key} if key else {})
    return world.browser.ask(method, f"/v1/webhooks{path}", headers=headers, **arguments)


@pytest.fixture
def hook(world):
    answer = _ask(world, "POST", "", key="w-1", json=ORDER)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _carry(world):
    deliver = world.house.notices.deliver
    deliver.fan_out()
    while (batch := deliver.lease()) is not None:
        deliver.send(batch)


def test_a_new_webhook_has_an_address_and_a_secret(world, hook):
    assert hook["secret"].startswith("whsec_")
    assert (hook["topics"], hook["type_codes"], hook["disabled_at"]) == (
        ["certificate.*"],
        [],
        None,
    )
    again = _ask(world, "POST", "", key="w-1", json=ORDER)
    assert again.json() == hook
    assert again.headers["location"] == f"/v1/webhooks/{hook['webhook_id']}"
    assert again.headers["cache-control"] == "no-store"


def test_no_later_answer_shows_the_secret(world, hook):
    path = f"/{hook['webhook_id']}"
    shown = {key: value for key, value in hook.items() if key != "secret"}
    assert _ask(world, "GET", path).json() == shown
    assert _ask(world, "GET", "").json() == {"webhooks": [shown]}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"url": "http://receiver.example/"}, "/url", "url-malformed"),
        ({"url": "https://127.0.0.1/"}, "/url", "url-address-refused"),
        ({"url": "https://receiver.example:8443/"}, "/url", "url-port"),
        ({"topics": []}, "/topics", "too-few"),
        ({"topics": ["certificate.isued"]}, "/topics/0", "not-in-list"),
        ({"type_codes": [""]}, "/type_codes/0", "too-short"),
        ({"secret": "mine"}, "/secret", "field-unknown"),
    ],
)
def test_what_is_wrong_is_named(world, changes, field, code):
    answer = _ask(world, "POST", "", key="w-1", json=ORDER | changes)
    assert answer.status_code == 422
    assert [(item["field"], item["code"]) for item in answer.json()["problems"]] == [(field, code)]


def test_a_webhook_is_switched_off_and_on_rotated_and_removed(world, hook):
    path = f"/{hook['webhook_id']}"
    off = _ask(world, "POST", path + "/disable", key="k-1").json()
    assert off["disabled_reason"] == "asked"
    assert _ask(world, "POST", path + "/enable", key="k-2").json()["disabled_at"] is None
    rotated = _ask(world, "POST", path + "/secret", key="k-3").json()
    assert rotated["secret"] not in ("", hook["secret"])
    assert rotated["former_secret_until"] == "2026-11-23T02:00:00Z"
    gone = _ask(world, "DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert _ask(world, "GET", path).status_code == 404
    assert _ask(world, "DELETE", path).status_code == 404
    acts = [record.act for record in world.house.audit()]
    assert acts == [
        "add-webhook",
        "disable-webhook",
        "enable-webhook",
        "rotate-webhook",
        "remove-webhook",
    ]


def test_a_test_event_tells_what_came_back(world, hook):
    path = f"/{hook['webhook_id']}/test"
    world.house.outside.receipts = [Receipt(204), Receipt(0, "tls"), Receipt(500, "status-500")]
    assert [_ask(world, "POST", path).json() for _ in range(3)] == [
        {"status": 204, "error": "", "delivered": True},
        {"status": 0, "error": "tls", "delivered": False},
        {"status": 500, "error": "status-500", "delivered": False},
    ]


def test_deliveries_are_listed_page_by_page_and_replayed(world, hook):
    path = f"/{hook['webhook_id']}/deliveries"
    for number in range(3):
        world.issued(f"k-{number}", number=f"n-{number}")
    world.house.outside.receipts = [Receipt(503, "status-503")]
    _carry(world)
    first = _ask(world, "GET", path, params={"limit": 2})
    assert len(first.json()["deliveries"]) == 2
    last = world.browser.get(first.links["next"]["url"], headers=world.bearer())
    assert "link" not in last.headers
    rest = last.json()
    assert (len(rest["deliveries"]), rest["after"]) == (1, "")
    (failed,) = rest["deliveries"]
    assert (failed["status"], failed["attempts"], failed["last_status"]) == ("waiting", 1, 503)
    assert failed["next_at"] > failed["last_at"]
    assert failed["delivered_at"] is None
    done = _ask(world, "GET", path, params={"status": "delivered"}).json()["deliveries"]
    assert len(done) == 2
    assert done[0]["next_at"] is None
    replayed = _ask(world, "POST", f"{path}/{done[0]['delivery_id']}/replay", key="p-1").json()
    assert replayed == {"webhook_id": hook["webhook_id"], "queued": 1}
    _carry(world)
    sent = [letter.headers["webhook-id"] for _, letter in world.house.outside.posted]
    assert sent.count(done[0]["event_id"]) == 2


def test_a_stretch_is_replayed(world, hook):
    world.issued()
    _carry(world)
    asked = {"from": "2026-11-22T01:00:00Z", "until": "2026-11-22T11:00:00+08:00"}
    path = f"/{hook['webhook_id']}/replays"
    answer = _ask(world, "POST", path, key="p-1", json=asked)
    assert answer.json()["queued"] == 1
    wrong = _ask(world, "POST", path, key="p-2", json=asked | {"from": "yesterday"})
    assert wrong.json()["problems"][0]["field"] == "/from"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/dlv_0/replay"),
    ],
)
def test_another_departments_webhook_is_not_found(world, hook, method, path):
    place = f"/{hook['webhook_id']}{path}"
    answer = _ask(world, method, place, client="reform", key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_the_scope_is_needed(world, hook):
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{hook['webhook_id']}")):
        answer = _ask(world, method, path, client="reader", key="k", json=ORDER)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


@pytest.mark.parametrize("webhook_id", ["x", "whk_ZZ", "whk_"])
def test_what_is_no_id_is_named(world, webhook_id):
    answer = _ask(world, "GET", f"/{webhook_id}")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "path:webhook_id"


def test_neither_address_nor_secret_stand_in_log_or_history(world, hook, caplog):
    world.issued()
    world.house.outside.receipts = [Receipt(0, "timeout")]
    _carry(world)
    kept = caplog.text + str(world.house.audit())
    for secret in ("receiver.example", "key=k", hook["secret"], SECRET):
        assert secret not in kept


def test_what_waits_is_measured(world, hook):
    world.issued()
    text = world.browser.get("/metrics").text
    assert 'certlib_webhook_queue{status="outbox"} 1.0' in text
    world.house.notices.deliver.fan_out()
    text = world.browser.get("/metrics").text
    assert 'certlib_webhook_queue{status="waiting"} 1.0' in text
    assert 'certlib_webhook_queue{status="dead"} 0.0' in text
