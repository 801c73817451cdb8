"""Every method of both clients asks for the right thing and reads the answer."""

import asyncio

import httpx
import pytest

from certlib_client import AsyncLibrary, Credentials, Library, NotFound, Patience

ISSUED = {
    "identifier": "1.2", "number": "n", "type_code": "t", "state": "ISSUED", "row_version": 1,
    "sha256": "0", "size": 1,
}  # fmt: skip
CHANGED = {"identifier": "1.2", "state": "REVOKED", "row_version": 2}
SAID = {"zh": "有效", "en": "Valid"}
VERIFIED = {
    "verdict": "valid", "code": "valid", "sentence": SAID, "next_step": SAID,
    "findings": [{"check": "seal", "outcome": "pass", "code": "ok", "text": SAID}],
}  # fmt: skip
CHANGE = {
    "identifier": "1.2", "act": "issue", "state": "ISSUED", "row_version": 1,
    "recorded_at": "2026-11-22T01:02:03Z",
}  # fmt: skip
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
KNOWN = {
    "sha256": ABC, "identifier": "1.2", "verdict": "invalid", "code": "revoked", "zh": "已吊销",
    "en": "Revoked", "next_zh": "不予采用", "next_en": "Refuse",
    "findings": [{"check": "status", "outcome": "fail", "zh": "已吊销", "en": "Revoked"}],
}  # fmt: skip
RECORD = {"identifier": "1.2", "state": "ISSUED", "row_version": 3}

METHODS = [
    ("issue", ({},), {}, "POST /v1/certificates", ISSUED),
    ("check", ({},), {}, "POST /v1/certificates?dry_run=true", {"issuable": True}),
    (
        "issue_batch", ([("k", {})],), {}, "POST /v1/certificate-batches",
        {"rows": [{"key": "k", "status": 422, "problem": {"code": "x"}}]},
    ),
    ("revise", ("1.2", "renewal", {"valid_to": "x"}), {}, "POST /v1/certificates/1.2/versions", ISSUED),
    *(
        (name, ("1.2", {}), {}, f"POST /v1/certificates/1.2/{name}", CHANGED)
        for name in ("revoke", "annul", "withdraw", "deregister", "void", "suspend", "restore")
    ),
    ("act", ("1.2", "paper", {}), {}, "POST /v1/certificates/1.2/paper", CHANGED),
    ("certificate", ("1.2",), {"reveal": True}, "GET /v1/certificates/1.2?reveal=true", RECORD),
    ("certificate", ("1.2",), {}, "GET /v1/certificates/1.2", RECORD),
    ("file", ("1.2", "duplicate", 2), {}, "GET /v1/certificates/1.2/file?form=duplicate&copy_number=2", b"%PDF"),
    ("file", ("1.2",), {}, "GET /v1/certificates/1.2/file", b"%PDF"),
    ("history", ("1.2",), {}, "GET /v1/certificates/1.2/history", {"acts": [{}]}),
    ("verify", ("1.2",), {"on": "2026-03-02"}, "POST /v1/verifications", VERIFIED),
    ("verify_fields", ({"number": "n"},), {}, "POST /v1/verifications", VERIFIED),
    ("verify_file", (b"%PDF",), {"on": "2026-03-02"}, "POST /v1/verifications?on=2026-03-02", VERIFIED),
    ("receipt", ("1.2",), {"on": "2026-03-02"}, "POST /v1/verifications", b"%PDF"),
    ("receipt_of_fields", ({"number": "n"},), {"form": "json"}, "POST /v1/verifications", b"{}"),
    (
        "receipt_of_file", (b"%PDF",), {"form": "json", "on": "2026-03-02"},
        "POST /v1/verifications?on=2026-03-02", b"{}",
    ),
    ("known_file", (b"abc",), {}, f"GET /v1/files/{ABC}", KNOWN),
    ("known_file", (ABC.upper(),), {}, f"GET /v1/files/{ABC}", KNOWN),
    ("known_file", ("../x",), {}, "GET /v1/files/..%2Fx", KNOWN),
    ("status", ("1.2",), {}, "GET /v1/status/1.2", {"identifier": "1.2"}),
    ("statuses", (["1.2"],), {}, "POST /v1/statuses", {"statuses": [{"identifier": "1.2", "found": False}]}),
    (
        "changes", ("c",), {"wait": 5, "type_code": "t"},
        "GET /v1/changes?limit=200&after=c&wait=5&type_code=t",
        {"changes": [CHANGE], "after": "d", "more": False},
    ),
    ("changes", (), {}, "GET /v1/changes?limit=200", {"changes": [], "after": "d", "more": True}),
    ("types", (), {}, "GET /v1/types", {"types": []}),
    ("type_versions", ("t",), {}, "GET /v1/types/t", {"type_code": "t"}),
    ("call", ("GET", "/v1/webhooks"), {}, "GET /v1/webhooks", {}),
    ("call", ("GET", "/v1/drafts?status=sealed"), {}, "GET /v1/drafts?status=sealed", {}),
]  # fmt: skip
IDS = [f"{name}-{place}" for place, (name, *_) in enumerate(METHODS)]


