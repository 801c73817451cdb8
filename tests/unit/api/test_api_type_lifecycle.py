"""The catalogue is managed by API: drafted, reviewed by another, published from a day on."""

import base64
from dataclasses import replace
from itertools import count

import pytest

from certlib.catalogue import TypeStatus
from certlib.type_lifecycle import drafted
from tests.unit.api.api_world import ORDER
from tests.unit.usecases.house import ISSUER, TYPE, definition

NEW = f"{ISSUER}777"
_keys = count(1)


def _manage(world, act, person="a", version="2026.1", code=NEW, client="transport", **arguments):
    headers = world.bearer(client, act=person) | {"Idempotency-Key": f"t-{next(_keys)}"}
    headers |= arguments.pop("headers", {})
    path = f"/v1/types/{code}/versions/{version}" + (f"/{act}" if act else "")
    return world.browser.post(path, headers=headers, **arguments)


def _draft(world, version="2026.1", person="a", code=NEW, **changes):
    text = definition(code, version=version, **changes)
    return _manage(world, "", person, version, code, json={"definition": text})


def _published(world, version="2026.1", body=None, **changes):
    assert _draft(world, version, **changes).status_code == 201
    assert _manage(world, "review", "b", version).status_code == 200
    answer = _manage(world, "publish", "a", version, json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_type_is_issued_only_when_it_is_published(world):
    """Draft → reviewed → published; before that no certificate of it can be made."""
    from certlib.registry import IssueListEntry

    with world.house.registry.begin() as uow:
        uow.put_issue_entry(IssueListEntry(NEW, ISSUER, world.house.clock.now().date()))
        uow.commit()
    order = {"type_code": NEW, "issue_date": "2026-11-22"}
    assert _draft(world).json()["status"] == "draft"
    assert world.issue("k-1", **order).json()["code"] == "type-unknown"
    assert _manage(world, "review", "b").json()["reviewer"] == "b"
    assert world.issue("k-2", **order).json()["code"] == "type-unknown"
    assert _manage(world, "publish", json={}).json()["status"] == "published"
    assert world.issue("k-3", **order).status_code == 201
    gone = _manage(world, "withdraw", json={"remark": "国发〔2020〕13号", "last_day": "2026-11-22"})
    assert gone.json()["status"] == "withdrawn"
    assert world.issue("k-4", number="粤字 2 号", **order).status_code == 201  # the last day counts
    acts = [item.act for item in world.house.audit() if item.target == f"type:{NEW}@2026.1"]
    assert acts == ["type-draft", "type-review", "type-publish", "type-withdraw"]


def test_a_draft_that_breaks_rules_is_told_every_one_of_them(world):
    """Rules of the definition, its version and its design, each with its place in the body."""
    answer = _draft(world, design="no-such-design", approvals="one", nmae="x")
    assert answer.status_code == 422
    told = {problem["field"]: problem["code"] for problem in answer.json()["problems"]}
    assert told == {
        "/definition/approvals": "not-a-number",
        "/definition/nmae": "key-unknown",
        "/definition/design": "design-unknown",
    }


def test_four_eyes(world):
    _draft(world)
    refused = _manage(world, "review", "a")
    assert (refused.status_code, refused.json()["code"]) == (403, "same-person")


def test_a_cut_over_ends_the_earlier_version_on_the_day_before_or_later(world):
    _published(world)
    _published(world, "2026.2", {"published_from": "2026-12-01"})
    headers = world.bearer()
    first = world.browser.get(f"/v1/types/{NEW}/versions/2026.1", headers=headers).json()
    assert first["usable_until"] == "2026-11-30"
    listed = world.browser.get(f"/v1/types/{NEW}/versions", headers=headers).json()["versions"]
    assert [item["version"] for item in listed] == ["2026.1", "2026.2"]
    body = {"published_from": "2026-12-05", "earlier_usable_until": "2027-03-01"}
    _published(world, "2026.3", body)
    second = world.browser.get(f"/v1/types/{NEW}/versions/2026.2", headers=headers).json()
    assert second["usable_until"] == "2027-03-01"
    _draft(world, "2026.4")
    _manage(world, "review", "b", "2026.4")
    body = {"published_from": "2026-12-09", "earlier_usable_until": "2026-12-01"}
    wrong = _manage(world, "publish", "a", "2026.4", json=body)
    assert wrong.json()["code"] == "date-order"
    first_day = _manage(world, "publish", "a", "2026.4", json={"published_from": "0001-01-01"})
    assert first_day.json()["code"] == "date-order"


def test_differences_between_versions(world):
    _published(world)
    _draft(world, "2026.2", term_years=6)
    path = f"/v1/types/{NEW}/differences?before=2026.1&after=2026.2"
    answer = world.browser.get(path, headers=world.bearer())
    assert "Link" not in answer.headers  # its `after` is a version, and no page of a list
    found = answer.json()["differences"]
    assert [(item["path"], item["before"], item["after"]) for item in found] == [
        ("/term_years", 4, 6)
    ]


def test_drafts_are_their_managers_own(world):
    _draft(world)
    path = f"/v1/types/{NEW}/versions/2026.1"
    assert world.browser.get(path, headers=world.bearer()).status_code == 200
    assert world.browser.get(path, headers=world.bearer(scope="types:read")).status_code == 404
    hidden = world.browser.get(f"/v1/types/{NEW}/versions", headers=world.bearer("reform"))
    # The operator sees every draft, another body none.
    assert len(hidden.json()["versions"]) == 1
    scope = "types:read types:manage"
    other = world.browser.get(path, headers=world.bearer("reform", scope=scope))
    assert other.status_code == 404


def test_a_body_manages_what_it_defines(world):
    scope = "types:manage"
    headers = world.bearer("reform", scope=scope) | {"Idempotency-Key": "x"}
    path = f"/v1/types/{NEW}/versions/2026.1"
    body = {"definition": definition(NEW)}
    refused = world.browser.post(path, json=body, headers=headers)
    assert refused.json()["code"] == "outside-department"
    headers = world.bearer(scope="types:read") | {"Idempotency-Key": "x"}
    refused = world.browser.post(path, json=body, headers=headers)
    assert refused.json()["code"] == "scope-missing"


def test_an_act_repeated_is_answered_and_done_once(world):
    headers = {"Idempotency-Key": "same"}
    text = {"definition": definition(NEW)}
    first = _manage(world, "", json=text, headers=headers)
    again = _manage(world, "", json=text, headers=headers)
    assert first.json() == again.json()
    other = _manage(world, "", json={"definition": definition(NEW, name="别的")}, headers=headers)
    assert other.json()["code"] == "idempotency-mismatch"
    assert _draft(world).json()["code"] == "conflict"


def test_a_lost_race_is_told(world):
    tag = _draft(world).headers["ETag"]
    text = {"definition": definition(NEW, term_years=9)}
    rewritten = _manage(world, "rewrite", json=text, headers={"If-Match": tag})
    assert rewritten.json()["row_version"] == 2
    late = _manage(world, "rewrite", json=text, headers={"If-Match": tag})
    assert late.status_code == 412
    returned = _manage(world, "return", "b", json={"remark": "缺英文名称"})
    assert returned.json()["remark"] == "缺英文名称"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type_code": TYPE}, "/definition/type_code"),
        ({"version": "9"}, "/definition/version"),
        ({"design": "no-such-design"}, "/definition/design"),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(world, changes, field):
    text = {**definition(NEW), **changes}
    wrong = _manage(world, "", json={"definition": text})
    assert wrong.status_code == 422, wrong.text
    assert [item["field"] for item in wrong.json()["problems"]] == [field]


def test_what_is_not_there(world):
    assert _manage(world, "review", "b", "9.9").json()["code"] == "type-unknown"
    path = f"/v1/types/{NEW}/differences?before=1&after=2"
    assert world.browser.get(path, headers=world.bearer()).status_code == 404
    odd = world.browser.get(f"/v1/types/{NEW}/versions/a%20b", headers=world.bearer())
    assert odd.status_code == 422


def test_an_open_case_follows_its_day_of_acceptance(world):
    """Two versions usable side by side: the day of acceptance chooses."""
    path = f"/v1/types/{TYPE}/versions/2026.2"
    headers = world.bearer(person="a")
    text = {"definition": definition(TYPE, version="2026.2")}
    for act, person, body in (
        ("", "a", text),
        ("/review", "b", None),
        ("/publish", "a", {"earlier_usable_until": "2027-01-01"}),
    ):
        headers = world.bearer(act=person) | {"Idempotency-Key": f"c{act}"}
        answer = world.browser.post(path + act, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
    newer = world.issue("k-1").json()
    assert newer["type_version"] == "2026.2"
    older = world.issue("k-2", number="粤字 9 号", accepted_on="2026-11-01").json()
    assert older["type_version"] == "2026.1"
    asked = world.issue("k-3", number="粤字 10 号", type_version="2026.1").json()
    assert asked["type_version"] == "2026.1"
    assert ORDER["type_code"] == TYPE


def test_a_type_tells_its_rules_of_issuing(world):
    """Who numbers, which files, how many eyes, which duties: what a department's system must know."""
    numbering = {"source": "library", "pattern": "JY{year}{serial:06}"}
    duty = {"code": "review", "name": "年审", "name_en": "Review", "months": 12, "overdue": "block"}
    _published(
        world,
        numbering=numbering,
        forms=["original", "duplicate"],
        consent="all",
        separate_sealer=True,
        duties=[duty],
    )
    answer = world.browser.get(f"/v1/types/{NEW}", headers=world.bearer()).json()
    told = answer["versions"][0]
    assert told["numbering"] == numbering
    assert told["forms"] == ["original", "duplicate"]
    assert (told["consent"], told["separate_sealer"], told["paper"]) == ("all", True, True)
    assert told["duties"] == [duty | {"grace_days": 0, "failed": "none"}]
    assert told["renewal_notice_days"] == 30
    assert {field["key"]: field["mask"] for field in told["fields"]} == {
        "KZ_JYFW": None,
        "KZ_CLS": None,
    }


def test_the_sample_of_a_picture_is_one_that_an_order_may_hold(world):
    """What stands in the dictionary as `sample:portrait` is handed out as that picture."""
    picture = {
        "type": "string",
        "title": "照片",
        "x-title-en": "Photograph",
        "x-order": 30,
        "x-format": "photograph",
        "x-sample": "sample:portrait",
        "contentEncoding": "base64",
        "contentMediaType": "image/jpeg",
        "maxLength": 100000,
    }
    text = definition(NEW)
    text["schema"]["properties"]["KZ_ZP"] = picture
    text["schema"]["properties"]["KZ_CZP"] = picture | {
        "x-order": 40, "x-sample": "sample:../designs/secret",
    }  # fmt: skip
    record = replace(drafted(text, "a", world.house.clock.now()), status=TypeStatus.PUBLISHED)
    with world.house.registry.begin() as uow:
        uow.put_type_version(record.as_version(), record.definition)
        uow.commit()
    told = world.browser.get(f"/v1/types/{NEW}", headers=world.bearer()).json()
    samples = {item["key"]: item["sample"] for item in told["versions"][0]["fields"]}
    assert base64.b64decode(samples["KZ_ZP"], validate=True).startswith(b"\xff\xd8")
    assert samples["KZ_CZP"] == "sample:../designs/secret"
    assert samples["KZ_JYFW"] == "道路普通货物运输"
