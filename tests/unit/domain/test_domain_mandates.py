"""Who may issue, in whose name: capacity, principal, basis and period fit each other."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.errors import Invalid
from certlib.mandates import Capacity, IssueListEntry, covering

UNIT = "11445200990090139J"
PRINCIPAL = "11445200990090016H"
START, END = date(2026, 1, 1), date(2026, 6, 30)


def entry(capacity=Capacity.OWN, principal="", /, basis="法", **changes):
    return IssueListEntry(
        "type", UNIT, START, basis=basis, capacity=capacity, principal_code=principal, **changes
    )


@pytest.mark.parametrize(
    ("capacity", "name"),
    [("own", UNIT), ("subordinate", UNIT), ("delegated", UNIT), ("entrusted", PRINCIPAL)],
)
def test_only_an_entrusted_unit_uses_another_name_and_seal(capacity, name):
    made = entry(Capacity(capacity), "" if capacity == "own" else PRINCIPAL)
    made.check()
    assert made.name_code == name
    assert covering([made], START, name) is made
    assert covering([made], START, "somebody else") is None


def test_every_capacity_has_a_chinese_name_of_its_own():
    assert len({capacity.zh for capacity in Capacity}) == len(Capacity)


@given(st.dates())
def test_both_ends_of_the_period_are_inside(day):
    ended = entry(effective_to=END)
    assert ended.covers(day) is (START <= day <= END)
    assert entry().covers(day) is (day >= START)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (entry(Capacity.OWN, PRINCIPAL), ["/principal_code"]),
        (entry(Capacity.DELEGATED), ["/principal_code"]),
        (entry(Capacity.SUBORDINATE, UNIT), ["/principal_code"]),
        (entry(Capacity.ENTRUSTED, PRINCIPAL, basis=" "), ["/basis"]),
        (entry(effective_to=date(2025, 12, 31)), ["/effective_to"]),
        (
            entry(Capacity.ENTRUSTED, basis="", effective_to=date(2025, 12, 31)),
            ["/principal_code", "/basis", "/effective_to"],
        ),
    ],
)
def test_what_does_not_fit_is_named_all_at_once(wrong, fields):
    with pytest.raises(Invalid) as caught:
        wrong.check()
    assert [problem.field for problem in caught.value.problems] == fields
