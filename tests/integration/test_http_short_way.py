"""The short way of a status look-up says what the long way says, and only where it may."""

import json
import re
import socket
import subprocess
import sys

import httpx
import pytest

from api.schemas import examples
from tests.integration.http_process import prepare, serving

LONG = b"Expect-Nothing: 1\r\nContent-Length: 0\r\n"
"""A header that makes a request more than plain."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short") / "var"
    prepare(folder)
    with serving(folder) as started:
        started.folder = folder
        yield started


@pytest.fixture
def talk(server):
    made = Talk(server)
    yield made
    made.socket.close()


@pytest.fixture(scope="module")
def identifier(server):
    key = server.bearer() | {"Idempotency-Key": "short-way"}
    answer = httpx.post(
        f"{server.url}/v1/certificates", json=examples.ORDER, headers=key, timeout=60
    )
    return answer.json()["identifier"]


def _ask(server, identifier, headers=b"", method=b"GET"):
    request = b"%b /v1/status/%b HTTP/1.1\r\nHost: x\r\n%bConnection: close\r\n\r\n"
    return server.raw(request % (method, identifier.encode(), headers))


class Talk:
    """One connection that stays open."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)

    def ask(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += self.socket.recv(65536)
        return head, fields, json.loads(body)


def _plain(identifier, headers=b""):
    return b"GET /v1/status/%b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (identifier.encode(), headers)


def test_both_ways_say_the_same(talk, identifier):
    """Same status line, same headers, same words; only the instant may differ."""
    short = talk.ask(_plain(identifier))
    long = talk.ask(_plain(identifier, LONG))
    assert short[0].split(b"\r\n")[0] == long[0].split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert set(short[1]) == set(long[1])
    for body in (short[2], long[2]):
        body.pop("as_of")
    assert short[2] == long[2]
    assert short[2]["verdict"] == "valid"


def test_both_ways_take_from_the_same_share(talk, identifier):
    """A request id of its own for each answer, and one token less."""
    first, second = talk.ask(_plain(identifier))[1], talk.ask(_plain(identifier))[1]
    assert first[b"x-request-id"] != second[b"x-request-id"]
    assert first[b"ratelimit-policy"] == second[b"ratelimit-policy"]
    proxied = b"X-Forwarded-For: 198.51.100.%d\r\n"
    ways = (proxied % 7, LONG + proxied % 7, proxied % 7, proxied % 8 + proxied % 7)
    told = [talk.ask(_plain(identifier, way))[1][b"ratelimit"] for way in ways]
    left = [int(re.search(rb"r=(\d+)", line)[1]) for line in told]
    assert left == [left[0] - taken for taken in range(4)], "the address that our proxy saw counts"


def test_who_asks_too_often_waits_on_either_way(talk, identifier):
    headers = b"X-Forwarded-For: 198.51.100.9\r\n"
    for _ in range(2000):
        head, fields, body = talk.ask(_plain(identifier, headers))
        if not head.startswith(b"HTTP/1.1 200"):
            break
    assert head.startswith(b"HTTP/1.1 429")
    assert int(fields[b"retry-after"]) >= 1
    assert body["code"] == "too-many-requests"
    # A share of 200 is used up; on a slow machine one or two of 50 a second come back meanwhile.
    again = (talk.ask(_plain(identifier, LONG + headers))[0] for _ in range(50))
    assert any(head.startswith(b"HTTP/1.1 429") for head in again)


def test_what_arrives_in_pieces_or_together_is_answered_too(talk, identifier):
    whole = _plain(identifier)
    assert talk.ask(whole[:20], whole[20:60], whole[60:])[2]["verdict"] == "valid"
    talk.socket.sendall(whole + whole)
    answer = b""
    while answer.count(b'"verdict"') < 2:
        answer += talk.socket.recv(65536)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert talk.ask(whole)[2]["verdict"] == "valid"


@pytest.mark.parametrize(
    ("name", "status"),
    [("nothing", 400), ("%00", 400), ("a%20b", 400), ("..%2f", 400), ("?x=1", 400)],
)
def test_what_is_not_on_record_goes_the_long_way(talk, name, status):
    head, fields, body = talk.ask(_plain(name))
    assert int(head.split()[1]) == status
    assert fields[b"content-type"] == b"application/problem+json"
    assert body["code"] == "identifier-malformed"


def test_connection_close_is_obeyed(server, identifier):
    assert b"connection: close" in _ask(server, identifier).lower()


def test_head_and_old_http_are_left_to_the_long_way(server, identifier):
    answer = _ask(server, identifier, method=b"HEAD")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\n")
    old = server.raw(b"GET /v1/status/%b HTTP/1.0\r\n\r\n" % identifier.encode())
    assert b"200 OK" in old.split(b"\r\n")[0]


def test_look_ups_and_other_requests_share_a_connection(talk, identifier):
    """A timer that one kind of request sets is no surprise to the other."""
    assert talk.ask(_plain(identifier))[2]["verdict"] == "valid"
    talk.ask(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
    assert talk.ask(_plain(identifier))[2]["verdict"] == "valid"


def test_a_commit_of_any_process_is_seen_by_the_next_look_up(server, talk, identifier):
    """INV-6 on a warm connection: what was made for this second is not said after a commit."""
    assert talk.ask(_plain(identifier))[2]["code"] == "valid"
    for code, state in (("suspended", "SUSPENDED"), ("valid", "ISSUED")):
        script = (
            "import sqlite3, sys\n"
            "with sqlite3.connect(sys.argv[1], timeout=20) as c:\n"
            "    c.execute('UPDATE certificates SET state = ? WHERE identifier = ?', sys.argv[2:])\n"
        )
        database = str(server.folder / "certlib.sqlite")
        subprocess.run([sys.executable, "-c", script, database, state, identifier], check=True)
        assert talk.ask(_plain(identifier))[2]["code"] == code


def test_look_ups_are_counted_either_way(server, talk, identifier):
    before = httpx.get(f"{server.url}/metrics").text
    for _ in range(3):
        talk.ask(_plain(identifier))
    after = httpx.get(f"{server.url}/metrics").text
    assert before != after
