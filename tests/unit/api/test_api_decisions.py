"""Changes of state over HTTP: every action, its reasons, versions and keys."""

import pytest

_REASONS = {
    "revoke": ("penalty", "REVOKED"),
    "annul": ("fraud", "ANNULLED"),
    "withdraw": ("law-changed", "WITHDRAWN"),
    "deregister": ("own-wish", "DEREGISTERED"),
    "void": ("issuing-error", "VOIDED"),
    "suspend": ("withheld", "SUSPENDED"),
}


@pytest.mark.parametrize("action", list(_REASONS))
def test_each_action_leads_to_its_state(world, action):
    reason, state = _REASONS[action]
    identifier = world.issued()
    answer = world.act(identifier, action, reason_code=reason)
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert answer.headers["etag"] == '"2"'


def test_what_was_suspended_is_restored(world):
    identifier = world.issued()
    world.act(identifier, "suspend", reason_code="withheld")
    answer = world.act(identifier, "restore", "a-2", reason_code="decision-lifted")
    assert answer.json()["state"] == "ISSUED"


def test_a_stale_version_is_412_and_changes_nothing(world):
    identifier = world.issued()
    answer = world.act(identifier, "revoke", headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version-stale")
    assert world.house.certificate(identifier).state == "ISSUED"
    assert world.act(identifier, "revoke", "a-2", headers={"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize("tag", ["1", 'W/"1"', '"x"', '"1", "2"', ""])
def test_a_version_that_cannot_be_read_is_400(world, tag):
    answer = world.act(world.issued(), "revoke", headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")


def test_any_version_may_be_meant(world):
    assert world.act(world.issued(), "revoke", headers={"If-Match": "*"}).status_code == 200


def test_a_forbidden_step_is_409(world):
    identifier = world.issued()
    world.act(identifier, "void", reason_code="duplicate")
    answer = world.act(identifier, "revoke", "a-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "transition-forbidden")


def test_everything_a_decision_lacks_comes_at_once(world):
    answer = world.act(
        world.issued(),
        "revoke",
        reason_code="nonsense",
        legal_basis="",
        document_number=" ",
        authority="",
        effective_from="2030-01-01",
    )
    fields = {item["field"] for item in answer.json()["problems"]}
    assert fields == {
        "/reason_code",
        "/legal_basis",
        "/document_number",
        "/authority",
        "/effective_from",
    }


def test_the_same_key_gets_the_first_answer(world):
    identifier = world.issued()
    first = world.act(identifier, "revoke")
    again = world.act(identifier, "revoke")
    assert again.json() == first.json()
    assert len(world.house.certificate(identifier).history) == 2


def test_the_act_names_the_person(world):
    identifier = world.issued()
    world.browser.post(
        f"/v1/certificates/{identifier}/void",
        json={"reason_code": "duplicate", "effective_from": "2026-11-22"},
        headers=world.bearer(act="li.si") | {"Idempotency-Key": "k"},
    )
    assert world.house.certificate(identifier).history[-1].actor == "transport/li.si"


def test_unknown_certificates_and_actions(world):
    unknown = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"
    assert world.act(unknown, "revoke").status_code == 404
    answer = world.act(world.issued(), "explode")
    assert (answer.status_code, answer.json()["code"]) == (404, "path-unknown")
