"""Without timestamps seals go at a lower level for a while, visibly; then sealing stops."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.decisions import Decision
from certlib.errors import SigningUnavailable
from certlib.sealing_errors import TimestampMissing, TimestampOutage
from certlib.states import SEAL_COMPROMISED, Action
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.lower import Lowering
from tests.unit.usecases.house import CALLER, LONG, NOW, TYPE, put_long, request

HOURS = timedelta(hours=24)


@pytest.fixture
def patient(house):
    """A house that seals without timestamps for a day."""
    return with_patience(house, HOURS)


def with_patience(house, tolerated):
    lowering = Lowering(house.registry, house.clock, tolerated)
    workshop = replace(house.issue._workshop, lowering=lowering)
    house.issue._workshop = workshop
    house.reconcile._workshop = workshop
    return house


def issue(house, key="key-1", type_code=TYPE):
    order = request(key, type_code=type_code, number=f"字 {key} 号")
    return house.issue.issue_one(CALLER, order)


def test_with_timestamps_nothing_is_lowered(patient):
    answer = issue(patient)
    assert (answer.level, answer.target_level) == ("B-T", "B-T")


def test_an_outage_lowers_the_level_and_says_so(patient):
    patient.sealer.untimed = True
    answer = issue(patient)
    assert (answer.level, answer.target_level) == ("B-B", "B-T")
    assert answer.as_json()["target_level"] == "B-T"
    found = patient.certificate(answer.identifier)
    assert (found.target_level, found.reached_level) == ("B-T", "B-B")
    assert found.care_due_at == patient.clock.now()
    assert found.files[0].level == "B-B"
    with patient.registry.read() as session:
        backlog = session.care_backlog(patient.clock.now())
    assert backlog.below.number == backlog.due.number == 1


def test_the_answer_is_the_same_when_it_is_given_again(patient):
    patient.sealer.untimed = True
    first = issue(patient)
    again = issue(patient)
    assert replace(again, replayed=False) == first


def test_after_a_while_sealing_stops_and_orders_wait(patient):
    patient.sealer.untimed = True
    issue(patient, "key-1")
    patient.clock.moment += HOURS
    issue(patient, "key-2")
    patient.clock.pass_time(seconds=1)
    with pytest.raises(TimestampOutage) as caught:
        issue(patient, "key-3")
    assert caught.value.values == {"hours": 24}
    patient.clock.pass_time(minutes=10)
    assert patient.reconcile.run().failed == 1
    patient.sealer.untimed = False
    for _ in range(9):  # an outage never burns an intent, however long it lasts
        patient.sealer.untimed = True
        patient.clock.pass_time(minutes=10)
        assert patient.reconcile.run().burned == 0
    patient.sealer.untimed = False
    patient.clock.pass_time(minutes=10)
    assert patient.reconcile.run().published == 1
    assert issue(patient, "key-3").level == "B-T"


def test_what_is_void_uses_up_no_patience(patient):
    """After a lost key its seals wait for ever: nobody lifts what a revoked certificate made."""
    patient.sealer.untimed = True
    void = issue(patient, "key-1").identifier
    decision = Decision(Action.VOID, SEAL_COMPROMISED, NOW.date())
    patient.change.change(CALLER, ChangeRequest(void, decision, "key-void"))
    patient.clock.moment += 365 * HOURS
    assert issue(patient, "key-2").level == "B-B"
    patient.clock.moment += HOURS + timedelta(seconds=1)
    with pytest.raises(TimestampOutage):
        issue(patient, "key-3")


def test_while_timestamps_come_nobody_asks_how_long_they_did_not(patient):
    patient.sealer.untimed = True
    issue(patient, "key-1")
    patient.clock.moment += 2 * HOURS
    patient.sealer.untimed = False
    assert issue(patient, "key-2").level == "B-T"


def test_without_patience_no_level_is_ever_lowered(house):
    with_patience(house, timedelta(0))
    house.sealer.untimed = True
    with pytest.raises(TimestampOutage):
        issue(house)


def test_a_key_that_does_not_answer_is_another_thing(patient):
    patient.sealer.error = SigningUnavailable(what="key")
    with pytest.raises(SigningUnavailable) as caught:
        issue(patient)
    assert caught.value.values == {"what": "key"}
    assert patient.sealer.asked == ["B-T"]


def test_the_signature_that_was_made_is_the_one_that_is_kept(patient):
    """Counters of keys are held against the record: no signature is made for nothing."""
    patient.sealer.untimed = True
    issue(patient)
    assert (patient.sealer.seals, patient.sealer.asked) == (1, ["B-T"])


def test_a_house_without_patience_at_all_seals_nothing_untimed(house):
    house.sealer.untimed = True
    with pytest.raises(TimestampMissing):
        issue(house)


def test_a_higher_target_is_lowered_to_what_there_is(patient):
    put_long(patient)
    patient.sealer.untimed = True
    answer = issue(patient, type_code=LONG)
    assert (answer.level, answer.target_level) == ("B-B", "B-LTA")
