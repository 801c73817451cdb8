"""Next versions, lineages and further files over HTTP."""

from tests.unit.api.api_world import ORDER
from tests.unit.usecases.house import ENDLESS, STEPS


def _revise(world, identifier, key="rev", query="", headers=None, **body):
    return world.browser.post(
        f"/v1/certificates/{identifier}/versions{query}",
        json={"reason": "change", **body},
        headers=world.bearer() | {"Idempotency-Key": key} | (headers or {}),
    )


def test_only_what_changes_is_said(world):
    old = world.issued(matter_code="M-1")
    answer = _revise(world, old, fields={"KZ_JYFW": "道路旅客运输"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 201, answer.text
    new = answer.json()["identifier"]
    assert answer.json()["number"] == ORDER["number"]
    record = world.browser.get(f"/v1/certificates/{new}", headers=world.bearer()).json()
    assert record["fields"] == {"KZ_JYFW": "道路旅客运输"}
    assert record["matter_code"] == "M-1"
    assert record["valid_to"] == ORDER["valid_to"]
    stale = _revise(world, new, "k2", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    again = _revise(world, old, fields={"KZ_JYFW": "道路旅客运输"}, headers={"If-Match": '"1"'})
    assert again.headers["Idempotent-Replayed"] == "true"


def test_null_takes_a_field_or_an_end_away(world):
    old = world.issued(type_code=ENDLESS, fields={"KZ_JYFW": "货运", "KZ_CLS": 5})
    body = {"reason": "correction", "fields": {"KZ_CLS": None}, "valid_to": None, "holders": None}
    answer = _revise(world, old, **body)
    assert answer.status_code == 201, answer.text
    new = answer.json()["identifier"]
    record = world.browser.get(f"/v1/certificates/{new}", headers=world.bearer()).json()
    assert (record["fields"], record["valid_to"]) == ({"KZ_JYFW": "货运"}, None)
    assert record["holders"]


def test_a_dry_run_and_a_draft(world):
    old = world.issued()
    checked = _revise(world, old, query="?dry_run=true")
    assert (checked.status_code, checked.json()["issuable"]) == (200, True)
    refused = _revise(world, old, query="?dry_run=true", division_code="000000")
    assert refused.json()["problems"][0]["field"] == "/division_code"
    draft = _revise(world, old, query="?draft=true")
    assert (draft.status_code, draft.json()["state"]) == (202, "DRAFT")
    assert draft.headers["Location"].startswith("/v1/drafts/")
    assert draft.headers["ETag"] == '"1"'


def test_the_lineage_is_listed(world):
    old = world.issued()
    new = _revise(world, old, "k1").json()["identifier"]
    renewal = {"reason": "renewal", "valid_to": "2034-11-19"}
    last = _revise(world, new, "k2", **renewal).json()["identifier"]
    answer = world.browser.get(f"/v1/certificates/{old}/versions", headers=world.bearer())
    lines = answer.json()["versions"]
    assert [(line["identifier"], line["version"], line["reason"]) for line in lines] == [
        (old, 1, "granted"),
        (new, 2, "change"),
        (last, 3, "renewal"),
    ]
    assert [line["state"] for line in lines] == ["SUPERSEDED", "ISSUED", "ISSUED"]
    assert (lines[0]["ended_from"], lines[1]["ended_from"]) == ("2026-11-22", None)
    assert lines[1]["superseded_by"] == last
    other = world.browser.get(f"/v1/certificates/{old}/versions", headers=world.bearer("reform"))
    assert other.status_code == 404


def test_one_file_more(world):
    order = {
        **ORDER,
        "type_code": STEPS,
        "forms": [{"form": "original"}, {"form": "duplicate"}],
        "made_by": "officer-1",
        "approved_by": ["officer-2"],
    }
    headers = world.bearer(act="officer-3")
    issued = world.browser.post(
        "/v1/certificates", json=order, headers=headers | {"Idempotency-Key": "i"}
    )
    assert issued.status_code == 201, issued.text
    assert [file["copy_number"] for file in issued.json()["files"]] == [0, 1]
    identifier = issued.json()["identifier"]
    answer = world.browser.post(
        f"/v1/certificates/{identifier}/forms",
        json={"form": "duplicate", "made_by": "officer-1", "approved_by": ["officer-2"]},
        headers=headers | {"Idempotency-Key": "f", "If-Match": '"1"'},
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["copy_number"], answer.headers["ETag"]) == (2, '"2"')
    file = world.browser.get(
        f"/v1/certificates/{identifier}/file?form=duplicate&copy_number=2",
        headers=world.bearer(),
    )
    assert file.headers["ETag"] == f'"{answer.json()["sha256"]}"'
    assert "duplicate-2.pdf" in file.headers["Content-Disposition"]
    first = world.browser.get(
        f"/v1/certificates/{identifier}/file?form=duplicate", headers=world.bearer()
    )
    assert "duplicate-1.pdf" in first.headers["Content-Disposition"]
    asked = world.browser.post(
        "/v1/verifications",
        content=file.content,
        headers=world.bearer() | {"Content-Type": "application/pdf"},
    )
    assert "副本2" in asked.json()["sentence"]["zh"]


def test_a_third_file_is_refused_by_field(world):
    identifier = world.issued()
    answer = world.browser.post(
        f"/v1/certificates/{identifier}/forms",
        json={"form": "annex"},
        headers=world.bearer() | {"Idempotency-Key": "f"},
    )
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "/form"
