"""The protocol beneath: heads that are too long, too slow or no HTTP, on real sockets."""

import asyncio
import contextlib
import json
import select
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import uvicorn

from api import protocol, server
from api.app import create_app
from api.failures import PortTaken
from certlib.errors import StoreUnavailable

UNKNOWN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"


class Running:
    def __init__(self, site):
        self.config = uvicorn.Config(
            site,
            http=protocol.GuardedProtocol,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
        )
        self._server = uvicorn.Server(self.config)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True
        )
        self._thread.start()

    def raw(self, *parts):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as talk:
            for part in parts:
                talk.sendall(part)
            answer = b""
            while chunk := talk.recv(65536):
                answer += chunk
        return answer

    def stop(self):
        self._server.should_exit = True
        self._thread.join(20)
        self._listening.close()


class Later:
    """A status source that answers after a while, as one behind a network does."""

    inline = False

    def __init__(self, real, seconds=0.02):
        self.real = real
        self.seconds = seconds
        self.error = None
        self.asked = threading.Event()

    def ask(self, identifier, today):
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        def settle():
            if self.error is not None:
                answer.set_exception(self.error)
            else:
                answer.set_result(self.real.raw(identifier, today))

        loop.call_later(self.seconds, settle)
        self.asked.set()
        return answer

    def read(self, values):
        return self.real.read(values)

    async def release(self):
        pass


def _get(path, *headers, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture
def later(world):
    return Later(world.parts.status)


@pytest.fixture(params=["inline", "later"])
def running(request, world):
    """Once with a source that answers at once, once with one that does not."""
    site = world.site
    if request.param == "later":
        site = create_app(replace(world.parts, status=Later(world.parts.status)))
    started = Running(site)
    yield started
    started.stop()


@pytest.fixture
def waiting(world, later):
    """A server whose answers wait for `later`."""
    started = Running(create_app(replace(world.parts, status=later)))
    yield started
    started.stop()


def _code(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    return int(head.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize("garbage", [b"\x00\x01\r\n\r\n", b"GET\r\n\r\n", _get("/\xff")])
def test_what_is_no_http_gets_a_problem_document(running, garbage):
    assert _code(running.raw(garbage)) == (400, "request-malformed")


def test_a_head_that_is_too_long(running):
    lines = _get("/healthz", *[f"X-{number}: {'y' * 1000}" for number in range(40)])
    # Not ended: what follows the limit is never waited for.
    assert _code(running.raw(lines[:-2])) == (431, "head-too-large")


def test_a_head_that_never_ends(running, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    assert running.raw(b"GET /healthz HTTP/1.1\r\nHost:") == b""


def test_a_connection_that_says_nothing(running, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    assert running.raw() == b""


def test_a_second_head_that_never_ends(running, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    answer = running.raw(_get("/healthz"), b"GET /healthz HTTP/1.1\r\nHo")
    assert answer.count(b"HTTP/1.1 200") == 1


def test_heads_in_pieces_are_read(running):
    whole = _get("/healthz", "Connection: close")
    answer = running.raw(*[bytes([octet]) for octet in whole])
    assert answer.startswith(b"HTTP/1.1 200")


def test_status_in_every_shape_of_request(running, world):
    """Short way or long, whole or in pieces: the same answer but for its instant."""
    identifier = world.issued()
    path = f"/v1/status/{identifier}"
    close = "Connection: close"
    shapes = [
        (_get(path), _get(path, close)),
        (_get(path, "X-Y: z"), _get(path, close)),
        (_get(path)[:30], _get(path)[30:], _get(path, close)),
        (_get(path) + _get(path), _get(path, close)),
    ]
    for shape in shapes:
        answer = running.raw(*shape)
        bodies = [json.loads(part.split(b"}")[0] + b"}") for part in answer.split(b"\r\n\r\n")[1:]]
        assert {body["code"] for body in bodies} == {"valid"}
    head = running.raw(_get(path, close, method="HEAD"))
    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "hidden",
    [b"X: y\nContent-Length: 34", b"X: y\rContent-Length: 34", b"X: y\r\n Content-Length: 34"],
)
def test_a_header_behind_half_a_line_end_is_not_answered_at_once(running, world, hidden):
    """What another reader may take for a body is never answered as a request."""
    head = _get(f"/v1/status/{world.issued()}", hidden.decode())
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
        talk.sendall(head)
        # A refusal ends the connection: what is sent after it would reset it, answer and all.
        if not select.select([talk], [], [], 0.5)[0]:
            talk.sendall(_get("/healthz", "X: 1"))
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 400") == 1
    assert b"HTTP/1.1 200" not in answer


def test_the_usual_keep_alive_takes_the_short_way(running, world):
    """uvicorn names itself, on the long one."""
    path = f"/v1/status/{world.issued()}"
    for header, short in (("Connection: keep-alive", True), ("X-Request-Id: 12345678", False)):
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
            talk.sendall(_get(path, header))
            assert (b"server: uvicorn" not in talk.recv(65536)) is short


def test_a_change_is_seen_on_the_short_way_too(running, world):
    identifier = world.issued()
    path = f"/v1/status/{identifier}"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:

        def code():
            talk.sendall(_get(path))
            answer = talk.recv(65536)
            return json.loads(answer.partition(b"\r\n\r\n")[2])["code"]

        assert (code(), code()) == ("valid", "valid")
        world.act(identifier, "revoke")
        assert code() == "revoked"


def test_what_comes_before_the_answer_waits_for_it(waiting, world, later):
    """Nothing is lost or answered out of turn while the database is asked."""
    first, second = world.issued("a", number="a"), world.issued("b", number="b")
    later.seconds = 0.2
    answer = waiting.raw(
        _get(f"/v1/status/{first}"),
        _get(f"/v1/status/{second}"),
        _get("/healthz", "Connection: close"),
    )
    places = [answer.index(part) for part in (first.encode(), second.encode(), b'"ok"')]
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize("identifier", ["", UNKNOWN, "x"])
def test_who_stops_speaking_still_gets_the_answer(running, world, identifier):
    """A half-closed connection, as simple tools make one."""
    asked = identifier or world.issued()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
        talk.sendall(_get(f"/v1/status/{asked}"))
        talk.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"}")
    assert identifier or answer.startswith(b"HTTP/1.1 200")


_LENGTH = b"Host: x\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/certificates HTTP/1.1\r\n" + _LENGTH,
        b"POST /v1/status/x HTTP/1.1\r\n" + _LENGTH,
        b"POST /v1/certificates HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_the_body_of_what_is_answered_already_is_no_request(running, world, head):
    """Behind a proxy somebody else would get its answer (request smuggling)."""
    identifier = world.issued()
    inner = _get(f"/v1/status/{identifier}")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
        talk.sendall(head % len(inner) if b"%d" in head else head)
        answer = talk.recv(65536)
        with contextlib.suppress(OSError):  # it may hang up on such a client
            talk.sendall(inner)
            talk.sendall(_get("/healthz", "Connection: close"))
            answer += b"".join(iter(lambda: talk.recv(65536), b""))
    assert identifier.encode() not in answer


def test_a_second_head_in_pieces_is_one_request(running, world):
    identifier = world.issued()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
        talk.sendall(_get("/healthz"))
        assert talk.recv(65536).startswith(b"HTTP/1.1 200")
        talk.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: a\r\n")
        time.sleep(0.2)
        talk.sendall(_get(f"/v1/status/{identifier}", "Connection: close"))
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert identifier.encode() not in answer


@pytest.mark.parametrize(
    ("asked", "octets"),
    [
        (_get("/healthz"), b"\r\n"),
        (b"POST /v1/certificates HTTP/1.1\r\n" + _LENGTH % 1000, b"x"),
    ],
)
def test_a_few_octets_after_an_answer_hold_no_connection(running, monkeypatch, asked, octets):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as talk:
        talk.sendall(asked)
        assert talk.recv(65536)
        talk.sendall(octets)
        while talk.recv(65536):
            pass


def test_a_question_outlives_the_connections_time_to_idle(waiting, world, later):
    identifier = world.issued()
    waiting.config.timeout_keep_alive = 2
    later.seconds = 3
    with socket.create_connection(("127.0.0.1", waiting.port), timeout=20) as talk:
        talk.sendall(_get("/healthz"))
        answer = b""
        while b'"ok"' not in answer:
            answer += talk.recv(65536)
        talk.sendall(_get(f"/v1/status/{identifier}"))
        assert talk.recv(65536).startswith(b"HTTP/1.1 200")


def test_the_day_may_turn_while_a_row_is_on_its_way(waiting, world, later, monkeypatch):
    """Asked on one day and judged on another: the row is asked for again."""
    identifier, days = world.issued(), []
    ask = later.ask

    def asked(name, today):
        days.append(today)
        if len(days) == 1:
            world.house.clock.pass_time(days=1)
        return ask(name, today)

    monkeypatch.setattr(later, "ask", asked)
    answer = waiting.raw(_get(f"/v1/status/{identifier}"), _get("/x", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert days == [days[0], days[0] + timedelta(days=1)]


def test_one_connection_that_fails_does_not_starve_the_others(world):
    """Questions are answered together, and each on its own."""
    identifier, told, complaints = world.issued(), [], []

    def failing(_):
        raise RuntimeError("this connection is broken")

    async def ask():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(str(context["exception"])))
        for tell in (told.append, failing, told.append, failing, told.append):
            world.site.status.ask(identifier, tell)
        assert told == []
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(ask())
    assert complaints == ["this connection is broken"] * 2
    assert len(told) == 3
    assert all(identifier.encode() in answer for answer in told)


def test_a_client_that_goes_before_its_answer_harms_nobody(waiting, world, later):
    identifier = world.issued()
    later.seconds = 0.3
    with socket.create_connection(("127.0.0.1", waiting.port), timeout=20) as talk:
        talk.sendall(_get(f"/v1/status/{identifier}"))
        assert later.asked.wait(10)
    later.seconds = 0
    answer = waiting.raw(_get(f"/v1/status/{identifier}", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_database_that_does_not_answer_is_503_and_never_valid(waiting, world, later):
    identifier = world.issued()
    later.error = StoreUnavailable(what="TimeoutError")
    answer = waiting.raw(_get(f"/v1/status/{identifier}"), _get("/x", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"\r\nretry-after: 5\r\n" in answer.lower()
    assert b'"valid"' not in answer
    later.error = RuntimeError("nobody foresaw this")
    answer = waiting.raw(_get(f"/v1/status/{identifier}"), _get("/x", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"unexpected" in answer


def test_a_slow_database_is_not_a_slow_client(waiting, world, later, monkeypatch):
    """Whoever has asked is not cut off because we take our time."""
    identifier = world.issued()
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    later.seconds = 0.5
    answer = waiting.raw(_get(f"/v1/status/{identifier}"))
    assert answer.startswith(b"HTTP/1.1 200")


def test_what_was_asked_is_answered_before_the_server_stops(world, later):
    identifier = world.issued()
    later.seconds = 0.5
    started = Running(create_app(replace(world.parts, status=later)))
    with socket.create_connection(("127.0.0.1", started.port), timeout=20) as talk:
        talk.sendall(_get(f"/v1/status/{identifier}"))
        assert later.asked.wait(10)
        started.stop()
        answer = b""
        while chunk := talk.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200")


def test_unknown_identifiers_on_a_connection_that_is_kept(running):
    answer = running.raw(_get(f"/v1/status/{UNKNOWN}"), _get("/v1/status/x", "Connection: close"))
    assert answer.count(b"HTTP/1.1 404") == 1
    assert answer.count(b"HTTP/1.1 400") == 1


def test_listening_on_both_families_where_there_are_two():
    with server.listen("::", 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    with server.listen("127.0.0.1", 0) as listening:
        assert listening.family == socket.AF_INET


def test_ipv4_alone_where_there_is_no_ipv6(monkeypatch):
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with server.listen("::", 0) as listening:
        assert listening.family == socket.AF_INET


def test_a_port_that_is_taken_is_named():
    with server.listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            server.listen("127.0.0.1", port)
    assert str(port) in str(caught.value)
