"""PDF object syntax (ISO 32000-1, 7.3), read by ourselves: spans in the file, no leniency.

Only what the judgement of a signature needs: where an object begins and ends, what a dictionary
says, and where the hexadecimal string of `/Contents` lies. A dictionary key that stands twice, an
unknown token or deep nesting is an error, because two readers would understand two things.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "HexString",
    "IndirectObject",
    "Name",
    "PdfValue",
    "Reference",
    "SyntaxProblemError",
    "indirect_object",
    "skip_space",
    "value_at",
]

_DEEPEST = 40
_SPACE = re.compile(rb"[\x00\t\n\x0c\r ]*")
_TOKEN_SPACE = re.compile(rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*)*")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
_REFERENCE = re.compile(
    rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+R(?![^\s()<>\[\]{}/%])"
)
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)")
_KEYWORD = re.compile(rb"true|false|null")
_HEX = re.compile(rb"<([0-9A-Fa-f\x00\t\n\x0c\r ]*)>")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|[\s\S])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_STRING_PART = re.compile(rb"[^()\\]*")
_HEADER = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj(?![a-zA-Z0-9])")
_STREAM = re.compile(rb"stream(\r\n|\n)")
_END_STREAM = re.compile(rb"(?:\r\n|\r|\n)?endstream(?![a-zA-Z0-9])")
_END_OBJECT = re.compile(rb"endobj(?![a-zA-Z0-9])")


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


@dataclass(frozen=True, slots=True)
class HexString:
    """A hexadecimal string and its span in the file, brackets included."""

    digits: bytes
    start: int
    end: int


PdfValue: TypeAlias = (
    "bool | int | float | bytes | Name | Reference | HexString"
    " | list[PdfValue] | dict[str, PdfValue] | None"
)


@dataclass(frozen=True, slots=True)
class IndirectObject:
    """`12 0 obj … endobj`; `end` is the offset after `endobj`."""

    number: int
    generation: int
    value: PdfValue
    end: int


def skip_space(data: bytes, position: int) -> int:
    """The offset of the first byte after white space; comments are not white space here."""
    found = _SPACE.match(data, position)
    return found.end() if found else position


def indirect_object(
    data: bytes, position: int, length_of: Callable[[Reference], int | None]
) -> IndirectObject:
    """The indirect object that begins exactly at `position`.

    Args:
        data: the whole file.
        position: offset of the object number.
        length_of: resolves an indirect `/Length` of a stream.

    Raises:
        SyntaxProblemError: no well-formed object stands there.
    """
    header = _HEADER.match(data, position)
    if header is None:
        raise SyntaxProblemError("object header")
    value, end = value_at(data, header.end())
    end = _after_space(data, end)
    stream = _STREAM.match(data, end)
    if stream:
        end = _end_of_stream(data, stream.end(), value, length_of)
    closing = _END_OBJECT.match(data, end)
    if closing is None:
        raise SyntaxProblemError("endobj")
    return IndirectObject(int(header[1]), int(header[2]), value, closing.end())


def value_at(data: bytes, position: int, depth: int = 0) -> tuple[PdfValue, int]:
    """The value at `position` and the offset after it.

    Raises:
        SyntaxProblemError: no well-formed value stands there.
    """
    if depth > _DEEPEST:
        raise SyntaxProblemError("nesting")
    position = _after_space(data, position)
    if data.startswith(b"<<", position):
        return _dictionary(data, position + 2, depth)
    reader = _READERS.get(data[position : position + 1])
    if reader is not None:
        return reader(data, position, depth)
    return _number_or_keyword(data, position)


def _after_space(data: bytes, position: int) -> int:
    found = _TOKEN_SPACE.match(data, position)
    return found.end() if found else position


def _end_of_stream(
    data: bytes,
    start: int,
    value: PdfValue,
    length_of: Callable[[Reference], int | None],
) -> int:
    length = value.get("/Length") if isinstance(value, dict) else None
    if isinstance(length, Reference):
        length = length_of(length)
    if not isinstance(length, int) or length < 0:
        raise SyntaxProblemError("stream length")
    closing = _END_STREAM.match(data, start + length)
    if closing is None:
        raise SyntaxProblemError("endstream")
    return _after_space(data, closing.end())


def _dictionary(data: bytes, position: int, depth: int) -> tuple[PdfValue, int]:
    found: dict[str, PdfValue] = {}
    while True:
        position = _after_space(data, position)
        if data.startswith(b">>", position):
            return found, position + 2
        key, position = _name(data, position, depth)
        if not isinstance(key, Name) or key in found:
            raise SyntaxProblemError("dictionary key")
        found[key], position = value_at(data, position, depth + 1)


def _array(data: bytes, position: int, depth: int) -> tuple[PdfValue, int]:
    found: list[PdfValue] = []
    position = _after_space(data, position + 1)
    while not data.startswith(b"]", position):
        value, position = value_at(data, position, depth + 1)
        found.append(value)
        position = _after_space(data, position)
    return found, position + 1


def _name(data: bytes, position: int, _depth: int) -> tuple[PdfValue, int]:
    found = _NAME.match(data, position)
    if found is None:
        raise SyntaxProblemError("name")
    text = re.sub(rb"#([0-9A-Fa-f]{2})", lambda code: bytes((int(code[1], 16),)), found[1])
    return Name("/" + text.decode("latin-1")), found.end()


def _hexadecimal(data: bytes, position: int, _depth: int) -> tuple[PdfValue, int]:
    found = _HEX.match(data, position)
    if found is None:
        raise SyntaxProblemError("hexadecimal string")
    return HexString(found[1], found.start(), found.end()), found.end()


def _string(data: bytes, position: int, _depth: int) -> tuple[PdfValue, int]:
    """A literal string, escapes resolved (ISO 32000-1, 7.3.4.2)."""
    start, open_brackets = position + 1, 0
    position = start
    while position < len(data):
        part = _STRING_PART.match(data, position)
        position = part.end() if part else position
        mark = data[position : position + 1]
        if mark == b"\\":
            position += 2
            continue
        if not mark:
            break
        open_brackets += 1 if mark == b"(" else -1
        if open_brackets < 0:
            return _ESCAPE.sub(_unescaped, data[start:position]), position + 1
        position += 1
    raise SyntaxProblemError("string")


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found[1]
    if mark.isdigit():
        return bytes((int(mark, 8) & 0xFF,))
    # A line end after a backslash is no character at all; other characters stand for themselves.
    return b"" if mark in (b"\r\n", b"\r", b"\n") else _ESCAPED.get(mark, mark)


def _number_or_keyword(data: bytes, position: int) -> tuple[PdfValue, int]:
    reference = _REFERENCE.match(data, position)
    if reference:
        return Reference(int(reference[1]), int(reference[2])), reference.end()
    number = _NUMBER.match(data, position)
    if number:
        text = number[0]
        return float(text) if b"." in text else int(text[:20]), number.end()
    keyword = _KEYWORD.match(data, position)
    if keyword:
        return {b"true": True, b"false": False, b"null": None}[keyword[0]], keyword.end()
    raise SyntaxProblemError("value")


_READERS: dict[bytes, Callable[[bytes, int, int], tuple[PdfValue, int]]] = {
    b"/": _name,
    b"[": _array,
    b"<": _hexadecimal,
    b"(": _string,
}
