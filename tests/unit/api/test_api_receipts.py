"""Receipts over HTTP: asked for by name, numbered, and on record."""

import json

import pytest

from certlib.errors import SigningUnavailable
from tests.unit.api import api_world

PDF, JOSE = "application/pdf", "application/jose+json"


def _ask(world, accept, **question):
    identifier = world.issued()
    headers = world.bearer() | {"Accept": accept}
    asked = {"identifier": identifier, **question}
    return world.browser.post("/v1/verifications", json=asked, headers=headers)


def _trail(world):
    with world.house.registry.read() as session:
        return [item for item in session.audit_trail() if item.act == "verify"]


@pytest.mark.parametrize(("accept", "ending"), [(PDF, "pdf"), (JOSE, "json")])
def test_a_receipt_is_the_answer_when_it_is_asked_for(world, accept, ending):
    """Its number stands in the header, in its data and in the history."""
    claims = {"holder_code": "91445202MA9TEXT00K", "holder_name": "别的公司"}
    answer = _ask(world, accept, claims=claims, on="2026-11-21", purpose="年审")
    assert (answer.status_code, answer.headers["content-type"]) == (200, accept)
    said = json.loads(answer.content.removeprefix(b"%PDF "))
    number = answer.headers["receipt-number"]
    assert said["number"] == number
    assert f"{number}.{ending}" in answer.headers["content-disposition"]
    assert _trail(world)[-1].details["receipt"] == number
    assert said["asked_by"] == "transport"
    assert said["report"]["code"] == "mismatch"
    assert said["question"]["compared"] == ["holder_code", "holder_name"]
    assert said["verify_url"] == f"https://zz.example/v/{said['target']['identifier']}"
    # What the applicant wrote stays with who asked.
    assert b"91445202MA9TEXT00K" not in answer.content
    assert "别的公司".encode() not in answer.content


def test_a_file_is_named_by_its_digest(world):
    """With its size, and of its certificate what anybody may know."""
    identifier = world.issued()
    path = f"/v1/certificates/{identifier}/file"
    content = world.browser.get(path, headers=world.bearer()).content
    headers = world.bearer() | {"Accept": JOSE, "Content-Type": PDF}
    answer = world.browser.post("/v1/verifications", content=content, headers=headers)
    target = answer.json()["target"]
    assert (target["identifier"], target["size"]) == (identifier, len(content))
    assert len(target["sha256"]) == 64
    assert "holders" not in target


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", f"{PDF}, */*", f"{PDF}, {JOSE}", f"{JOSE}, application/json"],
)
def test_whoever_takes_anything_gets_plain_json(world, accept):
    """A receipt is no surprise."""
    answer = _ask(world, accept)
    assert answer.headers["content-type"] == "application/json"
    assert "receipt-number" not in answer.headers
    assert "receipt" not in _trail(world)[-1].details


def test_without_a_key_there_is_no_receipt_and_nothing_on_record(world, monkeypatch):
    """503 as for every missing dependency; the question may be asked again without it."""
    monkeypatch.setattr(api_world.PaperPress, "error", SigningUnavailable(what="report"))
    answer = _ask(world, PDF)
    assert answer.status_code == 503
    assert _trail(world) == []
    assert world.browser.post(
        "/v1/verifications", json={"identifier": "nonsense"}, headers=world.bearer()
    ).is_success
