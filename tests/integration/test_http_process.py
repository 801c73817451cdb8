"""One real process: what only sockets, signals and a whole node can show."""

import json
import signal
import socket

import httpx
import psutil
import pytest

from api.schemas import examples
from tests.integration.http_process import prepare, serving

IDLE_LIMIT = 200_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("node") / "var"
    prepare(made)
    return made


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, CERTLIB_BODY_LIMIT="1000000") as started:
        yield started


def test_an_idle_server_is_small(tmp_path):
    """Idle under 200 MB; status and page load nothing heavy."""
    prepare(tmp_path / "var")
    with serving(tmp_path / "var") as server:
        _is_small(server)


def _is_small(server):
    httpx.get(f"{server.url}/v1/status/x")
    httpx.get(f"{server.url}/v/x")
    assert psutil.Process(server.process.pid).memory_info().rss < IDLE_LIMIT


def test_ready_by_real_work(server):
    answer = httpx.get(f"{server.url}/readyz")
    assert answer.json()["ready"] is True, answer.text


def test_ipv6_and_ipv4(server):
    if not socket.has_dualstack_ipv6():
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        return
    assert httpx.get(f"http://[::1]:{server.port}/healthz").status_code == 200


def test_the_whole_way(server):
    """Issue, read, verify by identifier and file, one changed byte, revoke, look up again."""
    headers = server.bearer()
    key = headers | {"Idempotency-Key": "whole-way"}
    issued = httpx.post(
        f"{server.url}/v1/certificates", json=examples.ORDER, headers=key, timeout=60
    )
    assert issued.status_code == 201, issued.text
    identifier = issued.json()["identifier"]
    path = f"{server.url}/v1/certificates/{identifier}"
    pdf = httpx.get(f"{path}/file", headers=headers).content
    assert pdf.startswith(b"%PDF-")

    def verify(content):
        typed = headers | {"Content-Type": "application/pdf"}
        answer = httpx.post(
            f"{server.url}/v1/verifications", content=content, headers=typed, timeout=60
        )
        return answer.json()["code"]

    changed = bytearray(pdf)
    changed[len(pdf) // 3] ^= 1
    assert (verify(pdf), verify(bytes(changed))) == ("valid", "altered")
    assert httpx.get(f"{server.url}/v1/status/{identifier}").json()["verdict"] == "valid"
    revoked = httpx.post(
        f"{path}/revoke",
        json=examples.DECISION | {"effective_from": "2026-11-01"},
        headers=headers | {"Idempotency-Key": "whole-way-2", "If-Match": issued.headers["etag"]},
    )
    assert revoked.status_code == 200, revoked.text
    assert httpx.get(f"{server.url}/v1/status/{identifier}").json()["code"] == "revoked"
    assert verify(pdf) == "revoked"
    assert "已吊销" in httpx.get(f"{server.url}/v/{identifier}").text


def _problem(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["code"]


def test_what_is_no_http_gets_a_problem_document(server):
    assert _problem(server.raw(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")) == (
        400,
        "request-malformed",
    )
    assert _problem(server.raw(b"GET / HTTP/9.9\r\n\r\n")) == (400, "request-malformed")


def test_an_endless_head_is_refused(server):
    lines = [b"GET / HTTP/1.1\r\nHost: x\r\n"] + [
        b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(40)
    ]
    assert _problem(server.raw(*lines)) == (431, "head-too-large")


def test_a_head_that_never_ends_is_cut_off(server):
    assert server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n", seconds=30) == b""


def test_a_body_over_the_limit_is_refused_while_it_is_sent(server):
    head = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n"
    assert _problem(server.raw(head, *[b"x" * 100_000] * 500)) == (413, "body-too-large")


def test_chunks_over_the_limit_are_refused(server):
    head = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert _problem(server.raw(head, *[chunk] * 20, b"0\r\n\r\n")) == (413, "body-too-large")


def test_several_requests_on_one_connection(server):
    head = b"GET /v1/status/x HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"HEAD /v1/status/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = server.raw(head + head, head, last)
    assert answer.count(b"HTTP/1.1 400") == 4
    assert answer.endswith(b"\r\n\r\n")


def test_logs_are_json_and_name_no_person(server):
    lines = server.lines()
    assert {"at", "level", "logger", "event"} <= set(lines[0])
    text = json.dumps(lines, ensure_ascii=False)
    for secret in ("示例运输", "91445202MA9TEXT00K", "欧阳明远"):
        assert secret not in text


def test_nothing_is_unforeseen(server):
    assert [line for line in server.lines() if line["event"] == "unforeseen"] == []


def test_sigterm_ends_it_in_order_and_silently(folder, tmp_path, server):
    """Nothing on standard output; the lock is free afterwards, so another server starts."""
    del server
    other = tmp_path / "var"
    prepare(other)
    for _ in range(2):
        with serving(other) as started:
            started.process.send_signal(signal.SIGTERM)
            assert started.process.wait(60) == 0
            assert started.process.stdout.read() == b""
            events = [line["event"] for line in started.lines()]
            assert events[-1] == "stopped"
