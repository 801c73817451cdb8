"""INTENT: durable before anything is sealed; an identifier is used up by it for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form
from certlib.errors import Conflict, Corrupt
from certlib.registry import IntentStatus
from certlib.states import Action
from tests.contract.conftest import Store
from tests.fakes import records

FULL = records.intent(
    1,
    approved_by=("审核人乙", "审核人丙"),
    approvals_required=2,
    supersedes=records.identifier(9),
    succession=Decision(
        Action.SUPERSEDE, "renewal", records.AT.date(), "法", "文号", "机关", "附注"
    ),
    forms=(ORIGINAL, Form("duplicate", 1), Form("annex", 2)),
    sealed_by="签发人丁",
    base_version=3,
    attempts=3,
    faults=2,
    last_error="signing-unavailable",
    lease_until=records.AT + timedelta(minutes=5),
)


def _pending(store: Store) -> list[str]:
    with store.registry.read() as session:
        return [intent.identifier for intent in session.pending_intents()]


def _lease(store: Store, limit: int = 10, minutes: int = 5) -> list[str]:
    now = store.clock.now()
    with store.registry.begin() as unit:
        leased = unit.lease_intents(now, now + timedelta(minutes=minutes), limit)
        unit.commit()
    assert all(intent.lease_until == now + timedelta(minutes=minutes) for intent in leased)
    return [intent.identifier for intent in leased]


def test_an_intent_comes_back_as_it_went_in(store: Store) -> None:
    store.reserve(FULL)
    with store.registry.read() as session:
        assert session.intent(FULL.identifier) == FULL
        assert session.pending_intents() == [FULL]
        assert session.intent(records.identifier(2)) is None


def test_pending_intents_come_oldest_first(store: Store) -> None:
    young = records.intent(1, recorded_at=records.AT + timedelta(seconds=5))
    store.reserve(young, records.intent(3), records.intent(2))
    assert _pending(store) == [records.identifier(number) for number in (2, 3, 1)]


@pytest.mark.parametrize("fate", ["pending", "burned", "published"])
def test_an_identifier_is_never_used_twice(store: Store, fate: str) -> None:
    """INV-3, whatever became of the first use; another face number does not help."""
    first = records.intent(1)
    if fate == "published":
        store.publish(first)
    else:
        store.reserve(first)
    if fate == "burned":
        with store.registry.begin() as unit:
            unit.burn(first.identifier, "given-up")
            unit.commit()
    again = records.intent(1, of=records.content(1, number="另号"))
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.reserve([again])
    with store.registry.read() as session:
        assert session.intent(first.identifier).status == fate
        assert session.intent(first.identifier).content == first.content


def test_one_used_identifier_spoils_the_group(store: Store) -> None:
    store.reserve(records.intent(1))
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.reserve([records.intent(2), records.intent(1), records.intent(3)])
    assert _pending(store) == [records.identifier(1)]


def test_a_burned_intent_stays_burned(store: Store) -> None:
    intent = records.intent(1)
    store.reserve(intent)
    with store.registry.begin() as unit:
        unit.burn(intent.identifier, "given-up")
        unit.commit()
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.publish([records.publication(intent)])
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.burn(intent.identifier, "again")
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.note_attempt(intent.identifier, "late")
    store.clock.move(days=1)
    assert _lease(store) == []
    with store.registry.read() as session:
        assert session.intent(intent.identifier).status is IntentStatus.BURNED
        assert session.certificate(intent.identifier) is None


def test_an_unknown_intent_cannot_be_burned_noted_or_published(store: Store) -> None:
    intent = records.intent(1)
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.burn(intent.identifier, "given-up")
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.note_attempt(intent.identifier, "late")
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.publish([records.publication(intent)])


def test_an_intent_is_published_once(store: Store) -> None:
    intent = records.intent(1)
    store.publish(intent)
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.publish([records.publication(intent)])
    with store.registry.read() as session:
        assert session.intent(intent.identifier).status is IntentStatus.PUBLISHED
        assert session.pending_intents() == []


def test_a_leased_intent_is_not_leased_again_before_the_lease_ends(store: Store) -> None:
    store.reserve(records.intent(1), records.intent(2), records.intent(3))
    assert _lease(store, limit=2) == [records.identifier(1), records.identifier(2)]
    assert _lease(store) == [records.identifier(3)]
    assert _lease(store) == []
    store.clock.move(minutes=4)
    assert _lease(store) == []
    store.clock.move(minutes=1)
    assert len(_lease(store)) == 3


def test_an_intent_reserved_with_a_lease_is_left_alone(store: Store) -> None:
    store.reserve(records.intent(1, lease_until=records.AT + timedelta(minutes=5)))
    assert _lease(store) == []
    store.clock.move(minutes=5)
    assert _lease(store) == [records.identifier(1)]


def test_a_lease_that_was_not_committed_is_none(store: Store) -> None:
    store.reserve(records.intent(1))
    now = store.clock.now()
    with store.registry.begin() as unit:
        assert len(unit.lease_intents(now, now + timedelta(minutes=5), 10)) == 1
    assert _lease(store) == [records.identifier(1)]


def test_a_failed_attempt_is_counted_and_ends_the_lease(store: Store) -> None:
    store.reserve(records.intent(1))
    assert _lease(store) == [records.identifier(1)]
    with store.registry.begin() as unit:
        unit.note_attempt(records.identifier(1), "signing-unavailable", outage=True)
        unit.commit()
    with store.registry.read() as session:
        noted = session.intent(records.identifier(1))
    assert (noted.attempts, noted.faults, noted.last_error) == (1, 0, "signing-unavailable")
    assert noted.lease_until is None
    assert _lease(store) == [records.identifier(1)]
    store.run("UPDATE intents SET faults = NULL")  # as an earlier release left it
    with store.registry.begin() as unit:
        unit.note_attempt(records.identifier(1), "seal-mismatch")
        unit.commit()
    with store.registry.read() as session:
        noted = session.intent(records.identifier(1))
    assert (noted.attempts, noted.faults) == (2, 1)


def test_a_lease_that_nobody_ended_was_an_attempt(store: Store) -> None:
    """Its process was killed, perhaps after it had signed: the audit of signatures goes by it."""
    store.reserve(
        records.intent(1, lease_until=records.AT + timedelta(minutes=5)), records.intent(2)
    )
    for turn in range(3):
        store.clock.move(minutes=5)
        assert len(_lease(store)) == 2
        with store.registry.read() as session:
            tried = [session.intent(records.identifier(item)).attempts for item in (1, 2)]
        assert tried == [turn + 1, turn]
    with store.registry.begin() as unit:
        unit.note_attempt(records.identifier(1), "signing-unavailable")
        unit.commit()
    assert _lease(store) == [records.identifier(1)]
    with store.registry.read() as session:
        assert session.intent(records.identifier(1)).attempts == 4


def test_an_intent_that_is_not_what_its_digest_says_is_corrupt(store: Store) -> None:
    store.reserve(records.intent(1))
    store.run("UPDATE intents SET content_digest = ?", "0" * 64)
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.intent(records.identifier(1))


def test_an_empty_group_is_no_error(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.reserve([])
        unit.publish([])
        unit.append_audit([])
        unit.add_events([])
        unit.commit()


def test_a_group_is_published_as_one(store: Store) -> None:
    intents = [records.intent(number) for number in range(1, 60)]
    store.reserve(*intents)
    publications = [records.publication(intent) for intent in intents]
    with store.registry.begin() as unit:
        unit.burn(intents[30].identifier, "given-up")
        unit.commit()
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.publish(publications)
    del publications[30]
    with store.registry.begin() as unit:
        unit.publish(publications)
        unit.commit()
    with store.registry.read() as session:
        assert session.counts() == {"ISSUED": 58, "INTENT": 0}
        assert session.certificate(intents[-1].identifier) == publications[-1].certificate


def test_demonstration_and_empty_parts_survive(store: Store) -> None:
    bare = replace(
        records.content(1), valid_from=None, valid_to=None, number="", fields={}, sealed_at=None,
        demonstration=False,
    )  # fmt: skip
    intent = records.intent(1, of=bare)
    store.publish(intent)
    with store.registry.read() as session:
        assert session.certificate(intent.identifier).content == bare
        assert session.status(intent.identifier).valid_from == bare.issue_date
