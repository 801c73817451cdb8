"""Several versions, one right: nothing that was laid upon it is lost with the paper it was laid on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.beside import Lifting
from certlib.certificate import Decision
from certlib.document import Holder
from certlib.duties import DutyResult
from certlib.errors import FaceNumberTaken, Invalid, StaleVersion, TransitionForbidden
from certlib.issuing_errors import RestrictedTransfer
from certlib.renewals import RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import Action, State, View
from certlib.usecases import issue as issue_module
from certlib.usecases.amend import Amendment
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.order import Ending
from certlib.usecases.publish import publish
from certlib.usecases.record_results import ResultRow
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, NUMBERLESS, request
from tests.unit.usecases.inspected import INSPECTED, put_inspected

TODAY = date(2026, 11, 22)
BEGIN, END = date(2024, 2, 2), date(2027, 2, 1)
SEIZED = Restriction(RestrictionKind.SEIZED, "法院", "查1号", date(2026, 11, 1))
ANOTHER = (Holder("揭阳市另一家公司", "001", "91445202MA9TEXT51U"),)


def first(house, key="first", **changes):
    term = {"issue_date": BEGIN, "valid_from": BEGIN, "valid_to": END}
    return house.issue.issue_one(CALLER, request(key, **{**term, **changes})).identifier


def revised(house, identifier, reason="change", key="rev", ending=None, **changes):
    wish = RevisionRequest(
        identifier, reason, key, changes, ending or Ending(), {"reason": reason, "key": key}
    )
    return house.revise.revise(CALLER, wish).identifier


def renewed(house, identifier):
    """Early: it waits until the term before is over."""
    return revised(house, identifier, "renewal", "renew", valid_to=date(2031, 2, 1))


def decide(house, identifier, action, reason, day=TODAY, **more):
    decision = Decision(action, reason, day, "法", "号", "机关", **more)
    key = f"{action}-{identifier}-{day}"
    return house.change.change(CALLER, ChangeRequest(identifier, decision, key))


def suspend(house, identifier, day=TODAY, **more):
    return decide(house, identifier, Action.SUSPEND, "withheld", day, **more)


def restrict(house, identifier, restriction=SEIZED):
    amendment = Amendment(identifier, f"restrict-{identifier}")
    house.amend.restrict(CALLER, amendment, restriction)


def view(house, identifier, day=TODAY):
    return house.certificate(identifier).view_on(day)


def verdict(house, identifier, **asked):
    return house.verify.by_identifier(identifier, Question(**asked)).report.code


def public(house, identifier):
    with house.registry.read() as session:
        return session.status(identifier)


# --- what a version takes over --------------------------------------------------------------


@pytest.mark.parametrize("reason", ["change", "replacement", "correction"])
def test_nobody_shakes_off_a_suspension(house, reason):
    old = first(house)
    suspend(house, old, date(2026, 11, 10), until=date(2027, 1, 1))
    new = revised(house, old, reason)
    after = house.certificate(new)
    assert (after.state, after.row_version) == (State.SUSPENDED, 2)
    assert after.history[-1].decision.until == date(2027, 1, 1)
    assert verdict(house, new) == verdict_of_suspension(house)
    assert public(house, new).state is State.SUSPENDED
    record = next(item for item in house.audit() if item.target == new and item.act == "suspend")
    assert record.details["from_version"] == old
    decide(house, new, Action.RESTORE, "decision-lifted")
    assert verdict(house, new) == "valid"


def verdict_of_suspension(house):
    other = first(house, "other", number="N-9")
    suspend(house, other)
    return verdict(house, other)


def test_a_suspension_that_is_over_stays_behind(house):
    old = first(house)
    suspend(house, old, date(2026, 11, 1), until=date(2026, 11, 10), automatic=True)
    assert house.certificate(revised(house, old)).state is State.ISSUED


def test_a_correction_knows_of_past_suspensions(house):
    old = first(house)
    suspend(house, old, date(2026, 3, 1))
    decide(house, old, Action.RESTORE, "decision-lifted", date(2026, 5, 1))
    new = revised(house, old, "correction")
    days = (date(2026, 2, 1), date(2026, 4, 1), date(2026, 6, 1))
    assert [view(house, new, day) for day in days] == [View.VALID, View.SUSPENDED, View.VALID]


@pytest.mark.parametrize("reason", ["change", "renewal", "correction"])
def test_a_seizure_goes_with_the_right_and_is_lifted_there(house, reason):
    old = first(house)
    restrict(house, old)
    gone = replace(SEIZED, document_number="查0号", effective_to=date(2026, 11, 5))
    house.amend.restrict(CALLER, Amendment(old, "gone"), gone)
    term = {"valid_from": TODAY, "valid_to": date(2030, 1, 1)} if reason == "renewal" else {}
    new = revised(house, old, reason, **term)
    assert public(house, new).restricted
    held = {one.document_number for one in house.certificate(new).restrictions}
    assert held == ({"查1号", "查0号"} if reason == "correction" else {"查1号"})
    lifting = Lifting(SEIZED.kind, TODAY, SEIZED.authority, SEIZED.document_number)
    house.amend.lift(CALLER, Amendment(new, "lift"), lifting)
    assert not public(house, new).restricted


def test_what_is_seized_goes_to_nobody_else(house, monkeypatch):
    old = first(house)
    restrict(house, old)
    with pytest.raises(RestrictedTransfer):
        revised(house, old, holders=ANOTHER)
    mortgaged = first(house, "mortgaged", number="N-2")
    restrict(house, mortgaged, replace(SEIZED, kind=RestrictionKind.MORTGAGED))
    assert revised(house, mortgaged, key="m", holders=ANOTHER)
    late = first(house, "late", number="N-3")

    def meanwhile(registry, group, now):
        monkeypatch.undo()
        restrict(house, late, replace(SEIZED, document_number="查3号"))
        return publish(registry, group, now)

    monkeypatch.setattr(issue_module, "publish", meanwhile)
    with pytest.raises(RestrictedTransfer):
        revised(house, late, key="l", holders=ANOTHER)
    assert house.certificate(late).state is State.ISSUED


def test_what_comes_while_the_page_is_made_is_not_lost(house, monkeypatch):
    old = first(house)

    def meanwhile(registry, group, now):
        monkeypatch.undo()
        suspend(house, old)
        return publish(registry, group, now)

    monkeypatch.setattr(issue_module, "publish", meanwhile)
    assert house.certificate(revised(house, old)).state is State.SUSPENDED


@pytest.mark.parametrize("reason", ["change", "correction", "renewal"])
def test_results_and_applications_stay_with_the_grant(house, reason):
    put_inspected(house.registry)
    old = first(house, type_code=INSPECTED, fields=request().order.fields)
    row = ResultRow("r", "check", DutyResult("failed"), date(2026, 11, 20), old)
    house.results.record(CALLER, [row])
    house.amend.apply_for_renewal(CALLER, Amendment(old, "a"), date(2026, 9, 1), "业务1")
    term = {"valid_from": TODAY, "valid_to": date(2030, 1, 1)} if reason == "renewal" else {}
    after = house.certificate(revised(house, old, reason, **term))
    kept = reason != "renewal"
    assert [item.result for item in after.results] == [DutyResult.FAILED] * kept
    assert (after.renewal_pending_since is not None) is kept
    if kept:
        decided = (RenewalOutcome.GRANTED, TODAY, "延字1号")
        house.amend.decide_renewal(CALLER, Amendment(after.identifier, "d"), *decided)


def test_what_is_laid_on_a_version_while_its_renewal_waits_goes_over_on_the_day(house):
    old = first(house)
    new = renewed(house, old)
    restrict(house, old)
    house.clock.pass_time(days=(END - TODAY).days + 1)
    assert house.reconcile.run().settled == 1
    assert house.certificate(old).state is State.SUPERSEDED
    assert public(house, new).restricted
    last = [item for item in house.audit() if item.target == new][-1]
    taken = {"from_version": old, "restrictions": 1, "results": 0, "applications": 0}
    assert (last.act, last.details) == ("inherit", taken)
    assert house.certificate(new).row_version == 2


def test_a_result_by_number_is_that_of_the_version_in_force(house):
    put_inspected(house.registry)
    old = first(house, type_code=INSPECTED, fields=request().order.fields)
    number = house.certificate(old).content.number
    revised(house, old, "renewal", "renew", valid_to=date(2031, 2, 1))
    row = ResultRow("r", "check", DutyResult("passed"), date(2026, 11, 20))
    (answer,) = house.results.record(CALLER, [replace(row, type_code=INSPECTED, number=number)])
    assert answer["identifier"] == old


# --- what a decision reaches ----------------------------------------------------------------


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


def test_nothing_follows_a_renewal_that_waits(house):
    """It is voided and issued anew: two stand side by side, never three."""
    old = first(house)
    new = renewed(house, old)
    with pytest.raises(TransitionForbidden):
        revised(house, new, "change", key="c")
    decide(house, new, Action.VOID, "issuing-error")
    assert renewed_again(house, old) != new


def renewed_again(house, identifier):
    return revised(house, identifier, "renewal", "again", valid_to=date(2031, 2, 1))


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


# --- what was never meant -------------------------------------------------------------------


def test_voiding_a_change_lets_the_version_before_stand_again(house):
    """作废 says that the record was an error; it takes nothing from the holder."""
    old = first(house)
    new = revised(house, old, number="错号")
    restrict(house, new)
    suspend(house, new)
    answer = decide(house, new, Action.VOID, "issuing-error")
    assert answer["also"] == [old]
    stands = house.certificate(old)
    assert (stands.state, stands.superseded_by) == (State.SUSPENDED, "")
    assert view(house, old, TODAY - timedelta(days=1)) is View.VALID
    assert public(house, old).restricted
    decide(house, old, Action.RESTORE, "decision-lifted")
    again = revised(house, old, key="right")
    assert house.certificate(again).state is State.ISSUED
    assert house.certificate(old).superseded_by == again


def test_what_was_lifted_meanwhile_stays_lifted(house):
    old = first(house)
    restrict(house, old)
    new = revised(house, old)
    lifting = Lifting(SEIZED.kind, TODAY, SEIZED.authority, SEIZED.document_number)
    house.amend.lift(CALLER, Amendment(new, "lift"), lifting)
    decide(house, new, Action.VOID, "issuing-error")
    assert house.certificate(old).state is State.ISSUED
    assert not public(house, old).restricted


def test_the_number_is_its_own_again_unless_another_has_taken_it(house):
    old = first(house)
    new = revised(house, old, number="新号")
    with house.registry.read() as session:
        number = session.certificate(old).content.number
    taken = first(house, "other", number=number)
    with pytest.raises(FaceNumberTaken):
        decide(house, new, Action.VOID, "issuing-error")
    assert house.certificate(new).state is State.ISSUED
    decide(house, taken, Action.VOID, "duplicate")
    decide(house, new, Action.VOID, "issuing-error", TODAY)
    assert house.certificate(old).state is State.ISSUED
    with pytest.raises(FaceNumberTaken):
        first(house, "third", number=number)


def test_the_first_of_two_attempts_that_is_voided_wakes_nobody(house):
    """A renewal that was voided and made anew: the version before names the new one."""
    old = first(house)
    new = renewed(house, old)
    decide(house, new, Action.ANNUL, "unlawful-grant")
    again = renewed_again(house, old)
    assert decide(house, again, Action.VOID, "issuing-error")["also"] == []
    assert house.certificate(old).state is State.ISSUED


def test_a_version_that_another_attempt_has_replaced_is_not_woken_by_the_first(house, monkeypatch):
    old = first(house)
    new = revised(house, old)
    real = type(house.registry.begin().__enter__()).certificate

    def certificate(unit, identifier):
        found = real(unit, identifier)
        return replace(found, superseded_by="another") if identifier == old else found

    monkeypatch.setattr("storage.unit_of_work.SqlUnitOfWork.certificate", certificate)
    assert decide(house, new, Action.VOID, "issuing-error")["also"] == []


def test_a_voided_version_in_the_middle_wakes_nobody(house):
    one = first(house)
    two = revised(house, one, key="r2")
    three = revised(house, two, key="r3")
    assert decide(house, two, Action.VOID, "issuing-error")["also"] == []
    assert house.certificate(one).state is State.SUPERSEDED
    assert decide(house, one, Action.ANNUL, "fraud", BEGIN)["also"] == []
    assert house.certificate(three).state is State.ISSUED


def test_after_a_return_everything_goes_on_as_before(house):
    """A correction, a decision on two that stand side by side, a renewal: none is confused."""
    one = first(house)
    decide(house, revised(house, one, key="r2"), Action.VOID, "issuing-error")
    three = revised(house, one, "correction", key="r3")
    assert view(house, three) is View.VALID
    four = revised(house, three, "renewal", "r4", valid_to=date(2031, 2, 1))
    assert decide(house, three, Action.REVOKE, "penalty")["also"] == [four]
    other = first(house, "other", number="N-2")
    decide(house, revised(house, other, key="o2"), Action.VOID, "issuing-error")
    waiting = revised(house, other, "renewal", "o3", valid_to=date(2031, 2, 1))
    assert decide(house, other, Action.REVOKE, "penalty")["also"] == [waiting]


def test_a_version_that_stands_again_remembers_its_suspensions(house):
    old = first(house)
    suspend(house, old, date(2026, 3, 1))
    decide(house, old, Action.RESTORE, "decision-lifted", date(2026, 5, 1))
    new = revised(house, old, "correction")
    decide(house, new, Action.VOID, "issuing-error")
    days = (date(2026, 2, 1), date(2026, 4, 1), date(2026, 6, 1))
    assert [view(house, old, day) for day in days] == [View.VALID, View.SUSPENDED, View.VALID]


def test_a_version_that_stands_again_remembers_what_came_after_it(house):
    old = first(house)
    suspend(house, old, date(2026, 11, 1))
    new = revised(house, old, ending=Ending(effective_from=date(2026, 11, 10)))
    decide(house, new, Action.RESTORE, "decision-lifted", date(2026, 11, 15))
    house.amend.apply_for_renewal(CALLER, Amendment(new, "a"), date(2026, 11, 16), "业务1")
    refused = (RenewalOutcome.REFUSED, TODAY, "不字1号")
    house.amend.decide_renewal(CALLER, Amendment(new, "d"), *refused)
    decide(house, new, Action.VOID, "issuing-error")
    assert view(house, old, date(2026, 11, 5)) is View.SUSPENDED
    assert view(house, old, date(2026, 11, 12)) is View.SUSPENDED
    assert view(house, old, date(2026, 11, 16)) is View.VALID
    assert house.certificate(old).renewal_pending_since is None


def test_who_is_restored_by_hand_remembers_too(house):
    """Where the successor had ended otherwise before it was voided."""
    old = first(house)
    suspend(house, old)
    new = revised(house, old)
    house.amend.apply_for_renewal(CALLER, Amendment(new, "a"), TODAY, "业务1")
    decide(house, new, Action.DEREGISTER, "own-wish")
    assert decide(house, new, Action.VOID, "issuing-error")["also"] == []
    decide(house, old, Action.RESTORE, "successor-voided")
    assert house.certificate(old).state is State.SUSPENDED
    assert house.certificate(old).renewal_pending_since == TODAY


def test_a_successor_of_an_earlier_release_took_nothing_over(house, monkeypatch):
    old = first(house)
    suspend(house, old)
    monkeypatch.setattr("certlib.usecases.succession.inherit", lambda heir, *_, **__: heir)
    new = revised(house, old)
    monkeypatch.undo()
    assert house.certificate(new).state is State.ISSUED
    decide(house, new, Action.VOID, "issuing-error")
    assert house.certificate(old).state is State.SUSPENDED


def test_a_right_is_never_split_in_two(house):
    one = first(house, type_code=NUMBERLESS, number="")
    two = revised(house, one, key="r2")
    three = revised(house, two, key="r3")
    decide(house, two, Action.VOID, "issuing-error")
    with pytest.raises(TransitionForbidden):
        decide(house, one, Action.RESTORE, "successor-voided")
    assert house.certificate(three).state is State.ISSUED


def test_an_application_that_was_decided_stays_decided(house):
    old = first(house)
    house.amend.apply_for_renewal(CALLER, Amendment(old, "a"), date(2026, 9, 1), "业务1")
    new = revised(house, old)
    refused = (RenewalOutcome.REFUSED, TODAY, "不字1号")
    house.amend.decide_renewal(CALLER, Amendment(new, "d"), *refused)
    decide(house, new, Action.VOID, "issuing-error")
    assert house.certificate(old).renewal_pending_since is None


def test_what_an_order_is_told_is_what_is_on_record(house):
    old = first(house)
    suspend(house, old)
    wish = RevisionRequest(old, "change", "told", {}, Ending(), {"reason": "change"})
    told = house.revise.revise(CALLER, wish)
    again = house.revise.revise(CALLER, wish)
    assert (told.state, told.row_version) == (again.state, again.row_version) == ("SUSPENDED", 2)


def test_a_version_that_changes_at_the_very_moment_is_read_again(house, monkeypatch):
    """Between the read and the save of the same unit, as another process would."""
    from storage.unit_of_work import SqlUnitOfWork

    old = first(house)
    real, stale = SqlUnitOfWork.save, []

    def save(unit, certificate, expected):
        if certificate.identifier == old and len(stale) < 2:
            stale.append(1)
            raise StaleVersion
        real(unit, certificate, expected)

    monkeypatch.setattr(SqlUnitOfWork, "save", save)
    assert house.certificate(revised(house, old)).state is State.ISSUED
    assert house.certificate(old).state is State.SUPERSEDED


def test_one_succession_that_cannot_be_settled_keeps_no_other_waiting(house, monkeypatch):
    old, other = first(house), first(house, "other", number="N-2")
    renewed(house, old)
    revised(house, other, "renewal", "o", valid_to=date(2031, 2, 1))
    house.clock.pass_time(days=(END - TODAY).days + 1)
    from certlib.usecases import reconcile as module

    real = module.settle

    def settle(uow, identifier, now):
        if identifier == old:
            raise StaleVersion
        return real(uow, identifier, now)

    monkeypatch.setattr(module, "settle", settle)
    assert house.reconcile.run().settled == 1
    monkeypatch.undo()
    assert house.reconcile.run().settled == 1


def test_an_intent_with_a_fault_of_ours_is_given_up_in_the_end(house, monkeypatch):
    from certlib.errors import StoreUnavailable
    from certlib.usecases import reconcile as module

    def down(*_):
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(issue_module, "publish", down)
    with pytest.raises(StoreUnavailable):
        first(house)
    monkeypatch.undo()

    def broken(*_):
        raise KeyError("unforeseen")

    monkeypatch.setattr(module, "publish", broken)
    for _ in range(12):
        house.clock.pass_time(seconds=120)
        found = house.reconcile.run()
        if found.burned:
            break
    assert found.burned == 1


def test_a_draft_of_what_was_seized_meanwhile_waits(house):
    old = first(house)
    wish = RevisionRequest(old, "change", "d", {"holders": ANOTHER}, Ending(), {"key": "d"})
    draft = house.revise.draft(CALLER, wish)["identifier"]
    restrict(house, old)
    with pytest.raises(RestrictedTransfer):
        house.seal.seal(CALLER, DraftAct(draft, "seal"))
    lifting = Lifting(SEIZED.kind, TODAY, SEIZED.authority, SEIZED.document_number)
    house.amend.lift(CALLER, Amendment(old, "lift"), lifting)
    assert house.seal.seal(CALLER, DraftAct(draft, "seal")).identifier == draft
