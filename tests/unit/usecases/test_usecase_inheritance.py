"""Several versions, one right: nothing that was laid upon it is lost with the paper it was laid on."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.beside import Lifting
from certlib.decisions import Decision
from certlib.duties import DutyResult
from certlib.inheritance import inherit
from certlib.issuing_errors import RestrictedTransfer
from certlib.renewals import RenewalOutcome
from certlib.restrictions import RestrictionKind
from certlib.states import CORRECTION, Action, State, View
from certlib.usecases import issue as issue_module
from certlib.usecases.amend import Amendment
from certlib.usecases.publish import publish
from certlib.usecases.record_results import ResultRow
from tests.fakes import records
from tests.unit.usecases.house import CALLER, request
from tests.unit.usecases.inspected import INSPECTED, put_inspected
from tests.unit.usecases.versions import (
    ANOTHER,
    END,
    SEIZED,
    TODAY,
    decide,
    first,
    public,
    renewed,
    restrict,
    revised,
    suspend,
    verdict,
    verdict_of_suspension,
    view,
)


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


def test_a_suspension_that_is_over_stays_behind(house):
    old = first(house)
    suspend(house, old, date(2026, 11, 1), until=date(2026, 11, 10), automatic=True)
    assert house.certificate(revised(house, old)).state is State.ISSUED


def test_a_suspension_that_stands_twice_in_the_history_is_carried_once():
    """As where a version stood again and was still suspended."""
    before, heir = (records.certificate(records.intent(number)) for number in (1, 2))
    suspended = replace(
        before.history[0],
        decision=Decision(Action.SUSPEND, "withheld", date(2026, 3, 1)),
        from_state=State.ISSUED,
        to_state=State.SUSPENDED,
        sequence=2,
    )
    history = (*before.history, suspended, replace(suspended, sequence=3))
    before = replace(before, state=State.SUSPENDED, history=history)
    found = inherit(heir, before, CORRECTION, actor="officer", now=records.AT)
    assert found.state is State.SUSPENDED
    assert [step.decision.action for step in found.history] == [Action.SEAL, Action.SUSPEND]


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
