"""`--probe`: what a running service tells the public is held against the record."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from api.audit import CannotAudit, audit
from tests.unit.audit.audit_store import Store

Answers = dict[str, dict[str, Any]]


def answers_of(store: Store) -> Answers:
    """What an honest service says."""
    rows = store.rows("SELECT identifier, state FROM certificates")
    views = {"ISSUED": "VALID"}
    verdicts = {"ISSUED": "valid"}
    return {
        identifier: {
            "state": views.get(state, state),
            "verdict": verdicts.get(state, "invalid"),
        }
        for identifier, state in rows
    }


@contextmanager
def serving(answers: Answers, absent: int = 404) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = answers.get(self.path.rpartition("/")[2])
            content = json.dumps(found or {"verdict": "indeterminate"}).encode()
            self.send_response(absent if found is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


pytestmark = pytest.mark.enable_socket


def found(store: Store, answers: Answers, absent: int = 404) -> set[tuple[str, str]]:
    with serving(answers, absent) as url:
        report = audit(replace(store.options, probe=url))
    assert {item.name: item.checked for item in report.invariants}["INV-6"] > len(answers)
    return {(item.name, one.code) for item in report.invariants for one in item.violations}


def test_an_honest_service_is_green(store: Store):
    assert found(store, answers_of(store)) == set()


def test_a_stale_answer_is_found(store: Store):
    """The revocation is on record; the service still says it is valid."""
    answers = answers_of(store)
    answers[store.names["revoked"]] = {"state": "VALID", "verdict": "valid"}
    assert found(store, answers) == {("INV-6", "stale-answer"), ("INV-14", "valid-answer")}


def test_what_was_decided_while_it_asked_is_no_stale_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    answers = answers_of(store)
    answers[store.names["valid"]] = {"state": "REVOKED", "verdict": "invalid"}
    monkeypatch.setattr("api.audit.probe.Probe._state_now", lambda *_: "REVOKED")
    assert found(store, answers) == set()


def test_an_answer_for_what_nobody_was_given_is_found(store: Store):
    assert found(store, answers_of(store), 200) == {("INV-14", "invented-answered")}


def test_a_service_that_does_not_answer_cannot_be_probed(store: Store):
    with serving({}) as url:
        pass
    with pytest.raises(CannotAudit):
        audit(replace(store.options, probe=url))
    with pytest.raises(CannotAudit):
        audit(replace(store.options, probe="http://[::1"))
