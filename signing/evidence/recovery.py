"""Object bodies as they lie in the file, whatever its cross-references say.

Lenient readers rebuild a damaged file from them (PDFium, MuPDF, Poppler). We rebuild one only
where its cross-references cannot be read, say so (`repaired`), and otherwise compare: a body that
no cross-reference explains is what such a reader would show instead.
"""

import re
from bisect import bisect_right

from signing.evidence.crossref import COMPRESSED, USED, Section
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.syntax import (
    PdfDictionary,
    Reference,
    Stream,
    SyntaxProblemError,
    indirect_object,
    value_at,
)

__all__ = ["bodies", "object_stream_numbers", "rebuilt"]

_MOST_BODIES = 200_000
_MOST_STREAMS = 200
_WINDOW, _NEAR = 48, 14
_NUMBERS = re.compile(rb"(?<!\d)(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+\Z")
_COMMENT = re.compile(rb"%[^\r\n]*")
_BLANK = frozenset(b"\x00\t\n\x0c\r ")


def bodies(data: bytes) -> dict[int, tuple[int, int]]:
    """Offset → number and generation of everything that reads `12 0 obj`, in file order.

    Raises:
        ReadingFaultError: there are too many.
    """
    found: dict[int, tuple[int, int]] = {}
    count, place = 0, -1
    while (place := data.find(b"obj", place + 1)) >= 0:
        if data[place + 3 : place + 4].isalnum():
            continue
        if count == 2 * _MOST_BODIES:
            raise ReadingFaultError("too-large", "objects")
        count += 1
        # Spares the search below for each `endobj`.
        if not place or data[place - 1] not in _BLANK:
            continue
        # Nearly always they stand alone on their line, and hardly ever is there so much white space
        # that one has to look farther back.
        line = data.rfind(b"\n", max(0, place - _NEAR), place - 1) + 1
        numbers = _NUMBERS.match(data, line, place) if line else None
        numbers = numbers or _NUMBERS.search(data, max(0, place - _NEAR), place)
        numbers = numbers or _NUMBERS.search(data, max(0, place - _WINDOW), place)
        if numbers is not None:
            found[numbers.start()] = (int(numbers[1]), int(numbers[2]))
    return found


def rebuilt(data: bytes, budget: Budget) -> Section:
    """One cross-reference section for the whole file: of each number the last body.

    Raises:
        ReadingFaultError: without a trailer that names the catalogue, or too much of everything.
    """
    found = bodies(data)
    places = {number: (offset, generation) for offset, (number, generation) in found.items()}
    entries = {number: (USED, offset, gen) for number, (offset, gen) in places.items()}
    budget.spend_entries(len(found))
    offsets = sorted(found)
    for offset in _streams(data, offsets):
        _add_held(data, offset, places, entries, budget)
    return Section(0, 0, None, _trailer(data, offsets, budget), entries, notes={"repaired"})


def object_stream_numbers(stream: Stream, content: bytes) -> list[tuple[int, int]]:
    """Numbers and offsets of the objects in an object stream (ISO 32000-2, 7.5.7).

    Raises:
        SyntaxProblemError: its head is not what `/N` and `/First` say.
    """
    count, first = stream.entries.get("/N"), stream.entries.get("/First")
    if not isinstance(count, int) or not isinstance(first, int) or count < 0 or first < 0:
        raise SyntaxProblemError("object stream")
    # Comments may follow the numbers (7.2.4): those between them not everybody skips.
    head, mark, rest = content[:first].partition(b"%")
    words = head.split()
    behind = _COMMENT.sub(b"", mark + rest).split()
    plain = all(word.isdigit() and len(word) < 11 for word in words + behind)  # noqa: PLR2004 - digits of an offset
    if len(words) < 2 * count or not plain:
        raise SyntaxProblemError("object stream")
    numbers = [int(word) for word in words[: 2 * count]]
    return [(numbers[at], first + numbers[at + 1]) for at in range(0, 2 * count, 2)]


def _streams(data: bytes, offsets: list[int]) -> list[int]:
    """Offsets of the bodies that speak of themselves as object streams, in file order."""
    found: dict[int, None] = {}
    place = data.find(b"/ObjStm")
    while place >= 0 and len(found) < _MOST_STREAMS:
        index = bisect_right(offsets, place) - 1
        if index >= 0:
            found[offsets[index]] = None
        place = data.find(b"/ObjStm", place + 1)
    return list(found)


def _add_held(
    data: bytes,
    offset: int,
    places: dict[int, tuple[int, int]],
    entries: dict[int, tuple[int, int, int]],
    budget: Budget,
) -> None:
    try:
        found = indirect_object(data, offset, _unknown_length, budget, lenient=True)
        if not isinstance(found.value, Stream):
            return
        content = decoded(found.value.entries, data[found.value.start : found.value.end], budget)
        held = object_stream_numbers(found.value, content)
    except (SyntaxProblemError, FilterProblemError):
        return
    budget.spend_entries(len(held))
    for index, (number, _) in enumerate(held):
        if places.get(number, (-1, 0))[0] < offset:
            places[number] = (offset, 0)
            entries[number] = (COMPRESSED, found.number, index)


def _unknown_length(_reference: Reference) -> None:
    """Where cross-references are broken a stream ends at `endstream`."""


def _trailer(data: bytes, offsets: list[int], budget: Budget) -> PdfDictionary:
    place = len(data)
    for _ in range(_MOST_STREAMS):
        place = data.rfind(b"trailer", 0, place)
        if place < 0:
            break
        try:
            found, _end = value_at(data, place + len(b"trailer"), budget)
        except SyntaxProblemError:
            continue
        if isinstance(found, dict) and "/Root" in found:
            return found
    for offset in reversed(offsets[-_MOST_STREAMS:]):
        found = _stream_dictionary(data, offset, budget)
        if found.get("/Type") == "/XRef" and "/Root" in found:
            return found
    raise ReadingFaultError("malformed", "trailer")


def _stream_dictionary(data: bytes, offset: int, budget: Budget) -> PdfDictionary:
    try:
        found = indirect_object(data, offset, _unknown_length, budget, lenient=True).value
    except SyntaxProblemError:
        return {}
    return found.entries if isinstance(found, Stream) else {}
