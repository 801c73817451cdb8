"""One person has one key, however a client system writes the account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.persons import person_key, persons, same_person

SPELLINGS = [
    "zhi.zheng",
    "ZHI.ZHENG",
    "Zhi.Zheng",
    " zhi.zheng ",
    "ｚｈｉ．ｚｈｅｎｇ",
    "ZHI.ZHENG\u3000",
]


def test_one_account_in_several_spellings_is_one_person():
    assert persons(SPELLINGS) == {"zhi.zheng"}
    assert all(same_person("zhi.zheng", other) for other in SPELLINGS)


@pytest.mark.parametrize("other", ["zhi.zhang", "zhi.zheng2", "zhizheng", "", "郑芷"])
def test_another_account_is_another_person(other):
    assert not same_person("zhi.zheng", other)


def test_nobody_is_no_person():
    assert persons(["", " ", "\u3000"]) == frozenset()
    assert not same_person("", "")


@given(st.text())
def test_what_stands_for_a_person_stands_for_itself(account):
    key = person_key(account)
    assert person_key(key) == key
    assert person_key(account.upper().lower()) == person_key(account.lower().upper().lower())
