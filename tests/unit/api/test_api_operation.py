"""Health by real work, metrics without anybody's data, logs without values."""

import io
import json
import logging

import pytest

from api import logs
from api.health import Health
from api.middleware.requests import RequestIds
from certlib.errors import SigningUnavailable, StoreUnavailable
from certlib.usecases.halt import HaltSealing
from tests.unit.api.api_world import LIST, ORDER, SECRET


def test_alive(world):
    assert world.browser.get("/healthz").json() == {"status": "ok"}


def test_ready_names_every_part_and_leaves_nothing_behind(world):
    answer = world.browser.get("/readyz")
    assert answer.status_code == 200
    assert [part["name"] for part in answer.json()["parts"]] == [
        "database",
        "objects",
        "keys",
        "timestamps",
        "history",
        "sealing",
    ]
    assert world.house.objects.names() == []


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("keys", "signing-unavailable"),
        ("timestamps", "signing-unavailable"),
        ("objects", "store-unavailable"),
    ],
)
def test_a_part_that_does_not_work_makes_it_unready(world, monkeypatch, part, fault):
    def down(*_arguments):
        raise StoreUnavailable(what="ENOSPC")

    if part == "keys":
        world.parts.authority.key.error = SigningUnavailable(what="key")
    elif part == "timestamps":
        world.parts.timestamps.error = True
    else:
        monkeypatch.setattr(world.house.objects, "probe", down)
    answer = world.browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    faults = {item["name"]: item["fault"] for item in answer.json()["parts"]}
    assert faults[part] == fault
    assert [name for name, found in faults.items() if found] == [part]


def test_halted_sealing_is_told_and_serves_on(world):
    """Health, metrics and a problem say it; nobody who verifies is turned away."""
    HaltSealing(world.house.registry, world.house.clock).halt(("甲", "乙"), "演练")
    ready = world.browser.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["parts"][-1]["fault"] == "sealing-halted"
    text = world.browser.get("/metrics").text
    assert 'certlib_sealing_stops{scope="all"} 1.0' in text
    assert 'certlib_sealing_stops{scope="key"} 0.0' in text
    refused = world.issue()
    assert (refused.status_code, refused.json()["code"]) == (503, "sealing-halted")
    assert refused.headers["Retry-After"] == "60"
    assert "暂停" in refused.json()["detail"]
    assert "halted" in refused.json()["detail_en"]


def test_an_unforeseen_fault_of_a_part_is_a_fault(world, monkeypatch):
    def broken(*_arguments):
        raise RuntimeError

    monkeypatch.setattr(world.parts.authority.key, "sign", broken)
    faults = {part["name"]: part["fault"] for part in world.browser.get("/readyz").json()["parts"]}
    assert faults["keys"] == "unexpected"


def test_asking_often_works_once(world):
    class Counting(Health):
        rounds = 0

        def _parts_now(self):
            self.rounds += 1
            return super()._parts_now()

    health = Counting(world.parts, world.site.metrics, seconds=60)
    assert health.check() is health.check()
    assert health.rounds == 1


def test_metrics_count_by_template_and_hold_nothing_personal(world):
    identifier = world.issued()
    world.act(identifier, "revoke")
    world.browser.get(f"/v1/certificates/{identifier}", headers=world.bearer())
    world.browser.get("/v1/certificates/445221198501010019", headers=world.bearer())
    text = world.browser.get("/metrics").text
    assert 'route="/v1/certificates/{identifier}"' in text
    assert f'certlib_issued_total{{type="{ORDER["type_code"]}"}} 1.0' in text
    assert 'certlib_changed_total{action="revoke"} 1.0' in text
    assert 'certlib_certificates{state="REVOKED"} 1.0' in text
    assert "certlib_pending_intents 0.0" in text
    for secret in ("445221198501010019", identifier, "示例运输", "transport"):
        assert secret not in text


def test_metrics_work_when_the_database_does_not(world, monkeypatch):
    def down():
        raise StoreUnavailable(what="x")

    monkeypatch.setattr(world.house.registry, "read", down)
    answer = world.browser.get("/metrics")
    assert answer.status_code == 200
    assert "certlib_pending_intents" not in answer.text


def _lines(caplog):
    formatter = logs.JsonLines()
    return [json.loads(formatter.format(record)) for record in caplog.records]


def test_each_request_is_one_line_with_its_route_and_nothing_personal(world, caplog):
    caplog.set_level(logging.INFO, "certlib")
    identifier = world.issued()
    world.browser.get(
        f"/v1/certificates/{identifier}?reveal=true&x=445221198501010019", headers=world.bearer()
    )
    world.browser.get("/v1/certificates/445221198501010019", headers=world.bearer())
    lines = [line for line in _lines(caplog) if line["event"] == "request"]
    read = lines[-3]
    assert read["route"] == "/v1/certificates/{identifier}"
    assert (read["method"], read["status"], read["client"]) == ("GET", 200, "transport")
    assert read["ms"] >= 0
    text = json.dumps(_lines(caplog), ensure_ascii=False)
    for secret in ("445221198501010019", "示例运输", "91445202MA9TEXT00K", SECRET, "reveal"):
        assert secret not in text


