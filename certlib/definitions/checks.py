"""Checks of single values in a definition, made of a few words: `text(60)`, `choice(...)`."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from certlib.definitions.wording import at, told
from certlib.errors import Problem

Check = Callable[[str, object], Iterator[Problem]]
"""From a pointer and the value there to what is wrong with it."""

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Keys:
    """A closed object: which keys it must have, which it may have, and the check of each."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]

    def __call__(self, pointer: str, value: object) -> Iterator[Problem]:
        """Keys that are missing, keys that do not exist, and what each check finds."""
        if not isinstance(value, Mapping):
            yield told(pointer, "not-an-object")
            return
        for key in self.required:
            if key not in value:
                yield told(at(pointer, key), "key-missing", value=key)
        known = {**self.required, **self.optional}
        for key, item in value.items():
            if key in known:
                yield from known[key](at(pointer, key), item)
            else:
                yield told(at(pointer, key), "key-unknown", value=str(key)[:_SHOWN])


def text(most: int, form: str = "", zh: str = "", en: str = "") -> Check:
    """A text of 1 to `most` characters without blanks at its ends, of a form if one is given."""

    def check(pointer: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield told(pointer, "not-a-text")
        elif not 1 <= len(value) <= most:
            yield told(pointer, "text-length", most=most)
        elif value != value.strip():
            yield told(pointer, "text-form", zh="首尾有空格", en="blanks at its ends")
        elif form and not re.fullmatch(form, value):
            yield told(pointer, "text-form", zh=zh, en=en)

    return check


def raw_text(most: int) -> Check:
    """A text of at most `most` characters, whatever they are."""

    def check(pointer: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield told(pointer, "not-a-text")
        elif len(value) > most:
            yield told(pointer, "text-length", most=most)

    return check


def whole(least: int, most: int) -> Check:
    """An integer from `least` to `most`; true and false are none."""

    def check(pointer: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield told(pointer, "not-a-number", least=least, most=most)

    return check


def flag(pointer: str, value: object) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield told(pointer, "not-a-flag")


def day(pointer: str, value: object) -> Iterator[Problem]:
    """A calendar day as ISO 8601 writes it."""
    if not isinstance(value, str) or not _is_day(value):
        yield told(pointer, "not-a-day")


def choice(words: Collection[str | bool]) -> Check:
    """One of `words`; true is a word of its own, and not 1."""

    def check(pointer: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str | bool) or value not in words:
            named = [str(word).lower() if word is True else str(word) for word in words]
            yield told(pointer, "not-in-list", value="、".join(named))

    return check


def listed(item: Check, least: int, most: int) -> Check:
    """A list of `least` to `most` values, none of them twice."""

    def check(pointer: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield told(pointer, "not-a-list")
            return
        if not least <= len(value) <= most:
            yield told(pointer, "list-length", least=least, most=most)
        for index, one in enumerate(value):
            yield from item(at(pointer, index), one)
            if one in value[:index]:
                yield told(at(pointer, index), "repeated", value=str(one)[:_SHOWN])

    return check


def either_none(check: Check) -> Check:
    """Null, or what `check` wants."""

    def checked(pointer: str, value: object) -> Iterator[Problem]:
        if value is not None:
            yield from check(pointer, value)

    return checked


def mapping(pointer: str, value: object) -> Iterator[Problem]:
    """A JSON object; another check looks at what is in it."""
    if not isinstance(value, Mapping):
        yield told(pointer, "not-an-object")


def anything(pointer: str, value: object) -> Iterator[Problem]:
    """Whatever it is, another check looks at it."""
    del pointer, value
    yield from ()


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
