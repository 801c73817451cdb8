"""Departments over time: for each issuer, type and day exactly one is responsible (INV-10)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.access import Access, Act
from certlib.departments import (
    Department,
    Jurisdiction,
    Succession,
    SuccessionKind,
)
from certlib.sources import Source
from tests.fakes import records

AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 6, 1)
SOURCE = Source("揭府〔2026〕1号", "揭府〔2026〕1号", AT, "operator")
VOID = replace(SOURCE, voided_at=AT)
BODIES = ["A", "B", "C", "D"]
TYPES = ["t", "u"]
KIND = SuccessionKind


def step(before, after, day=DAY, kind=KIND.MERGED, types=(), source=SOURCE):
    return Succession(
        f"{before}{after}{day}{kind}", kind, before, after, day, source, frozenset(types)
    )


@st.composite
def successions(draw):
    before, after = draw(st.permutations(BODIES))[:2]
    day = DAY + timedelta(days=draw(st.integers(-3, 3)))
    types = draw(st.sets(st.sampled_from(TYPES)))
    source = replace(SOURCE, voided_at=draw(st.sampled_from([None, None, AT])))
    return step(before, after, day, KIND.MOVED if types else KIND.MERGED, types, source)


@given(st.lists(successions(), max_size=8), st.integers(-4, 4))
def test_exactly_one_department_is_responsible_whatever_is_on_record(steps, offset):
    """Cycles, contradictions and chains included: holdings share everything out, once."""
    day = DAY + timedelta(days=offset)
    plan = Jurisdiction(steps)
    for issuer in BODIES:
        for kind in [*TYPES, "other"]:
            keepers = [
                body
                for body in BODIES
                for part in plan.holdings(body, day)
                if part.covers(issuer, kind, "")
            ]
            assert keepers == [plan.keeper(issuer, kind, day)]


@given(st.lists(successions(), max_size=6))
def test_the_order_of_recording_does_not_matter_and_what_is_void_counts_for_nothing(steps):
    standing = [item for item in steps if item.source.voided_at is None]
    one, other = Jurisdiction(steps), Jurisdiction(reversed(standing))
    for body in BODIES:
        assert one.holdings(body, DAY) == other.holdings(body, DAY)


def test_a_chain_is_followed_day_by_day():
    plan = Jurisdiction([step("A", "B", date(2025, 1, 1)), step("B", "C", date(2026, 1, 1))])
    keepers = [plan.keeper("A", "t", date(year, month, 1)) for year, month in KEY_DAYS]
    assert keepers == ["A", "B", "C"]
    assert [item.successor_code for item in plan.path("A", "t", DAY)] == ["B", "C"]
    assert plan.path("C", "t", DAY) == ()


KEY_DAYS = [(2024, 12), (2025, 1), (2026, 1)]


def test_functions_that_moved_stay_where_they_went_when_the_rest_merges():
    plan = Jurisdiction(
        [
            step("A", "B", date(2025, 1, 1), KIND.MOVED, {"t"}),
            step("A", "C", date(2026, 1, 1)),
        ]
    )
    assert (plan.keeper("A", "t", DAY), plan.keeper("A", "u", DAY)) == ("B", "C")
    assert [(part.issuer_code, part.only) for part in plan.holdings("B", DAY)] == [
        ("A", frozenset({"t"})),
        ("B", None),
    ]
    assert not plan.holdings("A", DAY)


def test_functions_that_came_back_are_at_home():
    plan = Jurisdiction([step("A", "B", date(2025, 1, 1)), step("B", "A", date(2026, 1, 1))])
    assert plan.keeper("A", "t", date(2025, 6, 1)) == "B"
    assert plan.keeper("A", "t", DAY) == "A"


def test_an_entrusted_unit_reads_handles_and_renews_what_it_made_and_no_more():
    content = records.content(1, issuer_code="A", type_code="t", acting_code="D")
    plan = Jurisdiction([step("A", "B")])
    access = Access("D", DAY, plan, frozenset({("t", "B")}))
    allowed = {act for act in Act if access.may(act, content)}
    assert allowed == {Act.READ, Act.HANDLE, Act.RENEW}
    others = [
        replace(content, acting_code="C"),
        replace(content, type_code="u"),
        replace(content, issuer_code="C"),
    ]
    assert not [act for act in Act for other in others if access.may(act, other)]
    assert not replace(access, entrusted=frozenset()).may(Act.READ, content)


@given(
    st.lists(successions(), max_size=5),
    st.sets(st.tuples(st.sampled_from(TYPES), st.sampled_from(["A", "B", "C"]))),
    st.sampled_from(["", "D", "C"]),
)
def test_a_search_sees_exactly_what_may_be_read(steps, entrusted, acting):
    access = Access("D", DAY, Jurisdiction(steps), frozenset(entrusted))
    for issuer in BODIES:
        for kind in [*TYPES, "other"]:
            content = records.content(1, issuer_code=issuer, type_code=kind, acting_code=acting)
            seen = any(part.covers(issuer, kind, acting) for part in access.holdings())
            assert seen is access.may(Act.READ, content)


@pytest.mark.parametrize("kind", list(KIND))
def test_every_kind_has_a_chinese_name(kind):
    assert kind.zh
    assert kind.en


def test_a_department_exists_to_its_last_day():
    body = Department("A", "甲", "甲", "445200", "prefecture", effective_to=DAY)
    assert [body.ended(DAY), body.ended(DAY + timedelta(days=1))] == [False, True]
    assert not replace(body, effective_to=None).ended(DAY)


def test_whoever_stands_in_the_place_of_the_defining_body_manages_its_types():
    body, after = records.ISSUER, "11445200990090016H"
    plan = Jurisdiction([step(body, after)])
    definers = [code for code in (body, after) if Access(code, DAY, plan).defines(records.TYPE)]
    assert definers == [after]
