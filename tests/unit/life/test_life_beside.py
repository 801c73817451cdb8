"""What stands beside the state: each act has its rules, and what it changes counts in two times."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib import beside
from certlib.beside_errors import (
    NoRenewalOpen,
    RenewalOpen,
    RestrictionAmbiguous,
    RestrictionExists,
    RestrictionUnknown,
)
from certlib.catalogue import Duty
from certlib.delivery import Channel, deliver_by, late_since
from certlib.duties import DutyResult, PeriodicResult
from certlib.errors import Invalid, StaleVersion, TransitionForbidden
from certlib.renewals import RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import Action, State, View
from certlib.workdays import WorkingDays
from tests.unit.life.builders import NOW, TODAY, decision, in_state, issued

CHECK = Duty("check", "年审", "annual check", 12)
EARLIER = NOW - timedelta(days=60)
FREEZE = Restriction(RestrictionKind.FROZEN, "法院", "1号", date(2026, 5, 1), date(2026, 12, 31))


def codes(caught):
    return [(item.field, item.code) for item in caught.value.problems]


def applied(certificate=None, day=date(2026, 9, 1), now=EARLIER):
    certificate = certificate or issued(valid_to=date(2026, 10, 31))
    return beside.apply_for_renewal(certificate, day, "业务1", actor="o", now=now)


def decided(certificate, outcome="refused", day=date(2026, 11, 10), number="不延〔2026〕1号"):
    return beside.decide_renewal(
        certificate, RenewalOutcome(outcome), day, number, actor="o", now=NOW
    )


# --- renewal -------------------------------------------------------------------------------------


def test_an_application_keeps_the_question_open_from_its_day():
    certificate = applied()
    assert certificate.row_version == 2
    assert certificate.renewal_pending_since == date(2026, 9, 1)
    assert certificate.renewal_on(date(2026, 8, 31)) is None
    assert certificate.renewal_on(date(2026, 11, 5)).case_number == "业务1"
    before = EARLIER - timedelta(seconds=1)
    assert certificate.renewal_on(date(2026, 11, 5), before) is None


def test_a_refusal_ends_it_from_its_day_as_it_was_known():
    certificate = decided(applied())
    assert certificate.renewal_pending_since is None
    assert certificate.renewal_on(date(2026, 11, 9)) is not None
    assert certificate.renewal_on(date(2026, 11, 10)) is None
    then = NOW - timedelta(seconds=1)
    assert certificate.renewal_on(date(2026, 11, 10), then) is not None


def test_what_was_granted_stands_until_its_version_is_here():
    certificate = decided(applied(), "granted", number="")
    assert certificate.renewal_on(TODAY).decided_by(TODAY).outcome is RenewalOutcome.GRANTED
    assert certificate.renewal_pending_since is None


def test_withdrawn_needs_no_number_and_another_application_may_follow():
    certificate = decided(applied(), "withdrawn", date(2026, 9, 5), number="")
    assert certificate.renewal_on(TODAY) is None
    second = applied(certificate, date(2026, 9, 20))
    assert [item.sequence for item in second.renewals] == [1, 2]
    assert second.renewal_on(TODAY).sequence == 2


def test_one_application_at_a_time():
    with pytest.raises(RenewalOpen):
        applied(applied())
    with pytest.raises(NoRenewalOpen):
        decided(issued())
    with pytest.raises(NoRenewalOpen):
        decided(decided(applied()))


@pytest.mark.parametrize(
    ("certificate", "day", "expected"),
    [
        (issued(valid_to=date(2026, 8, 31)), date(2026, 9, 1), "renewal-too-late"),
        (issued(valid_to=None), date(2026, 9, 1), "no-term"),
        (issued(), date(2026, 12, 1), "day-in-future"),
        (issued(), date(2024, 2, 29), "date-order"),
    ],
)
def test_what_is_no_renewal(certificate, day, expected):
    with pytest.raises(Invalid) as caught:
        applied(certificate, day)
    assert ("/applied_on", expected) in codes(caught)


@pytest.mark.parametrize("state", [State.REVOKED, State.SUPERSEDED, State.VOIDED])
def test_what_has_ended_is_not_renewed_restricted_or_inspected(state):
    ended = in_state(state)
    result = PeriodicResult(0, "check", DutyResult.PASSED, TODAY, NOW, "o")
    for act in (
        lambda: applied(ended),
        lambda: beside.restrict(ended, FREEZE, now=NOW),
        lambda: beside.add_result(ended, CHECK, result, now=NOW),
    ):
        with pytest.raises(TransitionForbidden):
            act()


def test_all_problems_of_a_decision_at_once():
    with pytest.raises(Invalid) as caught:
        decided(applied(), "refused", date(2026, 8, 1), " ")
    assert codes(caught) == [
        ("/decided_on", "date-order"),
        ("/document_number", "document-number-missing"),
    ]
    with pytest.raises(Invalid) as caught:
        decided(applied(), "granted", date(2027, 1, 1))
    assert codes(caught) == [("/decided_on", "day-in-future")]


@pytest.mark.parametrize(("day", "warned"), [(date(2026, 10, 1), False), (date(2026, 10, 2), True)])
def test_an_application_after_the_day_of_the_law_is_warned_of(day, warned):
    """Licensing Law art. 50: thirty days before the end."""
    certificate = issued(valid_to=date(2026, 10, 31))
    assert bool(beside.renewal_warnings(certificate, day, 30)) is warned
    assert beside.renewal_warnings(issued(valid_to=None), day, 30) == ()


def test_nothing_is_deregistered_for_want_of_a_renewal_that_is_undecided():
    certificate = applied()
    assert certificate.view_on(TODAY) is View.EXPIRED
    with pytest.raises(Invalid) as caught:
        certificate.decide(decision(Action.DEREGISTER, reason="expired"), actor="o", now=NOW)
    assert codes(caught) == [("/reason_code", "cause-mismatch")]
    refused = decided(certificate)
    assert refused.decide(decision(Action.DEREGISTER, reason="expired"), actor="o", now=NOW)


def test_what_waits_for_its_renewal_has_not_ended():
    assert applied().ended_on(TODAY) is None
    assert decided(applied()).ended_on(TODAY) is View.EXPIRED
    assert issued().ended_on(TODAY) is None
    assert applied().decide(decision(Action.REVOKE), actor="o", now=NOW).ended_on(TODAY) is (
        View.REVOKED
    )


def test_an_ended_certificate_waits_for_no_decision():
    certificate = applied().decide(decision(Action.REVOKE), actor="o", now=NOW)
    assert certificate.renewal_pending_since is None


# --- restrictions --------------------------------------------------------------------------------


def test_several_of_one_kind_stand_side_by_side():
    certificate = beside.restrict(issued(), FREEZE, now=EARLIER)
    other = replace(FREEZE, document_number="2号")
    certificate = beside.restrict(certificate, other, now=NOW)
    assert [item.document_number for item in certificate.restrictions] == ["1号", "2号"]
    assert [item.recorded_at for item in certificate.restrictions] == [EARLIER, NOW]
    with pytest.raises(RestrictionExists):
        beside.restrict(certificate, FREEZE, now=NOW)


def test_a_lifting_counts_from_its_day_as_it_was_known():
    certificate = beside.restrict(issued(), FREEZE, now=EARLIER)
    lifting = beside.Lifting(
        RestrictionKind.FROZEN, date(2026, 11, 1), document_number="1号", lift_document="9号"
    )
    (lifted,) = beside.lift(certificate, lifting, now=NOW).restrictions
    assert (lifted.lift_document, lifted.lifted_at) == ("9号", NOW)
    assert lifted.in_force(date(2026, 10, 31))
    assert not lifted.in_force(date(2026, 11, 1))
    assert lifted.in_force(date(2026, 11, 1), NOW - timedelta(seconds=1))
    assert not lifted.in_force(date(2026, 11, 1), NOW)


def test_what_was_not_on_record_did_not_bind_by_what_was_known():
    (one,) = beside.restrict(issued(), FREEZE, now=EARLIER).restrictions
    day = date(2026, 6, 1)
    assert one.in_force(day)
    assert not one.in_force(day, EARLIER - timedelta(seconds=1))
    assert not one.in_force(date(2026, 4, 30))
    assert not one.in_force(date(2027, 1, 1))
    assert replace(one, recorded_at=None).in_force(day, EARLIER - timedelta(days=900))


def test_a_lifting_must_fit_exactly_one():
    certificate = issued()
    for number in ("1号", "2号"):
        certificate = beside.restrict(
            certificate, replace(FREEZE, document_number=number), now=EARLIER
        )
    any_of_them = beside.Lifting(RestrictionKind.FROZEN, date(2026, 11, 1))
    with pytest.raises(RestrictionAmbiguous):
        beside.lift(certificate, any_of_them, now=NOW)
    for wrong in (
        replace(any_of_them, kind=RestrictionKind.SEIZED),
        replace(any_of_them, authority="别的法院"),
        replace(any_of_them, document_number="3号"),
        replace(any_of_them, effective_from=date(2026, 5, 2)),
    ):
        with pytest.raises(RestrictionUnknown):
            beside.lift(certificate, wrong, now=NOW)
    first = beside.lift(certificate, replace(any_of_them, document_number="1号"), now=NOW)
    second = beside.lift(first, any_of_them, now=NOW)
    with pytest.raises(RestrictionUnknown):
        beside.lift(second, any_of_them, now=NOW)


def test_what_a_restriction_must_say():
    empty = Restriction(
        RestrictionKind.SEIZED, " ", "", date(2027, 1, 1), effective_to=date(2026, 1, 1)
    )
    with pytest.raises(Invalid) as caught:
        beside.restrict(issued(), empty, now=NOW)
    assert codes(caught) == [
        ("/authority", "authority-missing"),
        ("/document_number", "document-number-missing"),
        ("/effective_from", "day-in-future"),
        ("/effective_to", "date-order"),
    ]
    certificate = beside.restrict(issued(), FREEZE, now=EARLIER)
    for day, code in ((date(2026, 4, 1), "date-order"), (date(2027, 4, 1), "day-in-future")):
        with pytest.raises(Invalid) as caught:
            beside.lift(certificate, beside.Lifting(RestrictionKind.FROZEN, day), now=NOW)
        assert codes(caught) == [("/lifted_on", code)]


def test_an_ended_certificate_can_still_be_freed():
    certificate = beside.restrict(issued(), FREEZE, now=EARLIER)
    ended = certificate.decide(decision(Action.REVOKE), actor="o", now=NOW)
    lifting = beside.Lifting(RestrictionKind.FROZEN, TODAY)
    assert beside.lift(ended, lifting, now=NOW).restrictions[0].lifted_on == TODAY


@given(
    lifted=st.none() | st.dates(date(2026, 5, 1), date(2026, 12, 31)),
    day=st.dates(date(2026, 4, 1), date(2027, 2, 1)),
)
def test_in_force_is_one_stretch_of_days(lifted, day):
    one = replace(FREEZE, lifted_on=lifted)
    end = one.effective_to if lifted is None else min(one.effective_to, lifted - timedelta(days=1))
    assert one.in_force(day) is (one.effective_from <= day <= end)


def test_kinds_have_words_in_both_languages():
    assert len({item.zh for item in RestrictionKind}) == len(RestrictionKind)
    assert len({item.en for item in RestrictionKind}) == len(RestrictionKind)
    assert len({item.zh for item in RenewalOutcome}) == len(RenewalOutcome)


# --- results -------------------------------------------------------------------------------------


def result(kind="passed", day=date(2026, 9, 1), **changes):
    return replace(PeriodicResult(0, "check", DutyResult(kind), day, EARLIER, "o"), **changes)


def test_a_result_gets_its_place_its_instant_and_its_next_deadline():
    certificate = beside.add_result(issued(), CHECK, result(), now=NOW)
    certificate = beside.add_result(certificate, CHECK, result("failed", TODAY), now=NOW)
    first, second = certificate.results
    assert (first.sequence, first.recorded_at, first.next_due) == (1, NOW, date(2027, 9, 1))
    assert (second.sequence, second.next_due) == (2, None)
    assert certificate.row_version == 3
    stated = beside.add_result(issued(), CHECK, result(next_due=date(2028, 1, 1)), now=NOW)
    assert stated.results[0].next_due == date(2028, 1, 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"done_on": date(2026, 12, 1)}, [("/done_on", "day-in-future")]),
        ({"done_on": date(2024, 2, 1)}, [("/done_on", "date-order")]),
        ({"period_start": date(2027, 1, 1)}, [("/period_start", "day-in-future")]),
        ({"next_due": date(2026, 9, 1)}, [("/next_due", "date-order")]),
        ({"next_due": date(9999, 12, 31)}, [("/next_due", "date-order")]),
        (
            {"result": DutyResult.FAILED, "next_due": date(2027, 1, 1)},
            [("/next_due", "next-due-out-of-place")],
        ),
    ],
)
def test_impossible_results(changes, expected):
    with pytest.raises(Invalid) as caught:
        beside.add_result(issued(), CHECK, replace(result(), **changes), now=NOW)
    assert codes(caught) == expected


# --- versions and delivery -----------------------------------------------------------------------


def test_what_a_record_asks_of_whoever_changes_it():
    certificate = issued()
    certificate.need_version(None)
    certificate.need_version(1)
    with pytest.raises(StaleVersion):
        certificate.need_version(2)
    certificate.need_sealed("deliver", "登记送达")
    with pytest.raises(TransitionForbidden):
        replace(certificate, state=State.DRAFT).need_sealed("deliver", "登记送达")


def test_ten_working_days():
    weekends = WorkingDays()
    assert deliver_by(date(2026, 11, 6), weekends) == date(2026, 11, 20)
    assert late_since(date(2026, 11, 21), weekends) == date(2026, 11, 8)  # a Sunday
    assert late_since(date(2026, 11, 20), weekends) == date(2026, 11, 5)
    assert len({item.zh for item in Channel}) == len(Channel)


# --- suspension for a period ---------------------------------------------------------------------


def suspended(**changes):
    wish = decision(Action.SUSPEND, day=date(2026, 8, 1), until=date(2026, 10, 31), **changes)
    return issued().decide(wish, actor="o", now=datetime(2026, 8, 1, 2, tzinfo=UTC))


def test_a_suspension_for_a_period_is_not_silently_over():
    certificate = suspended()
    assert certificate.view_on(date(2026, 10, 31)) is View.SUSPENDED
    assert certificate.view_on(date(2026, 11, 1)) is View.SUSPENSION_ENDED
    restored = certificate.decide(
        decision(Action.RESTORE, day=date(2026, 11, 1), reason="period-served"), actor="o", now=NOW
    )
    assert restored.view_on(date(2026, 11, 1)) is View.VALID


def test_where_the_decision_says_so_the_right_revives_by_itself():
    certificate = suspended(automatic=True)
    assert certificate.view_on(date(2026, 10, 31)) is View.SUSPENDED
    assert certificate.view_on(date(2026, 11, 1)) is View.VALID
    assert certificate.view_on(date(2028, 3, 1)) is View.EXPIRED
    assert certificate.state is State.SUSPENDED


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (decision(Action.SUSPEND, until=date(2026, 11, 21)), ("/until", "date-order")),
        (decision(Action.SUSPEND, automatic=True), ("/until", "until-missing")),
        (decision(Action.REVOKE, until=TODAY), ("/until", "period-out-of-place")),
        (decision(Action.REVOKE, automatic=True), ("/until", "period-out-of-place")),
        (
            decision(Action.REVOKE, receiving_authority="别的局"),
            ("/receiving_authority", "receiver-out-of-place"),
        ),
        (
            decision(Action.TRANSFER_OUT, receiving_authority=" "),
            ("/receiving_authority", "receiver-missing"),
        ),
        (
            decision(Action.TRANSFER_OUT, receiving_division=""),
            ("/receiving_division", "receiving-division-missing"),
        ),
        (decision(Action.TRANSFER_OUT, legal_basis=""), ("/legal_basis", "legal-basis-missing")),
    ],
)
def test_periods_and_receivers_have_their_place(wish, expected):
    with pytest.raises(Invalid) as caught:
        issued().decide(wish, actor="o", now=NOW)
    assert codes(caught) == [expected]


def test_a_period_is_served_when_it_is_over():
    served = decision(Action.RESTORE, day=date(2026, 10, 31), reason="period-served")
    with pytest.raises(Invalid) as caught:
        suspended().decide(served, actor="o", now=NOW)
    assert codes(caught) == [("/effective_from", "period-not-over")]
    lifted = replace(served, reason_code="decision-lifted")
    assert suspended().decide(lifted, actor="o", now=NOW).state is State.ISSUED
    endless = in_state(State.SUSPENDED)
    assert endless.decide(replace(served, effective_from=TODAY), actor="o", now=NOW)
