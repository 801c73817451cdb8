"""Where DER values begin and end: enough to find a place in a long structure without parsing it.

Certificates and lists are parsed by `cryptography`; this answers what it has no question for.
"""

from collections.abc import Iterator

__all__ = ["Span", "span_at", "spans"]

Span = tuple[int, int, int]
"""Offsets of a value: of its tag, of its content, and of what follows it."""

_SHORT_FORM = 0x80
_MOST_OCTETS = 4


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
