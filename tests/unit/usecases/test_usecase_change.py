"""Steps of a life through the use case: one commit, one audit line, one answer per key."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.document import Form
from certlib.errors import (
    CertificateNotFound,
    IdempotencyMismatch,
    Invalid,
    OutsideDepartment,
    ScopeMissing,
    StaleVersion,
    TransitionForbidden,
)
from certlib.states import Action, State, View
from certlib.usecases.add_form import FormRequest
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.four_eyes import Hands
from tests.unit.usecases.house import CALLER, STEPS, STRANGER, request

DAY = date(2026, 11, 22)


@pytest.fixture
def issued(house):
    return house.issue.issue_one(CALLER, request()).identifier


def wish(identifier, action=Action.REVOKE, key="c-1", reason="penalty", version=None, **changes):
    base = Decision(
        action, reason, DAY, "《行政处罚法》第九条", "揭交罚〔2026〕7号", "揭阳市交通运输局"
    )
    return ChangeRequest(identifier, replace(base, **changes), key, version)


def test_revocation_is_on_record_at_once(house, issued):
    answer = house.change.change(CALLER, wish(issued))
    assert answer["state"] == "REVOKED"
    assert answer["row_version"] == 2
    assert house.certificate(issued).state is State.REVOKED
    last = list(house.audit())[-1]
    assert (last.act, last.target) == ("revoke", issued)
    assert last.details["reason_code"] == "penalty"


def test_the_same_key_gets_the_first_answer(house, issued):
    first = house.change.change(CALLER, wish(issued))
    assert house.change.change(CALLER, wish(issued)) == first
    assert len(house.certificate(issued).history) == 2


def test_the_same_decision_under_a_new_key_gets_the_first_answer(house, issued):
    """The answer was lost on the way and the caller's system drew a new key."""
    first = house.change.change(CALLER, wish(issued))
    assert house.change.change(CALLER, wish(issued, key="c-2")) == first
    assert len(house.certificate(issued).history) == 2


def test_another_decision_on_an_ended_certificate_is_refused(house, issued):
    house.change.change(CALLER, wish(issued))
    with pytest.raises(TransitionForbidden):
        house.change.change(CALLER, wish(issued, key="c-2", document_number="揭交罚〔2026〕8号"))


def test_key_with_another_body(house, issued):
    house.change.change(CALLER, wish(issued))
    with pytest.raises(IdempotencyMismatch):
        house.change.change(CALLER, wish(issued, note="other"))


def test_refused_step_frees_its_key(house, issued):
    """A refusal is no act: the key may be used again for the corrected request."""
    with pytest.raises(Invalid):
        house.change.change(CALLER, wish(issued, legal_basis=""))
    assert house.change.change(CALLER, wish(issued))["state"] == "REVOKED"


def test_stale_version(house, issued):
    house.change.change(CALLER, wish(issued, Action.SUSPEND, reason="withheld", version=1))
    with pytest.raises(StaleVersion):
        house.change.change(CALLER, wish(issued, key="c-2", version=1))


def test_who_may(house, issued):
    with pytest.raises(OutsideDepartment):
        house.change.change(STRANGER, wish(issued))
    with pytest.raises(ScopeMissing):
        house.change.change(replace(CALLER, scopes=frozenset()), wish(issued))
    with pytest.raises(CertificateNotFound):
        house.change.change(CALLER, wish("1.2.156.3005.2.nothing"))


def test_suspend_and_restore(house, issued):
    house.change.change(CALLER, wish(issued, Action.SUSPEND, reason="disputed"))
    house.change.change(CALLER, wish(issued, Action.RESTORE, "c-2", "dispute-settled"))
    certificate = house.certificate(issued)
    assert certificate.state is State.ISSUED
    assert [step.decision.action.value for step in certificate.history] == [
        "seal",
        "suspend",
        "restore",
    ]


def test_history_survives_the_store(house, issued):
    """What is read back is what was decided, every word."""
    house.change.change(CALLER, wish(issued, note="备注：当事人已签收"))
    step = house.certificate(issued).history[-1]
    assert step.decision == wish(issued, note="备注：当事人已签收").decision
    assert step.actor == "dept-system/officer-1"


# --- a suspension that ends by itself -------------------------------------------------------------


def served(house, identifier, *, automatic=True):
    """Suspended from the 22nd to the 24th; the day is the 27th."""
    last = {"until": date(2026, 11, 24), "automatic": automatic}
    house.change.change(CALLER, wish(identifier, Action.SUSPEND, "s-1", "withheld", **last))
    house.clock.pass_time(days=5)


def second(identifier, **changes):
    again = {"effective_from": date(2026, 11, 26), "document_number": "揭交扣〔2026〕2号"}
    return wish(identifier, Action.SUSPEND, "s-2", "withheld", **again, **changes)


def test_after_its_end_it_may_be_suspended_again_and_the_end_is_on_record(house, issued):
    served(house, issued)
    answer = house.change.change(CALLER, second(issued, version=2))
    assert (answer["state"], answer["row_version"]) == ("SUSPENDED", 4)
    steps = house.certificate(issued).history
    assert [(step.decision.action.value, step.from_state) for step in steps[2:]] == [
        ("restore", State.SUSPENDED), ("suspend", State.ISSUED),
    ]  # fmt: skip
    assert steps[2].decision == Decision(Action.RESTORE, "period-served", date(2026, 11, 25))
    lines = [line for line in house.audit() if line.act in {"restore", "suspend"}]
    assert [line.act for line in lines] == ["suspend", "restore", "suspend"]
    assert lines[1].details["effective_from"] == "2026-11-25"
    days = {24: View.SUSPENDED, 25: View.VALID, 26: View.SUSPENDED}
    record = house.certificate(issued)
    assert {day: record.view_on(date(2026, 11, day)) for day in days} == days
    assert house.change.change(CALLER, second(issued, version=2)) == answer


def test_nothing_of_it_is_kept_where_the_second_one_is_refused(house, issued):
    served(house, issued)
    with pytest.raises(Invalid):
        house.change.change(CALLER, second(issued, legal_basis=""))
    with pytest.raises(StaleVersion):
        house.change.change(CALLER, second(issued, version=1))
    assert len(house.certificate(issued).history) == 2


@pytest.mark.parametrize("automatic", [True, False])
def test_before_its_end_and_where_somebody_must_lift_it_it_may_not(house, issued, automatic):
    served(house, issued, automatic=automatic)
    if automatic:
        house.clock.pass_time(days=-3)
    with pytest.raises(TransitionForbidden):
        house.change.change(CALLER, second(issued))


def test_further_files_are_made_once_it_is_over(house):
    made = request(type_code=STEPS, made_by="officer-2", approved_by=("officer-3",))
    identifier = house.issue.issue_one(CALLER, made).identifier
    served(house, identifier)
    hands = Hands("officer-2", ("officer-3",))
    asked = FormRequest(identifier, Form("duplicate"), "f-1", hands)
    house.clock.pass_time(days=-3)
    with pytest.raises(TransitionForbidden):
        house.add_form.add(CALLER, asked)
    house.clock.pass_time(days=3)
    assert house.add_form.add(CALLER, asked)["form"] == "duplicate"


def test_other_acts_go_on_from_the_suspension_as_before(house, issued):
    served(house, issued)
    house.change.change(CALLER, wish(issued, Action.REVOKE, "r-1"))
    assert [step.decision.action.value for step in house.certificate(issued).history] == [
        "seal", "suspend", "revoke",
    ]  # fmt: skip
