"""PDF objects as our own writer lays them into a file (ISO 32000-2, 7.3): plain, uncompressed."""

from collections.abc import Iterable
from datetime import UTC, datetime

__all__ = ["date", "references", "stream", "text"]


def text(value: str) -> bytes:
    """A text string (7.9.2.2), UTF-16BE with its mark, in hexadecimal digits."""
    return b"<FEFF" + value.encode("utf-16-be").hex().upper().encode() + b">"


def date(moment: datetime) -> bytes:
    """A date (7.9.4) in UTC; `moment` is aware."""
    utc = moment.astimezone(UTC)
    day = utc.year, utc.month, utc.day
    return b"(D:%04d%02d%02d%02d%02d%02dZ)" % (*day, utc.hour, utc.minute, utc.second)


def references(numbers: Iterable[int]) -> bytes:
    """References to objects of generation 0, as they stand in an array."""
    return b" ".join(b"%d 0 R" % number for number in numbers)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream (7.3.8) without filters; `entries` beside its length."""
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), entries, data)
