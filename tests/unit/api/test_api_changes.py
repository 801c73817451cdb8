"""The change feed over HTTP: in order, without a gap, each department its own."""

import threading

import pytest

from api.cursors import cursor, place
from api.routes.changes import WAITERS, Waiting
from certlib.errors import Invalid
from tests.unit.api.api_world import ORDER


def _ask(world, client="transport", **query):
    answer = world.browser.get("/v1/changes", params=query, headers=world.bearer(client))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer


def _read(world, client="transport", **query):
    return _ask(world, client, **query).json()


def _next(world, answer):
    return world.browser.get(answer.links["next"]["url"], headers=world.bearer()).json()


def test_what_happened_stands_in_order_with_state_and_version(world):
    first, second = world.issued(), world.issued("k-2", number="n-2")
    world.act(first, "revoke")
    page = _read(world)
    told = [(item["identifier"], item["act"], item["state"]) for item in page["changes"]]
    assert told == [
        (first, "issue", "ISSUED"),
        (second, "issue", "ISSUED"),
        (first, "revoke", "REVOKED"),
    ]
    assert [item["row_version"] for item in page["changes"]] == [1, 1, 2]
    assert page["changes"][0]["type_code"] == ORDER["type_code"]
    assert page["more"] is False


def test_pages_follow_one_another_and_the_last_cursor_goes_on_later(world):
    for number in range(3):
        world.issued(f"k-{number}", number=f"n-{number}")
    first = _ask(world, limit=2, type_code=ORDER["type_code"])
    assert (len(first.json()["changes"]), first.json()["more"]) == (2, True)
    assert f"type_code={ORDER['type_code']}" in first.links["next"]["url"]
    second = _next(world, first)
    assert (len(second["changes"]), second["more"]) == (1, False)
    nothing = _read(world, after=second["after"])
    assert (nothing["changes"], nothing["after"]) == ([], second["after"])
    later = world.issued("k-9", number="n-9")
    (told,) = _read(world, after=second["after"])["changes"]
    assert told["identifier"] == later


def test_now_begins_behind_what_has_happened(world):
    world.issued()
    begin = _ask(world, after="now")
    assert (begin.json()["changes"], begin.json()["more"]) == ([], False)
    later = world.issued("k-2", number="n-2")
    (told,) = _next(world, begin)["changes"]
    assert told["identifier"] == later


def test_a_superseded_version_is_told_too(world):
    old = world.issued()
    new = world.issued("k-2", supersedes=old, supersede_reason="renewal")
    told = [(item["identifier"], item["act"]) for item in _read(world)["changes"]]
    assert told == [(old, "issue"), (old, "supersede"), (new, "issue")]


def test_a_department_sees_its_own_and_an_operator_all(world):
    world.issued()
    token = world.bearer("reform", scope="changes:read")
    assert world.browser.get("/v1/changes", headers=token).json()["changes"] == []
    token = world.bearer("reform", scope="changes:read library:operate")
    assert len(world.browser.get("/v1/changes", headers=token).json()["changes"]) == 1


def test_without_the_scope_nothing_is_told(world):
    for query in ({}, {"after": "now"}):
        answer = world.browser.get("/v1/changes", params=query, headers=world.bearer("reader"))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


@pytest.mark.parametrize("after", ["x", "AAAAAAAAAAf7RkrL", "é", "=" * 16, "AAAAAAAAAAc=", "12345"])
def test_what_is_no_cursor_is_refused_by_name(world, after):
    answer = world.browser.get("/v1/changes", params={"after": after}, headers=world.bearer())
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "cursor-malformed"
    assert answer.json()["problems"][0]["field"] == "query:after"


def test_a_cursor_beyond_the_record_is_told_never_ignored(world):
    """After an older backup took the record's place, going on silently would miss changes."""
    world.issued()
    answer = world.browser.get(
        "/v1/changes", params={"after": cursor(10_000)}, headers=world.bearer()
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "cursor-unknown")


def test_cursors_keep_their_place_and_say_nothing_else():
    for number in (0, 1, 2**31, 2**63 - 1):
        assert place(cursor(number)) == number
    with pytest.raises(Invalid):
        place(cursor(2**63))


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"wait": 16}, {"wait": "x"}])
def test_wrong_options_are_named(world, query):
    answer = world.browser.get("/v1/changes", params=query, headers=world.bearer())
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == f"query:{next(iter(query))}"


def test_a_waiting_call_answers_as_soon_as_something_happens(world):
    begin = _read(world, after="now")["after"]
    writer = threading.Timer(0.7, world.issued)
    writer.start()
    page = _read(world, after=begin, wait=15)
    writer.join()
    assert len(page["changes"]) == 1


def test_a_waiting_call_ends_with_nothing_when_nothing_happens(world):
    page = _read(world, wait=1)
    assert page["changes"] == []
    assert world.site.api.state.waiting.enter()


def test_only_so_many_wait_at_once_and_others_are_answered_at_once(world):
    waiting = world.site.api.state.waiting
    assert all(waiting.enter() for _ in range(WAITERS))
    assert waiting.enter() is False
    assert _read(world, wait=15)["changes"] == []
    waiting.leave()
    assert waiting.enter()


def test_places_to_wait_are_given_back():
    waiting = Waiting(1)
    assert waiting.enter()
    assert not waiting.enter()
    waiting.leave()
    assert waiting.enter()
