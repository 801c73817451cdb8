"""Holders over time: who somebody is today, who somebody was then, and whose things are whose."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.document import Holder
from certlib.holder_changes import ChangeKind, Chronicle, HolderKey, key_of
from tests.fakes.parties import DAY, FIRM, NEWBORN, PERSON, SOURCE, VOID, change, renamed

SEALED_ON = date(2024, 1, 1)
LATER = date(2026, 6, 1)
LETTERS = [Holder(f"公司{letter}", "001", letter) for letter in "ABCD"]
A, B, C, D = LETTERS
KEYS = {letter: HolderKey("001", letter) for letter in "ABCD"}


def standing(*changes, sealed=FIRM, day=LATER, sealed_on=SEALED_ON):
    return Chronicle(changes).standing(sealed, sealed_on, day)


def belonging(key, *changes, day=LATER):
    return "".join(sorted(one.code for one in Chronicle(changes).belonging(KEYS[key], day)))


def test_nothing_happened():
    found = standing()
    assert (found.current, found.changed, found.ended, found.divided) == (FIRM, False, None, ())
    assert (found.names, found.keys) == ({FIRM.name}, {key_of(FIRM)})


def test_names_follow_each_other_day_by_day():
    events = [renamed(replace(FIRM, name="甲公司"), "乙公司", date(2026, 1, 1)),
              renamed(FIRM, "甲公司")]  # fmt: skip
    days = [DAY - timedelta(days=1), DAY, date(2026, 1, 1)]
    names = [standing(*events, day=day).current.name for day in days]
    assert names == [FIRM.name, "甲公司", "乙公司"]
    assert standing(*events).names == {FIRM.name, "甲公司", "乙公司"}


def test_a_sealed_name_is_younger_than_a_renaming_before_it():
    found = standing(renamed(replace(FIRM, name="旧名"), FIRM.name, date(2023, 1, 1)))
    assert found.current == FIRM
    assert "旧名" in found.names
    assert standing(renamed(FIRM, "甲公司", date(2023, 1, 1))).current.name == FIRM.name


@pytest.mark.parametrize("day", [date(2023, 1, 1), DAY])
def test_a_new_code_is_the_same_holder_whenever_it_came(day):
    """A certificate sealed under the old code after the change is still that holder's."""
    named = Holder("林小宝", "111", "445203202601010024")
    found = standing(change("recoded", NEWBORN, named, day), sealed=NEWBORN)
    assert key_of(found.current) == key_of(named)
    assert found.keys == {key_of(NEWBORN), key_of(named)}
    assert found.current.name == ("林小宝" if day > SEALED_ON else NEWBORN.name)


def test_the_code_before_is_known_from_the_certificate_of_the_code_after():
    named = Holder("林小宝", "111", "445203202601010024")
    found = standing(change("recoded", NEWBORN, named), renamed(NEWBORN, "林大宝", date(2025, 1, 1)),
                     sealed=named)  # fmt: skip
    assert found.current == named
    assert found.names == {"林小宝", NEWBORN.name, "林大宝"}
    assert key_of(NEWBORN) in found.keys


def test_a_merger_puts_the_successor_in_place_and_the_successor_may_change_again():
    found = standing(
        change("merged", (FIRM, A), B), renamed(B, "新公司", date(2026, 1, 1)), sealed=FIRM
    )
    assert found.current == replace(B, name="新公司")
    assert (found.own, found.names, found.keys) == (FIRM, {FIRM.name}, {key_of(FIRM)})
    assert {holder.name for holder in found.heirs} == {B.name, "新公司"}
    assert (found.gone.kind, found.ended) == ("merged", None)


def test_what_the_successor_was_before_the_merger_is_not_the_predecessors():
    found = standing(
        renamed(B, "公司B甲", date(2025, 1, 1)), change("merged", FIRM, B), sealed=FIRM
    )
    assert "公司B甲" not in found.names


def test_a_division_leaves_open_who_took_over():
    found = standing(change("divided", FIRM, (A, B)))
    assert (found.current, found.divided) == (FIRM, (A, B))


@pytest.mark.parametrize(("kind", "holder"), [("died", PERSON), ("dissolved", FIRM)])
def test_an_end_is_an_end_and_nothing_else(kind, holder):
    event = change(kind, holder, None)
    found = standing(event, sealed=holder)
    assert (found.ended, found.current) == (event, holder)
    assert standing(event, sealed=holder, day=DAY - timedelta(days=1)).ended is None


