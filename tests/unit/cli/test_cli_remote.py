"""The HTTP client: credentials, tokens, problem documents, servers that do not answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from api.cli.accounts import Account, Accounts, Credentials, connection
from api.cli.catalogue import RemoteCatalogue
from api.cli.failures import (
    CommandFailure,
    ServerBusy,
    ServerRefused,
    ServerUnreachable,
    UsageProblem,
)
from api.cli.patience import Patience
from api.cli.remote import Answer, Server, problem_of, quoted

Handler = Callable[[httpx.Request], httpx.Response]
ONE, OTHER = Account("one", "secret-1", "A"), Account("other", "secret-2", "B")


class Site:
    """Answers as our server does; remembers what it was asked."""

    def __init__(self, *, lives: int = 900, token_status: int = 200) -> None:
        self.tokens: list[dict[str, str]] = []
        self.calls: list[httpx.Request] = []
        self.void: set[str] = set()
        self.answer: Handler = lambda _: httpx.Response(200, json={"ok": True})
        self._lives = lives
        self._token_status = token_status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            form = {key: value[0] for key, value in parse_qs(request.content.decode()).items()}
            self.tokens.append(form)
            token = f"token-{len(self.tokens)}"
            body = {"access_token": token, "expires_in": self._lives}
            return httpx.Response(
                self._token_status, json=body if self._token_status == 200 else {}
            )
        self.calls.append(request)
        if request.headers["Authorization"].removeprefix("Bearer ") in self.void:
            return httpx.Response(401, json={"code": "not-authenticated"})
        return self.answer(request)


def server(site: Handler, *, act: str = "", given: Account | None = None) -> Server:
    accounts = Accounts(given, () if given else (ONE, OTHER))
    return Server("http://test/", accounts, act=act, transport=httpx.MockTransport(site))


def test_each_department_has_its_own_client_and_token():
    """Asked for once, used until it ends."""
    site = Site()
    caller = server(site)
    for department in ("A", "B", "A"):
        caller.post("/v1/x", {}, department)
    assert [form["client_id"] for form in site.tokens] == ["one", "other"]
    assert [call.headers["Authorization"] for call in site.calls] == [
        "Bearer token-1",
        "Bearer token-2",
        "Bearer token-1",
    ]


def test_given_credentials_are_used_for_every_department():
    """Whose department it is, the server says."""
    site = Site()
    server(site, given=Account("mine", "s")).post("/v1/x", {}, "C")
    assert site.tokens[0]["client_id"] == "mine"


def test_the_acting_person_is_stated():
    """In the token's request, never in a header or an address."""
    site = Site()
    server(site, act="officer-7").get("/v1/x", "A")
    assert site.tokens[0]["act"] == "officer-7"


def test_a_void_token_is_renewed_once():
    """A server that was started anew has another key."""
    site = Site()
    caller = server(site)
    caller.get("/v1/x", "A")
    site.void.add("token-1")
    assert caller.get("/v1/x", "A").good
    site.void |= {"token-2", "token-3"}
    assert caller.get("/v1/x", "A").status == 401


def test_a_token_near_its_end_is_not_used():
    """It could end on the way."""
    site = Site(lives=10)
    caller = server(site)
    caller.get("/v1/x", "A")
    caller.get("/v1/x", "A")
    assert len(site.tokens) == 2


def test_refused_credentials_are_wrong_usage():
    """And a token service that is busy is not."""
    with pytest.raises(UsageProblem, match="one"):
        server(Site(token_status=401)).get("/v1/x", "A")
    with pytest.raises(ServerBusy):
        server(Site(token_status=503)).get("/v1/x", "A")


def test_no_credentials_for_a_department_is_wrong_usage():
    """Named, with what to give."""
    with pytest.raises(UsageProblem, match="--client-id"):
        server(Site()).get("/v1/x", "C")


