"""Notifications of a real process to a real receiver: late, killed in the middle, dead, refused."""

import json
import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import httpx
import pytest

from api.schemas import examples
from certlib_client import read_webhook
from tests.fakes.receiver import answering, authority, receiving
from tests.integration.http_process import free_port, prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_SUSPENDED = examples.DECISION | {"reason_code": "paused", "effective_from": "2026-11-01"}
_RESTORED = examples.DECISION | {"reason_code": "decision-lifted", "effective_from": "2026-11-02"}


class Town:
    """A node and one receiver at a port of its own; both may come and go."""

    def __init__(self, folder):
        self.folder = folder / "var"
        self.signed = authority(folder)
        self.port = free_port()
        self.address = f"https://127.0.0.1:{self.port}/hook"
        prepare(self.folder)

    def serving(self):
        return serving(
            self.folder,
            CERTLIB_WEBHOOK_NETWORKS="127.0.0.0/8",
            CERTLIB_WEBHOOK_PORTS=str(self.port),
            CERTLIB_WEBHOOK_CA_FILE=str(self.signed.ca),
        )

    @contextmanager
    def receiving(self, answer=None):
        with receiving(self.signed, port=self.port) as receiver:
            receiver.answer = answer
            yield receiver

    def let_time_pass(self, **columns):
        """Whatever waits for a moment to come has waited for it; the node is not running."""
        changes = {"next_at": "2026-01-01T00:00:00Z"} | columns
        with closing(sqlite3.connect(self.folder / "certlib.sqlite")) as database, database:
            names = ", ".join(f"{name} = :{name}" for name in changes)
            database.execute(
                f"UPDATE webhook_deliveries SET {names} WHERE status = 'waiting'", changes
            )


class Desk:
    """A department's system."""

    def __init__(self, server):
        self._http = httpx.Client(base_url=server.url, headers=server.bearer(), timeout=60)
        self._server = server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.close()

    def post(self, path, body=None):
        key = {"Idempotency-Key": f"w-{time.monotonic_ns()}"}
        answer = self._http.post(f"/v1/{path}", json=body, headers=key)
        assert answer.is_success, answer.text
        return answer.json()

    def hook(self, url):
        made = self.post("webhooks", {"url": url, "topics": ["certificate.*"]})
        return made["webhook_id"], made["secret"]

    def issued(self):
        order = examples.ORDER | {"number": f"粤交运管许可揭字{time.monotonic_ns()}号"}
        return self.post("certificates", order)["identifier"]

    def lived(self):
        """A certificate that went through three versions of its record."""
        identifier = self.issued()
        self.post(f"certificates/{identifier}/suspend", _SUSPENDED)
        self.post(f"certificates/{identifier}/restore", _RESTORED)
        return identifier

    def deliveries(self, webhook, **query):
        answer = self._http.get(f"/v1/webhooks/{webhook}/deliveries", params=query)
        return answer.json()["deliveries"]

    def until(self, condition):
        for _ in range(1200):
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(self._server.lines()[-5:])


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def _read(receiver, secret):
    """What came, each notification with a signature that the client's own function accepts."""
    return [read_webhook(got.headers, got.body, secret) for got in list(receiver.got)]


def _versions(events, identifier):
    """The versions of a record in the order in which they were first heard of."""
    told = [event.payload["data"] for event in events]
    mine = [data["row_version"] for data in told if data["identifier"] == identifier]
    return list(dict.fromkeys(mine))


def test_a_receiver_that_was_down_hears_everything_in_order(town):
    with town.serving() as server, Desk(server) as desk:
        webhook, secret = desk.hook(town.address)
        identifier = desk.lived()
        tried = desk.until(lambda: [item for item in desk.deliveries(webhook) if item["attempts"]])
        assert {item["last_error"] for item in tried if item["last_error"]} <= {"unreachable"}
        with town.receiving() as receiver:
            desk.until(lambda: len(receiver.got) >= 3)
            desk.until(lambda: len(desk.deliveries(webhook, status="delivered")) == 3)
            events = _read(receiver, secret)
        assert _versions(events, identifier) == [1, 2, 3]
        kept = {item["event_id"] for item in desk.deliveries(webhook)}
        assert {event.event_id for event in events} == kept


def test_killed_between_commit_and_delivery_nothing_is_lost(town):
    """Twice: before anything was sent, and with a request under way whose answer never came."""
    with town.serving() as server, Desk(server) as desk:
        webhook, secret = desk.hook(town.address)
        first = desk.lived()
        server.process.kill()
    heard = threading.Event()
    released = threading.Event()

    def hold(handler):
        heard.set()
        released.wait(60)
        answering(204)(handler)

    town.let_time_pass()
    with town.receiving(hold) as receiver, town.serving() as server:
        assert heard.wait(60)
        server.process.kill()
        server.process.wait(60)
        released.set()
        unanswered = [event.event_id for event in _read(receiver, secret)]
    town.let_time_pass()
    with town.receiving() as receiver, town.serving() as server, Desk(server) as desk:
        second = desk.issued()
        desk.until(lambda: len(desk.deliveries(webhook, status="delivered")) == 4)
        events = _read(receiver, secret)
    assert _versions(events, first) == [1, 2, 3]
    assert _versions(events, second) == [1]
    assert set(unanswered) <= {event.event_id for event in events}  # again, under the same id


def test_a_dead_letter_is_shown_and_sent_again_under_its_id(town):
    with town.receiving(answering(500)) as receiver:
        with town.serving() as server, Desk(server) as desk:
            webhook, secret = desk.hook(town.address)
            desk.issued()
            desk.until(lambda: receiver.got)
        town.let_time_pass(attempts=11)  # the last of twelve comes next
        with town.serving() as server, Desk(server) as desk:
            (dead,) = desk.until(lambda: desk.deliveries(webhook, status="dead"))
            assert (dead["attempts"], dead["last_error"]) == (12, "status-500")
            receiver.answer = None
            desk.post(f"webhooks/{webhook}/deliveries/{dead['delivery_id']}/replay")
            desk.until(lambda: desk.deliveries(webhook, status="delivered"))
            assert {event.event_id for event in _read(receiver, secret)} == {dead["event_id"]}


def test_a_redirect_is_not_followed(town):
    with town.receiving() as receiver, town.serving() as server, Desk(server) as desk:
        receiver.answer = answering(307, Location=f"https://127.0.0.1:{town.port}/elsewhere")
        webhook, _ = desk.hook(town.address)
        told = desk.post(f"webhooks/{webhook}/test")
        assert (told["status"], told["delivered"]) == (307, False)
        assert [got.path for got in receiver.got] == ["/hook"]


def test_nothing_inside_is_called_as_the_settings_are(tmp_path):
    """An address is refused when it is registered, a name that leads there when it is called."""
    prepare(tmp_path / "var")
    with serving(tmp_path / "var") as server, Desk(server) as desk:
        for url in ("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"):
            with pytest.raises(AssertionError, match="url-address-refused"):
                desk.hook(url)
        with pytest.raises(AssertionError, match="url-port"):
            desk.hook(f"https://localhost:{server.port}/")
        webhook, _ = desk.hook("https://localhost/hook?key=d0n0tt3ll")
        told = desk.post(f"webhooks/{webhook}/test")
        assert told == {"status": 0, "error": "address-refused", "delivered": False}
        text = json.dumps(server.lines())  # an address may hold a key
        assert "d0n0tt3ll" not in text
