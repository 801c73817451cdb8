"""Where DER values begin and end: enough to find a place in a long structure without parsing it.

Certificates and lists are parsed by `cryptography`; this answers what it has no question for.
"""

from collections.abc import Iterator

__all__ = ["Span", "ber_length", "span_at", "spans"]

Span = tuple[int, int, int]
"""Offsets of a value: of its tag, of its content, and of what follows it."""

_SHORT_FORM = 0x80
_MOST_OCTETS = 4
_CONSTRUCTED, _LONG_TAG = 0x20, 0x1F
_END = b"\0\0"
_DEEPEST = 40


def span_at(data: bytes, at: int = 0) -> Span:
    """The value that begins at `at`.

    Raises:
        ValueError: it runs over the end, or has no definite length.
        IndexError: nothing begins there.
    """
    first = data[at + 1]
    begin = at + 2
    length = first
    if first >= _SHORT_FORM:
        octets = first - _SHORT_FORM
        if not 0 < octets <= _MOST_OCTETS:
            raise ValueError("length")
        begin += octets
        length = int.from_bytes(data[at + 2 : begin], "big")
    if begin + length > len(data):
        raise ValueError("truncated")
    return at, begin, begin + length


def spans(data: bytes, within: Span) -> Iterator[Span]:
    """The values inside a constructed one, in their order.

    Raises:
        ValueError, IndexError: as `span_at`; or the last one runs over the end of `within`.
    """
    _, at, end = within
    while at < end:
        found = span_at(data, at)
        if found[2] > end:
            raise ValueError("truncated")
        yield found
        at = found[2]


def ber_length(data: bytes) -> int:
    """How many octets the BER value at the start takes, its length definite or not (X.690, 8.1.3).

    Raises:
        ValueError, IndexError: as `span_at`; or it nests too deeply, or nothing ends it.
    """
    at = depth = 0
    while True:
        if depth and data.startswith(_END, at):
            at, depth = at + len(_END), depth - 1
        elif data[at + 1] == _SHORT_FORM:
            if not data[at] & _CONSTRUCTED or data[at] & _LONG_TAG == _LONG_TAG:
                raise ValueError("length")
            at, depth = at + 2, depth + 1
            if depth > _DEEPEST:
                raise ValueError("depth")
        else:
            at = span_at(data, at)[2]
        if not depth:
            return at
