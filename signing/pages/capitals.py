"""Amounts of money in Chinese capitals (大写金额).

Rules of 支付结算办法 (银发〔1997〕393号), annex 1: 壹拾 is written out, zeros between digits are
one 零, 整 follows 元 and 角 but not 分, 零 stands between 元 and 分 when there is no 角.
"""

import re
from typing import Final

__all__ = ["capitals"]

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿", "万亿")
_AMOUNT: Final = re.compile(r"(-?)(\d{1,16})(?:\.(\d{1,2}))?", re.ASCII)


def capitals(amount: str) -> str:
    """`1234.56` as 壹仟贰佰叁拾肆元伍角陆分.

    Raises:
        ValueError: no decimal, more than two decimals, or 10^16 and more.
    """
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise ValueError("amount")
    sign, whole, cents = found.groups()
    yuan = _yuan(whole)
    tenth, hundredth = (int(digit) for digit in (cents or "").ljust(2, "0"))
    text = f"{yuan}元" if yuan else ""
    if tenth:
        text += _DIGITS[tenth] + "角"
    elif hundredth and yuan:
        text += "零"
    text += _DIGITS[hundredth] + "分" if hundredth else "整"
    if text == "整":
        return "零元整"
    return ("负" if sign else "") + text


def _yuan(whole: str) -> str:
    """The part before 元, "" for nothing."""
    groups = [int(whole[max(0, end - 4) : end]) for end in range(len(whole), 0, -4)]
    text = ""
    gap = False
    for power in range(len(groups) - 1, -1, -1):
        group = groups[power]
        if not group:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):  # noqa: PLR2004 - the place of 仟 is empty
            text += "零"
        unit = _GROUPS[power]
        if power == 3 and groups[2]:  # noqa: PLR2004 - 万 of 亿: the 亿 comes with the next group
            unit = "万"
        text += _group(group) + unit
        gap = False
    return text


def _group(number: int) -> str:
    """One to four digits with their places, single zeros between them."""
    text = ""
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += _DIGITS[digit] + _PLACES[place]
        elif text and not text.endswith("零"):
            text += "零"
    return text.rstrip("零")
