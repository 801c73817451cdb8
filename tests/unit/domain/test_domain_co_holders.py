"""One holder of several sees itself, and no other person."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from certlib.co_holders import masked, shown_to
from certlib.document import Holder
from certlib.holder_changes import Chronicle, key_of
from tests.fakes.parties import DAY, FIRM, PERSON, change

HUSBAND = replace(PERSON, name="欧阳明远", code="445203201301010024")
OLD = Holder("蔡梓涵", "414", "E12345678")


@given(st.sets(st.sampled_from([PERSON, HUSBAND, FIRM, OLD])))
def test_everybody_else_is_masked(claimed):
    holders = (PERSON, HUSBAND, FIRM, OLD)
    shown = shown_to(holders, {key_of(item) for item in claimed})
    assert [item in claimed or item == masked(item) for item in holders] == [
        seen == item for seen, item in zip(shown, holders, strict=True)
    ]


def test_nobody_is_told_a_person_and_everybody_an_organisation():
    shown = shown_to((PERSON, FIRM), set())
    assert (shown[0].name, shown[1]) == ("蔡**", FIRM)
    assert PERSON.code not in shown[0].code


def test_an_old_code_is_its_holders_own():
    chronicle = Chronicle([change("recoded", OLD, replace(PERSON))])
    own = chronicle.belonging(key_of(PERSON), DAY)
    assert shown_to((OLD, HUSBAND), own)[0] == OLD
