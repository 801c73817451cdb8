"""Periodic duties: deadlines, results, and how a certificate stands on a day, as known then."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.calendar import months_after
from certlib.catalogue import Duty, DutyEffect
from certlib.duties import (
    DutyProblem,
    DutyResult,
    PeriodicResult,
    begun_until,
    duty_standing,
    latest_results,
    next_deadline,
    overdue_from,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)
ISSUED = date(2024, 3, 1)
YEARLY = Duty("check", "年审", "annual check", 12, 30, DutyEffect.WARN, DutyEffect.BLOCK)


def result(sequence, kind, done_on, **changes):
    made = PeriodicResult(sequence, "check", DutyResult(kind), done_on, AT, "o")
    if made.fulfils:
        made = replace(made, next_due=next_deadline(YEARLY, done_on, None))
    return replace(made, **changes)


def stands(*results, day, **known):
    return duty_standing(YEARLY, ISSUED, results, day, **known)


def test_the_first_deadline_follows_from_the_day_of_issue():
    found = stands(day=date(2024, 6, 1))
    assert (found.due, found.problem, found.last) == (date(2025, 3, 1), None, None)
    assert not found.overdue


def test_a_deadline_and_its_grace_are_inclusive():
    assert overdue_from(YEARLY, date(2025, 3, 1)) == date(2025, 4, 1)
    assert stands(day=date(2025, 3, 31)).problem is None
    late = stands(day=date(2025, 4, 1))
    assert (late.problem, late.effect) == (DutyProblem.OVERDUE, DutyEffect.WARN)
    assert late.overdue


@pytest.mark.parametrize("kind", ["passed", "conditional", "exempt"])
def test_what_fulfils_moves_the_deadline(kind):
    found = stands(result(1, kind, date(2025, 2, 10)), day=date(2025, 12, 1))
    assert (found.due, found.problem) == (date(2026, 2, 10), None)
    assert found.last.result is DutyResult(kind)


def test_what_failed_weighs_until_a_later_result():
    failed = result(1, "failed", date(2025, 2, 10))
    found = stands(failed, day=date(2025, 2, 11))
    assert (found.problem, found.effect) == (DutyProblem.FAILED, DutyEffect.BLOCK)
    assert not found.overdue
    again = stands(failed, result(2, "passed", date(2025, 2, 20)), day=date(2025, 2, 21))
    assert again.problem is None


def test_of_two_problems_the_one_that_weighs_more_is_told():
    failed = result(1, "failed", date(2025, 2, 10))
    assert stands(failed, day=date(2026, 1, 1)).problem is DutyProblem.FAILED
    gentle = replace(YEARLY, failed=DutyEffect.NONE)
    found = duty_standing(gentle, ISSUED, [failed], date(2026, 1, 1))
    assert (found.problem, found.effect) == (DutyProblem.OVERDUE, DutyEffect.WARN)


def test_a_past_day_is_judged_by_what_was_due_and_known_then():
    """Passed in February, recorded in June: in May nobody knew."""
    passed = result(1, "passed", date(2025, 2, 10), recorded_at=datetime(2025, 6, 1, tzinfo=UTC))
    may = date(2025, 5, 1)
    assert stands(passed, day=may).problem is None
    then = datetime(2025, 5, 1, tzinfo=UTC)
    assert stands(passed, day=may, known_at=then).problem is DutyProblem.OVERDUE
    assert stands(passed, day=date(2025, 2, 9)).last is None


def test_the_same_day_told_again_is_a_correction():
    first, second = result(1, "passed", date(2025, 2, 10)), result(2, "failed", date(2025, 2, 10))
    assert stands(first, second, day=date(2025, 3, 1)).problem is DutyProblem.FAILED


def test_results_of_other_duties_do_not_count():
    other = replace(result(1, "passed", date(2025, 2, 10)), duty_code="report")
    assert stands(other, day=date(2025, 4, 1)).overdue
    report = replace(YEARLY, code="report")
    found = duty_standing(report, ISSUED, [other], date(2025, 4, 1))
    assert found.problem is None


def test_the_next_deadline_follows_from_the_period_where_one_is_named():
    assert next_deadline(YEARLY, date(2025, 2, 10), None) == date(2026, 2, 10)
    assert next_deadline(YEARLY, date(2025, 6, 10), date(2024, 3, 1)) == date(2026, 3, 1)


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    months=st.integers(1, 60),
    grace=st.integers(0, 200),
)
def test_what_had_begun_by_a_day_is_overdue_and_nothing_later(day, months, grace):
    duty = replace(YEARLY, months=months, grace_days=grace)
    last = begun_until(duty, day)
    assert day >= overdue_from(duty, months_after(last, months))
    assert day < overdue_from(duty, months_after(last + timedelta(days=1), months))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["passed", "failed", "exempt"]),
            st.dates(date(2024, 3, 1), date(2027, 1, 1)),
        ),
        max_size=6,
    ),
    st.dates(date(2027, 1, 1), date(2028, 12, 31)),
)
def test_the_latest_results_tell_as_much_as_all_of_them(told, day):
    """What the public look-up keeps is enough for what is known now."""
    every = [result(place, *item) for place, item in enumerate(told, 1)]
    kept = latest_results(every)
    assert len(kept) <= 2
    full, summed = stands(*every, day=day), stands(*kept, day=day)
    assert (full.due, full.problem, full.effect) == (summed.due, summed.problem, summed.effect)


def test_words():
    assert len({item.zh for item in DutyResult}) == len(DutyResult)
