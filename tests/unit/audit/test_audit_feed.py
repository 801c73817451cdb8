"""The feed is compared line by line with the acts that it tells, whatever acts those are."""

from contextlib import closing
from datetime import date

import pytest

from api.audit.checks import feed
from api.bootstrap import open_node
from certlib.certificate import Restriction, RestrictionKind
from certlib.states import Action
from certlib.usecases.amend import Amendment
from storage.changes import QUIET
from tests.unit.audit.audit_store import Store, caller, decide, settings

SEIZED = Restriction(RestrictionKind.SEIZED, "court", "1", date(2026, 3, 2))
FROZEN = Restriction(RestrictionKind.FROZEN, "court", "2", date(2026, 3, 2))
FIRST = (
    "sequence = (SELECT MIN(sequence) FROM certificate_changes WHERE act = 'restrict'"
    " AND identifier = '{}')"
)


@pytest.fixture
def target(store: Store) -> str:
    """A certificate with two restrictions, and a suspension after them."""
    found = store.names["valid"]
    with closing(open_node(settings(store.folder))) as node:
        for number, restriction in enumerate((SEIZED, FROZEN)):
            node.amend.restrict(caller(), Amendment(found, f"r-{number}"), restriction)
        decide(node, found, Action.SUSPEND, "paused")
    return found


def test_a_feed_as_it_was_written_is_no_fault(store: Store, target: str):
    acts = store.rows("SELECT act FROM certificate_changes WHERE identifier = ?", target)
    assert [act for (act,) in acts] == ["issue", "restrict", "restrict", "suspend"]
    assert store.found() == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("DELETE FROM certificate_changes WHERE {}", "feed-version"),
        ("UPDATE certificate_changes SET row_version = row_version + 1 WHERE {}", "feed-version"),
        ("UPDATE certificate_changes SET row_version = row_version - 1 WHERE {}", "feed-version"),
        ("UPDATE certificate_changes SET state = 'REVOKED' WHERE {}", "feed-state"),
        ("UPDATE certificate_changes SET issuer_code = 'x' WHERE {}", "feed-other"),
        ("UPDATE certificate_changes SET type_code = 'x' WHERE {}", "feed-other"),
        ("UPDATE certificate_changes SET act = 'deliver' WHERE {}", "feed-differs"),
        ("UPDATE certificate_changes SET recorded_at = '2026-01-01' WHERE {}", "feed-differs"),
    ],
)
def test_a_line_in_the_middle_is_held_against_its_act(
    store: Store, target: str, change: str, code: str
):
    """Lines before and after it fit, and the last one fits the row."""
    store.run(change.format(FIRST.format(target)))
    assert ("INV-6", code) in store.found()


@pytest.mark.parametrize("topic", ["certificate.issued", "certificate.paper-changed", "x"])
def test_an_event_is_announced_as_what_it_is(store: Store, target: str, topic: str):
    store.run(f"UPDATE outbox SET topic = '{topic}' WHERE event_id = '{target}:2'")
    assert store.found() == {("INV-8", "announced-as-other")}


def test_acts_that_move_nothing_are_the_same_for_both():
    """Two lists written apart: a change of one must be made in the other, knowingly."""
    assert feed._QUIET == QUIET | feed.BESIDE


def test_a_unit_is_followed_from_wherever_the_walk_begins(
    store: Store, target: str, monkeypatch: pytest.MonkeyPatch
):
    """Of a unit too large to remember nothing is concluded, and nothing after it is missed."""
    monkeypatch.setattr(feed, "_MOST", 0)
    assert store.found() == set()
    del target
