"""Questions in three shapes, one answer: verdict, findings, next step."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certlib.errors import StoreUnavailable
from certlib.evidence import FileFacts
from tests.unit.api.api_world import DECISION, ORDER

UNKNOWN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
ELSEWHERE = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"


def _ask(world, question, client="transport"):
    return world.browser.post("/v1/verifications", json=question, headers=world.bearer(client))


def _file(world, identifier):
    return world.browser.get(f"/v1/certificates/{identifier}/file", headers=world.bearer()).content


def _send_pdf(world, content, query=""):
    return world.browser.post(
        f"/v1/verifications{query}",
        content=content,
        headers=world.bearer() | {"Content-Type": "application/pdf"},
    )


def _send_form(world, content, **fields):
    return world.browser.post(
        "/v1/verifications",
        files={"file": ("x.pdf", content, "application/pdf")},
        data=fields,
        headers=world.bearer(),
    )


def test_by_identifier(world):
    answer = _ask(world, {"identifier": world.issued()}).json()
    assert (answer["verdict"], answer["code"]) == ("valid", "valid")
    assert answer["sentence"]["zh"]
    assert answer["next_step"]["en"]
    finding = answer["findings"][0]
    assert (finding["check"], finding["outcome"], finding["data_age"]) == ("status_now", "pass", 0)
    assert answer["subject"]["holders"] == ["揭阳市示例运输有限公司"]
    assert answer["file"] is None


def test_another_department_may_ask(world):
    assert _ask(world, {"identifier": world.issued()}, "reform").json()["verdict"] == "valid"


@pytest.mark.parametrize(
    ("identifier", "verdict", "code"),
    [
        (UNKNOWN, "invalid", "not-found"),
        (ELSEWHERE, "indeterminate", "other-node"),
        ("nonsense", "invalid", "identifier-malformed"),
    ],
)
def test_what_is_not_on_record(world, identifier, verdict, code):
    answer = _ask(world, {"identifier": identifier}).json()
    assert (answer["verdict"], answer["code"]) == (verdict, code)
    assert answer["subject"] is None


def test_by_number_with_the_name_compared(world):
    world.issued()
    fields = {"type_code": ORDER["type_code"], "number": ORDER["number"]}
    assert _ask(world, {"fields": fields}).json()["verdict"] == "valid"
    answer = _ask(world, {"fields": fields | {"holder_name": "另一公司"}}).json()
    assert answer["code"] == "mismatch"
    assert "持证主体" in answer["sentence"]["zh"]
    wrong = _ask(
        world, {"fields": fields | {"holder_code": "91445202MA9TEXT00X", "holder_code_type": "001"}}
    )
    assert wrong.json()["code"] == "mismatch"


def test_by_holder_several_are_listed_masked(world):
    for number in ("1", "2"):
        world.issued(f"k-{number}", number=number)
    fields = {"holder_code": "91445202MA9TEXT00K", "holder_code_type": "001"}
    answer = _ask(world, {"fields": fields}).json()
    assert (answer["verdict"], answer["code"]) == ("indeterminate", "several-found")
    assert len(answer["candidates"]) == 2


def test_claims_say_which_field_differs(world):
    question = {
        "identifier": world.issued(),
        "claims": {"KZ_JYFW": "别的", "number": ORDER["number"]},
    }
    answer = _ask(world, question).json()
    assert answer["findings"][-1]["evidence"]["fields"] == ["KZ_JYFW"]


def test_on_the_day_of_acceptance(world):
    identifier = world.issued()
    world.act(identifier, "revoke")
    now = _ask(world, {"identifier": identifier}).json()
    then = _ask(world, {"identifier": identifier, "on": "2026-11-21"}).json()
    assert (now["code"], then["code"]) == ("revoked", "valid-then")


def test_by_file_in_both_shapes(world):
    pdf = _file(world, world.issued())
    for answer in (_send_pdf(world, pdf), _send_form(world, pdf)):
        assert answer.json()["verdict"] == "valid", answer.text
        assert answer.json()["file"]["size"] == len(pdf)


def test_a_file_with_questions(world):
    pdf = _file(world, world.issued())
    answer = _send_form(world, pdf, claims='{"number": "x"}', on="2026-11-22", policy="own")
    assert answer.json()["code"] == "mismatch"
    claims = json.dumps({"number": "x"})
    answer = world.browser.ask(
        "POST",
        "/v1/verifications",
        params={"claims": claims},
        content=pdf,
        headers=world.bearer() | {"Content-Type": "application/pdf"},
    )
    assert answer.json()["code"] == "mismatch"


def test_the_detailed_report_for_who_asks(world):
    pdf = _file(world, world.issued()).replace(b'"seal": 1', b'"seal": 9')
    assert _send_form(world, pdf).json().get("report") is None
    answer = _send_form(world, pdf, detailed="true")
    assert answer.status_code == 200, answer.text
    report = answer.json()["report"]
    assert report["signatures"][0]["indication"] == "TOTAL-PASSED"
    asked = {"identifier": world.issued(), "detailed": True}
    answer = world.browser.ask(
        "POST", "/v1/verifications", json=asked, headers=world.bearer()
    ).json()
    assert (answer["report"]["verdict"], answer["report"]["file"]) == (answer["verdict"], None)


@pytest.mark.parametrize("content", [b"", b"x", b"%PDF-1.7", b"\0" * 1000])
def test_what_cannot_be_read_is_an_input_error_with_its_verdict(world, content):
    """A problem document that names the file, in both languages; nothing is recorded."""
    before = len(world.house.audit())
    answer = _send_pdf(world, content)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["verdict"], said["code"]) == ("invalid", "unreadable")
    assert said["problems"][0]["field"] == "file"
    assert said["detail"]
    assert said["detail_en"]
    assert said["findings"][0]["check"] == "integrity"
    assert len(world.house.audit()) == before


def test_each_question_is_recorded_without_the_holder(world):
    identifier = world.issued()
    _ask(world, {"identifier": identifier, "claims": {"holder_name": "某人"}}, "reform")
    record = world.house.audit()[-1]
    assert (record.act, record.actor, record.target) == ("verify", "reform", identifier)
    assert "某人" not in str(record)


def test_the_scope_is_needed(world):
    assert _ask(world, {"identifier": UNKNOWN}, "reader").json()["code"] == "scope-missing"


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({}, ""),
        ({"identifier": "a", "fields": {}}, ""),
        ({"fields": {}}, "/fields"),
        ({"fields": {"number": "n"}}, "/fields"),
        ({"identifier": "a", "on": "today"}, "/on"),
        ({"identifier": "a", "on": 20261122}, "/on"),
        ({"identifier": "a", "known_at": "2026-11-22T00:00:00"}, "/known_at"),
        ({"identifier": "a", "policy": "mine"}, "/policy"),
        ({"identifier": "a", "claims": {"x": "y"}}, "/claims"),
        ({"identifier": "a", "claims": {"number": 1}}, "/claims/number"),
        ({"identifier": "a\0"}, "/identifier"),
        ({"identifier": "a", "hint": 1}, "/hint"),
    ],
)
def test_a_wrong_question_names_its_field(world, question, field):
    answer = _ask(world, question)
    assert answer.status_code == 422, answer.text
    assert field in {item["field"] for item in answer.json()["problems"]}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("", b"x", 415),
        ("application/json", b"{", 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"x", 400),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="on"\r\n\r\n2026-01-01\r\n--x--\r\n',
            422,
        ),
        (
            "multipart/form-data; boundary=x; charset=nonsense",
            b'--x\r\nContent-Disposition: form-data; name="on"\r\n\r\n\xff\r\n--x--\r\n',
            422,
        ),
    ],
)
def test_bodies_that_are_no_question(world, kind, body, status):
    answer = world.browser.post(
        "/v1/verifications", content=body, headers=world.bearer() | {"Content-Type": kind}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )


def test_two_files_are_one_too_many(world):
    files = [("file", ("a.pdf", b"a")), ("file", ("b.pdf", b"b"))]
    answer = world.browser.post("/v1/verifications", files=files, headers=world.bearer())
    assert answer.status_code == 400


def test_claims_in_a_form_are_read_strictly(world):
    assert _send_form(world, b"x", claims="[1]").status_code == 422
    assert _send_form(world, b"x", claims="{").status_code == 400
    assert _send_form(world, b"x", purpose="a\0b").status_code == 422
    assert _send_pdf(world, b"x", "?what=1").status_code == 422


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=300)
    | st.builds(lambda part: b"--x\r\n" + part, st.binary(max_size=100)),
    kind=st.sampled_from(
        ["application/json", "application/pdf", "multipart/form-data; boundary=x", "x/y", "\xff"]
    ),
)
def test_any_bytes_get_an_answer_that_is_no_fault_of_ours(world, body, kind):
    answer = world.browser.ask(
        "POST",
        "/v1/verifications",
        content=body,
        headers=[*world.bearer().items(), (b"Content-Type", kind.encode("latin-1"))],
    )
    assert answer.status_code in {200, 400, 415, 422}


def _failing(world, monkeypatch, fault):
    def read(pdf):
        return FileFacts("0" * 64, len(pdf), readable=False, fault=fault, looks_ours=True)

    monkeypatch.setattr(world.house.reader, "read", read)


def _incidents(world, fault):
    text = world.browser.get("/metrics").text
    return float(re.search(rf'certlib_reader_incidents_total{{fault="{fault}"}} (.+)', text)[1])


@pytest.mark.parametrize("fault", ["busy", "timeout", "memory", "crashed"])
def test_a_reader_that_fails_is_counted_and_nothing_against_the_file(world, monkeypatch, fault):
    _failing(world, monkeypatch, fault)
    answer = _send_pdf(world, b"%PDF-1.7")
    assert (answer.status_code, answer.json()["verdict"]) == (200, "indeterminate")
    assert (answer.json()["code"], answer.json()["subject"]) == ("cannot-tell", None)
    assert answer.json()["next_step"]["zh"]
    assert _incidents(world, fault) == 1.0


def test_a_file_that_costs_a_reader_is_counted_where_nothing_else_can_be_kept(world, monkeypatch):
    """The record may be down in the same minute."""

    def down(*_):
        raise StoreUnavailable(what="x")

    _failing(world, monkeypatch, "crashed")
    monkeypatch.setattr(world.house.verify, "record_use", down)
    assert _send_pdf(world, b"%PDF-1.7").status_code == 503
    assert _incidents(world, "crashed") == 1.0


def test_a_file_on_record_that_no_reader_survives_is_valid_all_the_same(world, monkeypatch):
    pdf = _file(world, world.issued())
    _failing(world, monkeypatch, "crashed")
    assert _send_pdf(world, pdf).json()["verdict"] == "valid"
    assert _incidents(world, "crashed") == 0.0


def test_decisions_are_told_to_departments(world):
    """An authenticated consumer sees the document number that anonymous readers do not."""
    identifier = world.issued()
    world.act(identifier, "revoke")
    answer = _ask(world, {"identifier": identifier}, "reform").json()
    assert DECISION["document_number"] in answer["sentence"]["zh"]
