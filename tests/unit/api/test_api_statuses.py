"""Many statuses with one question: each has its own answer, in the order of the question."""

import pytest
from sqlalchemy import event

ABSENT = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
ELSEWHERE = "1.2.156.3005.2.11100000000013338W011.11445200999999015E.00000000001.001.5"


def _ask(world, *identifiers, client="transport"):
    return world.browser.post(
        "/v1/statuses", json={"identifiers": list(identifiers)}, headers=world.bearer(client)
    )


def test_answers_stand_in_the_order_of_the_question(world):
    valid, revoked = world.issued(), world.issued("k-2", number="n-2")
    world.act(revoked, "revoke")
    answer = _ask(world, ABSENT, revoked, valid, "nonsense", ELSEWHERE, valid)
    assert answer.status_code == 200
    told = [
        (item["identifier"], item["found"], item["verdict"], item["code"], item["state"])
        for item in answer.json()["statuses"]
    ]
    assert told == [
        (ABSENT, False, "invalid", "not-found", ""),
        (revoked, True, "invalid", "revoked", "REVOKED"),
        (valid, True, "valid", "valid", "VALID"),
        ("", False, "invalid", "identifier-malformed", ""),
        (ELSEWHERE, False, "indeterminate", "other-node", ""),
        (valid, True, "valid", "valid", "VALID"),
    ]


def test_an_answer_is_that_of_the_public_look_up(world):
    identifier = world.issued()
    one = world.browser.get(f"/v1/status/{identifier}").json()
    many = _ask(world, identifier).json()
    (row,) = many["statuses"]
    shared = set(one) & set(row)
    assert {key: one[key] for key in shared} == {key: row[key] for key in shared}
    assert {key: one[key] for key in set(one) - shared} == {
        key: many[key] for key in ("as_of", "demonstration")
    }


def test_what_is_mistyped_is_named_and_not_repeated(world):
    wrong = ABSENT[:-1] + "5"
    typed, secret = _ask(world, wrong, "44522119850101001X").json()["statuses"]
    assert (typed["identifier"], typed["code"]) == ("", "identifier-malformed")
    assert typed["problems"]
    assert secret["problems"]
    assert "44522119850101001X" not in str(secret)


def test_one_query_answers_for_all(world):
    known = [world.issued(f"k-{number}", number=f"n-{number}") for number in range(3)]
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    engine = world.house.registry._engines.read
    event.listen(engine, "before_cursor_execute", note)
    headers = world.bearer()
    # The duties of a type version are asked for once, and never change.
    world.browser.post("/v1/statuses", json={"identifiers": known}, headers=headers)
    asked.clear()
    answer = world.browser.post("/v1/statuses", json={"identifiers": known}, headers=headers)
    event.remove(engine, "before_cursor_execute", note)
    assert len(answer.json()["statuses"]) == 3
    assert len([statement for statement in asked if "SELECT" in statement]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "/identifiers"),
        ({"identifiers": []}, "/identifiers"),
        ({"identifiers": ["x"] * 201}, "/identifiers"),
        ({"identifiers": ["x" * 129]}, "/identifiers/0"),
        ({"identifiers": [1]}, "/identifiers/0"),
        ({"identifiers": ["a\0"]}, "/identifiers/0"),
    ],
)
def test_a_question_out_of_bounds_is_refused(world, body, field):
    answer = world.browser.post("/v1/statuses", json=body, headers=world.bearer())
    assert answer.status_code == 422
    assert field in {item["field"] for item in answer.json()["problems"]}


def test_the_scope_to_verify_is_needed(world):
    answer = _ask(world, ABSENT, client="reader")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
