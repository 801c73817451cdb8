"""The whole transition table over HTTP: what it allows happens, everything else is 409.

Every ending has a reason, a basis, a day from which it counts and an instant of recording.
"""

from datetime import date

import pytest

from certlib.states import REASONS, TRANSITIONS, Action, State
from tests.unit.api.api_world import DECISION

RECEIVER = {"receiving_authority": "汕头市交通运输局", "receiving_division": "440500"}
STATES = [state for state in State if state is not State.DRAFT]
ACTIONS = [action for action in Action if action not in {Action.SEAL, Action.SUPERSEDE}]
_WAYS = {
    State.ISSUED: (),
    State.SUSPENDED: ("suspend",),
    State.DEREGISTERED: ("deregister",),
    State.ANNULLED: ("annul",),
    State.WITHDRAWN: ("withdraw",),
    State.REVOKED: ("revoke",),
    State.TRANSFERRED_OUT: ("transfer-out",),
    State.VOIDED: ("void",),
}
_WITH_ANOTHER = {
    # Steps that hang on the version after: tests/unit/usecases/test_usecase_lineage.py.
    (State.SUPERSEDED, action)
    for action in (Action.RESTORE, Action.REVOKE, Action.WITHDRAW)
}
_CAUSES = {State.ANNULLED: "annulled", State.WITHDRAWN: "withdrawn", State.REVOKED: "revoked"}


def _act(world, identifier, action, key, **changes):
    reason = changes.pop("reason_code", REASONS[Action(action)][0].code)
    if action == "deregister" and "reason" not in changes:
        reason = changes.pop("cause", "own-wish")
    more = RECEIVER if action == "transfer-out" else {}
    return world.act(identifier, action, key, reason_code=reason, **more, **changes)


def _in_state(world, state):
    identifier = world.issued()
    if state is State.SUPERSEDED:
        world.issued("next", supersedes=identifier, supersede_reason="change")
    else:
        for step, action in enumerate(_WAYS[state]):
            answer = _act(world, identifier, action, f"way-{step}")
            assert answer.status_code == 200, answer.text
    return identifier


@pytest.mark.parametrize("state", STATES)
def test_the_table_is_walked_from_every_state(world, state):
    """From each state one allowed step is taken; before it, each forbidden one is refused."""
    identifier = _in_state(world, state)
    allowed = {action for action in ACTIONS if (state, action) in TRANSITIONS}
    for action in ACTIONS:
        if action not in allowed:
            # A note of its own: the very decision that was recorded last is no new one.
            answer = _act(world, identifier, action.value, f"no-{action.value}", note="另一决定")
            assert (answer.status_code, answer.json()["code"]) == (409, "transition-forbidden")
    assert world.house.certificate(identifier).state is state
    for action in sorted(allowed):
        fresh = world.house.certificate(identifier)
        if fresh.state is not state:
            break
        cause = {"cause": _CAUSES[state]} if state in _CAUSES else {}
        answer = _act(world, identifier, action.value, f"yes-{action.value}", **cause)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == TRANSITIONS[state, action].value


@pytest.mark.parametrize(
    ("state", "action"),
    [pair for pair in sorted(TRANSITIONS) if pair[1] in ACTIONS and pair not in _WITH_ANOTHER],
)
def test_each_allowed_step_happens(world, state, action):
    identifier = _in_state(world, state)
    cause = {"cause": _CAUSES[state]} if state in _CAUSES else {}
    answer = _act(world, identifier, action.value, "step", **cause)
    assert (answer.status_code, answer.json()["state"]) == (200, TRANSITIONS[state, action].value)
    step = _record(world, identifier)["history"][-1]
    assert step["reason_code"]
    assert step["legal_basis"] == DECISION["legal_basis"]
    assert step["effective_from"] == "2026-11-22"
    assert step["recorded_at"] == "2026-11-22T02:00:00Z"


def _record(world, identifier):
    return world.browser.get(
        f"/v1/certificates/{identifier}", headers=world.bearer("reader")
    ).json()


def _verdict(world, identifier, **asked):
    return world.browser.post(
        "/v1/verifications", json={"identifier": identifier, **asked}, headers=world.bearer()
    ).json()


@pytest.mark.parametrize(
    ("action", "reason", "word"),
    [
        ("revoke", "revoked", "吊销"),
        ("annul", "annulled", "撤销"),
        ("withdraw", "withdrawn", "撤回"),
    ],
)
def test_deregistration_keeps_the_cause(world, action, reason, word):
    """已注销（原因：吊销）."""
    identifier = world.issued()
    _act(world, identifier, action, "a-1")
    wrong = world.act(identifier, "deregister", "a-2", reason_code="own-wish")
    assert wrong.json()["problems"][0]["code"] == "cause-mismatch"
    assert world.act(identifier, "deregister", "a-3", reason_code=reason).status_code == 200
    assert f"已注销（原因：{word}）" in _verdict(world, identifier)["sentence"]["zh"]


def test_deregistration_after_expiry(world):
    identifier = world.issued(
        issue_date="2021-01-01", valid_from="2021-01-01", valid_to="2022-01-01"
    )
    assert world.act(identifier, "deregister", reason_code="expired").status_code == 200
    assert "有效期届满未延续" in _verdict(world, identifier)["sentence"]["zh"]


