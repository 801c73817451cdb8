"""Names, numbers and sensitive fields are masked by default; who sees them stands in the history."""

import json
from datetime import date

import pytest

from certlib.catalogue import type_version_from
from certlib.errors import StoreUnavailable
from certlib.registry import IssueListEntry
from tests.unit.api.api_world import SECRET
from tests.unit.usecases.house import ISSUER, definition

PERSONAL = "11445200990090139J901"
NUMBER = "445221198501010019"
NAME = "王小明"


@pytest.fixture
def identifier(world):
    data = definition(PERSONAL, holder_category="person")
    data["schema"]["properties"]["KZ_DH"] = {
        "type": "string",
        "title": "联系电话",
        "x-title-en": "Phone",
        "x-sensitive": True,
    }
    data["schema"]["properties"]["KZ_SJ"] = {
        "type": "string",
        "title": "手机",
        "x-title-en": "Mobile phone",
        "x-sensitive": True,
        "x-mask": "telephone",
    }
    with world.house.registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(PERSONAL, ISSUER, date(2020, 1, 1)))
        uow.commit()
    return world.issued(
        type_code=PERSONAL,
        number=NUMBER,
        holders=[{"name": NAME, "code_type": "111", "code": NUMBER}],
        fields={"KZ_JYFW": "普通", "KZ_DH": "13800000000", "KZ_SJ": "13800000012"},
    )


def _read(world, identifier, query="?reveal=true", **form):
    return world.browser.get(f"/v1/certificates/{identifier}{query}", headers=world.bearer(**form))


def test_by_default_nothing_personal_is_shown(world, identifier):
    world.act(identifier, "suspend", reason_code="paused", note="联系人李四 13900000000")
    answer = _read(world, identifier, "").json()
    assert answer["masked"] is True
    assert answer["holders"] == [{"name": "王**", "code_type": "111", "code": "445221********0019"}]
    assert answer["number"] == "445221********0019"
    assert answer["fields"]["KZ_DH"] == "***"
    assert answer["fields"]["KZ_SJ"] == "138******12"  # by the rule that its type names
    assert [step["note"] for step in answer["history"]] == ["", "***"]


def test_who_may_and_asks_sees_everything_and_stands_in_the_history(world, identifier):
    world.act(identifier, "suspend", reason_code="paused", note="联系人李四")
    answer = _read(world, identifier).json()
    assert answer["masked"] is False
    assert (answer["holders"][0]["name"], answer["number"]) == (NAME, NUMBER)
    assert answer["fields"]["KZ_DH"] == "13800000000"
    assert answer["history"][1]["note"] == "联系人李四"
    last = world.house.audit()[-1]
    assert (last.act, last.target, last.actor) == ("reveal", identifier, "transport")
    assert set(last.details) == {"request_id"}


@pytest.mark.parametrize("tag", [None, '"1"'])
def test_without_the_scope_asking_is_refused_and_shows_nothing(world, identifier, tag):
    token = world.bearer(scope="certificates:read")
    headers = token | ({"If-None-Match": tag} if tag else {})
    answer = world.browser.get(f"/v1/certificates/{identifier}?reveal=true", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert NAME not in answer.text
    assert world.house.audit()[-1].act != "reveal"


def test_what_is_not_shown_is_not_recorded(world, identifier):
    """Unchanged since it was read, or another department's: nothing is revealed."""
    path = f"/v1/certificates/{identifier}?reveal=true"
    assert (
        world.browser.get(path, headers=world.bearer() | {"If-None-Match": "*"}).status_code == 304
    )
    assert world.browser.get(path, headers=world.bearer("reform")).status_code == 404
    assert world.house.audit()[-1].act != "reveal"


def test_no_record_no_reveal(world, identifier, monkeypatch):
    def down():
        raise StoreUnavailable(what="disk")

    headers = world.bearer()
    monkeypatch.setattr(world.house.registry, "begin", down)
    answer = world.browser.get(f"/v1/certificates/{identifier}?reveal=true", headers=headers)
    assert answer.status_code == 503
    assert NAME not in answer.text


def test_lists_and_feeds_are_masked_always(world, identifier):
    headers = world.bearer()
    found = world.browser.post("/v1/certificates/search", json={"number": NUMBER}, headers=headers)
    history = world.browser.get(f"/v1/certificates/{identifier}/history", headers=headers)
    feed = world.browser.get("/v1/changes", headers=headers)
    statuses = world.browser.post(
        "/v1/statuses", json={"identifiers": [identifier]}, headers=headers
    )
    for answer in (found, history, feed, statuses):
        assert identifier in answer.text
        for secret in (NAME, NUMBER, "13800000000", SECRET):
            assert secret not in answer.text
