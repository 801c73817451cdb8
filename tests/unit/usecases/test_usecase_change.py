"""Steps of a life through the use case: one commit, one audit line, one answer per key."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.errors import (
    CertificateNotFound,
    IdempotencyMismatch,
    Invalid,
    OutsideDepartment,
    ScopeMissing,
    StaleVersion,
    TransitionForbidden,
)
from certlib.states import Action, State
from certlib.usecases.change_state import ChangeRequest
from tests.unit.usecases.house import CALLER, STRANGER, request

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
