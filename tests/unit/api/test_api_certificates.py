"""Issue, check, read and search over HTTP."""

import pytest

from certlib.errors import SigningUnavailable
from tests.unit.api.api_world import ORDER


def test_issuing_answers_201_with_location_and_version(world):
    answer = world.issue()
    assert answer.status_code == 201
    issued = answer.json()
    assert answer.headers["location"] == f"/v1/certificates/{issued['identifier']}"
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["idempotent-replayed"] == "false"
    assert (issued["state"], issued["replayed"]) == ("ISSUED", False)


def test_the_same_key_gets_the_same_certificate(world):
    first, second = world.issue().json(), world.issue()
    assert second.status_code == 201
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json() == {**first, "replayed": True}
    assert world.house.counts()["ISSUED"] == 1


def test_the_same_key_with_another_body_is_refused(world):
    world.issue()
    answer = world.issue(number="another")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")


def test_without_a_key_nothing_happens(world):
    answer = world.browser.post("/v1/certificates", json=ORDER, headers=world.bearer())
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert world.house.counts().get("ISSUED", 0) == 0


@pytest.mark.parametrize("key", ["a b", "é", "x" * 129, "row-445221198501010019"])
def test_keys_that_may_not_be_kept_are_refused(world, key):
    answer = world.browser.ask(
        "POST",
        "/v1/certificates",
        json=ORDER,
        headers=[*world.bearer().items(), (b"Idempotency-Key", key.encode("latin-1"))],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")
    assert key not in answer.text


def test_a_dry_run_stores_nothing(world):
    headers = world.bearer() | {"Idempotency-Key": "k"}
    answer = world.browser.post("/v1/certificates?dry_run=true", json=ORDER, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["issuable"] is True
    assert world.house.audit() == []
    assert world.house.counts().get("INTENT", 0) == 0
    bad = ORDER | {"division_code": "999999"}
    answer = world.browser.post("/v1/certificates?dry_run=true", json=bad, headers=headers)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "/division_code")


def test_all_fields_at_fault_come_at_once_in_both_languages(world):
    answer = world.browser.post(
        "/v1/certificates",
        json={"type_code": 1, "holders": [{"name": "x"}], "issue_date": "2026-02-30", "typo": 1},
        headers=world.bearer() | {"Idempotency-Key": "k"},
    )
    assert answer.status_code == 422
    problems = {item["field"]: item for item in answer.json()["problems"]}
    assert {
        "/type_code",
        "/holders/0/code",
        "/holders/0/code_type",
        "/issue_date",
        "/division_code",
        "/fields",
        "/typo",
    } <= set(problems)
    for item in problems.values():
        assert item["zh"]
        assert item["en"]
        assert item["code"] != "invalid"


def test_rules_of_the_type_come_with_their_pointers(world):
    answer = world.issue(
        fields={"KZ_CLS": -1, "KZ_X": "y"},
        valid_to="2020-01-01",
        holders=[{"name": "甲", "code_type": "001", "code": "91445202MA9TEXT00X"}],
    )
    fields = {item["field"] for item in answer.json()["problems"]}
    assert {"/fields/KZ_JYFW", "/fields/KZ_X", "/valid_to", "/holders/0/code"} <= fields


def test_no_value_is_ever_echoed(world):
    answer = world.issue(
        holders=[{"name": "秘密姓名", "code_type": "111", "code": "445221198501010018"}],
        issue_date="445221198501010019",
        form="44522119850101001X",
        approved_by=["445221198501010019"],
    )
    assert answer.status_code == 422
    for value in ("秘密姓名", "445221198501010018", "445221198501010019", "44522119850101001X"):
        assert value not in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"type_code": "11100000000019713D999"}, 404, "type-unknown"),
        ({"type_code": "114452009900901633001"}, 409, "type-not-published"),
        ({"type_code": "11445200990090307L001"}, 403, "person-missing"),
        ({"type_code": "11445200990090307L001", "person": "li.si"}, 403, "approval-missing"),
        ({"issuer_code": "11445200990090016H"}, 403, "outside-department"),
        ({"fields": {"KZ_JYFW": 1.5}}, 422, "invalid"),
        ({"fields": {"X": "no prefix"}}, 422, "invalid"),
        ({"supersedes": "1.2.156.3005.2.nothing"}, 404, "certificate-not-found"),
    ],
)
def test_each_refusal_has_its_code(world, changes, status, code):
    answer = world.issue(**changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.house.counts().get("INTENT", 0) == 0


def test_a_number_in_use_is_a_conflict(world):
    world.issued()
    answer = world.issue("k-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "face-number-taken")


def test_sealing_out_of_order_is_503_and_may_be_retried(world):
    world.house.sealer.error = SigningUnavailable(what="key")
    answer = world.issue()
    assert (answer.status_code, answer.json()["code"]) == (503, "signing-unavailable")
    assert answer.headers["retry-after"] == "5"


def test_reading_is_masked_unless_asked_for(world):
    identifier = world.issued(
        person="zhang.san",
        type_code="11445200990090307L001",
        approved_by=["li.si"],
        holders=[{"name": "王小明", "code_type": "001", "code": "91445202MA9TEXT00K"}],
    )
    headers = world.bearer()
    masked = world.browser.get(f"/v1/certificates/{identifier}", headers=headers)
    assert masked.json()["masked"] is True
    assert masked.headers["cache-control"] == "no-store"
    full = world.browser.get(f"/v1/certificates/{identifier}?reveal=true", headers=headers)
    assert full.json()["masked"] is False
    assert full.json()["holders"][0]["name"] == "王小明"
    assert full.json()["history"][0]["action"] == "seal"


def test_an_unchanged_record_is_304(world):
    identifier = world.issued()
    headers = world.bearer()
    path = f"/v1/certificates/{identifier}"
    tag = world.browser.get(path, headers=headers).headers["etag"]
    assert tag == '"1"'
    for given in (tag, f'W/{tag}, "9"', "*"):
        answer = world.browser.get(path, headers=headers | {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
    world.act(identifier, "revoke")
    assert world.browser.get(path, headers=headers | {"If-None-Match": tag}).status_code == 200


def test_another_departments_certificate_is_not_found(world):
    identifier = world.issued()
    for path in ("", "/history", "/file"):
        answer = world.browser.get(
            f"/v1/certificates/{identifier}{path}", headers=world.bearer("reform")
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "certificate-not-found")


@pytest.mark.parametrize("identifier", ["x", "1.2.3", "a%00b", "%ED%A0%80", "1.2.156.3005.2"])
def test_a_mistyped_identifier_names_its_parts(world, identifier):
    answer = world.browser.get(f"/v1/certificates/{identifier}", headers=world.bearer())
    assert (answer.status_code, answer.json()["code"]) == (400, "identifier-malformed")
    assert answer.json()["problems"]


def test_search_goes_page_by_page_and_is_masked(world):
    for number in range(3):
        world.issued(f"k-{number}", number=f"n-{number}")
    headers = world.bearer()

    def page(**query):
        return world.browser.post("/v1/certificates/search", json=query, headers=headers).json()

    first = page(limit=2)
    assert len(first["certificates"]) == 2
    rest = page(limit=2, after=first["after"])
    assert len(rest["certificates"]) == 1
    assert rest["after"] == ""
    assert len(page(number="n-1")["certificates"]) == 1
    assert len(page(holder_code="91445202ma9text00k", holder_code_type="001")["certificates"]) == 3
    assert page(states=["REVOKED"])["certificates"] == []


def test_search_sees_every_state(world):
    identifier = world.issued()
    world.act(identifier, "revoke")
    found = world.browser.post("/v1/certificates/search", json={}, headers=world.bearer()).json()
    assert found["certificates"][0]["state"] == "REVOKED"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "/limit"),
        ({"limit": "5"}, "/limit"),
        ({"states": ["NOPE"]}, "/states/0"),
        ({"states": []}, "/states"),
        ({"what": 1}, "/what"),
    ],
)
def test_a_wrong_query_names_its_field(world, query, field):
    answer = world.browser.post("/v1/certificates/search", json=query, headers=world.bearer())
    assert answer.status_code == 422
    assert field in {item["field"] for item in answer.json()["problems"]}


def test_history_tells_what_was_done(world):
    identifier = world.issued()
    world.act(identifier, "revoke")
    answer = world.browser.get(f"/v1/certificates/{identifier}/history", headers=world.bearer())
    assert [act["act"] for act in answer.json()["acts"]] == ["reserve", "issue", "revoke"]


def test_types_are_listed_and_read(world):
    headers = world.bearer()
    listed = world.browser.get("/v1/types", headers=headers).json()["types"]
    assert len(listed) == 7
    read = world.browser.get(f"/v1/types/{ORDER['type_code']}", headers=headers).json()
    assert read["versions"][0]["fields"][0]["key"] == "KZ_CLS" or read["versions"][0]["schema"]
    assert read["versions"][0]["schema"]["required"] == ["KZ_JYFW"]
    answer = world.browser.get("/v1/types/nothing", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "type-unknown")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b'{"a":"\\u0000"}', "application/json", 422),
        (b'{"fields":{"KZ_":{"a":' + b"[" * 40 + b"]" * 40 + b"}}}", "application/json", 400),
    ],
)
def test_bodies_that_are_no_order(world, body, kind, status):
    answer = world.browser.post(
        "/v1/certificates",
        content=body,
        headers=world.bearer() | {"Idempotency-Key": "k", "Content-Type": kind},
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_field_of_no_name_known_is_said_beside_all_others(world):
    fields = {"KZ_CLS": -1, "地址": "x"}
    answer = world.issue(fields=fields, division_code="999999")
    assert answer.status_code == 422
    assert {item["field"]: item["code"] for item in answer.json()["problems"]} == {
        "/fields/KZ_CLS": "too-small",
        "/fields/KZ_JYFW": "field-missing",
        "/fields/地址": "field-unknown",
        "/division_code": "division-unknown",
    }
