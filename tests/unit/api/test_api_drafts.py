"""Drafts over HTTP: make, list, look, approve, return, discard, seal."""

import pytest

from tests.unit.api.api_world import ORDER
from tests.unit.usecases.house import STEPS

PERSONS = {"maker": "officer-1", "reviewer": "officer-2", "sealer": "officer-3"}


def _as(world, part, key=None):
    headers = world.bearer(act=PERSONS[part])
    return headers if key is None else headers | {"Idempotency-Key": key}


def _make(world, key="m-1", **changes):
    order = {**ORDER, "type_code": STEPS, **changes}
    return world.browser.post("/v1/drafts", json=order, headers=_as(world, "maker", key))


def _made(world, key="m-1", **changes):
    answer = _make(world, key, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["identifier"]


def _act(world, identifier, act, part, json=None, **headers):
    sent = _as(world, part, f"{act}-{part}") | headers
    arguments = {} if json is None else {"json": json}
    return world.browser.post(f"/v1/drafts/{identifier}/{act}", headers=sent, **arguments)


def test_from_draft_to_certificate(world):
    made = _make(world)
    assert (made.status_code, made.json()["state"], made.headers["ETag"]) == (201, "DRAFT", '"1"')
    identifier = made.json()["identifier"]
    assert made.headers["Location"] == f"/v1/drafts/{identifier}"
    approved = _act(world, identifier, "approve", "reviewer", **{"If-Match": '"1"'})
    assert approved.status_code == 200, approved.text
    assert approved.json()["approved_by"] == ["officer-2"]
    assert approved.headers["ETag"] == '"2"'
    stale = _act(world, identifier, "seal", "sealer", **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-stale")
    sealed = _act(world, identifier, "seal", "sealer", **{"If-Match": '"2"'})
    assert sealed.status_code == 201, sealed.text
    assert sealed.headers["Location"] == f"/v1/certificates/{identifier}"
    assert sealed.headers["ETag"] == '"4"'
    again = _act(world, identifier, "seal", "sealer", **{"If-Match": '"2"'})
    assert again.headers["Idempotent-Replayed"] == "true"
    public = world.browser.get(f"/v1/status/{identifier}")
    assert public.json()["state"] == "VALID"


def test_a_draft_stands_beside_the_certificates_of_its_department(world):
    identifier = _made(world)
    record = world.browser.get(f"/v1/certificates/{identifier}", headers=world.bearer())
    assert record.json()["state"] == "DRAFT"
    asked = {"identifier": identifier}
    own = world.browser.post("/v1/verifications", json=asked, headers=world.bearer())
    assert own.json()["code"] == "draft"
    other = world.browser.post("/v1/verifications", json=asked, headers=world.bearer("reform"))
    assert other.json()["code"] == "not-found"
    assert world.browser.get(f"/v1/status/{identifier}").status_code == 404
    elsewhere = world.browser.get(f"/v1/drafts/{identifier}", headers=world.bearer("reform"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "draft-not-found")


def test_a_draft_is_read_masked_unless_somebody_may_see_all(world):
    identifier = _made(world, forms=[{"form": "original"}, {"form": "duplicate"}])
    answer = world.browser.get(f"/v1/drafts/{identifier}", headers=world.bearer())
    draft = answer.json()
    assert draft["forms"] == [
        {"form": "original", "copy_number": 0},
        {"form": "duplicate", "copy_number": 1},
    ]
    assert (draft["status"], draft["outcome"], draft["succession"]) == ("open", None, None)
    assert draft["record"]["masked"] is True
    assert answer.headers["ETag"] == '"1"'
    shown = world.browser.get(f"/v1/drafts/{identifier}?reveal=true", headers=world.bearer())
    assert shown.json()["record"]["masked"] is False
    acts = [record.act for record in world.house.audit()]
    assert acts == ["make", "reveal"]
    refused = world.browser.get(
        f"/v1/drafts/{identifier}?reveal=true", headers=world.bearer("reader")
    )
    assert refused.status_code == 403


def test_a_draft_of_a_revision_says_how_the_version_before_ends(world):
    first = world.issued(number="号1")
    identifier = world.browser.post(
        "/v1/drafts",
        json={**ORDER, "number": "", "supersedes": first, "note": "地址变更"},
        headers=_as(world, "maker", "m"),
    ).json()["identifier"]
    draft = world.browser.get(f"/v1/drafts/{identifier}", headers=world.bearer()).json()
    assert draft["supersedes"] == first
    assert draft["succession"] == {
        "reason": "change",
        "effective_from": "2026-11-20",
        "legal_basis": "",
        "document_number": "",
        "authority": "",
        "note": "地址变更",
    }


def test_the_page_is_marked_and_never_kept(world):
    identifier = _made(world)
    answer = world.browser.get(f"/v1/drafts/{identifier}/page", headers=world.bearer())
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Certlib-Draft"] == "true"
    assert answer.content.startswith(b"%DRAFT ")


def test_a_list_is_paged_and_filtered(world):
    wanted = {_made(world, f"m-{number}", number=f"N-{number}") for number in range(3)}
    first = world.browser.get("/v1/drafts?limit=2", headers=world.bearer()).json()
    rest = world.browser.get(
        f"/v1/drafts?limit=2&after={first['after']}", headers=world.bearer()
    ).json()
    lines = first["drafts"] + rest["drafts"]
    assert {line["identifier"] for line in lines} == wanted
    assert rest["after"] == ""
    assert lines[0]["holders"][0]["code_type"] == "001"
    returned = world.browser.get("/v1/drafts?status=returned", headers=world.bearer()).json()
    assert returned["drafts"] == []
    odd = world.browser.get("/v1/drafts?status=lost", headers=world.bearer())
    assert odd.status_code == 422


@pytest.mark.parametrize(("act", "part"), [("return", "reviewer"), ("discard", "maker")])
def test_given_back_with_a_reason(world, act, part):
    identifier = _made(world)
    answer = _act(world, identifier, act, part, {"reason": "经营范围与决定书不符。"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] in {"returned", "discarded"}
    kept = world.browser.get(f"/v1/drafts/{identifier}", headers=world.bearer()).json()
    assert kept["reason"] == "经营范围与决定书不符。"
    assert kept["ended_by"] == PERSONS[part]
    again = _act(world, identifier, "seal", "sealer")
    assert (again.status_code, again.json()["code"]) == (409, "draft-ended")
    assert (
        world.browser.get(f"/v1/certificates/{identifier}", headers=world.bearer()).status_code
        == 404
    )


def test_a_return_needs_its_reason(world):
    identifier = _made(world)
    for body in ({}, {"reason": ""}, {"reason": "  "}):
        answer = _act(world, identifier, "return", "reviewer", body)
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "/reason"


@pytest.mark.parametrize(
    ("act", "part", "code"),
    [
        ("approve", "maker", "same-person"),
        ("seal", "sealer", "not-yet-approved"),
    ],
)
def test_refusals_have_codes(world, act, part, code):
    identifier = _made(world)
    assert _act(world, identifier, act, part).json()["code"] == code


def test_a_client_without_a_person_is_told_what_to_state(world):
    answer = world.browser.post(
        "/v1/drafts",
        json={**ORDER, "type_code": STEPS},
        headers=world.bearer() | {"Idempotency-Key": "m"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "person-missing")
    assert "act" in answer.json()["detail"]


def test_a_dry_run_makes_nothing(world):
    order = {**ORDER, "type_code": STEPS}
    answer = world.browser.post(
        "/v1/drafts?dry_run=true", json=order, headers=_as(world, "maker", "m")
    )
    assert (answer.status_code, answer.json()["issuable"]) == (200, True)
    assert world.house.audit() == []


def test_who_approved_is_not_said_in_a_draft_order(world):
    """Approvals are acts of persons: nobody writes them into a draft."""
    answer = _make(world, approved_by=["officer-2"])
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "/approved_by"
