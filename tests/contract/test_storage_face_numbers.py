"""Numbers on the face: unique per issuer, type and form among current versions."""

from dataclasses import replace
from typing import Any

import pytest

from certlib.certificate import Certificate, Decision
from certlib.errors import FaceNumberTaken
from certlib.registry import Intent
from certlib.states import Action, State
from tests.contract.conftest import Store
from tests.fakes import records

NUMBER = "粤交运管许可揭字〔2026〕12号"


def _intent(serial: int, **changes: Any) -> Intent:
    supersedes = changes.pop("supersedes", "")
    content = records.content(serial, **{"number": NUMBER, **changes})
    return records.intent(serial, of=content, supersedes=supersedes)


def _end(store: Store, identifier: str, state: State, successor: str = "") -> None:
    with store.registry.begin() as unit:
        unit.save(_ended(unit.certificate(identifier), state, successor), 1)
        unit.commit()


def _ended(certificate: Certificate, state: State, successor: str = "") -> Certificate:
    return replace(certificate, state=state, row_version=2, superseded_by=successor)


def _is_free(store: Store, **changes: Any) -> bool:
    try:
        with store.registry.begin() as unit:
            unit.reserve([_intent(99, **changes)])
    except FaceNumberTaken:
        return False
    return True


@pytest.mark.parametrize("published", [False, True])
def test_a_number_is_taken_from_the_reservation_on(store: Store, published: bool) -> None:
    (store.publish if published else store.reserve)(_intent(1))
    assert not _is_free(store)


def test_a_number_is_the_same_however_it_is_typed(store: Store) -> None:
    store.reserve(_intent(1))
    assert not _is_free(store, number=" 粤交运管许可揭字【２０２６】12 号")


@pytest.mark.parametrize("changes", [
    {"form": "duplicate"},
    {"issuer_code": "114451009999990234"},
    {"type_code": "114451009999990234017"},
    {"number": "粤交运管许可揭字〔2026〕13号"},
])  # fmt: skip
def test_another_form_issuer_type_or_number_is_free(store: Store, changes: dict[str, str]) -> None:
    store.reserve(_intent(1))
    assert _is_free(store, **changes)


def test_certificates_without_a_number_do_not_collide(store: Store) -> None:
    store.publish(_intent(1, number=""), _intent(2, number=""))
    _end(store, records.identifier(1), State.REVOKED)
    assert _is_free(store, number="")


def test_the_intent_in_the_way_is_named(store: Store) -> None:
    store.publish(_intent(1))
    group = [records.intent(2), _intent(3), records.intent(4)]
    with pytest.raises(FaceNumberTaken) as caught, store.registry.begin() as unit:
        unit.reserve(group)
    assert caught.value.values == {"identifier": records.identifier(3)}
    assert caught.value.field_path == "/number"


def test_two_of_one_group_cannot_share_a_number(store: Store) -> None:
    with pytest.raises(FaceNumberTaken) as caught, store.registry.begin() as unit:
        unit.reserve([_intent(1), _intent(2)])
    assert caught.value.values == {"identifier": records.identifier(2)}


def test_a_burned_intent_frees_its_number(store: Store) -> None:
    store.reserve(_intent(1))
    with store.registry.begin() as unit:
        unit.burn(records.identifier(1), "given-up")
        unit.commit()
    assert _is_free(store)


@pytest.mark.parametrize("state", [
    State.SUPERSEDED, State.DEREGISTERED, State.ANNULLED, State.WITHDRAWN, State.REVOKED,
    State.TRANSFERRED_OUT, State.VOIDED,
])  # fmt: skip
def test_an_ending_frees_the_number(store: Store, state: State) -> None:
    store.publish(_intent(1))
    _end(store, records.identifier(1), state)
    assert _is_free(store)


def test_a_suspension_keeps_the_number(store: Store) -> None:
    store.publish(_intent(1))
    _end(store, records.identifier(1), State.SUSPENDED)
    assert not _is_free(store)


def test_a_renewal_keeps_its_number(store: Store) -> None:
    """From reservation to publication nobody else can slip in, and one renewal only may wait."""
    store.publish(_intent(1))
    renewal = _intent(2, supersedes=records.identifier(1))
    store.reserve(renewal)
    assert not _is_free(store)
    assert not _is_free_for_renewal(store, 3)
    with store.registry.begin() as unit:
        unit.publish([records.publication(renewal)])
        old = unit.certificate(records.identifier(1))
        unit.save(_ended(old, State.SUPERSEDED, renewal.identifier), 1)
        unit.commit()
    assert not _is_free(store)
    _end(store, renewal.identifier, State.VOIDED)
    assert _is_free(store)


def _is_free_for_renewal(store: Store, serial: int) -> bool:
    try:
        with store.registry.begin() as unit:
            unit.reserve([_intent(serial, supersedes=records.identifier(1))])
    except FaceNumberTaken:
        return False
    return True


def test_saving_the_old_version_first_hands_over_as_well(store: Store) -> None:
    store.publish(_intent(1))
    renewal = _intent(2, supersedes=records.identifier(1))
    store.reserve(renewal)
    with store.registry.begin() as unit:
        old = unit.certificate(records.identifier(1))
        unit.save(_ended(old, State.SUPERSEDED, renewal.identifier), 1)
        unit.publish([records.publication(renewal)])
        unit.commit()
    assert not _is_free(store)


def test_a_burned_renewal_leaves_the_number_with_the_old_version(store: Store) -> None:
    store.publish(_intent(1))
    store.reserve(_intent(2, supersedes=records.identifier(1)))
    with store.registry.begin() as unit:
        unit.burn(records.identifier(2), "given-up")
        unit.commit()
    assert not _is_free(store)
    assert _is_free_for_renewal(store, 3)
    _end(store, records.identifier(1), State.REVOKED)
    assert _is_free(store)


def test_a_renewal_inherits_the_number_when_the_old_version_ends_first(store: Store) -> None:
    """Annulled while its renewal is being sealed: the waiting intent holds the number."""
    store.publish(_intent(1))
    renewal = _intent(2, supersedes=records.identifier(1))
    store.reserve(renewal)
    _end(store, records.identifier(1), State.ANNULLED)
    assert not _is_free(store)
    with store.registry.begin() as unit:
        unit.publish([records.publication(renewal)])
        unit.commit()
    assert not _is_free(store)


def test_a_renewal_may_take_a_new_number(store: Store) -> None:
    store.publish(_intent(1))
    renewal = _intent(2, supersedes=records.identifier(1), number="新号")
    store.publish(renewal)
    _end(store, records.identifier(1), State.SUPERSEDED, renewal.identifier)
    assert _is_free(store)
    assert not _is_free(store, number="新号")


def test_a_later_step_of_an_ended_version_does_not_touch_the_new_holder(store: Store) -> None:
    store.publish(_intent(1))
    _end(store, records.identifier(1), State.REVOKED)
    store.publish(_intent(2))
    with store.registry.begin() as unit:
        old = unit.certificate(records.identifier(1))
        step = Decision(Action.DEREGISTER, "revoked", records.AT.date(), legal_basis="第七十条")
        unit.save(old.decide(step, actor="a", now=store.clock.now()), old.row_version)
        unit.commit()
    assert not _is_free(store)
