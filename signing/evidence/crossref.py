"""Cross-reference tables and streams (ISO 32000-2, 7.5.4, 7.5.5, 7.5.8), chained by `/Prev`.

A section is read as it stands: its entries, its trailer, the bytes it takes. What two readers
could understand differently is noted, never decided silently.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from signing.evidence.faults import Budget
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.syntax import (
    PdfDictionary,
    PdfValue,
    Reference,
    Stream,
    SyntaxProblemError,
    indirect_object,
    skip_space,
    value_at,
)

__all__ = [
    "BLANK_BEFORE",
    "COMPRESSED",
    "FREE",
    "USED",
    "Chain",
    "CrossReferenceProblemError",
    "Entry",
    "Section",
    "chain_from",
]

FREE, USED, COMPRESSED = 0, 1, 2
Entry = tuple[int, int, int]
"""Kind; next free number, offset or number of the object stream; generation or index."""

BLANK_BEFORE = "crossref-blank"
"""The note of a section to which white space leads: whoever reads tokens from there finds it."""

_MOST_SECTIONS = 200
_NOTHING = "no section"
_NEAR = 8
_BLANK = b"\x00\t\n\x0c\r "
_ENTRY_SIZE = 20
_WIDTHS = 3
_WIDEST = 8
_TABLE = re.compile(rb"xref[ \t]*(?:\r\n|\r|\n)")
_LENIENT_TABLE = re.compile(rb"xref[\x00\t\n\x0c\r ]+")
_SUBSECTION = re.compile(rb"(\d{1,10}) (\d{1,10})[ \t]*(?:\r\n|\r|\n)")
_LENIENT_SUBSECTION = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10})[ \t]+(\d{1,10})[\x00\t\n\x0c\r ]+")
_BLOCK = re.compile(rb"(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*+")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])")
_LENIENT_ENTRY = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10})[ \t]+(\d{1,5})[ \t]+([nf])")
_TRAILER = re.compile(rb"[\x00\t\n\x0c\r ]*trailer")
_OBJECT = re.compile(rb"\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")


class CrossReferenceProblemError(ValueError):
    """No cross-reference section stands where one should.

    Attributes:
        hopeless: there is not even a trace of one where `startxref` points.
    """

    hopeless = False


@dataclass(slots=True)
class Section:
    """One cross-reference section.

    Attributes:
        start: offset of `xref` or of the stream's object number.
        end: offset after the trailer dictionary or after `endobj`.
        number: the cross-reference stream's own number; None for a table.
        trailer: the trailer, or the stream's dictionary.
        entries: what it says of each number; of two entries for one number the first.
        hidden: the cross-reference stream that `/XRefStm` of a table names.
        notes: slugs, see `signing.evidence.structure`.
    """

    start: int
    end: int
    number: tuple[int, int] | None
    trailer: PdfDictionary
    entries: dict[int, Entry]
    hidden: "Section | None" = None
    notes: set[str] = field(default_factory=set)

    def is_at(self, data: bytes, offset: int) -> bool:
        """Whether `offset` leads here, at most over white space."""
        return offset <= self.start and not data[offset : self.start].strip(_BLANK)

    @property
    def merged(self) -> dict[int, Entry]:
        """Entries of a table with those of its hidden stream (7.5.8.4): used ones come first."""
        if self.hidden is None:
            return self.entries
        used = {number: entry for number, entry in self.entries.items() if entry[0] != FREE}
        return {**self.entries, **self.hidden.entries, **used}


@dataclass(frozen=True, slots=True)
class Chain:
    """Sections, the newest first."""

    sections: tuple[Section, ...]
    notes: frozenset[str]


def chain_from(data: bytes, start: int, budget: Budget) -> Chain:
    """The sections from `start` along `/Prev`.

    Raises:
        CrossReferenceProblemError: one of them is none.
        ReadingFaultError: the budget is spent.
    """
    sections: list[Section] = []
    notes: set[str] = set()
    seen: set[int] = set()
    position: int | None = start
    while position is not None:
        if position in seen:
            notes.add("cyclic")
            break
        seen.add(position)
        if len(sections) >= _MOST_SECTIONS:
            raise CrossReferenceProblemError("sections")
        section = _linked(data, position, budget, first=not sections)
        notes |= section.notes
        sections.append(section)
        position = _place(section.trailer, "/Prev")
    if any(section.hidden for section in sections) and not _agree(sections):
        notes.add("duplicate-entries")
    return Chain(tuple(sections), frozenset(notes))


def _agree(sections: list[Section]) -> bool:
    """Whether tables leave free whatever a hidden stream beside or above defines (7.5.8.4)."""
    told: dict[int, Entry] = {}
    for section in reversed(sections):
        told.update(section.entries)
        hidden = {} if section.hidden is None else section.hidden.entries
        for number, entry in hidden.items():
            if entry[0] != FREE and told.get(number, entry) != entry and told[number][0] != FREE:
                return False
    return True


def _linked(data: bytes, position: int, budget: Budget, *, first: bool) -> Section:
    try:
        section = _section(data, position, budget)
    except CrossReferenceProblemError as error:
        error.hopeless = first and error.args == (_NOTHING,)
        raise
    _with_hidden(data, section, budget)
    return section


def _place(trailer: PdfDictionary, key: str) -> int | None:
    found = trailer.get(key)
    if found is None:
        return None
    # `true` is no number, and a negative one would count from the end of the file.
    if type(found) is not int or found < 0:
        raise CrossReferenceProblemError(key)
    return found


def _with_hidden(data: bytes, section: Section, budget: Budget) -> None:
    place = _place(section.trailer, "/XRefStm")
    if place is None or section.number is not None:
        return
    section.notes.add("hybrid")
    hidden = _section(data, place, budget)
    if hidden.number is None:
        raise CrossReferenceProblemError("/XRefStm")
    section.notes |= hidden.notes
    section.hidden = hidden


def _section(data: bytes, position: int, budget: Budget) -> Section:
    if data.startswith(b"xref", position):
        return _table(data, position, budget)
    if _OBJECT.match(data, position):
        return _stream(data, position, budget)
    return _nearby(data, position, budget)


def _nearby(data: bytes, position: int, budget: Budget) -> Section:
    """A few bytes beside the place that was stated, as writers do that miscount a line end."""
    first = max(0, position - _NEAR)
    place = data.find(b"xref", first, position + _NEAR + 4)
    if place >= 0 and not data.startswith(b"start", max(0, place - 5)):
        section = _table(data, place, budget)
    else:
        place = skip_space(data, position)
        if place - position > _NEAR or not _OBJECT.match(data, place):
            raise CrossReferenceProblemError(_NOTHING)
        section = _stream(data, place, budget)
    section.notes.add(BLANK_BEFORE if section.is_at(data, position) else "crossref-offset")
    return section


def _table(data: bytes, position: int, budget: Budget) -> Section:
    notes: set[str] = set()
    entries: dict[int, Entry] = {}
    opening = _TABLE.match(data, position)
    if opening is None:
        notes.add("crossref-syntax")
        opening = _LENIENT_TABLE.match(data, position)
    if opening is None:
        raise CrossReferenceProblemError("xref")
    at = opening.end()
    if _TRAILER.match(data, at):
        notes.add("crossref-syntax")  # 7.5.4: one or more subsections
    while not (closing := _TRAILER.match(data, at)):
        at = _subsection(data, at, entries, notes, budget)
    try:
        trailer, end = value_at(data, closing.end(), budget)
    except SyntaxProblemError as error:
        raise CrossReferenceProblemError("trailer") from error
    if not isinstance(trailer, dict):
        raise CrossReferenceProblemError("trailer")
    return Section(position, end, None, trailer, entries, notes=notes)


def _subsection(
    data: bytes, at: int, entries: dict[int, Entry], notes: set[str], budget: Budget
) -> int:
    head = _SUBSECTION.match(data, at)
    if head is None:
        notes.add("crossref-syntax")
        head = _LENIENT_SUBSECTION.match(data, at)
    if head is None:
        raise CrossReferenceProblemError("subsection")
    budget.spend_entries(1)
    first, count = int(head[1]), int(head[2])
    end = head.end() + _ENTRY_SIZE * count
    block = data[head.end() : end]
    # Asked for twice: with a row that is cut off, expressions of Python before 3.11.5 go wrong.
    if len(block) == _ENTRY_SIZE * count and _BLOCK.fullmatch(block):
        budget.spend_entries(count)
        rows = _ENTRY.findall(block)
    else:
        notes.add("crossref-syntax")
        rows, end = _lenient_rows(data, head.end(), count, budget)
    for number, (offset, generation, mark) in enumerate(rows, first):
        if number in entries:
            notes.add("duplicate-entries")
            continue
        entries[number] = (USED if mark == b"n" else FREE, int(offset), int(generation))
    return end


def _lenient_rows(
    data: bytes, at: int, count: int, budget: Budget
) -> tuple[list[tuple[bytes, bytes, bytes]], int]:
    rows: list[tuple[bytes, bytes, bytes]] = []
    while len(rows) < count and (row := _LENIENT_ENTRY.match(data, at)):
        budget.spend_entries(1)
        rows.append((row[1], row[2], row[3]))
        at = row.end()
    if not rows and count:
        raise CrossReferenceProblemError("entries")
    return rows, at


def _stream(data: bytes, position: int, budget: Budget) -> Section:
    try:
        found = indirect_object(data, position, _no_length, budget)
    except SyntaxProblemError as error:
        raise CrossReferenceProblemError("cross-reference stream") from error
    value = found.value
    if not isinstance(value, Stream) or value.entries.get("/Type") != "/XRef":
        raise CrossReferenceProblemError("cross-reference stream")
    try:
        rows = decoded(value.entries, data[value.start : value.end], budget)
    except FilterProblemError as error:
        raise CrossReferenceProblemError("cross-reference stream") from error
    section = Section(position, found.end, (found.number, found.generation), value.entries, {})
    _fill(section, rows, budget)
    return section


def _no_length(_reference: Reference) -> None:
    """The length of a cross-reference stream must be direct (ISO 32000-2, 7.5.8.2)."""


def _fill(section: Section, rows: bytes, budget: Budget) -> None:
    widths = _widths(section.trailer)
    width = sum(widths)
    read = _reader(widths)
    at = 0
    for first, count in _ranges(section.trailer):
        there = min(count, (len(rows) - at) // width)
        budget.spend_entries(there + 1)
        for number in range(first, first + there):
            if number in section.entries:
                section.notes.add("duplicate-entries")
            else:
                section.entries[number] = read(rows[at : at + width])
                if section.entries[number][0] > COMPRESSED:
                    # 7.5.8.3: the null object for some readers, what was there before for others.
                    section.notes.add("crossref-syntax")
            at += width
        if there < count:
            section.notes.add("crossref-syntax")


def _widths(trailer: PdfDictionary) -> tuple[int, int, int]:
    found = _counts(trailer.get("/W")) or []
    if len(found) != _WIDTHS or max(found) > _WIDEST or not found[1]:
        raise CrossReferenceProblemError("/W")
    return found[0], found[1], found[2]


def _ranges(trailer: PdfDictionary) -> list[tuple[int, int]]:
    found = _counts(trailer.get("/Index", [0, trailer.get("/Size")]))
    if found is None or len(found) % 2:
        raise CrossReferenceProblemError("/Index")
    return list(zip(found[::2], found[1::2], strict=True))


def _counts(value: PdfValue) -> list[int] | None:
    """An array of nothing but whole numbers from 0 on; None where it is anything else."""
    if not isinstance(value, list):
        return None
    found = [item for item in value if type(item) is int and item >= 0]
    return found if len(found) == len(value) else None


def _reader(widths: tuple[int, int, int]) -> Callable[[bytes], Entry]:
    first, second = widths[0], widths[0] + widths[1]
    number = int.from_bytes

    def read(row: bytes) -> Entry:
        kind = number(row[:first], "big") if first else USED
        return kind, number(row[first:second], "big"), number(row[second:], "big")

    return read
