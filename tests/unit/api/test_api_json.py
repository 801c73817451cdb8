"""JSON is read strictly: what two readers could understand differently is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import strict_json
from certlib.errors import CertlibError, Invalid, MalformedRequest


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'{"a":1,"a":2}',
        b'{"a":1e999}',
        b"12345678901234567",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b"[1,]",
        b"'a'",
    ],
)
def test_what_is_no_plain_json_is_malformed(body):
    with pytest.raises(MalformedRequest):
        strict_json.loads(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a":"x\\u0000"}', "/a"),
        (b'{"a":["\\ud800"]}', "/a/0"),
        (b'{"a":{"b~/c":"\\udfff"}}', "/a/b~0~1c"),
        (b'{"\\u0000":1}', ""),
    ],
)
def test_characters_that_no_database_keeps_are_named_by_field(body, field):
    with pytest.raises(Invalid) as caught:
        strict_json.loads(body)
    assert caught.value.problems[0].field == field
    assert caught.value.problems[0].code == "character-forbidden"


def test_thirty_two_levels_are_enough_and_read():
    body = b"[" * 31 + b"]" * 31
    assert strict_json.loads(body)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_good_values_come_through_unchanged(value):
    body = json.dumps(value).encode()
    try:
        assert strict_json.loads(body) == value
    except Invalid:
        assert "\\u0000" in body.decode() or "\\ud" in body.decode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with suppress(CertlibError):
        strict_json.loads(body)
