"""Whether streams end where they say (ISO 32000-2, 7.3.8.1 and 7.3.8.2).

Where `/Length` does not lead to `endstream`, readers that follow the one and readers that look for
the other show two things of one file. Only white space may stand between: writers who count the
line end before `endstream`, or do not, mean the same.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from signing.evidence.crossref import FREE, USED
from signing.evidence.document import Document
from signing.evidence.syntax import PdfValue, Reference, SyntaxProblemError, stream_head

__all__ = ["lengths_lead"]

_WORD = b"stream"
_END = re.compile(rb"[\x00\t\n\x0c\r ]*+endstream(?![a-zA-Z0-9])")
_BLANK, _REGULAR = rb"[\x00\t\n\x0c\r ]", rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%#]"
_PLAIN = re.compile(
    (
        rb"\d{1,10}_+\d{1,5}_+obj_*+<<((?:_*+/@*+_*+(?:/@*+|@++(?:_++\d++_++R(?!@))?"
        rb"|<[0-9A-Fa-f]*+>|\((?:(?!/Length)[^()\\]){0,200}\)|\[(?:(?!/Length)[^()<>\[\]{}%#]){0,200}\]"
        rb"|<<(?:(?!/Length)[^()<>%#]|\([^()<>\\]{0,99}\)){0,200}>>)){0,50})_*+>>_*+"
        rb"(?:(stream)(?:\r\n|\n|\r)?|endobj)"
    )
    .replace(b"_", _BLANK)
    .replace(b"@", _REGULAR)
)
"""An object that is a plain dictionary or the head of a stream with one: most are.

No group is possessive whose repetition may fail half-way: Python before 3.11.5 goes on behind what
such a repetition had taken (gh-106052).
"""
_LENGTH = re.compile(
    rb"/Length(?!@)(?:_++(\d{1,9})(?!@)(?!_++\d++_++R(?!@)))?".replace(b"_", _BLANK).replace(
        b"@", _REGULAR
    )
)
_MOST_STRAYS = 1000
_PRICE = 8
"""Values as which an object counts that has to be read twice for this."""
_FARTHEST_BACK = 16
"""Objects, for one that lies inside another."""


class _AstrayError(Exception):
    """A `/Length` leads elsewhere, or nobody can tell where."""


def lengths_lead(document: Document) -> bool:
    """Whether the `/Length` of every stream leads to its end; false where that cannot be told.

    Raises:
        ReadingFaultError: the budget is spent.
    """
    try:
        _follow(document)
    except _AstrayError:
        return False
    return True


def _follow(document: Document) -> None:
    """From each `stream` to the end of its data, where the next one is looked for."""
    data = document.data
    listed = sorted({entry[1] for entry in document.entries.values() if entry[0] == USED})
    written: list[int] = []
    ends: dict[int, int] = {}
    strays, place = 0, data.find(_WORD)
    while place >= 0:
        if data[place - 3 : place] == b"end":
            place = data.find(_WORD, place + 1)
            continue
        end = _end_around(document, listed, place, ends)
        if end <= place:
            # In nothing that is listed: an older revision's, a cross-reference stream, a remainder.
            written = written or sorted(document.bodies)
            end = _end_around(document, written, place, ends)
        strays += end <= place
        if strays > _MOST_STRAYS:
            raise _AstrayError
        place = data.find(_WORD, max(end, place + 1))


def _end_around(
    document: Document, offsets: Sequence[int], place: int, ends: dict[int, int]
) -> int:
    """The end of the object in which `place` lies, of its data where it is a stream; else 0."""
    last = bisect_right(offsets, place)
    for offset in reversed(offsets[max(0, last - _FARTHEST_BACK) : last]):
        if offset not in ends:
            ends[offset] = _end_of(document, offset)
        if ends[offset] > place:
            return ends[offset]
    return 0


def _end_of(document: Document, offset: int) -> int:
    plain = _PLAIN.match(document.data, offset)
    if plain and not plain[2]:
        return plain.end()
    lengths = _LENGTH.findall(plain[1]) if plain else []
    if plain and len(lengths) == 1 and lengths[0]:
        return _ended(document.data, plain.end() + int(lengths[0]))
    document.budget.spend_values(_PRICE)
    try:
        head = stream_head(document.data, offset, document.budget)
    except SyntaxProblemError as error:
        raise _AstrayError from error
    entries, start = head
    if entries is None:
        return start
    stated = entries.get("/Length")
    lengths = _told(document, offset, stated) if isinstance(stated, Reference) else [stated]
    for length in lengths:
        if type(length) is int and length >= 0 and _END.match(document.data, start + length):
            return start + length
    raise _AstrayError


def _told(document: Document, offset: int, stated: Reference) -> list[PdfValue]:
    """What an indirect `/Length` says: now, or of a stream that was replaced, what it said then.

    Whoever replaces a stream may give up its length or replace it, too (7.5.6).
    """
    number = document.bodies.get(offset, (0, 0))[0]
    kind, place, _ = document.entries.get(number, (FREE, 0, 0))
    if not number or (kind, place) == (USED, offset):
        return [document.length_of(stated)]
    places = document.body_places
    at = bisect_right(places, offset)
    near = places[max(0, at - _FARTHEST_BACK) : at + _FARTHEST_BACK]
    then = (place for place in near if document.bodies[place] == (stated.number, stated.generation))
    return [document.length_of(stated), *(document.leniently_at(place) for place in then)]


def _ended(data: bytes, end: int) -> int:
    if not _END.match(data, end):
        raise _AstrayError
    return end
