"""Holders and departments over time, over HTTP: kept, found, masked, never in a URL."""

from itertools import count

import pytest

from tests.unit.usecases.house import ISSUER, OTHER, PEOPLE, TYPE, with_people

FIRM = {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
RENAMED = {**FIRM, "name": "揭阳市示例物流有限公司"}
PERSON = {"name": "欧阳明远", "code_type": "111", "code": "445221198501010019"}
BODY = {
    "name": "揭阳市大数据局",
    "short_name": "市数据局",
    "division_code": "445200",
    "level": "prefecture",
}
CODE = "114451009999990234"
SOURCE = {"basis": "机构改革方案", "document_number": "揭市编〔2026〕10号"}
_keys = count(1)


def post(world, path, body, client="transport", **headers):
    named = world.bearer(client) | {"Idempotency-Key": f"p-{next(_keys)}"} | headers
    return world.browser.post(path, json=body, headers=named)


def get(world, path, client="transport", **headers):
    return world.browser.get(path, headers=world.bearer(client) | headers)


def put(world, body, code=CODE, **headers):
    return world.browser.ask(
        "PUT", f"/v1/departments/{code}", json=body, headers=world.bearer() | headers
    )


def changed(world, kind="renamed", before=FIRM, after=RENAMED, **more):
    body = {
        "kind": kind,
        "before": [before],
        "after": [after] if after else [],
        "effective_from": "2026-11-21",
        "basis": "变更登记",
        **more,
    }
    if kind in {"recoded", "merged", "divided"}:
        body = {"approved_by": ["reviewer"], **body}
    return post(world, "/v1/holder-changes", body, **world.bearer(act="officer"))


# --- holders ----------------------------------------------------------------------------------


def test_a_change_is_recorded_found_and_declared_void(world):
    world.issued()
    kept = changed(world)
    assert kept.status_code == 201, kept.text
    event = kept.json()["event_id"]
    question = {"code_type": "001", "code": FIRM["code"]}
    found = post(world, "/v1/holder-changes/search", question).json()["changes"]
    assert [item["event_id"] for item in found] == [event]
    assert (found[0]["before"], found[0]["after"]) == ([FIRM], [RENAMED])
    void = post(world, f"/v1/holder-changes/{event}/void", {"reason": "录入错误"})
    assert (void.status_code, void.json()["event_id"]) == (200, event)
    again = post(world, "/v1/holder-changes/search", question).json()["changes"]
    assert again[0]["voided_at"] == void.json()["voided_at"]


def test_persons_are_masked_and_their_numbers_stand_nowhere_else(world):
    with_people(world.house)
    world.issued(type_code=PEOPLE, holders=[PERSON])
    kept = changed(
        world, before=PERSON, after={**PERSON, "name": "欧阳远"}, document_number=PERSON["code"]
    )
    question = {"code_type": "111", "code": "445221850101001"}
    found = post(world, "/v1/holder-changes/search", question)
    assert PERSON["code"] not in kept.text + found.text
    assert "明远" not in found.text
    assert len(found.json()["changes"]) == 1


def test_everything_wrong_is_said_at_once(world):
    answer = changed(world, before={**FIRM, "code": "1"}, after=None, basis="")
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["problems"]] == [
        "/before/0/code", "/after", "/basis",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/holder-changes", {"kind": "vanished"}, 422, "invalid"),
        ("/v1/holder-changes/search", {"code_type": "777", "code": "1"}, 422, "code-type-unknown"),
        (f"/v1/holder-changes/{'0' * 32}/void", {"reason": "错"}, 404, "event-not-found"),
        ("/v1/holder-changes/x/void", {"reason": "错"}, 422, "invalid"),
    ],
)
def test_what_is_refused(world, path, body, status, code):
    answer = post(world, path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_new_code_needs_a_second_person_and_a_known_holder(world):
    world.issued()
    new = {"after": {**FIRM, "code": CODE}, "reason_code": "other"}
    alone = changed(world, "recoded", approved_by=["OFFICER"], **new)
    assert (alone.status_code, alone.json()["code"]) == (403, "approval-missing")
    never = changed(world, before={**FIRM, "name": "张冠李戴"})
    assert [(item["field"], item["code"]) for item in never.json()["problems"]] == [
        ("/before/0/name", "holder-name-not-on-record")
    ]
    assert changed(world, "recoded", **new).status_code == 201


def test_a_second_change_that_contradicts_is_a_conflict(world):
    world.issued()
    event = changed(world, "recoded", after={**FIRM, "code": CODE}, reason_code="other").json()
    answer = changed(world)
    assert (answer.status_code, answer.json()["code"]) == (409, "holder-change-contradicts")
    assert event["event_id"] in answer.json()["detail"]


def test_the_record_shows_the_holder_of_today_beside_the_sealed_one(world):
    identifier = world.issued()
    path = f"/v1/certificates/{identifier}"
    first = get(world, path)
    assert (first.json()["holders_now"], first.json()["issuer_now"]) == ([], None)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert get(world, path, **tag).status_code == 304
    changed(world)
    after = get(world, path, **tag)
    assert after.status_code == 200  # the row is as it was, and yet there is something new
    assert after.json()["holders"] == [FIRM]
    assert after.json()["holders_now"] == [
        {"position": 0, "current": RENAMED, "divided_into": [], "ended_on": None}
    ]
    other = {**FIRM, "name": "揭阳市大成运输有限公司", "code": CODE}
    changed(world, "divided", RENAMED, other)
    changed(world, "dissolved", RENAMED, None)
    now = get(world, path).json()["holders_now"][0]
    assert (now["divided_into"], now["ended_on"]) == ([other], "2026-11-21")


def test_old_and_new_names_and_codes_find_the_certificate(world):
    identifier = world.issued()
    changed(world, "recoded", after={**RENAMED, "code": CODE}, reason_code="other")
    for criterion in (
        {"holder_code": FIRM["code"]},
        {"holder_code": CODE, "holder_code_type": "001"},
        {"holder_name": FIRM["name"]},
        {"holder_name": RENAMED["name"]},
    ):
        found = world.browser.post(
            "/v1/certificates/search", json=criterion, headers=world.bearer()
        ).json()
        assert [item["identifier"] for item in found["certificates"]] == [identifier]


# --- departments ------------------------------------------------------------------------------


def test_a_body_is_registered_and_changed_by_who_read_it(world):
    made = put(world, BODY)
    assert (made.status_code, made.headers["ETag"]) == (200, '"1"')
    county = {**BODY, "level": "county"}
    assert put(world, county).json()["code"] == "department-registered"
    assert put(world, county, **{"If-Match": '"2"'}).status_code == 412
    assert put(world, county, **{"If-Match": '"1"'}).headers["ETag"] == '"2"'
    listed = get(world, "/v1/departments").json()["departments"]
    assert [item["level"] for item in listed if item["credit_code"] == CODE] == ["county"]
    assert put(world, BODY, "x").status_code == 422
    assert get(world, f"/v1/departments/{'X' * 18}").json()["code"] == "department-unknown"


def test_names_and_successions_are_dated_and_may_be_void(world):
    named = post(
        world,
        f"/v1/departments/{ISSUER}/names",
        {
            "name": "揭阳市交通局",
            "short_name": "市交通局",
            "effective_from": "2026-11-22",
            **SOURCE,
        },
        **{"If-Match": '"1"'},
    )
    assert (named.status_code, named.headers["ETag"]) == (201, '"2"')
    step = {"kind": "merged", "successor_code": OTHER, "effective_from": "2026-11-22", **SOURCE}
    merged = post(world, f"/v1/departments/{ISSUER}/successions", step)
    listed = get(world, f"/v1/issue-list?issuer_code={OTHER}").json()["entries"]
    assert (merged.status_code, merged.json()["entries_passed_on"]) == (201, len(listed))
    full = get(world, f"/v1/departments/{ISSUER}")
    assert (full.json()["name"], full.headers["ETag"]) == ("揭阳市交通局", '"3"')
    assert [item["successor_code"] for item in full.json()["successions"]] == [OTHER]
    again = post(world, f"/v1/departments/{ISSUER}/successions", step)
    assert (again.status_code, again.json()["code"]) == (409, "succession-contradicts")
    event = merged.json()["event_id"]
    void = post(world, f"/v1/departments/{ISSUER}/events/{event}/void", {"reason": "录入错误"})
    assert (void.status_code, void.json()["row_version"]) == (200, 4)


def test_a_predecessors_client_is_told_who_succeeded_it_and_the_record_passes_on(world):
    identifier = world.issued()
    step = {"kind": "merged", "successor_code": OTHER, "effective_from": "2026-11-22", **SOURCE}
    post(world, f"/v1/departments/{ISSUER}/successions", step)
    refused = world.issue("k-2", number="N2")
    assert (refused.status_code, refused.json()["code"]) == (403, "department-ended")
    assert OTHER in refused.json()["detail"]
    path = f"/v1/certificates/{identifier}"
    assert get(world, path).status_code == 404
    seen = get(world, path, "reform").json()
    assert seen["issuer_code"] == ISSUER
    assert seen["issuer_now"] == {"code": OTHER, "name": "揭阳市发展改革局", "since": "2026-11-22"}


def test_the_issue_list_is_kept_and_read(world):
    entry = {
        "type_code": TYPE,
        "issuer_code": OTHER,
        "capacity": "entrusted",
        "principal_code": ISSUER,
        "effective_from": "2026-11-22",
        "basis": "委托书",
    }
    made = post(world, "/v1/issue-list", entry)
    assert (made.status_code, made.headers["ETag"]) == (200, '"1"')
    ended = {**entry, "effective_to": "2026-12-31"}
    assert post(world, "/v1/issue-list", ended, **{"If-Match": '"9"'}).status_code == 412
    assert post(world, "/v1/issue-list", ended, **{"If-Match": '"1"'}).json()["row_version"] == 2
    listed = get(world, f"/v1/issue-list?type_code={TYPE}&issuer_code={OTHER}").json()["entries"]
    assert listed == [{**ended, "row_version": 2}]
    wrong = post(world, "/v1/issue-list", {**entry, "principal_code": ""})
    assert [item["field"] for item in wrong.json()["problems"]] == ["/principal_code"]
    overlap = post(world, "/v1/issue-list", {**entry, "effective_from": "2026-12-01"})
    assert (overlap.status_code, overlap.json()["code"]) == (409, "mandate-known")


def test_the_issue_list_is_read_page_by_page(world):
    whole = get(world, "/v1/issue-list").json()
    assert whole["after"] == ""
    found, path = [], "/v1/issue-list?limit=2"
    while path:
        answer = get(world, path)
        found += answer.json()["entries"]
        assert ("next" in answer.links) == bool(answer.json()["after"])
        path = answer.links.get("next", {}).get("url")
    assert found == whole["entries"]
    assert len(found) > 4
    other = get(world, "/v1/issue-list?after=AAAAAAAAAAFb")
    assert [item["code"] for item in other.json()["problems"]] == ["cursor-malformed"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/holder-changes/search", {"code_type": "001", "code": "1"}),
        ("PUT", f"/v1/departments/{CODE}", BODY),
        ("GET", "/v1/departments", None),
        ("GET", "/v1/issue-list", None),
    ],
)
def test_nobody_without_the_scope(world, method, path, body):
    answer = world.browser.ask(method, path, json=body, headers=world.bearer("reader"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
