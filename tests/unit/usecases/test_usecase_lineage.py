"""What a decision reaches: it is made on a right, and a right may have several versions."""

from datetime import date, timedelta

import pytest

from certlib.errors import FaceNumberTaken, Invalid, TransitionForbidden
from certlib.issuing_errors import RenewalWaits
from certlib.states import Action, State, View
from certlib.usecases.order import Ending
from tests.unit.usecases.house import NUMBERLESS
from tests.unit.usecases.versions import (
    BEGIN,
    END,
    TODAY,
    decide,
    first,
    renewed,
    renewed_again,
    revised,
    suspend,
    view,
)


@pytest.mark.parametrize("named", ["old", "new"])
@pytest.mark.parametrize(
    ("action", "reason", "state"),
    [
        (Action.REVOKE, "penalty", State.REVOKED),
        (Action.SUSPEND, "withheld", State.SUSPENDED),
        (Action.DEREGISTER, "own-wish", State.DEREGISTERED),
    ],
)
def test_two_that_stand_side_by_side_fall_together(house, named, action, reason, state):
    old = first(house)
    new = renewed(house, old)
    target, other = (old, new) if named == "old" else (new, old)
    answer = decide(house, target, action, reason)
    assert (answer["state"], answer["also"]) == (state.value, [other])
    assert {house.certificate(item).state for item in (old, new)} == {state}
    told = [item for item in house.audit() if item.target == other][-1]
    assert (told.act, told.details["with"]) == (action.value, target)
    if action is Action.SUSPEND:
        lifted = decide(house, target, Action.RESTORE, "decision-lifted")
        assert lifted["also"] == [other]
    house.clock.pass_time(days=(END - TODAY).days + 1)
    house.reconcile.run()
    ended = State.SUPERSEDED if action is Action.SUSPEND else state
    assert house.certificate(old).state is ended


@pytest.mark.parametrize("action", [Action.ANNUL, Action.WITHDRAW])
def test_a_renewal_is_a_grant_of_its_own_and_rests_on_the_former_one(house, action):
    reason = {"annul": "unlawful-grant", "withdraw": "law-changed"}[action]
    old = first(house)
    new = renewed(house, old)
    assert decide(house, new, action, reason)["also"] == []
    assert house.certificate(old).state is State.ISSUED
    house.clock.pass_time(days=(END - TODAY).days + 1)
    assert house.reconcile.run().settled == 0
    assert view(house, old, END) is View.VALID


@pytest.mark.parametrize("action", [Action.ANNUL, Action.WITHDRAW])
def test_a_grant_that_falls_takes_the_renewal_that_waits_along(house, action):
    reason = {"annul": "unlawful-grant", "withdraw": "law-changed"}[action]
    old = first(house)
    new = renewed(house, old)
    assert decide(house, old, action, reason)["also"] == [new]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("change", {}),
        ("replacement", {}),
        ("correction", {}),
        ("renewal", {"valid_to": date(2035, 2, 1)}),
    ],
)
def test_nothing_follows_a_renewal_that_waits_and_the_way_out_is_told(house, reason, changes):
    """It is voided and issued anew, or its day is waited for: two stand side by side, not three."""
    old = first(house)
    new = renewed(house, old)
    with pytest.raises(RenewalWaits) as caught:
        revised(house, new, reason, key="c", **changes)
    assert isinstance(caught.value, TransitionForbidden)
    assert caught.value.values == {"day": "2027-02-02", "before": old}
    for word in ("尚未生效", "作废", old, "2027-02-02", "待其生效"):
        assert word in caught.value.zh_text
    for word in ("Void it", old, "2027-02-02", "wait for"):
        assert word in caught.value.en_text
    decide(house, new, Action.VOID, "issuing-error")
    assert renewed_again(house, old) != new


def test_a_renewal_is_followed_from_its_day_on(house):
    old = first(house)
    new = renewed(house, old)
    house.clock.pass_time(days=(END - TODAY).days + 1)
    house.reconcile.run()
    later = revised(house, new, "change", key="c")
    assert house.certificate(new).superseded_by == later


def test_a_right_that_is_suspended_is_not_suspended_once_more_by_its_renewal(house):
    old = first(house)
    suspend(house, old)
    new = renewed(house, old)
    with pytest.raises(TransitionForbidden):
        suspend(house, new, until=date(2026, 12, 1), automatic=True)
    assert house.certificate(new).state is State.ISSUED


def test_a_suspension_that_was_over_before_the_renewal_is_recorded_all_the_same(house):
    old = first(house)
    new = renewed(house, old)
    past = suspend(house, old, date(2026, 11, 1), until=date(2026, 11, 10))
    assert past["also"] == []
    assert house.certificate(new).state is State.ISSUED


def test_the_number_of_the_version_in_force_is_not_free_when_its_renewal_is_voided(house):
    old = first(house)
    number = house.certificate(old).content.number
    decide(house, renewed(house, old), Action.VOID, "issuing-error")
    with pytest.raises(FaceNumberTaken):
        first(house, "thief", number=number)
    assert revised(house, old, key="goes on")


def test_a_renewal_that_was_voided_too_late_leaves_a_number_free(house):
    old = first(house)
    number = house.certificate(old).content.number
    new = renewed(house, old)
    decide(house, old, Action.REVOKE, "penalty")
    assert house.certificate(new).state is State.REVOKED
    assert first(house, "other", number=number)


