"""Accounting for every byte that was appended after a signature.

Each appended revision must consist of exactly the objects its own cross-reference lists, that
cross-reference, and the end marker (ISO 32000-2, 7.5.6): bytes beside them, entries that point back
into the signed part and objects that stand twice are how shadow and incremental-saving attacks
hide, from readers that follow cross-references and from those that rebuild a file.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass

from certlib.evidence import ChangeGrade
from signing.evidence.crossref import BLANK_BEFORE, COMPRESSED, FREE, USED, Section
from signing.evidence.document import Document
from signing.evidence.syntax import SyntaxProblemError

__all__ = ["AppendedProblemError", "Revision", "account"]

_CLOSING = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF(?:\r\n|\r|\n)?")
_ENDING = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")
# Writers sign their work with a comment (7.2.4); words that readers search for do not belong there.
_BESIDE = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+")
_WORDS = re.compile(rb"obj|xref|trailer|stream|%PDF|%%EOF")
_TRAILER = re.compile(rb"trailer[\x00\t\n\x0c\r ]*<<")
_LAST_LINES = 64
_MOST_REVISIONS = 50


class AppendedProblemError(Exception):
    """Something was appended that its cross-reference does not explain.

    Attributes:
        grade: not permitted when it takes the place of something signed, else unexplained.
        objects: which ones, as `12 0`.
    """

    def __init__(self, detail: str, *objects: object, redefines: bool = False) -> None:
        super().__init__(detail)
        self.grade = ChangeGrade.NOT_PERMITTED if redefines else ChangeGrade.UNEXPLAINED
        self.objects = tuple(str(item) for item in objects)


@dataclass(frozen=True, slots=True)
class Revision:
    """One appended revision: its section, and the offset after its end marker."""

    section: Section
    end: int


def account(document: Document, start: int) -> list[Revision]:
    """The whole revisions that follow `start`, each explained to the last byte.

    Args:
        document: the file.
        start: the offset after the last byte that a signature covers.

    Raises:
        AppendedProblemError: a byte is left over, or an entry points into what was there before.
        ReadingFaultError: the budget is spent.
    """
    later = [section for section in document.sections if section.start >= start]
    earlier = document.sections[len(later) :]
    if len(later) > _MOST_REVISIONS:
        raise AppendedProblemError("too many revisions")
    if later != sorted(later, key=lambda item: -item.start):
        raise AppendedProblemError("order of the cross-references", redefines=True)
    _check_base(document, start, earlier)
    known = {number for section in earlier for number, entry in section.merged.items() if entry[0]}
    position = start
    found = []
    for section in reversed(later):
        position = _Revision(document, section, known).end(position)
        known |= {number for number, entry in section.entries.items() if entry[0] != FREE}
        found.append(Revision(section, position))
    if position != len(document.data):
        raise AppendedProblemError("bytes after the last revision")
    return found


def _check_base(document: Document, start: int, earlier: tuple[Section, ...]) -> None:
    """What was appended continues exactly the revision that was signed."""
    stated = _ENDING.search(document.data, max(0, start - _LAST_LINES), start)
    if stated is None or not earlier or not earlier[0].is_at(document.data, int(stated[1])):
        raise AppendedProblemError("signed revision left out", redefines=True)


class _Revision:
    """One revision being checked, from its first byte on."""

    def __init__(self, document: Document, section: Section, known: set[int]) -> None:
        self.document = document
        self.data = document.data
        self.section = section
        self.known = known

    def end(self, position: int) -> int:
        """The offset after it."""
        section, start = self.section, position
        if section.hidden is not None:
            raise AppendedProblemError("hybrid cross-reference", redefines=True)
        if section.notes - {BLANK_BEFORE}:
            raise AppendedProblemError("ambiguous cross-reference table")
        offsets = self._offsets(position)
        for offset, (number, generation) in sorted(offsets.items()):
            position = self._object(position, offset, (number, generation))
        if self._beside(position) != section.start:
            raise AppendedProblemError("bytes before the cross-reference")
        self._check_object_streams()
        closing = _CLOSING.match(self.data, self._beside(section.end))
        if closing is None or not section.is_at(self.data, int(closing[1])):
            raise AppendedProblemError("end of the revision")
        self._check_hidden(start, closing.end(), {*offsets, section.start})
        return closing.end()

    def _beside(self, position: int) -> int:
        """The offset after white space and comments."""
        found = _BESIDE.match(self.data, position)
        end = found.end() if found else position
        if _WORDS.search(self.data, position, end):
            raise AppendedProblemError("words of the file structure in a comment")
        return end

    def _check_hidden(self, start: int, end: int, listed: set[int]) -> None:
        """Readers that rebuild a file also find what lies in a stream or string."""
        places = self.document.body_places
        for place in places[bisect_left(places, start) : bisect_left(places, end)]:
            if place not in listed:
                raise AppendedProblemError("object inside another", self.document.bodies[place][0])
        if len(_TRAILER.findall(self.data, start, end)) > (self.section.number is None):
            raise AppendedProblemError("trailer inside an object")

    def _offsets(self, position: int) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for number, (kind, offset, generation) in self.section.entries.items():
            if kind != USED:
                continue
            if offset < position:
                raise AppendedProblemError("entry points back", number, redefines=True)
            if offset in found:
                raise AppendedProblemError("two entries for one place", number)
            found[offset] = (number, generation)
        own = found.pop(self.section.start, self.section.number)
        if own != self.section.number or (own is not None and own[0] in self.known):
            raise AppendedProblemError("number of the cross-reference stream", redefines=True)
        return found

    def _object(self, position: int, offset: int, expected: tuple[int, int]) -> int:
        if self._beside(position) != offset:
            raise AppendedProblemError("bytes between objects", expected[0])
        try:
            found = self.document.object_at(offset)
        except SyntaxProblemError as error:
            raise AppendedProblemError("object syntax", expected[0]) from error
        if (found.number, found.generation) != expected:
            raise AppendedProblemError("object number", expected[0])
        return found.end

    def _check_object_streams(self) -> None:
        """Object streams hold exactly what this revision lists in them."""
        listed: dict[int, dict[int, int]] = {}
        for number, (kind, container, index) in self.section.entries.items():
            if kind == COMPRESSED:
                listed.setdefault(container, {})[index] = number
        for container, numbers in listed.items():
            if self.section.entries.get(container, (FREE, 0, 0))[0] != USED:
                raise AppendedProblemError(
                    "object stream of another revision", container, redefines=True
                )
            held = self.document.held_at(self.section.entries[container][1])
            if held is None or dict(enumerate(number for number, _ in held)) != numbers:
                raise AppendedProblemError("unlisted object in a stream", container)
            places = [place for _, place in held]
            if places != sorted(set(places)):
                # Some readers read each object up to where the next one begins.
                raise AppendedProblemError("order in an object stream", container)
