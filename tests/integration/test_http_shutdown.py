"""SIGTERM under load: what was acknowledged is on record, and nobody hears half an answer."""

import gc
import json
import os
import signal
import socket
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field

import httpx
import psutil
import pytest

from api.bootstrap import open_node
from api.processes import Processes
from api.schemas import examples
from api.server import _run
from api.settings import Settings
from certlib.states import State
from tests.integration.http_process import prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PROFILES = {"embedded": 1, "servers": 2}
WHOLE, NOTHING, REFUSED, HALF = "whole", "closed before any octet", "refused", "half an answer"


def talk(port, octets, seconds=60):
    """How an exchange ended, its status and its body; the connection is used once."""
    try:
        talking = socket.create_connection(("127.0.0.1", port), seconds)
    except OSError:
        return REFUSED, 0, b""
    answer = b""
    with talking, suppress(OSError):
        talking.sendall(octets)
        while part := talking.recv(65536):
            answer += part
    return _told(answer)


def _slow(port, head, body, pause, enough):
    """An upload that takes its time, until it is answered, cut off, or `enough` is set."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 60) as talking:
            talking.sendall(head)
            talking.setblocking(False)
            for start in range(0, len(body), 1000):
                if enough.is_set():
                    break
                with suppress(BlockingIOError):
                    talking.sendall(body[start : start + 1000])
                time.sleep(pause)
                with suppress(BlockingIOError):
                    talking.recv(1, socket.MSG_PEEK)
                    break  # answered, or closed
            talking.settimeout(60)
            while part := talking.recv(65536):
                answer += part
    except OSError:
        pass
    return _told(answer)


def _told(answer):
    if not answer:
        return NOTHING, 0, b""
    head, end, body = answer.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    if not end or lengths != [len(body)]:
        return HALF, 0, answer
    return WHOLE, int(head.split()[1]), body


def request(method, path, headers, body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Load:
    """Threads that issue, look up and upload until nobody answers any more."""

    server: object
    ended: list = field(default_factory=list)
    acknowledged: dict = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)
    threads: list = field(default_factory=list)

    def start(self):
        bearer = self.server.bearer()
        self.threads += [
            threading.Thread(target=self._issue, args=(bearer, number)) for number in range(4)
        ]
        self.threads += [threading.Thread(target=self._look) for _ in range(2)]
        self.threads.append(threading.Thread(target=self._upload, args=(bearer,)))
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(90)
        assert not any(thread.is_alive() for thread in self.threads)

    def _issue(self, bearer, worker):
        for number in range(10_000):
            key = f"load-{worker}-{number}"
            order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"}
            headers = bearer | {"Idempotency-Key": key}
            end, status, body = talk(
                self.server.port,
                request("POST", "/v1/certificates", headers, json.dumps(order).encode()),
            )
            self.ended.append(("issue", end, status))
            if status == 201:
                self.acknowledged[key] = json.loads(body)["identifier"]
            if end == REFUSED or self.enough.is_set():
                return

    def _look(self):
        path = "/v1/status/1.2.156.3005.2.x"
        while not self.enough.is_set():
            end, status, _ = talk(self.server.port, request("GET", path, {}))
            self.ended.append(("look", end, status))
            if end == REFUSED:
                return

    def _upload(self, bearer):
        head = request("POST", "/v1/verifications", bearer)[:-2]
        head += b"Content-Type: application/pdf\r\nContent-Length: 200000\r\n\r\n"
        end, status, _ = _slow(self.server.port, head, b"%PDF-" + b"x" * 199_995, 0.2, self.enough)
        self.ended.append(("upload", end, status))


@pytest.fixture(params=PROFILES)
def place(request, tmp_path):
    """Folder and settings of a founded node."""
    stores = {}
    if request.param == "servers":
        servers = request.getfixturevalue("servers")
        stores = servers.environment(tmp_path / "secrets", servers.database(), servers.bucket())
        stores["CERTLIB_WORKERS"] = str(PROFILES["servers"])
    prepare(tmp_path / "var", **stores)
    return tmp_path / "var", stores


def _node(folder, stores):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stores.items():
            patch.setenv(name, value)
        return open_node(Settings(data_dir=folder, demo=True))


def _stopped_under_load(folder, stores):
    """Runs the load, sends SIGTERM in the middle; load, exit code, when the door was shut."""
    with serving(folder, **stores) as server:
        load = Load(server)
        load.start()
        while len(load.acknowledged) < 5:
            time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        shut = _until_refused(server)
        code = server.process.wait(120)
        load.enough.set()
        load.join()
        return load, code, shut, server.lines()


def _until_refused(server):
    """Whether new connections were refused while the process was still at work."""
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5):
            time.sleep(0.05)
            continue
        return server.process.poll() is None
    return False


def test_sigterm_under_load(place):
    folder, stores = place
    load, code, shut, lines = _stopped_under_load(folder, stores)
    assert code == 0
    assert shut, "new connections were not refused while old ones were answered"
    ends = {(what, end) for what, end, _ in load.ended}
    assert not any(end == HALF for _, end in ends), ends
    # Whoever was answered at all was answered in our own words.
    assert {status for _, end, status in load.ended if end == WHOLE} <= {201, 400, 429, 503}
    assert not [line for line in lines if line["event"] == "unforeseen"]
    assert [line["event"] for line in lines][-1] == "stopped"
    assert not [line for line in lines if line["level"] == "error"], lines[-5:]
    node = _node(folder, stores)
    try:
        with node.registry.read() as session:
            for identifier in load.acknowledged.values():
                found = session.certificate(identifier)
                assert found is not None
                assert found.state is State.ISSUED
            assert session.history_tail().records <= 1
    finally:
        node.close()
    _starts_clean(folder, stores, load)


def _starts_clean(folder, stores, load):
    """The next start finishes what was reserved, and the same keys get the same answers."""
    with serving(folder, **stores) as server:
        for _ in range(300):
            text = httpx.get(f"{server.url}/metrics").text
            if "\ncertlib_pending_intents 0.0" in text:
                break
            time.sleep(0.3)
        else:
            raise AssertionError("an order is still pending")
        key, identifier = next(iter(load.acknowledged.items()))
        order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"}
        again = httpx.post(
            f"{server.url}/v1/certificates",
            json=order,
            headers=server.bearer() | {"Idempotency-Key": key},
            timeout=60,
        )
        assert (again.status_code, again.json()["identifier"]) == (201, identifier)
    left = [path for path in folder.rglob("*") if ".tmp" in path.name or "probe" in path.name]
    assert left == []


def test_ready_says_no_first(tmp_path):
    """Where a balancer asks: for as long as it needs to notice, the door stays open."""
    prepare(tmp_path / "var")
    with serving(tmp_path / "var", CERTLIB_DRAIN_SECONDS="8") as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        for _ in range(100):
            answer = httpx.get(f"{server.url}/readyz")
            if answer.status_code == 503:
                break
            time.sleep(0.02)
        assert answer.json()["parts"][0] == {"name": "service", "fault": "stopping", "ms": 0.0}
        assert answer.headers["retry-after"]
        # Who comes now is still served.
        assert httpx.get(f"{server.url}/v1/status/x").status_code == 400
        assert server.process.wait(60) == 0


def test_a_connection_that_says_nothing_does_not_hold_it_up(tmp_path):
    prepare(tmp_path / "var")
    with (
        serving(tmp_path / "var") as server,
        closing(socket.create_connection(("127.0.0.1", server.port))) as idle,
        closing(socket.create_connection(("127.0.0.1", server.port))) as half,
    ):
        half.sendall(b"GET /v1/status/x HTTP/1.1\r\nHost")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        for one in (idle, half):
            one.settimeout(5)
            with suppress(ConnectionResetError):
                assert one.recv(100) == b""


def test_nothing_of_it_stays_behind(place):
    """No child of a child outlives the server."""
    folder, stores = place
    with serving(folder, **stores) as server:
        headers = server.bearer() | {"Idempotency-Key": "children"}
        httpx.post(
            f"{server.url}/v1/certificates", json=examples.ORDER, headers=headers, timeout=60
        )
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert children
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_between_start_and_service_is_not_lost(number):
    """It came while the server was getting ready to listen to signals: it used to hang for ever."""

    class Starting:
        should_exit = False
        told = None

        def run(self, sockets):
            signal.raise_signal(number)
            self.told = self.should_exit

    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    starting = Starting()
    try:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            _run(starting, listening, Settings(demo=True))
    finally:
        gc.unfreeze()
        for name, handler in before.items():
            signal.signal(name, handler)
    assert starting.told is True


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("everybody", [False, True])
def test_processes_that_were_told_while_they_started_ended_well(monkeypatch, name, everybody):
    """A child that has no handler yet dies of the signal, and had nothing to bring to an end."""
    fork = os.fork

    def slow_fork():
        """As where a process is large: the signal comes before the child has done anything."""
        pid = fork()
        if pid == 0:
            time.sleep(1)
        return pid

    def serve(_number):
        time.sleep(60)
        raise AssertionError("told, and served on")

    seen = []
    monkeypatch.setattr(os, "fork", slow_fork)
    made = Processes(2, serve, lambda: seen.append("left"))

    def tell():
        """As an operator, or as systemd and a terminal do: the whole group at once."""
        for pid in [*(made._children if everybody else ()), os.getpid()]:
            os.kill(pid, name)

    threading.Timer(0.5, tell).start()
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert made.run() is True
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    assert seen == ["left"]


def test_an_orphan_of_somebody_else_ends_nothing(monkeypatch):
    """The first process of a container inherits what its children leave."""
    wait, strangers = os.wait, [(999_999_999, signal.SIGKILL)]
    monkeypatch.setattr(os, "wait", lambda: strangers.pop() if strangers else wait())
    made = Processes(1, lambda _number: time.sleep(60))
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    try:
        assert made.run() is True
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    assert not strangers


def test_whoever_has_ended_already_need_not_be_told():
    made = Processes(1, lambda _number: None)
    made._children[999_999_999] = (1, 0.0)
    made._stop(signal.SIGTERM, None)
    assert made._stopping
