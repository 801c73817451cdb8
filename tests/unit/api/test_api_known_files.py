"""A file by its digest, in JSON: what the page says, and nothing of the holder."""

import hashlib

import pytest

from certlib.errors import StoreUnavailable
from tests.unit.api.api_world import DECISION
from tests.unit.api.test_api_public import PERSON, PERSONS, put_persons


def _digest(world, identifier):
    path = f"/v1/certificates/{identifier}/file"
    return hashlib.sha256(world.browser.get(path, headers=world.bearer()).content).hexdigest()


def _ask(world, digest):
    return world.browser.get(f"/v1/files/{digest}")


def test_a_file_on_record_needs_no_token_and_no_upload(world):
    identifier = world.issued()
    digest = _digest(world, identifier)
    read = world.house.reader.reads
    answer = _ask(world, digest)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["verdict"], told["code"]) == ("valid", "valid")
    assert (told["sha256"], told["identifier"]) == (digest, identifier)
    assert [item["check"] for item in told["findings"]] == [
        "integrity",
        "changes",
        "seal",
        "issuer_authority",
        "original",
        "status",
    ]
    assert {item["outcome"] for item in told["findings"]} == {"pass"}
    assert told["zh"] in world.browser.get(f"/v/{digest}").text
    assert world.house.reader.reads == read
    text = world.browser.get("/metrics").text
    assert 'certlib_verdicts_total{code="valid",verdict="valid"} 2.0' in text


def test_nothing_of_a_person_or_a_penalty_is_told(world):
    put_persons(world.house.registry)
    identifier = world.issued(type_code=PERSONS, holders=PERSON)
    digest = _digest(world, identifier)
    world.act(identifier, "revoke")
    answer = _ask(world, digest)
    told = answer.json()
    assert (told["verdict"], told["zh"]) == ("invalid", "已吊销，不再有效。")
    assert told["findings"][-1]["zh"] == "已吊销，不再有效。"
    for secret in (PERSON[0]["name"], PERSON[0]["code"], DECISION["document_number"], "处罚"):
        assert secret not in answer.text


def test_what_is_not_on_record_is_no_finding(world):
    answer = _ask(world, "a" * 64)
    assert (answer.status_code, answer.json()["code"]) == (404, "file-not-on-record")


@pytest.mark.parametrize("digest", ["a" * 63, "A" * 64, "g" * 64, "x", "０" * 64, "a" * 64 + "/x"])
def test_what_is_no_digest(world, digest):
    answer = _ask(world, digest)
    assert answer.status_code == (404 if "/" in digest else 400)
    assert answer.json()["code"] in {"request-malformed", "path-unknown"}


def test_an_outage_says_nothing_about_the_file(world, monkeypatch):
    def down():
        raise StoreUnavailable(what="x")

    monkeypatch.setattr(world.house.registry, "read", down)
    answer = _ask(world, "a" * 64)
    assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
    assert answer.headers["retry-after"] == "5"


def test_it_is_public_like_a_status_and_nothing_beside_it_is(world):
    limited = world.again(rate_public=0.25)
    assert _ask(limited, "a" * 64).headers["ratelimit-policy"].startswith('"public"')
    assert _ask(limited, "a" * 64).status_code == 429
    for path in ("/v1/files", "/v1/filesx", "/v1/certificates"):
        assert world.browser.get(path).status_code == 401
