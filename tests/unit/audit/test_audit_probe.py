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
from api.audit.probe import Probe, view_on
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
    identifier, honest = store.names["valid"], Probe._views
    answers[identifier] = {"state": "REVOKED", "verdict": "invalid"}
    asked: list[str] = []

    def views(probe: Probe, name: str) -> frozenset[str]:
        asked.append(name)
        again = name == identifier and asked.count(name) == 2
        return frozenset({"REVOKED"}) if again else honest(probe, name)

    monkeypatch.setattr(Probe, "_views", views)
    assert found(store, answers) == set()


@pytest.mark.parametrize(
    ("until", "automatic", "valid_to", "state", "verdict"),
    [
        ("2026-03-20", 1, "2099-03-01", "VALID", "valid"),
        ("2026-03-20", 0, "2099-03-01", "SUSPENSION_ENDED", "indeterminate"),
        ("2098-03-20", 1, "2099-03-01", "SUSPENDED", "invalid"),
        ("2026-03-20", 1, "2026-03-25", "EXPIRED", "invalid"),
        ("2098-03-20", 0, "2026-03-25", "EXPIRED", "invalid"),
    ],
)
def test_a_suspension_is_seen_against_the_calendar(
    store: Store, until: str, automatic: int, valid_to: str, state: str, verdict: str
):
    """An honest answer raises no alarm; one that says valid too early is found."""
    store.set("state_changes", f"until = '{until}', automatic = {automatic}", "suspended")
    store.set("certificates", f"valid_to = '{valid_to}'", "suspended")
    answers = answers_of(store)
    answers[store.names["suspended"]] = {"state": state, "verdict": verdict}
    alarms = {("INV-6", "stale-answer"), ("INV-14", "valid-answer")}
    assert found(store, answers) & alarms == set()
    answers[store.names["suspended"]] = {"state": "NOT_YET_EFFECTIVE", "verdict": "valid"}
    expected = alarms if state != "VALID" else {("INV-6", "stale-answer")}
    assert found(store, answers) & alarms == expected


def test_the_view_of_a_day():
    """What docs/api.md says of terms and suspensions, told once more."""
    row = {"state": "ISSUED", "valid_from": "2026-01-02", "valid_to": None}
    assert view_on("2026-01-01", row, {}) == "NOT_YET_EFFECTIVE"
    assert view_on("2026-01-02", row, {}) == "VALID"
    suspended = row | {"state": "SUSPENDED"}
    assert view_on("2099-01-01", suspended, {}) == "SUSPENDED"
    step = {"until": "2026-05-05", "automatic": 1}
    assert view_on("2026-05-05", suspended, step) == "SUSPENDED"
    assert view_on("2026-05-06", suspended, step) == "VALID"
    assert view_on("2026-05-06", row | {"state": "REVOKED"}, step) == "REVOKED"


def test_an_answer_for_what_nobody_was_given_is_found(store: Store):
    assert found(store, answers_of(store), 200) == {("INV-14", "invented-answered")}


def test_a_service_that_does_not_answer_cannot_be_probed(store: Store):
    with serving({}) as url:
        pass
    with pytest.raises(CannotAudit):
        audit(replace(store.options, probe=url))
    with pytest.raises(CannotAudit):
        audit(replace(store.options, probe="http://[::1"))