def test_a_renewal_that_was_voided_leaves_a_version_with_another_number_alone(house):
    old = first(house)
    new = revised(house, old, "renewal", "r", valid_to=date(2031, 2, 1), number="新号")
    decide(house, new, Action.VOID, "issuing-error")
    with pytest.raises(FaceNumberTaken):
        first(house, "thief", number=house.certificate(old).content.number)


def test_a_renewal_that_was_renumberless_has_nothing_to_give_back(house):
    old = first(house, "bare", type_code=NUMBERLESS, number="")
    new = revised(house, old, "renewal", "r", valid_to=date(2031, 2, 1))
    decide(house, new, Action.VOID, "issuing-error")
    assert house.certificate(old).state is State.ISSUED


def test_a_renewal_that_was_never_meant_leaves_the_other_alone(house):
    old = first(house)
    new = renewed(house, old)
    assert decide(house, new, Action.VOID, "issuing-error")["also"] == []
    assert house.certificate(old).state is State.ISSUED
    assert decide(house, old, Action.REVOKE, "penalty")["also"] == []


def test_a_penalty_from_before_a_change_reaches_the_version_of_that_day(house):
    old = first(house)
    new = revised(house, old, ending=Ending(effective_from=date(2026, 11, 15)))
    answer = decide(house, new, Action.REVOKE, "penalty", date(2026, 11, 10))
    assert (answer["effective_from"], answer["also"]) == ("2026-11-15", [old])
    assert view(house, old, date(2026, 11, 9)) is View.VALID
    assert view(house, old, date(2026, 11, 10)) is View.REVOKED
    assert view(house, new, date(2026, 11, 15)) is View.REVOKED


def test_a_penalty_from_before_the_grant_is_refused(house):
    old = first(house)
    new = revised(house, old)
    with pytest.raises(Invalid):
        decide(house, old, Action.REVOKE, "penalty", BEGIN - timedelta(days=1))
    assert {house.certificate(old).state, house.certificate(new).state} == {
        State.SUPERSEDED,
        State.ISSUED,
    }


def test_an_annulment_from_the_beginning_reaches_every_version_of_the_grant(house):
    one = first(house)
    two = revised(house, one, key="r2")
    three = revised(house, two, key="r3")
    answer = decide(house, one, Action.ANNUL, "fraud", BEGIN)
    assert answer["also"] == [two, three]
    assert {house.certificate(item).state for item in (one, two, three)} == {State.ANNULLED}


def test_a_renewal_that_took_over_is_a_grant_of_its_own(house):
    old = first(house)
    new = revised(house, old, "renewal", valid_from=TODAY, valid_to=date(2030, 1, 1))
    assert decide(house, old, Action.ANNUL, "fraud", BEGIN)["also"] == []
    assert house.certificate(new).state is State.ISSUED
    later = revised(house, new, "change", key="later")
    assert decide(house, later, Action.ANNUL, "unlawful-grant", TODAY)["also"] == []


def test_an_annulment_does_not_reach_behind_a_renewal(house):
    """Whoever means the former grant too has to name it."""
    old = first(house)
    new = revised(house, old, "renewal", valid_from=TODAY, valid_to=date(2030, 1, 1))
    later = revised(house, new, "change", key="later")
    with pytest.raises(Invalid):
        decide(house, later, Action.ANNUL, "fraud", BEGIN)
    assert house.certificate(old).state is State.SUPERSEDED


def test_what_was_suspended_before_its_renewal_is_restored_alone(house):
    old = first(house)
    suspend(house, old)
    new = renewed(house, old)
    assert house.certificate(new).state is State.ISSUED
    assert decide(house, old, Action.RESTORE, "decision-lifted")["also"] == []


@pytest.mark.parametrize("before_renewal", [True, False])
def test_a_suspension_without_end_goes_over_to_the_renewal_on_its_day(house, before_renewal):
    old = first(house)
    if before_renewal:
        suspend(house, old)
    new = renewed(house, old)
    if not before_renewal:
        suspend(house, old)
    house.clock.pass_time(days=(END - TODAY).days + 1)
    assert house.reconcile.run().settled == 1
    assert house.certificate(new).state is State.SUSPENDED


def test_no_suspension_of_a_renewal_from_before_it_was_issued(house):
    old = first(house)
    new = renewed(house, old)
    with pytest.raises(Invalid):
        suspend(house, new, TODAY - timedelta(days=1))
    assert house.certificate(old).state is State.ISSUED


def test_a_version_that_had_ended_by_then_is_not_concerned(house):
    old = first(house)
    new = revised(house, old)
    for action, reason in ((Action.REVOKE, "penalty"), (Action.WITHDRAW, "law-changed")):
        with pytest.raises(TransitionForbidden):
            decide(house, old, action, reason)
    with pytest.raises(TransitionForbidden):
        decide(house, old, Action.RESTORE, "successor-voided")
    assert house.certificate(new).state is State.ISSUED
    decide(house, new, Action.VOID, "issuing-error")
    decide(house, house.certificate(old).identifier, Action.REVOKE, "penalty")
    assert house.certificate(old).state is State.REVOKED
