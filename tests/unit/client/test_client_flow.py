"""The client sends each act under one key, waits as told, and raises what the caller can act on."""

import inspect
import json
from datetime import UTC, datetime

import httpx
import pytest

from certlib_client import (
    AsyncLibrary,
    Conflict,
    Credentials,
    Invalid,
    Library,
    LibraryProblem,
    NotAuthenticated,
    Patience,
    StaleVersion,
    Unreachable,
)
from certlib_client import synchronous as driver

ISSUED = {
    "identifier": "1.2", "number": "n", "type_code": "t", "state": "ISSUED", "row_version": 1,
    "sha256": "0", "size": 1, "replayed": False, "warnings": [], "later": "unknown member",
}  # fmt: skip


class Town:
    """A library that says what the test wants, and remembers what it heard."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.heard = []
        self.tokens = 0

    def __call__(self, request):
        if request.url.path == "/oauth2/token":
            self.tokens += 1
            token = {"access_token": f"token-{self.tokens}", "expires_in": 900}
            return httpx.Response(200, json=token)
        self.heard.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch):
    found = []
    monkeypatch.setattr(driver.time, "sleep", found.append)
    return found


def library(town, **patience):
    http = httpx.Client(transport=httpx.MockTransport(town), base_url="http://library")
    credentials = Credentials("id", "secret", "zhang.min", ("certificates:issue",))
    return Library("http://library", credentials, patience=Patience(**patience), http=http)


def problem(status, code, **more):
    body = {"code": code, "detail": "中文", "detail_en": "English", "instance": "urn:x", **more}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


def test_a_lost_answer_is_asked_for_again_under_the_same_key(pauses):
    town = Town(
        httpx.ReadTimeout("slow"), problem(503, "overloaded"), httpx.Response(201, json=ISSUED)
    )
    with library(town) as made:
        issued = made.issue({"type_code": "t"})
    assert issued.identifier == "1.2"
    keys = {request.headers["idempotency-key"] for request in town.heard}
    assert (len(town.heard), len(keys)) == (3, 1)
    assert len(pauses) == 2
    assert town.tokens == 1


def test_the_library_says_how_long_to_wait(pauses):
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    town = Town(busy, httpx.Response(200, json={"types": []}))
    assert library(town).types() == ()
    assert pauses == [7.0]


def test_a_call_in_progress_is_waited_for(pauses):
    town = Town(problem(409, "idempotency-in-progress"), httpx.Response(201, json=ISSUED))
    assert library(town).issue({}, key="k").replayed is False
    assert len(pauses) == 1


def test_patience_ends(pauses):
    town = Town(*(httpx.ConnectError("down") for _ in range(3)))
    with pytest.raises(Unreachable) as caught:
        library(town, seconds=0.0).issue({}, key="case-1")
    assert caught.value.key == "case-1"
    assert "case-1" in str(caught.value)
    town = Town(problem(503, "store-unavailable"))
    with pytest.raises(LibraryProblem) as refused:
        library(town, seconds=0.0).types()
    assert refused.value.code == "store-unavailable"
    assert pauses == []
    with pytest.raises(Unreachable, match="ConnectError"):
        library(Town(httpx.ConnectError("down")), seconds=0.0).types()


def test_a_token_that_ended_is_replaced_once(pauses):
    town = Town(problem(401, "not-authenticated"), httpx.Response(200, json={"types": [{}]}))
    assert library(town).types() == ({},)
    assert town.tokens == 2
    town = Town(problem(401, "not-authenticated"), problem(401, "not-authenticated"))
    with pytest.raises(NotAuthenticated):
        library(town).types()
    assert pauses == []


def test_credentials_that_are_refused_are_told_at_once(pauses):
    def refusing(request):
        assert request.url.path == "/oauth2/token"
        assert "act=zhang.min" in request.content.decode()
        body = {"error": "invalid_client", "error_description": "no", "error_description_zh": "不"}
        return httpx.Response(401, json=body)

    with pytest.raises(NotAuthenticated) as caught:
        library(refusing).types()
    assert (caught.value.code, caught.value.zh) == ("invalid_client", "不")
    assert pauses == []


def test_a_busy_token_endpoint_is_tried_again(pauses):
    answers = [httpx.Response(503), httpx.ConnectError("down")]

    def busy(request):
        if answers:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 900})
        return httpx.Response(200, json={"types": []})

    assert library(busy).types() == ()
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [(422, Invalid), (409, Conflict), (412, StaleVersion), (418, LibraryProblem)],
)
def test_refusals_have_their_kind_and_their_reasons(pauses, status, kind):
    fields = [{"field": "/number", "code": "x", "zh": "甲", "en": "a"}]
    town = Town(problem(status, "some-code", problems=fields))
    with pytest.raises(kind) as caught:
        library(town).revoke("1.2", {}, if_match='"3"')
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.zh, caught.value.en) == ("some-code", "中文", "English")
    assert caught.value.problems == fields
    assert caught.value.request_id == "urn:x"
    assert town.heard[0].headers["if-match"] == '"3"'
    assert pauses == []


def test_an_answer_that_is_no_json_is_an_error_like_any_other(pauses):
    broken = httpx.Response(418, content=b"{", headers={"content-type": "application/json"})
    for answer in (broken, httpx.Response(418, text="teapot")):
        with pytest.raises(LibraryProblem) as caught:
            library(Town(answer)).types()
        assert caught.value.code == "unknown"
    assert pauses == []


def test_the_public_status_needs_no_token(pauses):
    town = Town(httpx.Response(200, json={"identifier": "1.2", "state": "ISSUED"}))
    assert library(town).status("1.2").found is True
    assert town.tokens == 0
    assert pauses == []


def test_whatever_else_the_api_offers(pauses):
    town = Town(httpx.Response(200, json={"a": 1}), httpx.Response(200, json={"b": 2}))
    made = library(town)
    assert made.call("POST", "/v1/webhooks", {"url": "x"}) == {"a": 1}
    assert made.call("GET", "/v1/webhooks") == {"b": 2}
    assert "idempotency-key" in town.heard[0].headers
    assert "idempotency-key" not in town.heard[1].headers
    assert json.loads(town.heard[0].content) == {"url": "x"}
    assert pauses == []


def test_both_clients_offer_the_same():
    """Whoever changes one changes the other: same names, same parameters."""

    def offered(kind):
        return {
            name: str(inspect.signature(method).replace(return_annotation=None))
            for name, method in vars(kind).items()
            if not name.startswith("_") and callable(method)
        }

    assert offered(Library) == offered(AsyncLibrary)


def test_instants_are_aware():
    from certlib_client.models import instant

    assert instant("2026-11-22T01:02:03Z") == datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
