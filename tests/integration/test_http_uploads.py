"""Files over real sockets: refused before they are sent, kept in memory, gone when they are gone."""

import hashlib
import json
import os
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import psutil
import pytest

from api.middleware.uploads import MOST_OF_ONE, PLACES
from tests.integration.http_process import prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_SIZE = 19_000_000


@pytest.fixture(scope="module")
def spool(tmp_path_factory):
    """Where a program would put temporary files."""
    return tmp_path_factory.mktemp("spool")


@pytest.fixture(scope="module")
def server(tmp_path_factory, spool):
    folder = tmp_path_factory.mktemp("uploads") / "var"
    prepare(folder)
    settings = {"TMPDIR": str(spool), "CERTLIB_READER_CHILDREN": "1", "CERTLIB_RATE_UPLOAD": "0"}
    with serving(folder, **settings) as started:
        yield started


def _until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def _figure(server, name):
    for line in httpx.get(f"{server.url}/metrics").text.splitlines():
        if line.startswith((f"{name} ", f"{name}{{")):
            return float(line.rpartition(" ")[2])
    return 0.0


def _head(headers, size, path="/v1/verifications", kind="application/pdf", more=""):
    token = headers.get("Authorization", "")
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {kind}"]
    lines += [f"Content-Length: {size}", *([f"Authorization: {token}"] if token else [])]
    return ("\r\n".join(lines) + "\r\n" + more + "\r\n").encode()


def _open(server, head, first=b""):
    talk = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    talk.sendall(head + first)
    return talk


def _answer(talk):
    said = b""
    while chunk := talk.recv(65536):
        said += chunk
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), json.loads(body)


def _open_files(server, folder):
    """Files below `folder` that the server or its children hold open, deleted ones too."""
    found = []
    process = psutil.Process(server.process.pid)
    for one in (process, *process.children(recursive=True)):
        for entry in Path(f"/proc/{one.pid}/fd").iterdir():
            try:
                name = str(entry.readlink())
            except OSError:
                continue
            if name.startswith(str(folder)):
                found.append(name)
    return found


def test_the_readers_are_there_before_the_first_file(server):
    assert _until(lambda: _figure(server, "certlib_reader_children") == 1)
    assert _figure(server, "certlib_reader_children_limit") == 1


