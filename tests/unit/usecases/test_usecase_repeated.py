"""The same decision sent again under another key: nothing happens, and the answer is the first."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.certificate import Decision
from certlib.departments import SuccessionKind
from certlib.errors import TransitionForbidden
from certlib.states import Action, State
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.manage_departments import SuccessionRequest
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from tests.unit.usecases.house import CALLER, OTHER
from tests.unit.usecases.versions import BEGIN, END, TODAY, first, renewed, revised

BEFORE = date(2026, 11, 10)
CHANGED = date(2026, 11, 15)


def decide(house, identifier, action, reason, day=TODAY, key="k", caller=CALLER, **more):
    decision = replace(Decision(action, reason, day, "法", "号", "机关"), **more)
    return house.change.change(caller, ChangeRequest(identifier, decision, key))


def twice(house, identifier, *said, **more):
    """Both answers; the second, an hour later, leaves no trace."""
    one = decide(house, identifier, *said, **more)
    lines = len(house.audit())
    house.clock.pass_time(hours=1)
    two = decide(house, identifier, *said, key="again", **more)
    assert len(house.audit()) == lines
    return one, two


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (Action.REVOKE, "penalty"),
        (Action.SUSPEND, "withheld"),
        (Action.DEREGISTER, "own-wish"),
    ],
)
def test_it_names_the_versions_that_it_reached(house, named, action, reason):
    old = first(house)
    pair = (old, renewed(house, old))
    one, two = twice(house, pair[named], action, reason)
    assert one["also"] == [pair[1 - named]]
    assert two == one


def test_it_names_all_of_them_in_the_same_order(house):
    one = first(house)
    two = revised(house, one, key="r2")
    three = revised(house, two, key="r3")
    for named, others in ((one, [two, three]), (two, [three, one]), (three, [two, one])):
        answer = decide(house, named, Action.ANNUL, "fraud", BEGIN, key=f"k-{named}")
        assert sorted(answer["also"]) == sorted(others)
    first_said = decide(house, one, Action.ANNUL, "fraud", BEGIN, key=f"k-{one}")
    again = decide(house, one, Action.ANNUL, "fraud", BEGIN, key="other")
    assert again["also"] == first_said["also"] == [two, three]


def test_whoever_names_a_version_that_was_moved_along_is_told_of_the_named_one(house):
    old = first(house)
    new = renewed(house, old)
    decide(house, old, Action.REVOKE, "penalty")
    house.clock.pass_time(hours=1)
    answer = decide(house, new, Action.REVOKE, "penalty", key="new")
    assert (answer["identifier"], answer["also"]) == (new, [old])


def test_what_was_decided_alone_names_nobody(house):
    old = first(house)
    renewed(house, old)
    new = house.certificate(old).superseded_by
    one, two = twice(house, new, Action.ANNUL, "unlawful-grant")
    assert one["also"] == two["also"] == []
    assert house.certificate(old).state is State.ISSUED


def test_two_decisions_of_one_second_are_not_mingled(house):
    """Each of two that stand side by side was decided on by itself."""
    old = first(house)
    new = renewed(house, old)
    decide(house, new, Action.ANNUL, "unlawful-grant", key="one")
    decide(house, old, Action.ANNUL, "unlawful-grant", key="two")
    for named in (old, new):
        assert decide(house, named, Action.ANNUL, "unlawful-grant", key="t" + named)["also"] == []


def test_what_stands_again_after_a_void_is_named_again(house):
    old = first(house)
    new = revised(house, old, number="错号")
    one, two = twice(house, new, Action.VOID, "issuing-error")
    assert one["also"] == two["also"] == [old]
    decide(house, old, Action.REVOKE, "penalty", key="later")
    assert decide(house, new, Action.VOID, "issuing-error", key="third")["also"] == [old]


def test_a_decision_from_before_a_change_is_known_by_the_version_of_that_day(house):
    """The later version has it from its own first day: said again, it is the same decision."""
    old = first(house)
    new = revised(house, old, ending=Ending(effective_from=CHANGED))
    one, two = twice(house, new, Action.REVOKE, "penalty", BEFORE)
    assert one == two
    assert (two["effective_from"], two["also"]) == (CHANGED.isoformat(), [old])
    with pytest.raises(TransitionForbidden):
        decide(house, new, Action.REVOKE, "penalty", BEFORE + timedelta(days=1), key="other")
    with pytest.raises(TransitionForbidden):
        decide(house, new, Action.REVOKE, "penalty", BEFORE, key="o", document_number="他号")


def test_a_version_in_the_successors_lineage_is_named_again(house):
    old = first(house, valid_to=END)
    merger = SuccessionRequest(
        CALLER.department_code, SuccessionKind.MERGED, OTHER, TODAY, "方案", "揭府1号", "s"
    )
    house.departments.succeed(CALLER, merger)
    heir = replace(CALLER, client_id="heir", department_code=OTHER)
    said = RevisionRequest(old, "renewal", "r", {"valid_to": date(2031, 2, 1)}, said={"r": 1})
    new = house.revise.revise(heir, said).identifier
    assert new.rsplit(".", 3)[0] != old.rsplit(".", 3)[0]
    for named, other in ((old, new), (new, old)):
        answer = decide(house, named, Action.REVOKE, "penalty", key=f"k-{named}", caller=heir)
        assert answer["also"] == [other]