def test_a_body_travels_as_utf8_json():
    """With its own headers beside it."""
    site = Site()
    server(site).post("/v1/x", {"名": "值"}, "A", {"Idempotency-Key": "k"})
    (call,) = site.calls
    assert json.loads(call.content) == {"名": "值"}
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_no_answer_is_one_failure(error: type[httpx.TransportError]):
    """Whatever the transport's reason; the address is named."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error("")

    with pytest.raises(ServerUnreachable, match="http://test"):
        server(fail).get("/v1/x", "A")


@pytest.mark.parametrize("address", ["", "not an address", "ftp://x", "http://[", "http://x:99999"])
def test_an_impossible_address_is_no_traceback(address: str):
    """Unreachable, as a wrong one is."""
    with pytest.raises(ServerUnreachable):
        Server(address, Accounts(ONE)).get("/v1/x")


def test_problem_documents_are_handed_on_in_both_languages():
    """Detail, then one line for each field."""
    body = {
        "code": "invalid",
        "detail": "输入有误",
        "detail_en": "wrong",
        "problems": [{"field": "/number", "code": "x", "zh": "甲", "en": "a"}],
    }
    refusal = Answer(422, body).refusal()
    assert isinstance(refusal, ServerRefused)
    assert refusal.zh == "输入有误\n  /number：甲"
    assert refusal.en == "wrong\n  /number: a"


@pytest.mark.parametrize("body", [{}, [], "text", None, {"problems": "none"}])
def test_answers_of_strangers_are_problems_too(body: Any):
    """A proxy's page in our server's place."""
    said = problem_of(Answer(502, body))
    assert said["code"] == said["en"] == "HTTP 502"
    assert said["problems"] == []
    assert isinstance(Answer(502, body).refusal(), ServerBusy)


def test_an_identifier_is_one_segment_of_a_path():
    """Whatever was typed."""
    assert quoted("a/../b?c#d") == "a%2F..%2Fb%3Fc%23d"


# --- catalogue --------------------------------------------------------------------------------


def types(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"versions": [{"schema": {"properties": fields}}]}


def test_the_fields_of_a_type_in_face_order():
    """Asked for once."""
    site = Site()
    site.answer = lambda _: httpx.Response(
        200,
        json=types(
            KZ_B={"title": "乙", "type": "array", "items": {"type": "string"}, "x-order": 2},
            KZ_A={"title": "甲", "x-title-en": "First", "format": "date", "x-order": 1},
        ),
    )
    catalogue = RemoteCatalogue(server(site), "A")
    fields = catalogue.fields("T")
    assert list(fields) == ["KZ_A", "KZ_B"]
    assert (fields["KZ_A"].title, fields["KZ_A"].title_en) == ("甲", "First")
    assert (fields["KZ_B"].kind, fields["KZ_B"].items) == ("array", "string")
    catalogue.fields("T")
    assert len(site.calls) == 1


def test_an_unknown_type_has_no_fields_and_no_type_is_not_asked_for():
    """The server says so later, row by row."""
    site = Site()
    site.answer = lambda _: httpx.Response(404, json={})
    catalogue = RemoteCatalogue(server(site), "A")
    assert catalogue.fields("T") == catalogue.fields("") == {}
    assert len(site.calls) == 1


def test_a_catalogue_that_is_not_understood_is_said():
    """Another version of the server, perhaps."""
    for body in ({}, {"versions": []}, types(KZ_A=[]), types(KZ_A={"x-order": "x"})):  # type: ignore[arg-type] # on purpose
        site = Site()
        site.answer = lambda _, body=body: httpx.Response(200, json=body)  # type: ignore[misc] # a default
        with pytest.raises(CommandFailure):
            RemoteCatalogue(server(site), "A").fields("T")


def test_a_catalogue_is_waited_for():
    """The server may be starting at the very moment; patience ends."""
    site = Site()
    answers = iter([httpx.Response(503), httpx.Response(200, json=types())])
    site.answer = lambda _: next(answers)
    pauses: list[float] = []
    waiting = Patience(10, lambda: sum(pauses), pauses.append)
    assert RemoteCatalogue(server(site), "A", waiting).fields("T") == {}
    assert pauses == [0.25]
    site.answer = lambda _: httpx.Response(503)
    with pytest.raises(ServerBusy):
        RemoteCatalogue(server(site), "A", waiting).fields("T")


def test_a_refusal_is_not_waited_for():
    """No scope today is no scope in a minute."""
    site = Site()
    site.answer = lambda _: httpx.Response(403, json={"detail": "无权"})
    with pytest.raises(ServerRefused, match="无权"):
        RemoteCatalogue(server(site), "A", Patience(10)).fields("T")


# --- credentials ------------------------------------------------------------------------------


def demo(folder: Path, content: Any) -> Path:
    (folder / "demo.json").write_text(json.dumps(content) if content != "" else "{")
    return folder


def test_the_demo_knows_its_server_and_clients(tmp_path: Path):
    """By department."""
    client = {"client_id": "c", "client_secret": "s", "department_code": "A", "name": "n"}
    found = connection(Credentials(), demo(tmp_path, {"server": "http://x", "clients": [client]}))
    assert found.server == "http://x"
    assert found.accounts.for_department("A") == Account("c", "s", "A")


def test_options_outrank_the_demo(tmp_path: Path):
    """Server and client each for itself."""
    folder = demo(tmp_path, {"server": "http://x", "clients": []})
    (tmp_path / "secret").write_text("from a file\n")
    given = Credentials("http://y", "me", "", tmp_path / "secret")
    found = connection(given, folder)
    assert found.server == "http://y"
    assert found.accounts.for_department("any") == Account("me", "from a file")


@pytest.mark.parametrize(
    "given", [Credentials(), Credentials(client_id="me"), Credentials(secret="s")]
)
def test_no_credentials_or_half_of_them_are_wrong_usage(tmp_path: Path, given: Credentials):
    """The sentence says what to set."""
    with pytest.raises(UsageProblem):
        connection(given, tmp_path)


@pytest.mark.parametrize("content", ["", [], {"clients": [{}]}, {"clients": [1]}, {"clients": 1}])
def test_a_damaged_demo_file_is_said(tmp_path: Path, content: Any):
    """Never a traceback."""
    with pytest.raises(UsageProblem):
        connection(Credentials(), demo(tmp_path, content))


def test_a_secret_never_shows_in_a_representation():
    """What is logged by accident."""
    assert "secret-1" not in repr(ONE)
    assert "hidden" not in repr(Credentials(client_id="a", secret="hidden"))
