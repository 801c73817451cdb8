"""Batches: rows do not hang on one another, and a retry issues what is missing."""

import pytest

from certlib.errors import SigningUnavailable
from tests.unit.api.api_world import ORDER


def _row(place, **changes):
    return {"key": f"k-{place}", "order": ORDER | {"number": f"n-{place}"} | changes}


def _send(world, rows, client="transport"):
    return world.browser.post(
        "/v1/certificate-batches", json={"rows": rows}, headers=world.bearer(client)
    )


def test_all_good_rows_are_200(world):
    answer = _send(world, [_row(1), _row(2)])
    assert answer.status_code == 200
    assert (answer.json()["issued"], answer.json()["failed"]) == (2, 0)
    assert [row["status"] for row in answer.json()["rows"]] == [201, 201]


def test_bad_rows_have_problems_of_their_own_and_others_go_on(world):
    rows = [
        _row(1),
        {"key": "k-2"},
        {"order": ORDER},
        _row(4, division_code="999999"),
        _row(5, number="x\0"),
        {"key": "row-445221198501010019", "order": ORDER},
        {},
        _row(8),
    ]
    answer = _send(world, rows)
    assert answer.status_code == 207
    outcomes = answer.json()["rows"]
    assert [row["status"] for row in outcomes] == [201, 422, 422, 422, 422, 400, 422, 201]
    assert outcomes[1]["problem"]["problems"][0]["field"] == "/order"
    assert outcomes[3]["problem"]["problems"][0]["field"] == "/division_code"
    assert outcomes[4]["problem"]["problems"][0]["field"] == "/number"
    assert "445221198501010019" not in answer.text
    assert world.house.counts()["ISSUED"] == 2


def test_a_retry_issues_what_is_missing_and_nothing_twice(world):
    world.house.sealer.error = SigningUnavailable(what="key")
    assert _send(world, [_row(1)]).json()["rows"][0]["problem"]["code"] == "signing-unavailable"
    world.house.sealer.error = None
    world.house.clock.pass_time(minutes=2)
    world.house.reconcile.run()
    answer = _send(world, [_row(1), _row(2)])
    assert [row["answer"]["replayed"] for row in answer.json()["rows"]] == [True, False]
    assert world.house.counts()["ISSUED"] == 2


@pytest.mark.parametrize("count", [0, 101])
def test_the_number_of_rows_is_limited(world, count):
    answer = _send(world, [{}] * count)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "/rows"


def test_rows_that_are_no_objects_spoil_the_call(world):
    answer = _send(world, [_row(1), 5])
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "/rows/1")


def test_the_scope_is_asked_for_first(world):
    assert _send(world, [_row(1)], "reader").json()["code"] == "scope-missing"


def test_a_row_whose_key_names_are_half_characters_is_answered(world):
    body = b'{"rows":[{"key":"k","order":{"\\ud800":1}}]}'
    headers = world.bearer() | {"Content-Type": "application/json"}
    answer = world.browser.post("/v1/certificate-batches", content=body, headers=headers)
    assert (answer.status_code, answer.json()["rows"][0]["status"]) == (207, 422)
