"""What was never meant: the version before stands again, with all that was laid upon it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.beside import Lifting
from certlib.errors import FaceNumberTaken, StaleVersion, TransitionForbidden
from certlib.issuing_errors import RestrictedTransfer
from certlib.renewals import RenewalOutcome
from certlib.states import Action, State, View
from certlib.usecases import issue as issue_module
from certlib.usecases.amend import Amendment
from certlib.usecases.drafts import DraftAct
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from tests.unit.usecases.house import CALLER, NUMBERLESS
from tests.unit.usecases.versions import (
    ANOTHER,
    BEGIN,
    END,
    SEIZED,
    TODAY,
    decide,
    first,
    public,
    renewed,
    renewed_again,
    restrict,
    revised,
    suspend,
    view,
)


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
    monkeypatch.setattr("certlib.usecases.take_over.inherit", lambda heir, *_, **__: heir)
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
