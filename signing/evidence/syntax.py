"""PDF object syntax (ISO 32000-2, 7.3), read by ourselves: spans in the file, no leniency.

A dictionary key that stands twice, an unknown token or deep nesting is an error, because two
readers would understand two things. `lenient` reads on where most readers do (a key that stands
twice, a wrong `/Length`, a missing `endobj`); who uses it must say so in the file's notes.

One regular expression finds one token, without backtracking; nesting costs no recursion.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from signing.evidence.faults import Budget, ReadingFaultError

__all__ = [
    "HexString",
    "IndirectObject",
    "Name",
    "PdfDictionary",
    "PdfValue",
    "Reference",
    "Stream",
    "SyntaxProblemError",
    "indirect_object",
    "size_of",
    "skip_space",
    "stream_head",
    "text_of",
    "value_at",
]

_DEEPEST = 50
_MOST_BRACKETS = 20_000
_LONGEST_NUMBER = 30
_WHOLE = 1 << 40
"""Beyond it a number is none that counts or points; readers take it as real (7.3.3, annex C)."""
_LONGEST_NAME = 4096
_COMMENT = 48
_END = rb"(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
_BETWEEN = rb"[\x00\t\n\x0c\r ]*+(?:%[^\r\n]*+[\x00\t\n\x0c\r ]*+)*+"
_TOKEN = re.compile(
    _BETWEEN + rb"(?:"
    rb"(/)([^\x00\t\n\x0c\r ()<>\[\]{}/%]*+)"  # 2
    rb"|(\d{1,10}+)[\x00\t\n\x0c\r ]++(\d{1,5}+)[\x00\t\n\x0c\r ]++R"
    + _END  # 4
    + rb"|([+-]?+(?:\d++\.?+\d*+|\.\d++))"
    + _END  # 5
    + rb"|(<<)|(>>)|(\[)|(\])"  # 6 to 9
    rb"|<([0-9A-Fa-f\x00\t\n\x0c\r ]*+)>"  # 10
    rb"|(\()"  # 11
    rb"|(true|false|null)" + _END + rb")"  # 12
)
_NAME, _REFERENCE, _NUMBER, _OPEN, _CLOSE, _BEGIN, _FINISH, _HEX, _TEXT, _WORD = (
    *(2, 4, 5, 6, 7, 8, 9, 10, 11, 12),
)
_SPACE = re.compile(rb"[\x00\t\n\x0c\r ]*+")
_TOKEN_SPACE = re.compile(_BETWEEN)
_BROKEN_HEX = re.compile(rb"<[0-9A-Fa-f\x00\t\n\x0c\r ]*+")
_NAME_CODE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|[\s\S])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_STRING_PART = re.compile(rb"[^()\\]*+(?:\\[\s\S][^()\\]*+)*+")
_HEADER = re.compile(
    rb"(\d{1,10})(?:[\x00\t\n\x0c\r ]+(?:(\d{1,5})(?:[\x00\t\n\x0c\r ]+(obj(?![a-zA-Z0-9]))?)?)?)?"
)
"""As much of a header as there is: it is whole where the last group has something."""
_STREAM = re.compile(rb"stream(?:\r\n|\n)")
_LENIENT_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)?")
_END_STREAM = re.compile(rb"(?:\r\n|\r|\n)?endstream(?![a-zA-Z0-9])")
_END_OBJECT = re.compile(rb"endobj(?![a-zA-Z0-9])")
_KEYWORDS = {b"true": True, b"false": False, b"null": None}


class SyntaxProblemError(ValueError):
    """The bytes are no PDF object, or one that two readers could understand differently."""


class Name(str):
    """A PDF name with its slash, `#` escapes resolved."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """`12 0 R`."""

    number: int
    generation: int

    def __str__(self) -> str:
        return f"{self.number} {self.generation}"


@dataclass(frozen=True, slots=True)
class HexString:
    """A hexadecimal string and its span in the file, brackets included."""

    digits: bytes
    start: int
    end: int

    @property
    def decoded(self) -> bytes:
        """The bytes it stands for; a missing last digit is 0 (ISO 32000-2, 7.3.4.3)."""
        digits = self.digits.translate(None, b"\x00\t\n\x0c\r ")
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


PdfDictionary: TypeAlias = "dict[str, PdfValue]"


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream object: its dictionary, and the span of its encoded bytes in the file."""

    entries: PdfDictionary
    start: int
    end: int


PdfValue: TypeAlias = (
    "bool | int | float | bytes | Name | Reference | HexString | Stream"
    " | list[PdfValue] | PdfDictionary | None"
)


@dataclass(frozen=True, slots=True)
class IndirectObject:
    """`12 0 obj … endobj`; `end` is the offset after `endobj`."""

    number: int
    generation: int
    value: PdfValue
    end: int


