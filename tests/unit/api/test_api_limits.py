"""Limits stand before any route: size, time, number; and every refusal is readable."""

import asyncio
import json

import pytest

from api.failures import TookTooLong
from api.middleware import limits
from api.middleware.limits import Bodies, Concurrency, Deadline
from certlib.errors import Conflict


class Sent:
    """What an application has sent."""

    def __init__(self):
        self.messages = []
        self.begun = asyncio.Event()

    async def __call__(self, message):
        self.messages.append(message)
        self.begun.set()

    @property
    def status(self):
        return next((m["status"] for m in self.messages if "status" in m), None)

    @property
    def body(self):
        return b"".join(m.get("body", b"") for m in self.messages)

    def header(self, name):
        [start] = [m for m in self.messages if "status" in m]
        return dict(start["headers"]).get(name)


def _scope(path="/v1/x", **headers):
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": named,
        "state": {"request_id": "r"},
    }


def _chunks(*parts, then=None):
    waiting = [
        {"type": "http.request", "body": part, "more_body": place + 1 < len(parts)}
        for place, part in enumerate(parts)
    ]

    async def receive():
        if waiting:
            return waiting.pop(0)
        if then is not None:
            await then.wait()
        return {"type": "http.disconnect"}

    receive.waiting = waiting
    return receive


async def _echo(scope, receive, send):
    message = await receive()
    assert not message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def _bodies(limit=10, seconds=5.0, app=_echo):
    return Bodies(app, lambda _scope: limit, seconds)


def _run(app, scope, receive):
    sent = Sent()
    asyncio.run(app(scope, receive, sent))
    return sent


def test_a_body_within_the_limit_arrives_whole():
    sent = _run(_bodies(), _scope(content_length="10"), _chunks(b"01234", b"56789"))
    assert (sent.status, sent.body) == (200, b"0123456789")


def test_an_announced_size_over_the_limit_is_refused_unread():
    receive = _chunks(b"x" * 5)
    sent = _run(_bodies(), _scope(content_length="11", expect="100-continue"), receive)
    assert (sent.status, json.loads(sent.body)["code"]) == (413, "body-too-large")
    assert sent.header(b"connection") == b"close"
    assert len(receive.waiting) == 1, "nobody asked for the body"


def test_chunks_are_counted_too():
    sent = _run(_bodies(), _scope(), _chunks(b"012345", b"678901", b"rest"))
    assert sent.status == 413


def test_what_still_comes_is_dropped_so_that_the_answer_can_be_read():
    receive = _chunks(*[b"x" * 100] * 20)
    sent = _run(_bodies(), _scope(content_length="2000"), receive)
    assert sent.status == 413
    assert receive.waiting == []
    assert [message.get("more_body") for message in sent.messages] == [None, True, False]


def test_behind_the_end_of_a_body_nothing_is_waited_for():
    whole = [{"type": "http.request", "body": b"x" * 2000, "more_body": False}]

    async def receive():
        return whole.pop(0)  # there is no second one

    assert _run(_bodies(), _scope(content_length="2000"), receive).status == 413


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "9" * 30, "１０"])
def test_a_length_that_is_no_number_is_refused(length):
    scope = _scope()
    scope["headers"] = [(b"content-length", length.encode())]
    assert _run(_bodies(), scope, _chunks(b"")).status == 400


@pytest.mark.parametrize(
    ("length", "status"), [(b"\xb2", 400), (b"9" * 18, 413), (b"9" * 19, 400), (b"", 200)]
)
def test_a_length_is_written_in_digits_of_ascii_and_few_of_them(length, status):
    """A small two is a digit, too, and no number."""
    scope = _scope()
    scope["headers"] = [(b"content-length", length)]
    assert _run(_bodies(), scope, _chunks(b"")).status == status


def test_who_sends_without_end_is_not_listened_to_without_end(monkeypatch):
    monkeypatch.setattr(limits, "_LINGER_OCTETS", 1000)
    receive = _chunks(*[b"x" * 100] * 20)
    sent = _run(_bodies(), _scope(content_length="2000"), receive)
    assert (sent.status, len(receive.waiting)) == (413, 10)


def test_who_has_gone_is_not_waited_for(monkeypatch):
    """However much was announced."""
    monkeypatch.setattr(limits, "_LINGER_OCTETS", 10**9)
    asked = []

    async def gone():
        asked.append(1)
        return {"type": "http.disconnect", "more_body": True}

    _run(_bodies(), _scope(content_length="2000"), gone)
    assert asked == [1]


