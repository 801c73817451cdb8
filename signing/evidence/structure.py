"""How a file is put together: everything that two readers could understand differently.

None of it alone makes a signature bad; an honest writer may be careless. Under policy `own` nothing
of it is forgiven, because our own sealer writes none of it, and later revisions of a file in which
readers disagree about its objects cannot be explained.
"""

import re
from bisect import bisect_right

from certlib.evidence import StructureFacts
from signing.evidence.crossref import BLANK_BEFORE, USED, Section
from signing.evidence.document import Document
from signing.evidence.syntax import SyntaxProblemError

__all__ = ["CLAUSES", "LENIENT", "notes_of", "structure_of"]

CLAUSES = {
    "leading-bytes": "7.5.2: the header is at the first byte; readers differ where offsets begin",
    "header-version": "7.5.2: `%PDF-1.0` to `1.7` and `2.0` are all versions there are",
    "trailing-bytes": "7.5.5: the last line is `%%EOF`",
    "crossref-offset": "7.5.5: `startxref` and `/Prev` give the first byte of a section",
    "crossref-blank": "7.5.5: as `crossref-offset`, but nothing than white space lies between",
    "crossref-syntax": "7.5.4, 7.5.8: entries of 20 bytes, as many as announced, of known types",
    "crossref-size": "7.5.5: numbers from `/Size` on are undefined; many readers define them",
    "duplicate-entries": "7.5.4: one entry for one number, and one object at one place",
    "hybrid": "7.5.8.4: readers of tables and readers of streams see different objects",
    "cyclic": "7.5.5: `/Prev` leads to an earlier section, and ends",
    "xref-past-end": "7.5.4: an entry gives the offset of an object in this file",
    "object-header-mismatch": "7.5.4: at that offset stands the object of that number",
    "generation-mismatch": "7.3.10: a reference to another generation is the null object",
    "lenient-syntax": "7.3: an object that only a lenient reader understands, each in its own way",
    "repaired": "7.5: read by its bodies, because its cross-references lead nowhere",
    "shadowed-objects": "7.5.4: a body without an entry that has the number of another one",
    "unlisted-objects": "7.5.4: a body without an entry",
    "overlapping-held-objects": "7.5.7: each object of a stream ends before the next one begins",
    "nested-objects": "7.3.10: a body inside another object or stream",
    "extended-object-stream": "7.5.7: `/Extends` links object streams; few readers follow",
    "linearised-length": "7.5.1, annex F: `/L` is the length of a file without later revisions",
    "undecodable-stream": "7.4: the filters of a stream that we look at do not fit its data",
}
"""Note → clause of ISO 32000-2 and what it means."""

LENIENT = frozenset(CLAUSES) - {
    *("trailing-bytes", "header-version", "nested-objects", "undecodable-stream", "hybrid"),
    BLANK_BEFORE,
}
"""Notes of files about whose objects readers disagree.

All readers of today follow `/XRefStm`: a hybrid file, as Word writes each of its own, is ambiguous
only where a table defines otherwise what the stream defines, too (`duplicate-entries`).
"""

_AHEAD = 2048
_VERSION = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)(?!\d)")
_HEADER = re.compile(rb"%PDF-\d\.\d")
# However the name is written (7.3.5).
_LINEARISED = re.compile(
    b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (octet, octet) for octet in b"Linearized")
)
_LAST = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")


def structure_of(document: Document) -> StructureFacts:
    """Revisions and notes of a file.

    Raises:
        ReadingFaultError: too much of everything.
    """
    return StructureFacts(_revisions(document), tuple(sorted(notes_of(document))))


def notes_of(document: Document) -> frozenset[str]:
    """Everything that two readers could understand differently.

    Raises:
        ReadingFaultError: too much of everything.
    """
    if document.structure is None:
        notes = _ends(document.data)
        # Where the entries were made from the bodies there is nothing to compare.
        if "repaired" not in document.sections[0].notes:
            notes |= _entries(document) | _beside(document) | _linearised(document)
        document.structure = frozenset(notes)
    return document.structure | document.notes


def _revisions(document: Document) -> int:
    """A linearised file has two sections in one revision: the first page's points ahead."""
    ahead = 0
    for section in document.sections:
        before = section.trailer.get("/Prev")
        ahead += isinstance(before, int) and before > section.start
    return len(document.sections) - ahead


def _ends(data: bytes) -> set[str]:
    notes = set()
    header = _HEADER.search(data)
    if header is not None and header.start():
        notes.add("leading-bytes")
    if header is not None and not _VERSION.match(data, header.start()):
        notes.add("header-version")
    if not _LAST.search(data, max(0, len(data) - 8)):
        notes.add("trailing-bytes")
    return notes


def _entries(document: Document) -> set[str]:
    """What entries say, against what stands at the offsets that they give."""
    notes: set[str] = set()
    there = document.bodies
    size = len(document.data)
    for section in _all_sections(document):
        places = []
        for number, (kind, offset, generation) in section.entries.items():
            if kind != USED:
                continue
            places.append(offset)
            if there.get(offset) != (number, generation):
                notes.add("xref-past-end" if offset >= size else "object-header-mismatch")
        if len(places) != len(set(places)):
            notes.add("duplicate-entries")
    last = max(document.entries, default=0)
    stated = document.trailer.get("/Size")
    if not isinstance(stated, int) or last >= stated:
        notes.add("crossref-size")
    return notes


def _linearised(document: Document) -> set[str]:
    """Whether readers would begin with the first revision of a file that has later ones.

    A linearised file is one whose length is that of its first dictionary (F.3.3); such a reader
    takes the section behind that dictionary for the newest, wherever `startxref` leads.
    """
    starts = [section.start for section in document.sections]
    if starts[0] == min(starts) or not _LINEARISED.search(document.data):
        return set()
    for offset in document.body_places:
        if offset > _AHEAD:
            break
        found = document.leniently_at(offset)
        stated = found.get("/L") if isinstance(found, dict) and "/Linearized" in found else None
        if stated == len(document.data):
            return {"linearised-length"}
    return set()


def _all_sections(document: Document) -> list[Section]:
    hidden = [section.hidden for section in document.sections if section.hidden is not None]
    return [*document.sections, *hidden]


def _beside(document: Document) -> set[str]:
    """Bodies that no entry of any section explains."""
    explained: set[int] = set()
    for section in _all_sections(document):
        if section.number is not None:
            explained.add(section.start)
        explained.update(entry[1] for entry in section.entries.values() if entry[0] == USED)
    places = sorted(explained)
    notes: set[str] = set()
    ends: dict[int, int] = {}
    for offset in sorted(document.bodies.keys() - explained):
        index = bisect_right(places, offset) - 1
        if index >= 0 and index not in ends:
            ends[index] = _end_of(document, places[index])
        if index >= 0 and offset < ends[index]:
            notes.add("nested-objects")
        elif document.bodies[offset][0] in document.entries:
            notes.add("shadowed-objects")
        else:
            notes.add("unlisted-objects")
    return notes


def _end_of(document: Document, offset: int) -> int:
    try:
        return document.object_at(offset).end
    except SyntaxProblemError:
        return offset
