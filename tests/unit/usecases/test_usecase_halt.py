"""The switch of all sealing: by two persons, for every process, without losing an order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.document import Form
from certlib.errors import SigningUnavailable, StoreUnavailable
from certlib.registry import IntentStatus
from certlib.registry.stops import ALL
from certlib.sealing_errors import HaltIsFinal, NotHalted, SealingHalted, TwoPersonsNeeded
from certlib.usecases.add_form import FormRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.halt import GatedCustody, HaltSealing, SealingGate
from tests.unit.usecases.house import CALLER, STEPS, order, request

TWO = ("值班甲", "值班乙")


@pytest.fixture
def switch(house):
    return HaltSealing(house.registry, house.clock)


class OneKey:
    name = "seal-1"

    def seal_key(self, issuer_code):
        return self


@pytest.mark.parametrize(
    "pair", [("甲", ""), ("", "乙"), ("甲", "甲"), ("Zhang", " zhang "), ("Zhang", "ＺＨＡＮＧ")]
)
def test_one_person_can_neither_halt_nor_resume(house, switch, pair):
    """However the account is written: nothing is stopped, nothing is lifted."""
    with pytest.raises(TwoPersonsNeeded):
        switch.halt(pair, "")
    assert list(switch.standing()) == []
    switch.halt(TWO, "")
    with pytest.raises(TwoPersonsNeeded):
        switch.resume(pair)
    assert len(switch.standing()) == 1


def test_while_halted_nothing_is_reserved_and_the_same_key_works_afterwards(house, switch):
    """No identifier is consumed, no intent is left; then the very request goes through."""
    switch.halt(TWO, "演练")
    with pytest.raises(SealingHalted) as refused:
        house.issue.issue_one(CALLER, request())
    assert "2026-11-22T02:00:00Z" in refused.value.zh_text
    assert house.counts() == {"INTENT": 0}
    switch.resume(TWO)
    assert house.issue.issue_one(CALLER, request()).identifier


def test_a_halted_key_alone_stops_no_other_order(house, switch):
    """The halt of one key is asked where that key would sign, not where an order is taken."""
    switch.halt(TWO, "", "seal-of-another-9")
    assert house.issue.issue_one(CALLER, request()).identifier


def test_a_halted_group_is_refused_row_by_row(house, switch):
    switch.halt(TWO, "")
    outcomes = house.issue.issue(CALLER, [request("a"), request("b", number="2")])
    assert [item.code for item in outcomes] == ["sealing-halted", "sealing-halted"]


def test_what_was_issued_before_is_still_answered(house, switch):
    """The same key again is no new seal."""
    first = house.issue.issue_one(CALLER, request())
    switch.halt(TWO, "")
    assert house.issue.issue_one(CALLER, request()).identifier == first.identifier


def test_files_and_drafts_are_not_sealed_either(house, switch):
    made = order(type_code=STEPS, made_by="maker", approved_by=("reviewer",))
    issued = house.issue.issue_one(CALLER, replace(request(), order=made))
    draft = house.make.make(CALLER, replace(request("d"), order=order(number="3")))
    switch.halt(TWO, "")
    with pytest.raises(SealingHalted):
        house.add_form.add(
            CALLER, FormRequest(issued.identifier, Form("duplicate"), "form", made_hands())
        )
    with pytest.raises(SealingHalted):
        house.seal.seal(CALLER, DraftAct(draft["identifier"], "seal"))
    switch.resume(TWO)
    assert house.seal.seal(CALLER, DraftAct(draft["identifier"], "seal")).sha256


def made_hands():
    from certlib.usecases.four_eyes import Hands

    return Hands("maker", ("reviewer",))


def test_orders_under_way_wait_and_use_up_no_attempt(house, switch):
    """An intent that met the stop is finished after it, however many rounds go by meanwhile."""
    house.sealer.error = SigningUnavailable(what="x")
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request())
    house.sealer.error = None
    switch.halt(TWO, "")
    for _ in range(9):
        house.clock.pass_time(minutes=2)
        assert house.reconcile.run().published == 0
    with house.registry.read() as session:
        (intent,) = session.pending_intents()
    assert (intent.attempts, intent.status) == (1, IntentStatus.PENDING)
    switch.resume(TWO)
    assert house.reconcile.run().published == 1


def test_a_stop_met_at_the_seal_never_burns_an_intent(house):
    """The gate behind the reservation says the same, and that is an outage to the reconciler."""
    house.sealer.error = SealingHalted(scope="k", since="t")
    with pytest.raises(SealingHalted):
        house.issue.issue_one(CALLER, request())
    for _ in range(9):
        house.clock.pass_time(minutes=2)
        assert house.reconcile.run().burned == 0
    house.sealer.error = None
    house.clock.pass_time(minutes=2)
    assert house.reconcile.run().published == 1


def test_halting_again_keeps_the_first_and_resuming_twice_is_a_conflict(house, switch):
    first = switch.halt(TWO, "一")
    house.clock.pass_time(minutes=5)
    assert switch.halt(("丙", "丁"), "二") == first
    assert switch.resume(TWO) == house.clock.now()
    with pytest.raises(NotHalted):
        switch.resume(TWO)
    acts = [(item.act, item.target, item.details) for item in house.audit()]
    assert [act for act, _, _ in acts] == ["halt-sealing", "resume-sealing"]
    assert acts[0][2] == {"scope": "*", "confirmed_by": "值班乙", "reason": "一"}
    assert acts[1][2]["halted_at"] == "2026-11-22T02:00:00Z"


def test_a_stop_may_come_again(house, switch):
    switch.halt(TWO, "一")
    switch.resume(TWO)
    house.clock.pass_time(hours=1)
    again = switch.halt(TWO, "二" * 300)
    assert list(switch.standing()) == [again]
    assert again.reason == "二" * 200


def test_a_key_given_up_is_never_let_go_on(house, switch):
    """And a plain stop of a key becomes final when the key turns out to be compromised."""
    switch.halt(TWO, "", "seal-1")
    final = switch.halt(TWO, "泄露", "seal-1", final=True)
    assert final.final
    assert switch.halt(TWO, "", "seal-1") == final
    with pytest.raises(HaltIsFinal):
        switch.resume(TWO, "seal-1")


def test_the_gate_stops_every_key_or_one(house, switch):
    custody = GatedCustody(OneKey(), SealingGate(house.registry, house.clock))
    assert custody.seal_key("x").name == "seal-1"
    switch.halt(TWO, "", "seal-2")
    house.clock.pass_time(seconds=2)
    assert custody.seal_key("x").name == "seal-1"
    switch.halt(TWO, "", "seal-1")
    house.clock.pass_time(seconds=2)
    with pytest.raises(SealingHalted) as one:
        custody.seal_key("x")
    assert one.value.values["scope"] == "seal-1"
    switch.resume(TWO, "seal-1")
    switch.halt(TWO, "")
    house.clock.pass_time(seconds=2)
    with pytest.raises(SealingHalted) as every:
        custody.seal_key("x")
    assert "all sealing" in every.value.en_text


@pytest.mark.parametrize("seconds", [2, 3, -1000])
def test_a_stop_is_seen_within_two_seconds_even_when_the_clock_goes_back(house, switch, seconds):
    gate = SealingGate(house.registry, house.clock)
    gate.need("seal-1")
    switch.halt(TWO, "", ALL)
    gate.need("seal-1")  # the answer of this very second is still good
    house.clock.moment += timedelta(seconds=seconds)
    with pytest.raises(SealingHalted):
        gate.need("seal-1")


def test_where_nobody_can_say_nothing_is_sealed(house, monkeypatch):
    gate = SealingGate(house.registry, house.clock)

    def down():
        raise StoreUnavailable(what="down")

    monkeypatch.setattr(house.registry, "read", down)
    with pytest.raises(StoreUnavailable):
        gate.need("seal-1")
