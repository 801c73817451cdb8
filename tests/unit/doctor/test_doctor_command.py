"""`certlib doctor` as an operator types it: sentences, JSON, exit codes, and no secret anywhere."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from api.cli import main
from api.doctor import instruments

SECRET = "kept-very-secret-0451"


@pytest.fixture
def run(capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capfd.readouterr()
        code = main([str(item) for item in arguments])
        return code, *capfd.readouterr()

    return call


def test_a_good_node(run, node):
    """Nothing failed: 0. Chinese and English stand side by side in JSON."""
    code, out, err = run("doctor", "--demo", "--data-dir", node, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["healthy"] is True
    assert Counter(item["state"] for item in said["checks"]) == {"ok": 20, "warning": 1}
    assert all(set(item) == {"check", "state", "zh", "en"} for item in said["checks"])


@pytest.mark.parametrize(("lang", "word"), [("zh", "异常"), ("en", "FAILED")])
def test_what_failed_comes_last(run, node, lang, word):
    (node / "keys" / "register").unlink()
    code, out, _ = run("doctor", "--demo", "--data-dir", node, "--lang", lang)
    assert code == 1
    assert out.splitlines()[-1].startswith(f"{word:<4} keys:")


def test_settings_that_cannot_be_read_are_a_finding(run, node, monkeypatch):
    code, out, _ = run("doctor", "--data-dir", node, "--json")
    assert code == 1
    (only,) = json.loads(out)["checks"]
    assert (only["check"], only["state"]) == ("settings", "failed")
    assert "CERTLIB_PUBLIC_URL" in only["en"]
    monkeypatch.setenv("CERTLIB_LOG_LEVEL", "loud")
    code, out, _ = run("doctor", "--demo", "--data-dir", node, "--lang", "en")
    assert (code, "CERTLIB_LOG_LEVEL" in out) == (1, True)


def test_misspelt_settings_are_named(run, node, monkeypatch):
    monkeypatch.setenv("CERTLIB_THREDS", "9")
    code, out, _ = run("doctor", "--demo", "--data-dir", node, "--lang", "en")
    assert code == 0
    assert "CERTLIB_THREADS is meant" in out


def test_no_secret_is_shown(run, node, tmp_path, monkeypatch):
    """Neither of what works nor of what does not, and not the key-encryption key."""
    url = tmp_path / "url"
    url.write_text(f"postgresql://login:{SECRET}@127.0.0.1:9/none")
    for name in ("access", "secret"):
        (tmp_path / name).write_text(SECRET)
        monkeypatch.setenv(f"CERTLIB_S3_{name.upper()}_KEY_FILE", str(tmp_path / name))
    monkeypatch.setenv("CERTLIB_DATABASE_URL_FILE", str(url))
    monkeypatch.setenv("CERTLIB_OBJECTS", "s3")
    monkeypatch.setenv("CERTLIB_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("CERTLIB_S3_BUCKET", "certificates")
    monkeypatch.setenv("CERTLIB_S3_TIMEOUT", "1")
    kek = (node.with_name("var-secrets") / "kek").read_text().strip()
    code, out, err = run("doctor", "--demo", "--data-dir", node, "--json")
    assert code == 1
    failed = {item["check"] for item in json.loads(out)["checks"] if item["state"] == "failed"}
    assert failed == {"database", "objects"}
    for text in (out, err):
        assert SECRET not in text
        assert kek not in text


def test_a_fault_nobody_foresaw_is_a_sentence(run, node, monkeypatch):
    def broken(_subject):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(instruments, "database", broken)
    code, out, err = run("doctor", "--demo", "--data-dir", node, "--lang", "en")
    assert code == 1
    assert "unforeseen error (RuntimeError)" in out
    assert SECRET not in out + err
    assert "Traceback" not in out + err


# --- a running service --------------------------------------------------------------------------


@contextmanager
def answering(status, body, date=None):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(status)
            self.send_header("Date", date or formatdate(usegmt=True))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


READY = '{"ready": true, "parts": [{"name": "database", "fault": "", "ms": 1}]}'
HALF = '{"ready": false, "parts": [{"name": "database", "fault": "store-unavailable", "ms": 1}]}'


@pytest.mark.parametrize(
    ("status", "body", "date", "states", "named"),
    [
        (200, READY, None, ["ok"], "The service runs"),
        (503, HALF, None, ["failed"], "database (store-unavailable)"),
        (200, "<html>", None, ["failed"], "Something else"),
        (200, '{"x": 1}', None, ["failed"], "Something else"),
        (200, READY, "Sun, 06 Nov 1994 08:49:37 GMT", ["ok", "failed"], "NTP"),
        (200, READY, "yesterday", ["ok"], "The service runs"),
    ],
)
def test_a_running_service(run, node, status, body, date, states, named):
    with answering(status, body, date) as url:
        _, out, _ = run("doctor", "--demo", "--data-dir", node, "--url", f"{url}/", "--json")
    found = [item for item in json.loads(out)["checks"] if item["check"] == "service"]
    assert [item["state"] for item in found] == states
    assert named in " ".join(item["en"] for item in found)


def test_a_service_that_does_not_answer(run, node, monkeypatch):
    """At the public address when no other is named."""
    monkeypatch.setenv("CERTLIB_PUBLIC_URL", "http://127.0.0.1:9")
    code, out, _ = run("doctor", "--data-dir", node, "--running", "--json")
    assert code == 1
    (found,) = [item for item in json.loads(out)["checks"] if item["check"] == "service"]
    assert found["state"] == "failed"
    assert "ConnectError" in found["en"]


def test_a_terminal_sees_what_is_looked_at(run, node, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    code, _, err = run("doctor", "--demo", "--data-dir", node, "--lang", "en")
    assert code == 0
    assert "Running service" in err  # the last of them is drawn whatever the machine's haste
