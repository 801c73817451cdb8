"""The courier: slow receivers hold up nobody else, silent ones are left alone, nothing is lost."""

import threading
import time

import pytest

from api import courier as module
from api.courier import Courier
from api.notices import Notices
from certlib.errors import StoreUnavailable
from certlib.ports import Receipt
from certlib.registry.notices import DeliveryQuery
from certlib.usecases.manage_webhooks import WebhookOrder
from tests.unit.usecases.house import CALLER


class Town:
    """Receivers by host: each answers as it likes."""

    def __init__(self):
        self.got = []
        self.manners = {}

    def send(self, url, letters):
        for letter in letters:
            self.got.append((url, letter.headers["webhook-id"]))
            yield self.manners.get(url, lambda: Receipt(200))()


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def notices(world, town):
    house = world.house
    return Notices.over(house.registry, town, house.notices.policy, house.clock, house.entropy)


@pytest.fixture
def courier(world, notices):
    made = Courier(notices.deliver, world.site.metrics, threads=2)
    yield made
    made.stop()


def _hook(notices, url):
    order = WebhookOrder(url, ("certificate.*",))
    return notices.webhooks.create(CALLER, order, f"key-{url}")["webhook_id"]


def _until(condition, seconds=20):
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def _statuses(world, webhook_id):
    with world.house.registry.read() as session:
        return [item.status.value for item in session.deliveries(DeliveryQuery(webhook_id, 100))]


def test_what_is_due_is_carried_in_batches(world, town, notices, courier):
    hook = _hook(notices, "https://a.example/")
    for number in range(12):
        world.issued(f"k-{number}", number=f"n-{number}")
    courier.round()
    _until(lambda: _statuses(world, hook) == ["delivered"] * 12)
    assert len({event for _, event in town.got}) == len(town.got) == 12
    text = world.browser.get("/metrics").text
    assert 'certlib_webhook_deliveries_total{outcome="delivered"} 12.0' in text


def test_a_slow_receiver_holds_up_nobody_else(world, town, notices, courier):
    release = threading.Event()
    town.manners["https://slow.example/"] = lambda: release.wait(30) and Receipt(200)
    slow, quick = (_hook(notices, f"https://{name}.example/") for name in ("slow", "quick"))
    world.issued()
    courier.round()
    _until(lambda: _statuses(world, quick) == ["delivered"])
    assert _statuses(world, slow) == ["waiting"]
    # A busy webhook is not taken a second time.
    courier.round()
    assert sum("slow" in url for url, _ in town.got) == 1
    release.set()
    _until(lambda: _statuses(world, slow) == ["delivered"])


def test_a_silent_receiver_is_left_alone_for_a_while_and_comes_back(
    world, town, notices, courier, monkeypatch
):
    moment = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: moment[0])
    hook = _hook(notices, "https://a.example/")
    town.manners["https://a.example/"] = lambda: Receipt(0, "unreachable")
    for number in range(3):
        world.issued(f"k-{number}", number=f"n-{number}")
    courier.round()
    _until(lambda: len(town.got) == 1 and not courier._busy)
    courier.round()
    _until(lambda: not courier._busy)
    assert len(town.got) == 1
    moment[0] += 5.1
    courier.round()
    _until(lambda: len(town.got) == 2 and not courier._busy)
    moment[0] += 5.1  # the second rest is longer
    courier.round()
    assert len(town.got) == 2
    town.manners.clear()
    moment[0] += 5.1
    world.house.clock.pass_time(hours=1)
    courier.round()
    _until(lambda: _statuses(world, hook) == ["delivered"] * 3 and not courier._busy)
    assert courier._resting == {}


def test_dead_letters_are_counted_and_logged(world, town, notices, courier, monkeypatch, caplog):
    monkeypatch.setattr("certlib.usecases.deliver.MOST_ATTEMPTS", 1)
    hook = _hook(notices, "https://a.example/")
    town.manners["https://a.example/"] = lambda: Receipt(500, "status-500")
    world.issued()
    courier.round()
    _until(lambda: _statuses(world, hook) == ["dead"] and not courier._busy)
    assert "dead letters" in caplog.text
    text = world.browser.get("/metrics").text
    assert 'certlib_webhook_deliveries_total{outcome="dead"} 1.0' in text


@pytest.mark.parametrize("fault", [StoreUnavailable(what="disk"), RuntimeError("secret")])
def test_a_fault_ends_no_thread_and_loses_nothing(
    world, town, notices, courier, monkeypatch, caplog, fault
):
    hook = _hook(notices, "https://a.example/")
    world.issued()
    real = notices.deliver.send
    faults = [fault]

    def failing(self, batch, halted):
        if faults:
            raise faults.pop()
        return real(batch, halted)

    monkeypatch.setattr(type(notices.deliver), "send", failing)
    courier.round()
    _until(lambda: not faults and not courier._busy)
    assert "secret" not in caplog.text
    assert 'certlib_worker_faults_total{work="deliver"} 1.0' in world.browser.get("/metrics").text
    world.house.clock.pass_time(minutes=4)  # the lease ends
    courier.round()
    _until(lambda: _statuses(world, hook) == ["delivered"])


def test_an_end_waits_for_the_request_under_way_and_puts_back_the_rest(
    world, town, notices, courier
):
    began, release = threading.Event(), threading.Event()
    hook = _hook(notices, "https://a.example/")

    def slow():
        began.set()
        release.wait(30)
        return Receipt(200)

    town.manners["https://a.example/"] = slow
    for number in range(3):
        world.issued(f"k-{number}", number=f"n-{number}")
    courier.round()
    assert began.wait(20)
    threading.Timer(0.2, release.set).start()
    courier.stop()
    assert sorted(_statuses(world, hook)) == ["delivered", "waiting", "waiting"]
    assert len(town.got) == 1
    courier.round()
    assert len(town.got) == 1


def test_settled_deliveries_are_forgotten_after_a_while(world, notices, courier):
    hook = _hook(notices, "https://a.example/")
    world.issued()
    courier.round()
    _until(lambda: _statuses(world, hook) == ["delivered"])
    world.house.clock.pass_time(days=91)
    courier.forget()
    assert _statuses(world, hook) == []


def test_the_workers_thread_carries(world, worker_over):
    parts = world.parts
    hook = _hook(parts.notices, "https://a.example/")
    worker = worker_over(parts)
    world.issued()
    worker.start()
    _until(lambda: _statuses(world, hook) == ["delivered"])
    worker.stop()


@pytest.fixture
def worker_over(world):
    from api.worker import Worker

    return lambda parts: Worker(parts, world.site.metrics, reconcile_seconds=0.01)