@pytest.mark.parametrize("reason", ["dissolution", "own-wish", "force-majeure"])
def test_deregistration_straight_from_valid(world, reason):
    identifier = world.issued()
    assert world.act(identifier, "deregister", reason_code=reason).status_code == 200


def test_an_organisation_does_not_die(world):
    refused = world.act(world.issued(), "deregister", reason_code="death")
    assert refused.status_code == 422
    assert [(item["field"], item["code"]) for item in refused.json()["problems"]] == [
        ("/reason_code", "cause-mismatch")
    ]


def test_a_transfer_names_who_keeps_it_now(world):
    identifier = world.issued()
    refused = world.act(identifier, "transfer-out", reason_code="moved", legal_basis="")
    assert {item["field"] for item in refused.json()["problems"]} == {
        "/legal_basis",
        "/receiving_authority",
        "/receiving_division",
    }
    unknown = world.act(
        identifier,
        "transfer-out",
        reason_code="moved",
        **RECEIVER | {"receiving_division": "999999"},
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "division-unknown")
    answer = world.act(identifier, "transfer-out", reason_code="moved", **RECEIVER)
    assert answer.status_code == 200
    told = _verdict(world, identifier)
    assert told["code"] == "transferred-out"
    assert "汕头市交通运输局（广东省汕头市，440500）" in told["sentence"]["zh"]
    assert "(广东省汕头市, 440500)" in told["sentence"]["en"]
    step = _record(world, identifier)["history"][-1]
    assert {name: step[name] for name in RECEIVER} == RECEIVER
    assert step["receiving_division_name"] == "广东省汕头市"


def test_annulled_from_the_beginning_or_from_a_day(world):
    whole, part = world.issued("1", number="1"), world.issued("2", number="2")
    _act(world, whole, "annul", "a-1", effective_from="2026-11-20")
    _act(world, part, "annul", "a-2", effective_from="2026-11-21")
    assert "自始无效" in _verdict(world, whole)["sentence"]["zh"]
    assert "自2026-11-21起失效" in _verdict(world, part)["sentence"]["zh"]
    assert _verdict(world, whole, on="2026-11-20")["code"] == "annulled"
    assert _verdict(world, part, on="2026-11-20")["code"] == "valid-then"


def test_nothing_counts_from_before_the_beginning(world):
    identifier = world.issued()
    answer = _act(world, identifier, "annul", "a-1", effective_from="2026-11-19")
    assert answer.json()["problems"][0]["field"] == "/effective_from"


def test_a_suspension_says_its_kind_and_its_end(world):
    identifier = world.issued()
    _act(world, identifier, "suspend", "a-1", reason_code="paused", until="2026-11-30")
    told = _verdict(world, identifier)
    assert "暂停中（至2026-11-30）" in told["sentence"]["zh"]
    assert "until 2026-11-30" in told["sentence"]["en"]
    step = _record(world, identifier)["history"][-1]
    assert (step["until"], step["automatic"]) == ("2026-11-30", False)
    world.house.clock.pass_time(days=9)
    ended = _verdict(world, identifier)
    assert (ended["verdict"], ended["code"]) == ("indeterminate", "suspension-ended")
    assert "至2026-11-30" in ended["sentence"]["zh"]
    restored = _act(
        world,
        identifier,
        "restore",
        "a-2",
        reason_code="period-served",
        effective_from="2026-12-01",
    )
    assert restored.status_code == 200
    assert _verdict(world, identifier)["verdict"] == "valid"


def test_where_the_decision_says_so_it_is_valid_again_by_itself(world):
    identifier = world.issued()
    _act(world, identifier, "suspend", "a-1", until="2026-11-30", automatic=True)
    assert _verdict(world, identifier)["code"] == "suspended"
    world.house.clock.pass_time(days=9)
    assert _verdict(world, identifier)["verdict"] == "valid"
    assert _verdict(world, identifier, on="2026-11-30")["code"] == "suspended"


def test_the_same_key_with_another_period_is_another_request(world):
    identifier = world.issued()
    assert _act(world, identifier, "suspend", "a-1", until="2026-11-30").status_code == 200
    again = _act(world, identifier, "suspend", "a-1", until="2026-12-30")
    assert (again.status_code, again.json()["code"]) == (422, "idempotency-mismatch")
    assert date.fromisoformat(_record(world, identifier)["history"][-1]["until"]).day == 30


def test_the_record_says_what_it_is_today_beside_what_is_stored(world):
    """A suspension that ends by itself is over the day after, whoever looks."""
    identifier = world.issued()
    period = {"reason_code": "withheld", "until": "2026-11-24", "automatic": True}
    assert world.act(identifier, "suspend", **period).status_code == 200

    def seen():
        path = f"/v1/certificates/{identifier}"
        record = world.browser.get(path, headers=world.bearer()).json()
        public = world.browser.get(f"/v1/status/{identifier}").json()
        assert record["view"] == public["state"]
        return record["state"], record["view"]

    assert seen() == ("SUSPENDED", "SUSPENDED")
    world.house.clock.pass_time(days=3)
    assert seen() == ("SUSPENDED", "VALID")
