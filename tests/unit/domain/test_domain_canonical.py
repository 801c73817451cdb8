"""Canonical JSON (RFC 8785) and its digest."""

import hashlib
import json
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.canonical import DEPTH_LIMIT, canonical_bytes, digest
from certlib.errors import Unsupported

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), TEXT),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=12,
)


@given(VALUES)
def test_reading_the_bytes_gives_the_value_back(value):
    assert json.loads(canonical_bytes(value)) == value


@given(VALUES)
def test_equal_values_have_equal_bytes_whatever_their_order(value):
    def turned(item):
        if isinstance(item, dict):
            return {key: turned(item[key]) for key in reversed(item)}
        return [turned(each) for each in item] if isinstance(item, list) else item

    assert canonical_bytes(turned(value)) == canonical_bytes(value)


@given(st.dictionaries(st.text(st.sampled_from("aZ0é揭\ue000\uffff😀𠀀\U0010ffff")), st.none()))
def test_keys_stand_in_the_order_of_their_utf_16_code_units(value):
    def units(key):
        """Code units by the definition of UTF-16, without Python's codec."""
        for number in map(ord, key):
            if number > 0xFFFF:
                yield 0xD800 + (number - 0x10000 >> 10)
                yield 0xDC00 + (number - 0x10000 & 0x3FF)
            else:
                yield number

    keys = list(json.loads(canonical_bytes(value)))
    assert keys == sorted(keys, key=lambda key: list(units(key)))


def test_the_sorting_example_of_rfc_8785():
    """Section 3.2.3: an astral key sorts before U+FB33, as its first surrogate does."""
    value = {
        "€": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "😀": "Emoji: Grinning Face",
        "\x80": "Control",
        "ö": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical_bytes(value))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]


def test_the_string_example_of_rfc_8785():
    """Section 3.2.2.2: short escapes, lower case hexadecimal, everything else as it is."""
    text = '\u20ac$\x0f\nA\'B"\\\\"/\x08\t\f\r\x00\x1f\x7f\x80\u2028é揭𠀀'
    assert canonical_bytes(text) == (
        '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\b\\t\\f\\r\\u0000\\u001f\x7f\x80\u2028é揭𠀀"'.encode()
    )


def test_literals_integers_and_nesting():
    value = {"b": [True, False, None, -1, 0, 2**53 - 1, -(2**53) + 1, [], {}], "a": ("x",)}
    assert canonical_bytes(value) == (
        b'{"a":["x"],"b":[true,false,null,-1,0,9007199254740991,-9007199254740991,[],{}]}'
    )


def test_enumerations_stand_for_their_values_and_maps_for_objects():
    class Colour(StrEnum):
        RED = "red"

    class Level(IntEnum):
        TWO = 2

        def __str__(self):
            return "two"

    value = OrderedDict({"z": Level.TWO, "a": Colour.RED})
    assert canonical_bytes(MappingProxyType(value)) == b'{"a":"red","z":2}'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        Decimal(1),
        b"x",
        bytearray(b"x"),
        memoryview(b"x"),
        {1},
        range(2),
        object(),
        2**53,
        -(2**53),
        "\ud800",
        "😀\udc00",
        {"\udfff": 1},
        {"a": "\ud800"},
        {1: "a"},
        {None: "a"},
        {"a": [{"b": 0.5}]},
    ],
)
def test_what_canonical_json_cannot_carry_is_refused(value):
    with pytest.raises(Unsupported):
        canonical_bytes(value)


def test_nesting_has_a_limit_that_the_interpreter_bears():
    def nested(levels):
        value = "x"
        for level in range(levels):
            value = [value] if level % 2 else {"a": value}
        return value

    assert canonical_bytes(nested(DEPTH_LIMIT))
    for levels in (DEPTH_LIMIT + 1, 5000):
        with pytest.raises(Unsupported, match="levels"):
            canonical_bytes(nested(levels))


def test_the_digest_is_the_hex_sha_256_of_the_bytes():
    assert digest({}) == hashlib.sha256(b"{}").hexdigest()
    assert digest({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