def test_void_events_count_for_nothing_and_past_knowledge_knows_no_later_record():
    event = renamed(FIRM, "甲公司")
    before, after = (SOURCE.recorded_at + timedelta(hours=hours) for hours in (-1, 1))
    assert not standing(replace(event, source=VOID)).changed
    assert not Chronicle([event], before).standing(FIRM, SEALED_ON, LATER).changed
    assert Chronicle([event], after).standing(FIRM, SEALED_ON, LATER).changed
    late_void = replace(event, source=replace(SOURCE, voided_at=after + timedelta(hours=1)))
    assert Chronicle([late_void], after).standing(FIRM, SEALED_ON, LATER).changed


RECODED_A_B = change("recoded", A, B, date(2025, 1, 1))
MERGED_C_B = change("merged", C, B, date(2025, 6, 1))


def test_old_and_new_codes_find_each_other_a_merger_goes_one_way():
    assert belonging("A", RECODED_A_B) == belonging("B", RECODED_A_B) == "AB"
    assert belonging("B", MERGED_C_B) == "BC"
    assert belonging("C", MERGED_C_B) == "C"
    assert belonging("A", RECODED_A_B, MERGED_C_B) == "ABC"
    assert belonging("B", change("divided", A, (B, C))) == "AB"


def test_chains_are_dated():
    """What was merged into a code after that code had ended is somebody else's."""
    assert belonging("A", change("recoded", B, A, date(2020, 1, 1)), MERGED_C_B) == "AB"
    chain = [RECODED_A_B, change("merged", B, C, date(2026, 1, 1))]
    assert belonging("C", *chain) == "ABC"
    assert belonging("C", *chain, day=date(2025, 12, 31)) == "C"


def test_a_looser_way_is_gone_when_a_tighter_one_was_gone_first():
    """A came to D in 2026 by C, and in 2020 by itself; what came to A in between belongs to D."""
    events = [
        change("merged", A, D, date(2020, 1, 1)),
        change("merged", B, A, date(2022, 1, 1)),
        change("merged", A, C, date(2024, 1, 1)),
        change("merged", C, D, date(2026, 1, 1)),
    ]
    assert belonging("D", *events) == "ABCD"


@st.composite
def events(draw):
    kind = draw(st.sampled_from(["recoded", "merged", "divided", "renamed"]))
    before, after = draw(st.permutations(LETTERS))[:2]
    day = DAY + timedelta(days=draw(st.integers(-2, 2)))
    after = replace(before, name="别名") if kind == "renamed" else after
    return change(kind, before, after, day, draw(st.sampled_from([SOURCE, SOURCE, VOID])))


@given(st.lists(events(), max_size=8), st.sampled_from("ABCD"))
def test_every_walk_ends_whatever_circles_are_on_record(changes, letter):
    chronicle = Chronicle(changes)
    holder = LETTERS["ABCD".index(letter)]
    found = chronicle.standing(holder, SEALED_ON, LATER)
    assert holder.name in found.names
    assert {key_of(holder), key_of(found.own)} <= found.keys
    assert found.current == found.own or found.current in found.heirs
    assert (found.gone is None) == (found.ended is None and not found.heirs)
    mine = chronicle.belonging(KEYS[letter], LATER)
    assert KEYS[letter] in mine
    assert mine <= set(KEYS.values())
    assert Chronicle(reversed(changes)).belonging(KEYS[letter], LATER) == mine


def test_whoever_bore_a_name():
    chronicle = Chronicle([renamed(A, "甲·公司"), renamed(B, "乙", date(2027, 1, 1))])
    assert chronicle.bearers("甲•公司", LATER) == chronicle.bearers("公司Ａ", LATER) == {KEYS["A"]}
    assert chronicle.bearers("乙", LATER) == frozenset()


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_every_kind_has_a_chinese_name(kind):
    assert kind.zh


def test_an_event_knows_its_holders():
    event = change("merged", (A, B), C)
    assert event.keys == {KEYS["A"], KEYS["B"], KEYS["C"]}
    assert event.concerns(KEYS["A"])
    assert event.leads_to(KEYS["C"])
    assert not event.leads_to(KEYS["A"])
    assert event.order == (DAY, True, datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC), event.event_id)


def test_what_happens_on_one_day_is_followed_in_whatever_order_it_was_recorded():
    """Renamed, recoded, renamed again: all on one day, recorded within one second."""
    first, second = replace(A, name="甲"), replace(B, name="乙")
    events = [
        renamed(A, "甲", event_id="3"),
        change("recoded", first, second, event_id="2"),
        renamed(second, "丙", event_id="1"),
    ]
    found = standing(*events, sealed=A)
    assert found.current == replace(B, name="丙")
    assert found.names == {A.name, "甲", "乙", "丙"}
    backwards = standing(*events, sealed=replace(B, name="丙"), sealed_on=LATER)
    assert backwards.names == {A.name, "甲", "乙", "丙"}
