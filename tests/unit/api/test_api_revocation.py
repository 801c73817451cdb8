"""Lists and OCSP answers over HTTP: media types, bounds, what caches may keep."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from tests.unit.api.api_world import LIST

_REQUEST, _RESPONSE = "application/ocsp-request", "application/ocsp-response"


def posted(world, body, kind=_REQUEST):
    return world.browser.post("/pki/ocsp", content=body, headers={"Content-Type": kind})


def test_a_question_by_post_is_answered_for_its_asker_alone(world):
    answer = posted(world, b"ask")
    assert (answer.status_code, answer.content) == (200, b"answer to ask")
    assert answer.headers["content-type"] == _RESPONSE
    assert answer.headers["cache-control"] == "no-store"


def test_another_media_type_is_told_so(world):
    answer = posted(world, b"ask", "application/json")
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type-unsupported")


def test_a_long_question_is_not_read(world):
    answer = posted(world, bytes(20_000))
    assert answer.status_code == 413


@pytest.mark.parametrize("text", [b"ask", b"\xff\xfe\xfb~~?", b"\xff" * 90])
def test_a_question_by_get_stands_in_the_path(world, text):
    """As RFC 6960 appendix A.1 has it; also where a client leaves `/` and `+` as they are."""
    encoded = b64encode(text).decode()
    for path in (quote(encoded, safe=""), encoded):
        answer = world.browser.get(f"/pki/ocsp/{path}")
        assert (answer.status_code, answer.content) == (200, b"answer to " + text)


def test_an_answer_by_get_may_be_kept_for_a_minute(world):
    """RFC 5019 section 6.2; no longer, so that a revocation is seen soon on every way."""
    path = f"/pki/ocsp/{b64encode(b'ask').decode()}"
    answer = world.browser.get(path)
    assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"
    again = world.browser.get(path, headers={"If-None-Match": f'"x", {answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    other = world.browser.get(path, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


def test_an_answer_for_one_caller_is_not_kept(world):
    answer = world.browser.get(f"/pki/ocsp/{b64encode(b'nonce').decode()}")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["AAA", "!!!!", "%E8%AF%81", "A==="])
def test_what_is_no_base64_gets_the_answer_of_a_bad_request(world, path):
    answer = world.browser.get(f"/pki/ocsp/{path}")
    assert (answer.status_code, answer.content) == (200, b"malformed")
    assert answer.headers["cache-control"] == "no-store"


def test_answers_are_counted_by_their_status(world):
    posted(world, b"ask")
    posted(world, b"")
    text = world.site.metrics.text().decode()
    assert 'certlib_ocsp_answers_total{status="successful"} 1.0' in text
    assert 'certlib_ocsp_answers_total{status="malformed-request"} 1.0' in text
    assert 'certlib_ocsp_answers_total{status="try-later"} 0.0' in text


def test_a_list_may_be_kept_for_minutes_and_asked_for_again(world):
    answer = world.browser.get("/pki/root.crl")
    assert answer.headers["cache-control"] == "public, max-age=300, must-revalidate"
    again = world.browser.get("/pki/root.crl", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_list_is_kept_no_longer_than_it_holds(world, monkeypatch):
    from datetime import timedelta

    now = world.house.clock.now()
    monkeypatch.setattr(
        "api.routes.publishing.list_end",
        lambda crl: now + timedelta(seconds=9) if crl == LIST else None,
    )
    answer = world.browser.get("/pki/root.crl")
    assert answer.headers["cache-control"] == "public, max-age=9, must-revalidate"
    monkeypatch.setattr("api.routes.publishing.list_end", lambda _crl: now - timedelta(seconds=9))
    assert "max-age=0" in world.browser.get("/pki/root.crl").headers["cache-control"]