def test_a_sane_request_id_is_kept_and_a_strange_one_replaced(world):
    def asked(value):
        return world.browser.get("/healthz", headers={"X-Request-Id": value}).headers[
            "x-request-id"
        ]

    assert asked("client-0001") == "client-0001"
    assert asked("9b2d0b8e-6f0a-4c39-8f64-0a5f2f1c7d10") == "9b2d0b8e-6f0a-4c39-8f64-0a5f2f1c7d10"
    for strange in ("short", "x" * 65, "a b c d e f", "id-445221198501010019", "<script>alert(1)"):
        assert asked(strange) != strange
    # It would stand in the log and in the history: a telephone, a credit code.
    for somebody in (
        "13900000000",
        "tel-13900000000",
        "91445202MA9TEXT00K",
        "x.91445202MA9TEXT00K",
    ):
        assert asked(somebody) != somebody


def test_ids_do_not_repeat():
    class Entropy:
        def octets(self, count):
            return b"\x01" * count

    ids = RequestIds(Entropy())
    assert len({ids.next() for _ in range(1000)}) == 1000


def test_an_unforeseen_fault_is_503_with_its_place_but_without_its_message(
    world, monkeypatch, caplog
):
    def broken(*_arguments):
        raise RuntimeError("445221198501010019 王小明")

    monkeypatch.setattr(world.house.read, "record", broken)
    identifier = world.issued()
    answer = world.browser.get(f"/v1/certificates/{identifier}", headers=world.bearer())
    assert (answer.status_code, answer.json()["code"]) == (503, "unexpected")
    text = json.dumps(_lines(caplog), ensure_ascii=False)
    assert "RuntimeError" in text
    assert "test_api_operation.py" in text
    assert "王小明" not in text + answer.text + caplog.text.replace(repr(broken), "")


def test_log_lines_are_json_on_the_given_stream():
    stream = io.StringIO()
    kept = {name: logging.getLogger(name) for name in ("certlib", "uvicorn", "")}
    before = {name: (log.handlers, log.propagate, log.level) for name, log in kept.items()}
    try:
        logs.configure("info", stream)
        logs.event(logs.logger("x"), logging.INFO, "hello", who="甲")
        try:
            int("445221198501010019 and more")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("fault")
        logging.getLogger("python_multipart").warning("found %s", "445221198501010019")
    finally:
        for name, log in kept.items():
            log.handlers, log.propagate, log.level = before[name]
        logging.getLogger("uvicorn.access").disabled = False
    first, second, third = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["who"], first["level"]) == ("hello", "甲", "info")
    assert second["fault"][0] == "ValueError"
    assert (third["logger"], third["event"]) == ("python_multipart", "library message")
    assert "445221198501010019" not in stream.getvalue()


def test_causes_are_named_through_the_chain():
    def deep():
        raise KeyError("secret")

    try:
        try:
            deep()
        except KeyError as error:
            raise ValueError("secret") from error
    except ValueError as error:
        found = logs.faults(error)
    assert {"ValueError", "KeyError"} <= set(found)
    assert "secret" not in str(found)


def test_published_certificates_and_lists(world):
    assert world.browser.get("/pki/root.cer").headers["content-type"] == "application/pkix-cert"
    assert world.browser.get("/pki/root.crl").content == LIST
    for name in ("other.cer", "other.crl", "x", "..%2Fkek"):
        assert world.browser.get(f"/pki/{name}").status_code == 404


def test_timestamps_over_http(world):
    headers = {"Content-Type": "application/timestamp-query"}
    answer = world.browser.post("/tsa", content=b"ask", headers=headers)
    assert (answer.content, answer.headers["content-type"]) == (
        b"answer to ask",
        "application/timestamp-reply",
    )
    assert world.browser.post("/tsa", content=b"ask").status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nothing", 404, None),
        ("DELETE", "/v1/certificates/x", 405, "GET, HEAD, OPTIONS"),
        ("PUT", "/v1/certificates/search", 405, "OPTIONS, POST"),
        ("GET", "/v1/certificates/search", 405, "OPTIONS, POST"),
        ("OPTIONS", "/v1/certificates", 204, "OPTIONS, POST"),
        ("OPTIONS", "/v1/types", 204, "GET, HEAD, OPTIONS"),
        ("HEAD", "/v1/types", 200, None),
        ("HEAD", "/v1/certificates", 405, "OPTIONS, POST"),
        ("GET", "/v1/types/", 404, None),
        ("TRACE", "/healthz", 405, "GET, HEAD, OPTIONS"),
        ("NONSENSE", "/healthz", 405, "GET, HEAD, OPTIONS"),
    ],
)
def test_methods_and_paths(world, method, path, status, allow):
    answer = world.browser.ask(method, path, headers=world.bearer())
    assert answer.status_code == status
    if allow is not None:
        assert answer.headers["allow"] == allow
    if status >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
