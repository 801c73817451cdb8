"""Planted holders are driven through every route of a served node; then everything it has left
behind is searched for them. Only sealed PDF files and encrypted columns may hold them.
"""

import base64
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from api.demo.orders import ISSUERS, TRANSPORT
from api.routes.table import ROUTERS
from tests.acceptance import canaries
from tests.acceptance.canaries import PLANTED, found_in
from tests.acceptance.canary_drive import PROJECT, Node, afterwards, drive, while_it_runs
from tests.fakes.receiver import authority, receiving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

QUIET = {
    ("GET", "/"),
    ("GET", "/v"),
    ("GET", "/problems"),
    ("GET", "/problems/{code}"),
    ("GET", "/docs/api"),
    ("GET", "/static/{name}"),
    ("GET", "/pki/{name}"),
    ("GET", "/pki/ocsp/{request_base64}"),
    ("POST", "/pki/ocsp"),
    ("POST", "/tsa"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
}
"""Routes that are told of nobody: asked in the wrong way only."""
MANAGING = re.compile(r"^/v1/(types|departments|issue-list)")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    (folder / "temp").mkdir()
    with receiving(authority(folder)) as receiver:
        made = Node(
            folder,
            TMPDIR=str(folder / "temp"),
            CERTLIB_LOG_LEVEL="debug",
            CERTLIB_WEBHOOK_NETWORKS="127.0.0.0/8",
            CERTLIB_WEBHOOK_PORTS=str(receiver.port),
            CERTLIB_WEBHOOK_CA_FILE=str(folder / "ca.pem"),
            CERTLIB_HISTORY_SEAL_SECONDS="1",
        )
        made.folder, made.receiver = folder, receiver
        made.run("init")
        made.client("transport", ISSUERS[TRANSPORT])
        made.client("planning", ISSUERS[PROJECT])
        made.environment |= {
            "CERTLIB_CLIENT_ID": "transport",
            "CERTLIB_CLIENT_SECRET": made.secrets["transport"],
            "CERTLIB_SERVER": made.url,
        }
        made.start()
        try:
            drive(made)
        finally:
            made.live = while_it_runs(made)
            made.stop()
            made.http.close()
        afterwards(made)
        yield made


def _files(folder: Path):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _leaks(named):
    """Place → what it gives away."""
    return {place: found for place, octets in named if (found := found_in(octets))}


def test_the_search_sees_what_it_looks_for():
    """Each form of each planted text is found, and an empty search would not do."""
    assert len(canaries.needles()) > 150
    for text in PLANTED.values():
        for octets in (
            text.encode(),
            json.dumps({"a": text}).encode(),
            quote(text).encode(),
            base64.b64encode(f"x{text}yz".encode()),
            f"...{text.encode()!r}".encode(),
        ):
            assert found_in(b"before " + octets + b" after"), (text, octets)
    assert found_in(b"nothing of anybody 12345678") == []


def test_every_route_was_driven(node):
    """With planted holders, to its end; a new route is to be driven here, too."""
    patterns = [
        (method, route.path.replace(":path", ""), route.path_regex)
        for router in ROUTERS
        for route in router.routes
        for method in sorted(route.methods or ())
    ]
    reached, done = set(), set()
    for method, path, answer in node.answers:
        for known, template, regex in patterns:
            if known == method and regex.match(path):
                reached.add((method, template))
                if answer.is_success:
                    done.add((method, template))
    every = {(method, template) for method, template, _ in patterns}
    assert reached == every
    left = {item for item in every - done - QUIET if not MANAGING.match(item[1])}
    assert left <= {("POST", "/oauth2/token")}, left


def test_planted_holders_are_on_record(node):
    """Otherwise the search would find nothing for a reason of its own."""
    answers = b"".join(answer.content for *_, answer in node.answers if answer.is_success)
    for label in ("holder's name", "holder's number", "company's name", "address", "telephone"):
        assert PLANTED[label].encode() in answers, label
    assert node.green[0], node.green[1][-3000:]


def test_log(node):
    text = node.log.read_bytes()
    assert text.count(b'"event": "request"') > 300
    assert b'"unforeseen"' not in text
    assert found_in(text) == []


def test_metrics(node):
    assert b"certlib_issued_total" in node.live["metrics"]
    assert found_in(node.live["metrics"]) == []


def test_database_as_it_lies_on_the_disk(node):
    """Every column of every table, the write-ahead log and free pages."""
    assert _leaks(node.live.items()) == {}
    with closing(sqlite3.connect(node.data_dir / "certlib.sqlite")) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for name in tables:
            for row in db.execute(f'SELECT * FROM "{name}"'):
                text = " ".join(str(value) for value in row if not isinstance(value, bytes))
                blob = b" ".join(value for value in row if isinstance(value, bytes))
                assert found_in(text.encode()) == [], name
                assert found_in(blob) == [], name


def test_everything_in_the_data_folder(node):
    """Objects, keys, names of files."""
    files = _files(node.data_dir) + _files(node.data_dir.with_name("var-secrets"))
    assert len([path for path in files if "objects" in path.parts]) > 10
    assert (
        _leaks((str(path), str(path).encode() + b" " + path.read_bytes()) for path in files) == {}
    )


def test_webhooks(node):
    """Bodies, headers, paths."""
    assert len(node.receiver.got) > 10
    sent = [(got.path, json.dumps(got.headers).encode() + got.body) for got in node.receiver.got]
    assert _leaks(sent) == {}


def test_exports_and_proofs(node):
    files = _files(node.folder / "export")
    assert len(files) > 5
    assert _leaks((path.name, path.name.encode() + path.read_bytes()) for path in files) == {}


def test_addresses_in_answers(node):
    """Headers of every answer: Location, Link, ETag, file names."""
    for method, path, answer in node.answers:
        head = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert found_in(head.encode()) == [], (method, answer.status_code)
        if answer.is_success and answer.headers.get("content-type") == "application/json":
            for url in re.findall(r'"(https?://[^"]*|/v1/[^"]*)"', answer.text):
                assert found_in(url.encode()) == [], (method, path)


def test_problems_do_not_repeat_what_was_sent(node):
    """A caller logs what it is told."""
    refused = [(method, answer) for method, _, answer in node.answers if answer.status_code >= 400]
    assert len(refused) > 200
    assert {answer.status_code for _, answer in refused} <= {
        400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428, 429
    }  # fmt: skip
    for method, answer in refused:
        assert found_in(answer.content) == [], (method, answer.status_code, answer.text[:800])


def test_command_line(node):
    """Neither errors nor results say who it was; the record is shown masked."""
    for command, out, err in node.said:
        assert "Traceback" not in err
        assert found_in(err.encode()) == [], (command, err)
        assert found_in(out.encode()) == [], (command, out)


def test_nothing_is_left_in_temporary_folders(node):
    assert _files(node.folder / "temp") == []
    assert [path for path in _files(node.data_dir) if ".tmp" in path.name] == []
