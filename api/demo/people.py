"""Generated holders: valid check digits, old and new division codes, no real person."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from certlib.creditcode import credit_check
from certlib.identity import identity_check

_Item = TypeVar("_Item")

# 445221 and 445121 ended in 2012 and 2013; whoever was born there keeps the code for life.
_BIRTH_DIVISIONS = ("445202", "445203", "445221", "445222", "445224", "445281", "445121", "445103")
_SURNAMES = "陈林黄张李王吴刘蔡杨许郑谢郭洪邱曾廖赖徐周叶苏庄江吕何罗高萧潘简朱钟游彭詹胡施沈"
_COMPOUND = ("欧阳", "司徒", "上官", "诸葛")
_WOMEN = (
    "晓岚", "雨桐", "嘉怡", "梓涵", "丽君", "静怡", "诗琪", "婉婷", "美玲", "欣怡", "佳颖", "敏",
    "芳", "禾", "玥",
)  # fmt: skip
_MEN = (
    "明远", "思源", "子轩", "志强", "建华", "文博", "浩然", "俊杰", "国栋", "宇航", "泽楷", "伟",
    "喆", "翀", "昉",
)  # fmt: skip
_WORDS = (
    "顺达", "通源", "粤东", "榕江", "黄岐", "揭通", "宏运", "安捷", "万里", "中恒", "鹏程", "华诚",
    "联顺", "新纪元", "南山", "德盛", "骏马", "长风", "同舟", "远航",
)  # fmt: skip
_MINORITY = {True: ("古丽娜尔·艾合买提",), False: ("阿卜杜拉·买买提", "扎西·多吉")}
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Dice:
    """A repeatable stream of choices: the same demo everywhere, without a random source."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self._count += 1
        octets = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return int.from_bytes(octets[:8]) % limit

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of `items`."""
        return items[self.below(len(items))]


@dataclass(frozen=True, slots=True)
class Person:
    """A generated person."""

    name: str
    code: str
    born: date
    woman: bool


def name(dice: Dice, surname: str = "", *, woman: bool | None = None) -> str:
    """A name; now and then a compound surname, or one with a middle dot."""
    woman = dice.below(2) == 0 if woman is None else woman
    if not surname and dice.below(40) == 0:
        return dice.pick(_MINORITY[woman])
    family = surname or (dice.pick(_COMPOUND) if dice.below(25) == 0 else dice.pick(_SURNAMES))
    return family + dice.pick(_WOMEN if woman else _MEN)


def person(
    dice: Dice,
    born: date,
    *,
    surname: str = "",
    division: str = "",
    woman: bool | None = None,
) -> Person:
    """A person born on that day."""
    drawn = dice.below(2) == 0
    woman = drawn if woman is None else woman
    sequence = 10 + dice.below(480) * 2 + (0 if woman else 1)
    first = f"{division or dice.pick(_BIRTH_DIVISIONS)}{born:%Y%m%d}{sequence:03d}"
    return Person(name(dice, surname, woman=woman), first + identity_check(first), born, woman)


def parent(dice: Dice, today: date, *, woman: bool) -> Person:
    """A person between 22 and 42 years old."""
    return person(dice, today - timedelta(days=366 * 22 + dice.below(365 * 20)), woman=woman)


def company(dice: Dice, line: str) -> tuple[str, str]:
    """Name and credit code of an invented enterprise."""
    places = ("揭阳市", "揭阳市榕城区", "普宁市", "揭西县")
    title = f"{dice.pick(places)}{dice.pick(_WORDS)}{dice.pick(_WORDS)}{line}有限公司"
    body = "".join(dice.pick(_CREDIT_ALPHABET) for _ in range(7))
    first = f"91445202MA{body}"
    return title, first + credit_check(first)