class Town:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 900})
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        answer = self.answers.pop(0)
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)


def _sync(town):
    http = httpx.Client(transport=httpx.MockTransport(town), base_url="http://library")
    return Library("http://library", Credentials("id", "secret"), http=http)


def _awaited(town):
    http = httpx.AsyncClient(transport=httpx.MockTransport(town), base_url="http://library")
    patience = Patience(first_pause=0.001)
    return AsyncLibrary("http://library", Credentials("id", "secret"), patience=patience, http=http)


@pytest.mark.parametrize(("name", "given", "named", "asked", "answer"), METHODS, ids=IDS)
def test_both_clients_ask_the_same_and_read_the_same(name, given, named, asked, answer):
    first, second = Town(answer), Town(answer)
    with _sync(first) as library:
        found = getattr(library, name)(*given, **named)

    async def awaited():
        async with _awaited(second) as other:
            return await getattr(other, name)(*given, **named)

    assert asyncio.run(awaited()) == found
    assert first.asked == second.asked == [asked]


def test_a_change_says_what_is_remarkable():
    warned = {
        **CHANGED,
        "warnings": [{"field": "", "code": "other-version-counts", "zh": "", "en": ""}],
    }
    library = _sync(Town(CHANGED, warned))
    assert library.revoke("1.2", {}).warnings == ()
    assert library.revoke("1.2", {}).warnings == ("other-version-counts",)


def test_a_status_says_verdict_and_reason():
    said = {"identifier": "1.2", "verdict": "valid", "code": "valid", "zh": "有效", "en": "Valid"}
    unknown = {"identifier": "", "found": False, "code": "identifier-malformed"}
    good, other = _sync(Town({"statuses": [said, unknown]})).statuses(["1.2", "?"])
    assert (good.found, good.valid, good.code, good.zh, good.en) == (
        True,
        True,
        "valid",
        "有效",
        "Valid",
    )
    assert (other.found, other.valid, other.code) == (False, False, "identifier-malformed")


def test_a_search_goes_on_to_the_last_page():
    line = {"identifier": "1.2", "type_code": "t", "number": "n", "state": "ISSUED"}
    pages = [
        {"certificates": [line], "after": "1.2"},
        {"certificates": [{**line, "identifier": "1.3"}], "after": ""},
    ]
    assert [item.identifier for item in _sync(Town(*pages)).search()] == ["1.2", "1.3"]

    async def awaited():
        return [item.identifier async for item in _awaited(Town(*pages)).search(type_code="t")]

    assert asyncio.run(awaited()) == ["1.2", "1.3"]


def test_what_answers_say_is_at_hand():
    library = _sync(Town(ISSUED, RECORD, CHANGED, VERIFIED))
    assert library.issue({}).warnings == ()
    assert library.certificate("1.2").etag == '"3"'
    assert library.revoke("1.2", {}).state == "REVOKED"
    answer = library.verify("1.2")
    assert answer.valid
    assert answer.findings[0].zh == "有效"


def test_a_receipt_is_asked_for_by_its_form_and_kept_as_it_came():
    """Its number stands in a header; a question without one gets the plain answer."""
    seen = []

    def town(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 900})
        seen.append((request.headers["accept"], request.headers.get("content-type")))
        return httpx.Response(200, content=b"{ }\n", headers={"Receipt-Number": "HY-1"})

    library = _sync(town)
    found = [library.receipt("1.2"), library.receipt("1.2", form="json")]
    found.append(library.receipt_of_file(b"%PDF", form="json"))
    assert [(item.number, item.content) for item in found] == [("HY-1", b"{ }\n")] * 3
    assert seen == [
        ("application/pdf", "application/json"),
        ("application/jose+json", "application/json"),
        ("application/jose+json", "application/pdf"),
    ]


def test_a_known_file_is_asked_for_without_sending_it_or_a_token():
    """Nothing leaves but its digest; one that is not on record is no finding against it."""
    asked = []

    def town(request):
        asked.append((request.url.path, request.headers.get("authorization"), request.content))
        said = {"code": "file-not-on-record", "detail": "", "detail_en": ""}
        return (
            httpx.Response(200, json=KNOWN) if len(asked) == 1 else httpx.Response(404, json=said)
        )

    library = _sync(town)
    found = library.known_file(b"abc")
    assert (found.valid, found.code, found.identifier) == (False, "revoked", "1.2")
    assert (found.sentence_zh, found.next_step_zh) == ("已吊销", "不予采用")
    assert found.findings[0].outcome == "fail"
    with pytest.raises(NotFound, match="file-not-on-record"):
        library.known_file(b"abc")
    assert asked == [(f"/v1/files/{ABC}", None, b"")] * 2


def test_the_awaited_client_tries_again_as_well():
    town = Town(httpx.ConnectError("down"), {"types": []})
    assert asyncio.run(_awaited(town).types()) == ()
    assert len(town.asked) == 2


def test_clients_make_their_own_connections():
    with Library("http://127.0.0.1:9", Credentials("id", "s")) as library:
        assert library is not None
    asyncio.run(AsyncLibrary("http://127.0.0.1:9", Credentials("id", "s")).close())