@pytest.mark.parametrize("layer", [Concurrency, _bodies, Deadline])
def test_what_is_no_request_is_no_affair_of_theirs(layer):
    """The start and the end of the service come the same way."""
    seen = []

    async def app(scope, receive, send):
        await asyncio.sleep(0.02)
        seen.append(scope["type"])

    made = layer(app=app) if layer is _bodies else layer(app, 0)
    asyncio.run(made({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


def test_the_application_learns_behind_the_body_that_the_client_has_gone():
    async def app(scope, receive, send):
        first, second = await receive(), await receive()
        assert (first["body"], second["type"]) == (b"a", "http.disconnect")
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert _run(_bodies(app=app), _scope(), _chunks(b"a")).status == 200


def test_only_a_service_that_stops_is_in_a_hurry(monkeypatch):
    monkeypatch.setattr(limits, "LAST_SECONDS", 0.01)

    async def case():
        bodies, sent = _bodies(seconds=60), Sent()

        async def slow():
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"a", "more_body": False}

        await bodies(_scope(), slow, sent)
        assert not bodies._reading, "nothing is kept of a body that has come"
        return sent

    assert asyncio.run(case()).status == 200


def test_a_deadline_says_nothing_into_an_answer_that_has_begun():
    async def case():
        release, sent = asyncio.Event(), Sent()

        async def streaming(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await release.wait()
            await send({"type": "http.response.body", "body": b"whole"})

        task = asyncio.create_task(Deadline(streaming, 0.01)(_scope(), _chunks(b"a"), sent))
        await asyncio.sleep(0.05)
        release.set()
        await task
        return sent

    sent = asyncio.run(case())
    assert [m["status"] for m in sent.messages if "status" in m] == [200]
    assert sent.body == b"whole"


def test_a_body_that_never_ends_is_408():
    async def case():
        sent = Sent()
        never = asyncio.Event()
        receive = _chunks(b"a", b"", then=never)
        receive.waiting[-1]["more_body"] = True
        await _bodies(seconds=0.05)(_scope(), receive, sent)
        return sent

    sent = asyncio.run(case())
    assert (sent.status, json.loads(sent.body)["code"]) == (408, "request-too-slow")


@pytest.mark.parametrize("before", [True, False])
def test_a_body_on_its_way_when_the_service_stops_is_503(monkeypatch, before):
    """Whether it began before that or after; nobody is cut off in the middle of an answer."""
    monkeypatch.setattr(limits, "LAST_SECONDS", 0.05)

    async def case():
        sent, bodies = Sent(), _bodies(seconds=60)
        receive = _chunks(b"a", b"", then=asyncio.Event())
        receive.waiting[-1]["more_body"] = True
        if not before:
            bodies.leave()
        asked = asyncio.ensure_future(bodies(_scope(), receive, sent))
        await asyncio.sleep(0.01)
        if before:
            bodies.leave()
        await asked
        return sent

    sent = asyncio.run(case())
    assert (sent.status, json.loads(sent.body)["code"]) == (503, "stopping")
    assert sent.header(b"retry-after") == b"5"
    assert sent.header(b"connection") == b"close"


def test_a_client_that_has_gone_is_not_answered():
    sent = _run(_bodies(), _scope(), _chunks())
    assert sent.messages == []


def test_too_much_at_once_is_503_before_the_body_is_read():
    async def case():
        release, entered = asyncio.Event(), asyncio.Event()

        async def slow(scope, receive, send):
            entered.set()
            await release.wait()
            await _echo(scope, receive, send)

        app = Concurrency(slow, 1)
        first, second, health = Sent(), Sent(), Sent()
        task = asyncio.create_task(app(_scope(), _chunks(b"a"), first))
        await entered.wait()
        body = _chunks(b"b")
        await app(_scope(), body, second)
        release.set()
        await app(_scope("/readyz"), _chunks(b"c"), health)
        await task
        third = Sent()
        await app(_scope(), _chunks(b"d"), third)
        return first, second, health, third, body

    first, second, health, third, body = asyncio.run(case())
    assert (second.status, json.loads(second.body)["code"]) == (503, "overloaded")
    assert second.header(b"retry-after") == b"5"
    assert len(body.waiting) == 1
    assert [first.status, health.status, third.status] == [200, 200, 200]


def test_a_deadline_answers_and_lets_the_act_come_to_its_end():
    async def case():
        release = asyncio.Event()
        ended = []

        async def slow(scope, receive, send):
            await release.wait()
            await _echo(scope, receive, send)
            ended.append(True)

        sent = Sent()
        task = asyncio.create_task(Deadline(slow, 0.02)(_scope(), _chunks(b"a"), sent))
        await sent.begun.wait()
        assert not task.done(), "its place is taken until the act has ended"
        release.set()
        await task
        return sent, ended

    sent, ended = asyncio.run(case())
    assert (sent.status, json.loads(sent.body)["code"]) == (503, TookTooLong.code)
    assert ended == [True]
    assert len([m for m in sent.messages if "status" in m]) == 1


def test_a_deadline_passes_on_what_the_act_raises():
    async def failing(_scope, _receive, _send):
        await asyncio.sleep(0)
        raise Conflict

    with pytest.raises(Conflict):
        _run(Deadline(failing, 5), _scope(), _chunks())


def test_an_upload_may_be_larger_than_an_order(world):
    order, upload = b"x" * 150_000, b"%PDF-" + b"x" * 150_000
    headers = world.bearer() | {"Idempotency-Key": "k"}
    answer = world.browser.post(
        "/v1/certificates", content=order, headers=headers | {"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    pdf = headers | {"Content-Type": "application/pdf"}
    read = world.browser.post("/v1/verifications", content=upload, headers=pdf)
    assert (read.status_code, read.json()["code"]) == (422, "unreadable")
    assert (
        world.browser.post("/v1/verifications", content=upload * 3, headers=pdf).status_code == 413
    )
    assert world.browser.post("/oauth2/token", content=b"x" * 20_000).status_code == 413


def test_strangers_cannot_make_us_read_a_body(world):
    answer = world.browser.post("/v1/verifications", content=b"x" * 250_000)
    assert answer.status_code == 401
