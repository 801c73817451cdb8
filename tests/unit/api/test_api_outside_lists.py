"""Lists of others are fetched by the worker alone, over the one way out, within bounds."""

import ast
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from api.egress.addresses import networks, plain_addresses
from api.egress.exchange import Download
from api.outside_lists import OutsideLists
from api.settings import Settings
from certlib.errors import SigningUnavailable
from tests.unit.keys.keys_world import START, TRANSPORT, found

ROOT = Path(__file__).parents[3]
HERE = networks(("127.0.0.0/8",))


@contextmanager
def serving(answers):
    """Path → (status, headers, body), over real HTTP on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = answers[self.path]
            seen.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def other(tmp_path):
    authority = found(tmp_path / "other", seed="other")
    authority.issue_seal(*TRANSPORT)
    return authority


class Believed:
    def __init__(self, authority):
        self.material = authority.trust_material


def lists_of(folder, other, *fetches):
    sources = tuple((f"http://crl.example/{n}", fetch) for n, fetch in enumerate(fetches))
    return OutsideLists(sources, folder, Believed(other))


def test_a_list_is_fetched_and_asked_for_again_every_hour(tmp_path, other):
    with serving({"/a.crl": (200, {}, other.crls()["issuing.crl"])}) as (url, seen):
        lists = lists_of(tmp_path / "crls", other, Download(f"{url}/a.crl", HERE))
        (first,) = lists.round(START)
        assert (first.place, first.fault, first.fresh) == (1, "", True)
        assert list(lists.round(START + timedelta(minutes=59))) == []
        (second,) = lists.round(START + timedelta(hours=1))
        assert (second.fault, second.fresh) == ("", False)
        assert seen == ["/a.crl"] * 2
    assert len(list((tmp_path / "crls").glob("*.crl"))) == 1


def test_a_source_that_fails_is_asked_again_soon_and_keeps_nobody_waiting(tmp_path, other):
    down = []

    def failing():
        down.append(1)
        raise SigningUnavailable(what="unreachable")

    lists = lists_of(tmp_path, other, failing, lambda: other.crls()["root.crl"], lambda: b"<html>")
    assert [item.fault for item in lists.round(START)] == ["unreachable", "", "no-list"]
    assert lists.failing == {1, 3}
    assert list(lists.round(START + timedelta(minutes=1))) == []
    assert [item.place for item in lists.round(START + timedelta(minutes=2))] == [1, 3]
    lists.sources = (lists.sources[0], lists.sources[1], (lists.sources[2][0], lists.sources[1][1]))
    assert [item.fault for item in lists.round(START + timedelta(minutes=4))] == ["unreachable", ""]
    assert lists.failing == {1}
    assert len(down) == 3


@pytest.mark.parametrize(
    ("path", "fault"),
    [("/moved", "answers 302"), ("/gone", "answers 404"), ("/long", "answer too long")],
)
def test_nothing_is_followed_and_nothing_endless_is_read(path, fault):
    with serving(
        {
            "/moved": (302, {"Location": "/a.crl"}, b""),
            "/a.crl": (200, {}, b"list"),
            "/gone": (404, {}, b""),
            "/long": (200, {}, bytes(2000)),
        }
    ) as (url, seen):
        with pytest.raises(SigningUnavailable, match=fault):
            Download(f"{url}{path}", HERE, limit=1000)()
        assert seen == [path]


def test_an_address_inside_is_not_called_unless_its_network_is_named():
    with serving({"/a.crl": (200, {}, b"list")}) as (url, seen):
        with pytest.raises(SigningUnavailable, match="address refused"):
            Download(f"{url}/a.crl")()
        assert seen == []
        assert Download(f"{url}/a.crl", HERE)() == b"list"


def test_whoever_is_not_there_is_told_in_a_word():
    with pytest.raises(SigningUnavailable, match="unreachable"):
        Download("http://127.0.0.1:9/a.crl", HERE, seconds=5)()


def test_addresses_of_the_setting():
    assert plain_addresses("http://a.example/x, https://b.example/y\n") == (
        "http://a.example/x",
        "https://b.example/y",
    )
    assert plain_addresses("") == ()


@pytest.mark.parametrize("name", ["CERTLIB_CRL_SOURCES", "CERTLIB_OCSP_SOURCES"])
@pytest.mark.parametrize(
    "text",
    [
        "ftp://a.example/x",
        "a.example",
        "http://",
        "http://u:p@a.example/",
        "http://a.example:x/",
        "http://证.example/",
        "http://a.example/#x",
        " ".join(f"http://a.example/{n}" for n in range(101)),
    ],
)
def test_what_is_no_plain_address_is_refused_at_start(name, text, tmp_path, monkeypatch):
    with pytest.raises(ValueError):
        plain_addresses(text)
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=name):
        Settings(data_dir=tmp_path, demo=True)


def test_no_way_of_a_request_leads_to_egress():
    """Only the worker uses what fetches: nothing that answers a question names it."""
    named = {
        str(path.relative_to(ROOT))
        for folder in ("api", "certlib", "keys", "signing", "storage")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"outside_lists", "outside_answers"}
    }
    assert named == {"api/worker.py"}
    for folder in ("api/routes", "api/web", "api/middleware", "signing", "certlib"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            for module in ("egress.exchange", "egress.client", "egress.backend", "httpcore"):
                assert f"{module}" not in text, path
