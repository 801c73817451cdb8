"""Accounting for every byte that was appended after a signature.

pyHanko's difference analysis follows the cross-reference it reads; readers that rebuild a damaged
file do not. So each appended revision must consist of exactly the objects its own cross-reference
lists, that cross-reference, and the end marker (ISO 32000-1, 7.5.6): bytes beside them, entries
that point back into the signed part and objects that stand twice are how shadow and
incremental-saving attacks hide (architecture.md section 3).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.xref import XRefSectionData, XRefSectionMetaInfo, XRefSectionType

from certlib.evidence import ChangeGrade
from signing.evidence.opened import OpenedPdf, entry_of
from signing.evidence.syntax import SyntaxProblemError, skip_space, value_at

__all__ = ["AppendedProblemError", "account"]

_TABLE = re.compile(
    rb"xref[ \t]*(?:\r\n|\r|\n)"
    rb"(?:\d+ \d+[ \t]*(?:\r\n|\r|\n)(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*)*trailer"
)
_SUBSECTION = re.compile(
    rb"(\d+) (\d+)[ \t]*(?:\r\n|\r|\n)((?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*)"
)
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])")
_CLOSING = re.compile(rb"startxref\s+(\d+)\s+%%EOF(?:\r\n|\r|\n)?")
_MOST_REVISIONS = 50


class AppendedProblemError(Exception):
    """Something was appended that its cross-reference does not explain.

    Attributes:
        grade: not permitted when it takes the place of something signed, else unexplained.
    """

    def __init__(self, detail: str, *, redefines: bool = False) -> None:
        super().__init__(detail)
        self.grade = ChangeGrade.NOT_PERMITTED if redefines else ChangeGrade.UNEXPLAINED


@dataclass(frozen=True, slots=True)
class _Section:
    info: XRefSectionMetaInfo
    data: XRefSectionData

    @property
    def begin(self) -> int:
        """The offset that startxref or `/Prev` states."""
        return int(self.info.declared_startxref)


def account(pdf: OpenedPdf, start: int) -> int:
    """How many whole revisions follow `start`, each explained to the last byte.

    Args:
        pdf: the file.
        start: the offset after the last byte that a signature covers.

    Raises:
        AppendedProblemError: a byte is left over, or an entry points into what was there before.
    """
    sections = sorted(_sections(pdf, start), key=lambda item: item.begin)
    if len(sections) > _MOST_REVISIONS:
        raise AppendedProblemError("too many revisions")
    position = start
    for section in sections:
        position = _revision(pdf, section, position)
    if position != len(pdf.data):
        raise AppendedProblemError("bytes after the last revision")
    return len(sections)


def _sections(pdf: OpenedPdf, start: int) -> Iterator[_Section]:
    for number in range(pdf.reader.xrefs.total_revisions):
        info = pdf.reader.xrefs.get_xref_container_info(number)
        section = _Section(info, pdf.reader.xrefs.get_xref_data(number))
        if section.begin >= start:
            yield section


def _revision(pdf: OpenedPdf, section: _Section, position: int) -> int:
    """Checks one revision that begins at `position`; returns the offset after it."""
    begin = section.begin
    is_stream = section.info.xref_section_type == XRefSectionType.STREAM
    offsets = _offsets(section, position)
    if is_stream:
        offsets.pop(begin, None)
    for offset in sorted(offsets):
        position = _object(pdf, position, offset, offsets[offset])
    if skip_space(pdf.data, position) != begin:
        raise AppendedProblemError("bytes before the cross-reference")
    end = _stream_end(pdf, begin) if is_stream else _table_end(pdf, begin, offsets)
    _check_object_streams(pdf, section)
    closing = _CLOSING.match(pdf.data, skip_space(pdf.data, end))
    if closing is None or int(closing[1]) != begin:
        raise AppendedProblemError("end of the revision")
    return closing.end()


def _offsets(section: _Section, position: int) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    if section.data.hybrid is not None:
        raise AppendedProblemError("hybrid cross-reference", redefines=True)
    for number, (generation, offset) in section.data.standard_xrefs.items():
        if offset < position:
            raise AppendedProblemError("entry points back", redefines=True)
        if offset in found:
            raise AppendedProblemError("two entries for one place")
        found[offset] = (number, generation)
    return found


def _object(pdf: OpenedPdf, position: int, offset: int, expected: tuple[int, int]) -> int:
    if skip_space(pdf.data, position) != offset:
        raise AppendedProblemError("bytes between objects")
    try:
        found = pdf.object_at(offset)
    except SyntaxProblemError as error:
        raise AppendedProblemError("object syntax") from error
    if (found.number, found.generation) != expected:
        raise AppendedProblemError("object number")
    return found.end


def _stream_end(pdf: OpenedPdf, begin: int) -> int:
    try:
        return pdf.object_at(begin).end
    except SyntaxProblemError as error:
        raise AppendedProblemError("cross-reference stream") from error


def _table_end(pdf: OpenedPdf, begin: int, offsets: dict[int, tuple[int, int]]) -> int:
    table = _TABLE.match(pdf.data, begin)
    if table is None:
        raise AppendedProblemError("cross-reference table")
    listed = list(_entries(table[0]))
    used = {offset: key for key, offset, mark in listed if mark == b"n"}
    numbers = [key[0] for key, _, _ in listed]
    # pyHanko skips entries that it deems broken, and of two for one number it keeps one.
    if used != offsets or len(numbers) != len(set(numbers)):
        raise AppendedProblemError("ambiguous cross-reference table")
    try:
        return value_at(pdf.data, table.end())[1]
    except SyntaxProblemError as error:
        raise AppendedProblemError("trailer") from error


def _entries(table: bytes) -> Iterator[tuple[tuple[int, int], int, bytes]]:
    for section in _SUBSECTION.finditer(table):
        entries = _ENTRY.findall(section[3])
        if len(entries) != int(section[2]):
            raise AppendedProblemError("subsection length")
        for index, (offset, generation, mark) in enumerate(entries):
            yield (int(section[1]) + index, int(generation)), int(offset), mark


def _check_object_streams(pdf: OpenedPdf, section: _Section) -> None:
    """Object streams hold exactly what this revision lists in them."""
    listed: dict[int, set[int]] = {}
    for number, place in section.data.xrefs_in_objstm.items():
        listed.setdefault(place.obj_stream_id, set()).add(number)
    for stream_number, numbers in listed.items():
        if stream_number not in section.data.standard_xrefs:
            raise AppendedProblemError("object stream of another revision", redefines=True)
        if _held(pdf, stream_number) != numbers:
            raise AppendedProblemError("unlisted object in a stream")


def _held(pdf: OpenedPdf, stream_number: int) -> set[int]:
    stream = generic.Reference(stream_number, 0, pdf=pdf.reader).get_object()
    if not isinstance(stream, generic.StreamObject):
        raise AppendedProblemError("object stream")
    words = stream.data[: int(entry_of(stream, "/First") or 0)].split()
    count = int(entry_of(stream, "/N") or 0)
    if len(words) < 2 * count or not all(word.isdigit() for word in words):
        raise AppendedProblemError("object stream")
    return {int(word) for word in words[: 2 * count : 2]}
