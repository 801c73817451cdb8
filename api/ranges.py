"""Byte ranges of a file in memory (RFC 9110 section 14): one range, `If-Range` by ETag."""

import re

from api.failures import RangeNotSatisfiable

_RANGE = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))", re.IGNORECASE)


def wanted(
    range_header: str | None, if_range: str | None, tag: str, size: int
) -> tuple[int, int] | None:
    """First and last octet to send, or None for the whole file.

    What is not one well-formed byte range is ignored, as the standard allows; so is a range whose
    `If-Range` names another version.

    Raises:
        RangeNotSatisfiable: the range begins beyond the end.
    """
    if range_header is None or (if_range is not None and if_range.strip() != tag):
        return None
    found = _RANGE.fullmatch(range_header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size - 1
        usable = int(suffix) > 0 and size > 0
    else:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
        if last and int(last) < int(first):
            return None
        usable = start < size
    if not usable:
        raise RangeNotSatisfiable(size=size)
    return start, end