def size_of(value: PdfValue) -> int:
    """How many entries or items a value has itself."""
    entries = value.entries if isinstance(value, Stream) else value
    return len(entries) if isinstance(entries, (dict, list)) else 0


def skip_space(data: bytes, position: int) -> int:
    """The offset of the first byte after white space; comments are not white space here."""
    found = _SPACE.match(data, position)
    return max(position, found.end()) if found else position


def text_of(value: PdfValue) -> str:
    """A text string (ISO 32000-2, 7.9.2.2) or a name as people read it; "" for anything else."""
    if isinstance(value, str):
        return value
    encoded = value.decoded if isinstance(value, HexString) else value
    if not isinstance(encoded, bytes):
        return ""
    if encoded.startswith(b"\xfe\xff"):
        return encoded[2:].decode("utf-16-be", "replace")
    if encoded.startswith(b"\xef\xbb\xbf"):
        return encoded[3:].decode("utf-8", "replace")
    return encoded.decode("latin-1")


def indirect_object(
    data: bytes,
    position: int,
    length_of: Callable[[Reference], int | None],
    budget: Budget,
    *,
    lenient: bool = False,
) -> IndirectObject:
    """The indirect object that begins exactly at `position`.

    Args:
        data: the whole file.
        position: offset of the object number.
        length_of: resolves an indirect `/Length` of a stream.
        budget: what may be spent.
        lenient: reads on where most readers do.

    Raises:
        SyntaxProblemError: no well-formed object stands there.
        ReadingFaultError: the budget is spent.
    """
    header = _header(data, position, budget)
    if header is None:
        raise SyntaxProblemError("object header")
    value, last = value_at(data, header.end(), budget, lenient=lenient)
    end = _after_space(data, last)
    budget.spend_scanned(_price(data, last, end))
    stream = (_LENIENT_STREAM if lenient else _STREAM).match(data, end)
    if stream:
        value, end = _stream(data, stream.end(), value, length_of, budget, lenient=lenient)
    closing = _END_OBJECT.match(data, end)
    if closing is None and not lenient:
        raise SyntaxProblemError("endobj")
    return IndirectObject(
        int(header[1]), int(header[2]), value, closing.end() if closing is not None else end
    )


def stream_head(data: bytes, position: int, budget: Budget) -> "tuple[PdfDictionary | None, int]":
    """Dictionary and first byte of the stream object at `position`; of another, None and its end.

    Raises:
        SyntaxProblemError: what stands there cannot be read, with all leniency.
        ReadingFaultError: the budget is spent.
    """
    header = _header(data, position, budget)
    if header is None:
        return None, position
    value, last = value_at(data, header.end(), budget, lenient=True)
    end = _after_space(data, last)
    budget.spend_scanned(_price(data, last, end))
    stream = _LENIENT_STREAM.match(data, end)
    return (value, stream.end()) if stream and isinstance(value, dict) else (None, last)


def value_at(
    data: bytes, position: int, budget: Budget, *, lenient: bool = False
) -> tuple[PdfValue, int]:
    """The value at `position` and the offset after it.

    Raises:
        SyntaxProblemError: no well-formed value stands there.
        ReadingFaultError: the budget is spent.
    """
    reading = _Reading(data, position, budget.values, lenient=lenient)
    try:
        return reading.value(), reading.position
    finally:
        budget.spend_values(reading.count)
        budget.spend_scanned(_price(data, position, reading.position))


def _price(data: bytes, start: int, end: int) -> int:
    """What reading these bytes costs: a comment is short, and skipping it is slow."""
    return end - start + _COMMENT * data.count(b"%", start, end)


