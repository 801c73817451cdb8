"""Every check of a node in one folder: it is content with a good one, and names what is wrong."""

import os
import shutil
import sqlite3
import ssl
import threading
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from api.bootstrap import open_node
from api.doctor import database, folders, instruments, pages
from api.doctor.examination import CHECKS, examine
from api.doctor.model import Check, ok
from api.settings import Settings
from certlib.errors import SigningUnavailable, StoreUnavailable
from certlib.evidence import FileFacts
from certlib.registry import Queue
from certlib.registry.backlog import Backlog
from keys.timestamps import TimestampAuthority
from storage.inspection import DatabaseFacts, ServerFacts
from tests.unit.doctor.conftest import looked, states, subject, words


def test_a_good_node_has_nothing_wrong(founded):
    found = list(examine(subject(founded)))
    assert {item.state.value for item in found} == {"ok"}, found
    # What only a server, a bucket or a running service can show says nothing here.
    absent = {check.name for check in CHECKS} - {item.check for item in found}
    assert absent == {
        "database-clock",
        "connections",
        "rights",
        "public-rights",
        "objects-clock",
        "history-timestamps",
        "timestamp-sources",
        "locks",
        "service",
        "token",
        "signers",
        "trust",
    }


def test_looking_changes_nothing(node):
    """No file comes, goes or changes its mode, and no lock is held."""

    def everything():
        return {
            str(path): (path.stat().st_mode, path.stat().st_size)
            for path in sorted(node.rglob("*"))
            if not path.name.endswith(("-wal", "-shm"))
        }

    before = everything()
    list(examine(subject(node)))
    assert everything() == before


def test_it_looks_beside_a_running_node(node):
    with closing(open_node(Settings(CERTLIB_DATA_DIR=node, demo=True))):
        assert {item.state.value for item in examine(subject(node))} == {"ok"}


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "more", "named"),
    [
        ({"demo": True}, {}, "CERTLIB_DEMO"),
        ({}, {"strangers": ("CERTLIB_PUBLIC_ULR",)}, "CERTLIB_PUBLIC_URL is meant"),
        ({}, {"strangers": ("CERTLIB_QQQ",)}, "CERTLIB_QQQ is no setting."),
        ({"public_url": "http://zz.example.gov.cn"}, {}, "CERTLIB_PUBLIC_URL"),
        ({"public_url": "https://localhost:8000"}, {}, "CERTLIB_PUBLIC_URL"),
        ({"trusted_proxies": "0.0.0.0/0"}, {}, "CERTLIB_TRUSTED_PROXIES"),
        ({"database_url": "postgresql://u:p@db.example.cn/c"}, {}, "sslmode=verify-full"),
        (
            {"database_url": "postgresql://u:p@db.example.cn/c?sslmode=verify-full"},
            {},
            "CERTLIB_DATABASE_URL_FILE",
        ),
        (
            {
                "objects": "s3",
                "s3_endpoint": "http://s3.example.cn",
                "s3_bucket": "b",
                "s3_access_key": "a",
                "s3_secret_key": "s",
            },
            {},
            "CERTLIB_S3_ENDPOINT is not encrypted",
        ),
    ],
)
def test_settings_that_work_and_are_not_right(tmp_path, settings, more, named):
    of = subject(tmp_path, settings=settings, **more)
    assert set(states(of, "settings")) == {"warning"}
    assert named in words(of, "settings")


def test_an_address_that_is_none(tmp_path):
    of = subject(tmp_path, settings={"public_url": "zz.example.gov.cn"})
    assert states(of, "settings") == ["failed"]


# --- folders ------------------------------------------------------------------------------------


def test_no_data_folder_is_the_one_thing_to_see_to(tmp_path):
    """What cannot be told without it is not called broken."""
    found = [item for item in examine(subject(tmp_path / "var")) if item.state.value == "failed"]
    assert {item.check for item in found} == {"user", "secrets"}
    assert list(tmp_path.iterdir()) == []