def test_a_full_house_says_so_before_the_body_is_sent(server):
    """Slow senders fill it: then 503, read before a single octet of a body is asked for."""
    transport, counter = server.bearer(), server.bearer("counter")
    with ExitStack() as stack:
        for who in [transport] * (PLACES // 2) + [counter] * (PLACES // 2):
            stack.enter_context(closing(_open(server, _head(who, _SIZE), b"%PDF-1.7 slow")))
        assert _until(lambda: _figure(server, "certlib_uploads_under_way") == PLACES)
        asking = _head(transport, _SIZE, more="Expect: 100-continue\r\n")
        with closing(_open(server, asking)) as talk:
            status, head, body = _answer(talk)
        assert (status, body["code"]) == (503, "overloaded")
        assert b"retry-after: 5" in head
        assert b"100 continue" not in head
        # One that sends on and on hears it all the same.
        sending = _open(server, _head(transport, _SIZE))
        with closing(sending):
            answered = threading.Event()
            heard = []

            def listen():
                heard.append(sending.recv(65536))
                answered.set()

            listener = threading.Thread(target=listen)
            listener.start()
            assert answered.wait(10), "the answer waits for the body"
            listener.join()
            assert heard[0].startswith(b"HTTP/1.1 503")
            sending.sendall(bytes(_SIZE))
        json_body = json.dumps({"identifier": "x"}).encode()
        answer = httpx.post(
            f"{server.url}/v1/verifications",
            content=json_body,
            headers=transport | {"Content-Type": "application/json"},
        )
        assert answer.status_code in {200, 400, 422}, "questions without a file go on"
    assert _until(lambda: _figure(server, "certlib_uploads_under_way") == 0)


def test_slow_strangers_keep_no_counter_waiting(server):
    kind = "multipart/form-data; boundary=b"
    with ExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            talk = _open(server, _head({}, _SIZE, "/v", kind), b"--b\r\n")
            stack.enter_context(closing(talk))
        assert _until(lambda: _figure(server, "certlib_uploads_under_way") == MOST_OF_ONE)
        with closing(_open(server, _head({}, _SIZE, "/v", kind))) as more:
            status, _, body = _answer(more)
        assert (status, body["code"]) == (503, "overloaded")
        started = time.monotonic()
        answer = httpx.post(
            f"{server.url}/v1/verifications",
            content=b"%PDF-1.7 no file",
            headers=server.bearer() | {"Content-Type": "application/pdf"},
            timeout=30,
        )
        assert answer.status_code == 422
        assert time.monotonic() - started < 10, "it waited for nobody"
    assert _until(lambda: _figure(server, "certlib_uploads_under_way") == 0)


def test_what_is_announced_too_large_is_refused_unread(server):
    asking = _head(server.bearer(), 20_000_001, more="Expect: 100-continue\r\n")
    with closing(_open(server, asking)) as talk:
        status, head, body = _answer(talk)
    assert (status, body["code"]) == (413, "body-too-large")
    assert b"100 continue" not in head
    json_head = _head(server.bearer(), 3_000_000, kind="application/json")
    with closing(_open(server, json_head)) as talk:
        assert _answer(talk)[0] == 413, "a question in JSON is no file"


def test_no_octet_of_a_file_touches_a_disk(server, spool):
    """While it comes, while it is read, when the client goes away, and afterwards."""
    content = b"%PDF-1.7\n" + os.urandom(1_000_000) * 19
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = form + content + b"\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    transport = server.bearer()
    seen = []
    for path, headers in (("/v", {}), ("/v1/verifications", transport)):
        with closing(_open(server, _head(headers, len(body), path, kind))) as talk:
            for start in range(0, len(body), 1_000_000):
                talk.sendall(body[start : start + 1_000_000])
                seen += _open_files(server, spool) + list(spool.iterdir())
            assert talk.recv(12) == b"HTTP/1.1 422"
        with closing(_open(server, _head(headers, len(body), path, kind))) as talk:
            talk.sendall(body[: len(body) // 2])
            seen += _open_files(server, spool) + list(spool.iterdir())
    assert _until(lambda: _figure(server, "certlib_uploads_under_way") == 0)
    assert seen + _open_files(server, spool) + list(spool.iterdir()) == []


def test_a_reader_that_is_killed_costs_its_file_and_no_other(server):
    process = psutil.Process(server.process.pid)
    assert _until(lambda: _figure(server, "certlib_reader_children") == 1)
    [reader] = [
        one for one in process.children() if "signing.evidence.worker" in str(one.cmdline())
    ]
    os.kill(reader.pid, signal.SIGSTOP)
    content = b"%PDF-1.7 a file that costs a child"
    ask = {"content": content, "headers": server.bearer() | {"Content-Type": "application/pdf"}}
    answer = httpx.post(f"{server.url}/v1/verifications", timeout=30, **ask)
    assert (answer.status_code, answer.json()["code"]) == (200, "cannot-tell")
    [line] = [line for line in server.lines() if line["event"] == "file incident"]
    assert line["sha256"] == hashlib.sha256(content).hexdigest()
    assert (line["fault"], line["request_id"]) == ("timeout", answer.headers["x-request-id"])
    assert httpx.post(f"{server.url}/v1/verifications", timeout=30, **ask).status_code == 422
    text = httpx.get(f"{server.url}/metrics").text
    assert 'certlib_reader_children_ended_total{cause="timeout"} 1.0' in text
    assert 'certlib_reader_incidents_total{fault="timeout"} 1.0' in text


@pytest.fixture
def doomed(tmp_path, spool):
    """A server that nobody else needs."""
    folder = tmp_path / "var"
    prepare(folder)
    settings = {"TMPDIR": str(spool), "CERTLIB_READER_CHILDREN": "1", "CERTLIB_RATE_UPLOAD": "0"}
    with serving(folder, **settings) as started:
        yield started


def test_a_server_that_is_killed_leaves_neither_child_nor_file(doomed, spool):
    server = doomed
    process = psutil.Process(server.process.pid)
    assert _until(lambda: _figure(server, "certlib_reader_children") == 1)
    children = process.children(recursive=True)
    assert children
    with closing(_open(server, _head(server.bearer(), _SIZE), bytes(5_000_000))):
        assert _until(lambda: _figure(server, "certlib_uploads_under_way") == 1)
        process.kill()
        assert _until(lambda: not any(one.is_running() for one in children))
    assert list(spool.iterdir()) == []