class _Reading:
    """One value being read, as far as it got."""

    __slots__ = ("count", "data", "lenient", "most", "position")

    def __init__(self, data: bytes, position: int, most: int, *, lenient: bool) -> None:
        self.data = data
        self.position = position
        self.count = 0
        self.most = most
        self.lenient = lenient

    def value(self) -> PdfValue:
        data, match = self.data, _TOKEN.match
        waiting: list[tuple[int, list[PdfValue]]] = []
        items: list[PdfValue] = []
        awaited = 0
        while True:
            found = match(data, self.position)
            if found is None or self.count >= self.most:
                raise self._no_token()
            self.position = found.end()
            self.count += 1
            kind = found.lastindex
            if kind in (_OPEN, _BEGIN):
                waiting.append((awaited, items))
                awaited, items = (_CLOSE if kind == _OPEN else _FINISH), []
                if len(waiting) > _DEEPEST:
                    raise SyntaxProblemError("nesting")
                continue
            if kind in (_CLOSE, _FINISH):
                if kind != awaited:
                    raise SyntaxProblemError("brackets")
                value: PdfValue = self._dictionary(items) if kind == _CLOSE else items
                awaited, items = waiting.pop()
            else:
                value = self._scalar(kind, found)
            if not waiting:
                return value
            items.append(value)

    def _scalar(self, kind: int | None, found: re.Match[bytes]) -> PdfValue:
        if kind == _NAME:
            return _name(found[_NAME])
        if kind == _REFERENCE:
            return Reference(int(found[3]), int(found[4]))
        if kind == _NUMBER:
            return _number(found[_NUMBER])
        if kind == _HEX:
            return HexString(found[_HEX], found.start(_HEX) - 1, found.end())
        return self._string() if kind == _TEXT else _KEYWORDS[found[_WORD]]

    def _dictionary(self, items: list[PdfValue]) -> PdfDictionary:
        keys = items[::2]
        if len(items) % 2 or (keys and set(map(type, keys)) != {Name}):
            raise SyntaxProblemError("dictionary key")
        found: PdfDictionary = dict(zip(keys, items[1::2], strict=True))  # type: ignore[arg-type]  # names, seen above
        # Where a stream ends with two lengths, no two lenient readers agree either.
        if len(found) != len(keys) and (not self.lenient or keys.count(Name("/Length")) > 1):
            raise SyntaxProblemError("dictionary key twice")
        return found

    def _string(self) -> bytes:
        """A literal string, escapes resolved (ISO 32000-2, 7.3.4.2)."""
        data, start = self.data, self.position
        depth = 0
        for _ in range(_MOST_BRACKETS):
            part = _STRING_PART.match(data, self.position)
            self.position = part.end() if part else self.position
            mark = data[self.position : self.position + 1]
            if mark not in (b"(", b")"):
                break
            self.position += 1
            depth += 1 if mark == b"(" else -1
            if depth < 0:
                text = data[start : self.position - 1]
                return _ESCAPE.sub(_unescaped, text) if b"\\" in text else text
        raise SyntaxProblemError("string")

    def _no_token(self) -> SyntaxProblemError | ReadingFaultError:
        if self.count >= self.most:
            return ReadingFaultError("too-large", "values")
        # A string of digits without its end was read to the end of the digits: that has its price.
        place = _after_space(self.data, self.position)
        found = _BROKEN_HEX.match(self.data, place)
        # Never back: whoever points behind the end of the data would be given budget.
        self.position = max(self.position, found.end() if found else place)
        return SyntaxProblemError("value")


def _after_space(data: bytes, position: int) -> int:
    found = _TOKEN_SPACE.match(data, position)
    return found.end() if found else position


def _header(data: bytes, position: int, budget: Budget) -> "re.Match[bytes] | None":
    """`12 0 obj`; what was read of another thing has its price too."""
    found = _HEADER.match(data, position)
    if found is None:
        return None
    budget.spend_scanned(found.end() - position)
    return found if found[3] else None


def _stream(
    data: bytes,
    start: int,
    value: PdfValue,
    length_of: Callable[[Reference], int | None],
    budget: Budget,
    *,
    lenient: bool,
) -> tuple[Stream, int]:
    if not isinstance(value, dict):
        raise SyntaxProblemError("stream dictionary")
    length = value.get("/Length")
    if isinstance(length, Reference):
        length = length_of(length)
    closing = None
    if type(length) is int and length >= 0:
        closing = _END_STREAM.match(data, start + length)
    if closing is None and lenient:
        closing = _END_STREAM.search(data, start)
        if closing is None:
            budget.spend_scanned(len(data) - start)
    if closing is None:
        raise SyntaxProblemError("stream length")
    end = _after_space(data, closing.end())
    budget.spend_scanned(closing.start() - start + _price(data, closing.start(), end))
    return Stream(value, start, closing.start()), end


@lru_cache(maxsize=1024)  # a file says the same few again and again
def _name(text: bytes) -> Name:
    if len(text) > _LONGEST_NAME:
        raise SyntaxProblemError("name")
    if b"#" in text:
        text = _NAME_CODE.sub(lambda code: bytes((int(code[1], 16),)), text)
    return Name("/" + text.decode("latin-1"))


def _number(text: bytes) -> PdfValue:
    if len(text) > _LONGEST_NUMBER:
        raise SyntaxProblemError("number")
    if b"." in text:
        return float(text)
    whole = int(text)
    return whole if abs(whole) < _WHOLE else float(text)


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found[1]
    if mark.isdigit() and mark < b"8":
        return bytes((int(mark, 8) & 0xFF,))
    # A line end after a backslash is no character at all; other characters stand for themselves.
    return b"" if mark in (b"\r\n", b"\r", b"\n") else _ESCAPED.get(mark, mark)
