"""The transition table is walked whole: what it allows happens, everything else is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib.certificate import Decision
from certlib.document import Holder
from certlib.errors import Invalid, StaleVersion, TransitionForbidden
from certlib.states import REASONS, TRANSITIONS, Action, State, View, view
from tests.unit.life.builders import NOW, PATHS, TODAY, after, decision, in_state, issued

CAUSE = {State.ANNULLED: "annulled", State.WITHDRAWN: "withdrawn", State.REVOKED: "revoked"}

# The table as the law and the domain guide have it, written down a second time by hand.
ENDINGS = {
    "SUPERSEDED",
    "DEREGISTERED",
    "ANNULLED",
    "WITHDRAWN",
    "REVOKED",
    "TRANSFERRED_OUT",
    "VOIDED",
}
EXPECTED = {
    "DRAFT": {"ISSUED"},
    "ISSUED": ENDINGS | {"SUSPENDED"},
    "SUSPENDED": ENDINGS | {"ISSUED"},
    "ANNULLED": {"DEREGISTERED"},
    "WITHDRAWN": {"DEREGISTERED"},
    "REVOKED": {"DEREGISTERED"},
    "SUPERSEDED": {"ISSUED", "REVOKED", "WITHDRAWN", "ANNULLED", "VOIDED"},
    "DEREGISTERED": {"ANNULLED", "VOIDED"},
    "TRANSFERRED_OUT": {"ANNULLED", "VOIDED"},
    "VOIDED": set(),
}


def test_table_is_the_expected_one():
    """Each state leads exactly where the domain guide says."""
    actual = {
        state.value: {to.value for (origin, _), to in TRANSITIONS.items() if origin is state}
        for state in State
    }
    assert actual == EXPECTED


def _reason(state, action):
    if action is Action.DEREGISTER:
        return CAUSE.get(state, "own-wish")
    if (state, action) == (State.SUPERSEDED, Action.RESTORE):
        return "successor-voided"
    return REASONS[action][0].code


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.SEAL])
@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_every_pair(state, action):
    """(state, action) moves along the table, or is refused and changes nothing."""
    certificate = in_state(state)
    wish = decision(action, reason=_reason(state, action))
    target = TRANSITIONS.get((state, action))
    if target is None:
        with pytest.raises(TransitionForbidden) as caught:
            certificate.decide(wish, actor="o", now=NOW)
        assert caught.value.values["state"] == state.value
        return
    moved = certificate.decide(wish, actor="o", now=NOW)
    assert moved.state is target
    assert moved.row_version == certificate.row_version + 1
    assert moved.history[-1].from_state is state
    assert moved.history[-1].to_state is target
    assert moved.history[:-1] == certificate.history
    assert certificate.state is state


def test_a_sealed_certificate_is_never_sealed_again():
    for state in State:
        if state is not State.DRAFT:
            assert (state, Action.SEAL) not in TRANSITIONS


def test_every_action_and_state_has_words():
    assert len({state.zh for state in State}) == len(State)
    assert len({item.zh for item in View}) == len(View)
    assert len({action.zh for action in Action}) == len(Action)
    assert set(REASONS) == set(Action)


def test_stale_version_is_refused_before_anything_else():
    with pytest.raises(StaleVersion):
        issued().decide(decision(Action.REVOKE), actor="o", now=NOW, expected_version=7)
    moved = issued().decide(decision(Action.REVOKE), actor="o", now=NOW, expected_version=1)
    assert moved.state is State.REVOKED


@pytest.mark.parametrize(
    ("action", "field", "code"),
    [
        (Action.REVOKE, "legal_basis", "legal-basis-missing"),
        (Action.REVOKE, "document_number", "document-number-missing"),
        (Action.REVOKE, "authority", "authority-missing"),
        (Action.SUSPEND, "document_number", "document-number-missing"),
        (Action.ANNUL, "legal_basis", "legal-basis-missing"),
        (Action.WITHDRAW, "authority", "authority-missing"),
        (Action.DEREGISTER, "legal_basis", "legal-basis-missing"),
    ],
)
def test_what_a_decision_must_carry(action, field, code):
    """A penalty without basis, number or authority is no penalty; each gap is named."""
    reason = "own-wish" if action is Action.DEREGISTER else None
    with pytest.raises(Invalid) as caught:
        issued().decide(decision(action, reason=reason, **{field: "  "}), actor="o", now=NOW)
    assert [(item.field, item.code) for item in caught.value.problems] == [(f"/{field}", code)]


def test_all_problems_at_once():
    empty = Decision(Action.REVOKE, "no-such-reason", TODAY + timedelta(days=1))
    with pytest.raises(Invalid) as caught:
        issued().decide(empty, actor="o", now=NOW)
    assert {item.code for item in caught.value.problems} == {
        "reason-unknown",
        "legal-basis-missing",
        "document-number-missing",
        "authority-missing",
        "effective-in-future",
    }
    assert all(item.zh and item.en for item in caught.value.problems)


def test_a_decision_counts_from_a_day_between_issue_and_today():
    early = decision(Action.ANNUL, day=date(2024, 2, 29))
    with pytest.raises(Invalid) as caught:
        issued().decide(early, actor="o", now=NOW)
    assert caught.value.problems[0].field == "/effective_from"
    assert issued().decide(decision(Action.ANNUL, day=date(2024, 3, 1)), actor="o", now=NOW)


def test_today_is_the_chinese_day():
    """At 16:30 UTC it is already tomorrow in China."""
    late = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    assert issued().decide(decision(Action.REVOKE, day=date(2026, 11, 23)), actor="o", now=late)


@pytest.mark.parametrize("state", [State.ANNULLED, State.WITHDRAWN, State.REVOKED])
def test_deregistration_keeps_its_cause(state):
    """已注销（原因：吊销）: the cause is the ending before it, and no other."""
    with pytest.raises(Invalid) as caught:
        in_state(state).decide(decision(Action.DEREGISTER, reason="own-wish"), actor="o", now=NOW)
    assert caught.value.problems[0].code == "cause-mismatch"
    done = in_state(state).decide(
        decision(Action.DEREGISTER, reason=CAUSE[state]), actor="o", now=NOW
    )
    assert done.history[-1].decision.reason_code == CAUSE[state]


def test_no_cause_that_did_not_happen():
    for reason in ("revoked", "annulled", "withdrawn", "expired"):
        with pytest.raises(Invalid):
            issued().decide(decision(Action.DEREGISTER, reason=reason), actor="o", now=NOW)
    expired = issued(valid_to=date(2026, 11, 21))
    assert expired.decide(decision(Action.DEREGISTER, reason="expired"), actor="o", now=NOW)


def places(caught):
    return [(item.field, item.code) for item in caught.value.problems]


@pytest.mark.parametrize("state", [State.ANNULLED, State.WITHDRAWN, State.REVOKED])
def test_deregistration_does_not_count_from_before_its_cause(state):
    """Revoked from 20 November: what it was in May is not rewritten by its deregistration."""
    (action,) = PATHS[state]
    ended = issued().decide(decision(action, day=date(2026, 11, 20)), actor="o", now=NOW)
    cause = CAUSE[state]
    early = decision(Action.DEREGISTER, day=date(2026, 11, 19), reason=cause)
    with pytest.raises(Invalid) as caught:
        ended.decide(early, actor="o", now=NOW)
    assert places(caught) == [("/effective_from", "date-order")]
    assert "2026-11-20" in caught.value.problems[0].zh
    same_day = replace(early, effective_from=date(2026, 11, 20))
    done = ended.decide(same_day, actor="o", now=NOW)
    assert done.view_on(date(2026, 11, 19)) is View.VALID


def test_what_has_expired_is_not_deregistered_from_a_day_of_its_term():
    expired = issued(valid_to=date(2026, 3, 1))
    early = decision(Action.DEREGISTER, day=date(2026, 3, 1), reason="expired")
    with pytest.raises(Invalid) as caught:
        expired.decide(early, actor="o", now=NOW)
    assert places(caught) == [("/effective_from", "date-order")]
    done = expired.decide(replace(early, effective_from=date(2026, 3, 2)), actor="o", now=NOW)
    assert done.view_on(date(2026, 3, 1)) is View.VALID
    # Another cause may have come before the end.
    own = decision(Action.DEREGISTER, day=date(2026, 2, 1), reason="own-wish")
    assert expired.decide(own, actor="o", now=NOW).view_on(date(2026, 2, 1)) is View.DEREGISTERED


def test_nothing_is_restored_before_it_was_suspended():
    suspend = decision(Action.SUSPEND, day=date(2026, 11, 1))
    suspended = issued().decide(suspend, actor="o", now=NOW)
    early = decision(Action.RESTORE, day=date(2026, 10, 31), reason="decision-lifted")
    with pytest.raises(Invalid) as caught:
        suspended.decide(early, actor="o", now=NOW)
    assert places(caught) == [("/effective_from", "date-order")]
    at_once = replace(early, effective_from=date(2026, 11, 1))
    assert suspended.decide(at_once, actor="o", now=NOW).view_on(TODAY) is View.VALID


@pytest.mark.parametrize(
    ("code_type", "code", "dies"),
    [
        ("111", "445221198501010019", True),
        ("414", "E12345678", True),
        ("001", "92445202MA9TEXT00K", True),  # a sole trader
        ("099", "445200600123456", True),  # nobody can tell
        ("001", "91445202MA9TEXT00K", False),
    ],
)
def test_only_where_somebody_may_die_is_death_the_cause(code_type, code, dies):
    certificate = issued(holders=(Holder("持证主体", code_type, code),))
    death = decision(Action.DEREGISTER, reason="death")
    if dies:
        assert certificate.decide(death, actor="o", now=NOW).state is State.DEREGISTERED
        return
    with pytest.raises(Invalid) as caught:
        certificate.decide(death, actor="o", now=NOW)
    assert places(caught) == [("/reason_code", "cause-mismatch")]


@pytest.mark.parametrize(
    ("state", "day", "expected"),
    [
        (State.ISSUED, date(2024, 2, 29), View.NOT_YET_EFFECTIVE),
        (State.ISSUED, date(2024, 3, 1), View.VALID),
        (State.ISSUED, date(2028, 2, 29), View.VALID),
        (State.ISSUED, date(2028, 3, 1), View.EXPIRED),
        (State.SUSPENDED, date(2026, 1, 1), View.SUSPENDED),
        (State.SUSPENDED, date(2028, 3, 1), View.EXPIRED),
        (State.REVOKED, date(2030, 1, 1), View.REVOKED),
        (State.VOIDED, date(2020, 1, 1), View.VOIDED),
        (State.DRAFT, date(2026, 1, 1), View.DRAFT),
    ],
)
def test_views_follow_the_calendar(state, day, expected):
    """Both ends of the term are inclusive; a right whose term is over is over."""
    assert view(state, date(2024, 3, 1), date(2028, 2, 29), day) is expected


def test_long_term_never_expires():
    assert view(State.ISSUED, date(2024, 3, 1), None, date(2999, 1, 1)) is View.VALID


def test_history_answers_for_past_days():
    """Suspended in May, restored in June: May is suspended, June is valid, today too."""
    certificate = issued()
    certificate = certificate.decide(
        decision(Action.SUSPEND, day=date(2026, 5, 1)), actor="o", now=NOW
    )
    certificate = certificate.decide(
        decision(Action.RESTORE, day=date(2026, 6, 1)), actor="o", now=NOW
    )
    assert certificate.view_on(date(2026, 4, 30)) is View.VALID
    assert certificate.view_on(date(2026, 5, 31)) is View.SUSPENDED
    assert certificate.view_on(date(2026, 6, 1)) is View.VALID


def test_annulment_from_the_beginning_outranks_what_was_recorded_before():
    certificate = issued().decide(
        decision(Action.SUSPEND, day=date(2026, 5, 1)), actor="o", now=NOW
    )
    certificate = certificate.decide(
        decision(Action.ANNUL, day=date(2024, 3, 1)), actor="o", now=NOW
    )
    assert certificate.view_on(date(2025, 1, 1)) is View.ANNULLED
    assert certificate.view_on(date(2026, 5, 2)) is View.ANNULLED


def test_what_was_known_at_an_instant():
    """Recorded today, effective last year: yesterday's knowledge still says valid."""
    certificate = issued().decide(decision(Action.REVOKE, day=date(2025, 6, 1)), actor="o", now=NOW)
    assert certificate.view_on(date(2025, 7, 1)) is View.REVOKED
    before = NOW - timedelta(seconds=1)
    assert certificate.view_on(date(2025, 7, 1), known_at=before) is View.VALID


def test_superseded_version_may_still_be_annulled():
    assert after(issued(), Action.SUPERSEDE, Action.ANNUL, Action.DEREGISTER).state is (
        State.DEREGISTERED
    )


def test_the_record_speaks_from_the_first_step_on():
    """Before it is issued: from the earlier of the days that its page names."""
    certificate = issued()
    assert certificate.begins == certificate.history[0].decision.effective_from
    intended = replace(certificate, history=())
    day = certificate.content.issue_date
    for valid_from, begins in ((None, day), (day + timedelta(1), day), (day - timedelta(1),) * 2):
        content = replace(certificate.content, valid_from=valid_from)
        assert replace(intended, content=content).begins == begins


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.SUPERSEDED, "decision-lifted"), (State.SUSPENDED, "successor-voided")],
)
def test_each_return_has_its_own_reason(state, reason):
    """What was superseded returns when its successor was never meant, and only then."""
    with pytest.raises(Invalid) as caught:
        in_state(state).decide(decision(Action.RESTORE, reason=reason), actor="o", now=NOW)
    assert ("/reason_code", "cause-mismatch") in {
        (item.field, item.code) for item in caught.value.problems
    }
