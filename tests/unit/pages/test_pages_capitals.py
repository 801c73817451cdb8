"""Amounts in Chinese capitals: the examples of the rules, and a reading back of any amount."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.pages.capitals import capitals

_DIGITS = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
_PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
        # 支付结算办法, annex 1, section 3
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # edges
        ("0", "零元整"),
        ("-0.00", "零元整"),
        ("0.30", "叁角整"),
        ("0.04", "肆分"),
        ("10", "壹拾元整"),
        ("0010", "壹拾元整"),
        ("10001", "壹万零壹元整"),
        ("100000001", "壹亿零壹元整"),
        ("1000000000000", "壹万亿元整"),
        ("1234567890123456.7", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌亿玖仟零壹拾贰万叁仟肆佰伍拾陆元柒角整"),
        ("-5.10", "负伍元壹角整"),
    ],
)  # fmt: skip
def test_amounts_follow_the_rules(amount, words):
    assert capitals(amount) == words


@pytest.mark.parametrize(
    "amount", ["", "1.234", "1,000", "1.", ".5", "12345678901234567", "1e3", "一", "１", " 1"]
)
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="amount"):
        capitals(amount)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_the_words_say_the_amount(cents):
    """Read back by another algorithm, and written without two zeros or a zero before 元."""
    words = capitals(f"{cents // 100}.{cents % 100:02}")

    assert _read(words) == cents
    assert "零零" not in words
    assert "零元" not in words or words == "零元整"


def _read(words: str) -> int:
    whole, yuan, rest = words.partition("元")
    if not yuan:
        whole, rest = "", words
    cents = sum(
        _DIGITS[digit] * (10 if place == "角" else 1)
        for digit, place in re.findall(r"(.)([角分])", rest)
    )
    return 100 * _whole(whole) + cents


def _whole(words: str) -> int:
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = words.rpartition(unit)
        if found:
            return _whole(head) * size + _whole(tail)
    total, digit = 0, 0
    for sign in words:
        if sign in _PLACES:
            total += digit * _PLACES[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit
