"""Where DER and BER values end (X.690, 8.1.3), in bytes that anybody may have written."""

import pytest

from signing.evidence.der import ber_length, span_at, spans

NESTED = b"\x30\x80"
END = b"\0\0"


@pytest.mark.parametrize(
    ("data", "span"),
    [
        (b"\x04\x00", (0, 2, 2)),
        (b"\x04\x02ab", (0, 2, 4)),
        (b"\x04\x02abc", (0, 2, 4)),
        (b"\x04\x7f" + bytes(127), (0, 2, 129)),
        (b"\x04\x81\x80" + bytes(128), (0, 3, 131)),
        (b"\x04\x82\x00\x01a", (0, 4, 5)),
        (b"\x04\x84\x00\x00\x00\x01a", (0, 6, 7)),
    ],
)
def test_a_value_ends_where_its_length_says(data, span):
    assert span_at(data) == span
    assert span_at(b"xy" + data, 2) == tuple(place + 2 for place in span)


@pytest.mark.parametrize(
    "data",
    [
        b"\x04\x01",
        b"\x04\x02a",
        b"\x04\x81\x02a",
        b"\x04\x84\xff\xff\xff\xffa",
        b"\x04\x80ab\0\0",  # no definite length
        b"\x04\x85\0\0\0\0\x01a",
        b"\x04\xffa",
    ],
)
def test_a_value_that_runs_over_the_end_or_has_no_definite_length(data):
    with pytest.raises(ValueError, match=r"length|truncated"):
        span_at(data)


@pytest.mark.parametrize("data", [b"", b"\x04"])
def test_nothing_begins_there(data):
    with pytest.raises(IndexError):
        span_at(data)


def test_values_inside_another_in_their_order():
    data = b"\x30\x05\x02\x01a\x04\x00 behind"
    assert list(spans(data, span_at(data))) == [(2, 4, 5), (5, 7, 7)]


def test_a_value_does_not_reach_out_of_the_one_around_it():
    """What is behind was not part of what somebody has signed."""
    data = b"\x30\x03\x02\x02abc"
    with pytest.raises(ValueError, match="truncated"):
        list(spans(data, span_at(data)))


def test_how_deep_values_without_length_may_nest():
    deep = NESTED * 40 + END * 40
    assert ber_length(deep + b"more") == len(deep)
    with pytest.raises(ValueError, match="depth"):
        ber_length(NESTED * 41 + END * 41)


def test_an_end_that_ends_nothing_is_a_value():
    assert ber_length(END + b"more") == 2