def test_root_does_not_touch_another_users_node(node, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_name", lambda _user: "certlib")
        real = node.stat()
        changed = os.stat_result((*real[:4], 1234, *real[5:]))
        patch.setattr(type(node), "stat", lambda self, **_: changed)
        (finding,) = folders._user(subject(node))
    assert finding.state.value == "failed"
    assert "sudo -u certlib certlib doctor" in finding.en


def test_a_folder_that_this_user_may_not_use(node, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert states(subject(node), "user") == ["failed"]


def test_a_missing_key_is_named_and_none_is_made(node):
    (node.with_name("var-secrets") / "kek").unlink()
    found = looked(subject(node), "secrets", "key", "keys")
    assert [item.state.value for item in found["secrets"]] == ["failed"]
    assert "Secret files" in found["key"][0].en
    assert not (node.with_name("var-secrets") / "kek").exists()


def test_secrets_inside_the_data(node):
    shutil.copytree(node.with_name("var-secrets"), node / "secrets", dirs_exist_ok=True)
    of = subject(node, settings={"secrets_dir": node / "secrets"})
    assert "failed" in states(of, "secrets")


@pytest.fixture
def open_place(monkeypatch):
    """As if nothing above the files kept anybody out."""
    monkeypatch.setattr(folders, "open_to", _by_mode)


def _by_mode(path):
    mode = path.stat().st_mode
    bits = (0o001, 0o010) if path.is_dir() else (0o004, 0o040)
    return "others" if mode & bits[0] else "group" if mode & bits[1] else ""


@pytest.mark.parametrize(("mode", "state"), [(0o644, "failed"), (0o440, "warning")])
def test_a_key_that_others_can_read(node, open_place, mode, state):
    (node.with_name("var-secrets") / "kek").chmod(mode)
    assert states(subject(node), "secrets") == [state]


def test_a_secret_file_is_looked_at_too(node, open_place):
    url = node.parent / "status-url"
    url.write_text("postgresql://u@/c")
    url.chmod(0o604)
    of = subject(node, settings={"status_url_file": url})
    assert states(of, "secrets") == ["failed"]
    assert "CERTLIB_STATUS_URL_FILE" in words(of, "secrets")


def test_a_file_that_cannot_be_read(node, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, _mode: "kek" not in str(path))
    assert states(subject(node), "secrets") == ["failed"]


def test_data_that_others_can_reach(node, open_place):
    (node / "keys" / "private").chmod(0o755)
    (node / "certlib.sqlite").chmod(0o604)
    of = subject(node)
    assert states(of, "data") == ["failed"]
    assert "keys/private (0755)" in words(of, "data")


def test_data_of_another_user(node, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    (finding,) = folders._data(subject(node))
    assert finding.state.value == "failed"
    assert "chown" in finding.en
    assert "+" in finding.en  # more of them than are named


def _usage(free):
    return lambda _path: SimpleNamespace(total=10**12, used=0, free=free)


@pytest.mark.parametrize(("free", "state"), [(1_000_000_000, "warning"), (1_000_000, "failed")])
def test_little_room(node, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", _usage(free))
    assert set(states(subject(node), "space")) == {state}


def test_few_files_left(node, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", _usage(10**12))
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_files=100_000, f_favail=5))
    assert set(states(subject(node), "space")) == {"warning"}


def test_a_user_without_a_name():
    assert folders._name(4_000_000_000) == "4000000000"


# --- database and key ---------------------------------------------------------------------------


def _sql(node, statement):
    with closing(sqlite3.connect(node / "certlib.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


def test_no_database(node):
    (node / "certlib.sqlite").unlink()
    of = subject(node)
    assert states(of, "database") == ["failed"]
    assert "database file" in words(of, "database")
    assert not (node / "certlib.sqlite").exists()


def test_a_damaged_database(node):
    (node / "certlib.sqlite").write_bytes(b"no database at all" * 1000)
    assert states(subject(node), "database") == ["failed"]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE alembic_version SET version_num = '0009'", "certlib database upgrade"),
        ("UPDATE alembic_version SET version_num = '9999'", "a newer release"),
        ("DELETE FROM alembic_version", "certlib init"),
    ],
)
def test_another_schema(node, statement, named):
    _sql(node, statement)
    of = subject(node)
    assert states(of, "schema") == ["failed"]
    assert named in words(of, "schema")


def test_a_key_of_another_node(node, monkeypatch):
    """Nothing is stored yet that it would not open: the keys of the seals are."""
    (node.with_name("var-secrets") / "kek").write_text("ab" * 32)
    assert states(subject(node), "keys") == ["failed"]


def test_a_key_that_does_not_belong_to_the_record(node, monkeypatch):
    from certlib.errors import KeyUnusable

    def wrong(_subject):
        raise KeyUnusable(what="key-encryption key")

    monkeypatch.setattr(instruments, "check_key", wrong)
    assert states(subject(node), "key") == ["failed"]


SERVER = ServerFacts(
    version=160004,
    encoding="UTF8",
    replica=False,
    durable=True,
    offset=0.0,
    places=97,
    used=3,
    own_limit=-1,
)


@pytest.mark.parametrize(
    ("change", "check", "state"),
    [
        ({}, "database", "ok"),
        ({"replica": True}, "database", "failed"),
        ({"encoding": "SQL_ASCII"}, "database", "failed"),
        ({"durable": False}, "database", "failed"),
        ({"version": 150000}, "database", "warning"),
        ({"offset": -2.0}, "database-clock", "ok"),
        ({"offset": 10.0}, "database-clock", "warning"),
        ({"offset": -400.0}, "database-clock", "failed"),
        ({}, "connections", "ok"),
        ({"places": 20}, "connections", "warning"),
        ({"own_limit": 5}, "connections", "warning"),
        ({"used": 95}, "connections", "warning"),
    ],
)
def test_a_server(founded, monkeypatch, change, check, state):
    from dataclasses import replace

    facts = DatabaseFacts("0011", "0011", known=True, server=replace(SERVER, **change))
    monkeypatch.setattr(instruments, "database", lambda _subject: facts)
    assert state in states(subject(founded), check)


def test_names_are_few():
    assert database._some(tuple("abcdef")) == "a, b, c, d +2"


# --- objects, keys, pages -----------------------------------------------------------------------


def test_a_folder_of_objects_that_cannot_be_written(node, monkeypatch):
    shutil.rmtree(node / "objects", ignore_errors=True)
    (node / "objects").write_text("in the way")
    assert states(subject(node), "objects") == ["failed"]


def test_no_register(node):
    (node / "keys" / "register").unlink()
    of = subject(node)
    assert states(of, "keys") == ["failed"]
    assert not (node / "keys" / "register").exists()


def test_a_key_that_is_damaged(node):
    key = next((node / "keys" / "private").glob("history*.key"))
    key.write_bytes(key.read_bytes()[:-1] + b"?")
    of = subject(node)
    assert states(of, "keys") == ["failed"]
    assert "history" in words(of, "keys")


def test_certificates_end(node):
    keys = instruments.authority(subject(node)).keys
    end = max(item.not_after for item in keys) - subject(node).clock.now()
    first = min(item.not_after for item in keys) - subject(node).clock.now()
    near = subject(node, ahead=first - timedelta(days=30))
    assert "warning" in states(near, "certificates")
    over = subject(node, ahead=end + timedelta(days=1))
    assert "failed" in states(over, "certificates")
    assert states(over, "timestamps") == ["failed"]


def test_lists_that_are_overdue(node):
    """A start makes new ones; a service that runs should have."""
    late = timedelta(days=30)
    assert states(subject(node, ahead=late), "crls") == ["warning"]
    assert states(subject(node, ahead=late, running=True), "crls") == ["failed"]


def test_a_remote_authority_that_is_silent(node, tmp_path):
    settings = {"history_tsa_url": "http://127.0.0.1:9/"}
    of = subject(node, settings=settings)
    assert states(of, "history-timestamps") == ["failed"]  # no certificate is pinned


@pytest.mark.parametrize(("ahead", "state"), [(0, "ok"), (600, "failed")])
def test_a_remote_authority(node, tmp_path, ahead, state):
    """It answers, and its clock is held against ours."""
    own = subject(node)
    key = instruments.authority(own).timestamp_key
    pinned = tmp_path / "tsa.pem"
    pinned.write_text(ssl.DER_cert_to_PEM_cert(key.chain[0]))
    authority = TimestampAuthority(key, own.clock, own.entropy)
    with posting(authority.respond, "application/timestamp-reply") as url:
        settings = {"history_tsa_url": url, "history_tsa_certificate": pinned}
        of = subject(node, ahead=timedelta(seconds=ahead), settings=settings)
        assert states(of, "history-timestamps") == [state]


@contextmanager
def posting(respond, kind):
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = respond(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response_only(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_font_that_is_missing(node, monkeypatch, tmp_path):
    monkeypatch.setattr(instruments, "PACKAGED_FONTS", (tmp_path / "Kai.ttf",))
    assert states(subject(node), "renderer") == ["failed"]
    assert "Kai.ttf" in words(subject(node), "renderer")


def test_a_child_that_does_not_come(node, monkeypatch):
    def dead(_subject):
        raise SigningUnavailable(what="renderer")

    monkeypatch.setattr(instruments, "page", dead)
    assert states(subject(node), "renderer") == ["failed"]


def test_a_reader_that_dies(node, monkeypatch):
    facts = FileFacts(sha256="", size=0, readable=False, fault="memory")
    monkeypatch.setattr(instruments, "facts", lambda _subject: facts)
    (finding,) = pages._reader(subject(node))
    assert finding.state.value == "failed"
    assert "memory" in finding.en


def test_what_holds_a_reader_in(node, monkeypatch):
    """What is in force is told; what this machine refuses is a warning with a way on."""
    from signing.evidence.sandbox import MEASURES

    facts = FileFacts(sha256="", size=0, readable=True)
    monkeypatch.setattr(instruments, "facts", lambda _subject: facts)
    assert instruments.measures(subject(node)) == MEASURES
    (finding,) = pages._reader(subject(node))
    assert finding.state.value == "ok"
    assert all(name in finding.zh and name in finding.en for name in MEASURES)
    monkeypatch.setattr(instruments, "measures", lambda _subject: ("limits", "sockets"))
    found = list(pages._reader(subject(node)))
    assert [item.state.value for item in found] == ["ok", "warning"]
    assert "landlock, seccomp" in found[1].en


# --- what waits ---------------------------------------------------------------------------------


def _record(monkeypatch, **queues):
    from certlib.registry import HistoryTail

    tail = queues.pop("tail", HistoryTail(0, 0, None))
    facts = instruments.RecordFacts(Backlog(**queues), tail)
    monkeypatch.setattr(instruments, "record", lambda _subject: facts)


@pytest.mark.parametrize(
    ("queue", "check"),
    [("intents", "intents"), ("events", "outbox"), ("locks", "locks")],
)
def test_work_that_waits(node, monkeypatch, queue, check):
    """Before a start it will be done by the start; a running service should have done it."""
    of = subject(node)
    if check == "locks":
        s3 = {"objects": "s3", "s3_endpoint": "https://s3", "s3_bucket": "b"}
        of = subject(node, settings={**s3, "s3_access_key": "a", "s3_secret_key": "s"})
    old = of.clock.now() - timedelta(days=1)
    _record(monkeypatch, **{queue: Queue(3, old)})
    assert states(of, check) == ["warning"]
    from dataclasses import replace

    assert states(replace(of, running=True), check) == ["failed"]
    _record(monkeypatch, **{queue: Queue(3, of.clock.now())})
    assert states(of, check) == ["ok"]


def test_history_that_is_not_sealed(node):
    assert states(subject(node), "history") == ["ok"]
    assert states(subject(node, ahead=timedelta(hours=1)), "history") == ["warning"]
    assert states(subject(node, ahead=timedelta(hours=1), running=True), "history") == ["failed"]


def test_deliveries_that_wait_or_are_dead(node, monkeypatch):
    of = subject(node, running=True)
    _record(monkeypatch, dead=2, deliveries=Queue(1, of.clock.now() - timedelta(days=1)))
    assert states(of, "webhooks") == ["warning", "warning"]


# --- whatever happens ---------------------------------------------------------------------------


def test_a_check_that_raises_is_a_finding(node):
    def broken(_subject):
        yield ok("好", "good")
        raise ZeroDivisionError("445202199001011234")

    first, second = examine(subject(node), [Check("x", ("某项", "Thing"), broken)])
    assert (first.state.value, second.state.value) == ("ok", "failed")
    assert "ZeroDivisionError" in second.en
    assert "4452" not in second.en + second.zh


def test_what_does_not_answer_is_said_with_advice(node):
    def silent(_subject):
        raise StoreUnavailable(what="ECONNREFUSED")
        yield

    (finding,) = examine(subject(node), [Check("x", ("某项", "Thing"), silent)])
    assert finding.state.value == "failed"
    assert "ECONNREFUSED" in finding.zh
    assert "幂等" not in finding.zh
