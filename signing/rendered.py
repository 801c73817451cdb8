"""Recognises a page of ours, sealed or not, and reads just what its next revision must know.

Typst writes one form of PDF: plain objects, one classical cross-reference table, a flat page tree.
Our own writer appends revisions of one form. Whatever differs from these in any way is not
recognised, and goes the way of PDFs from outside: nothing here is a parser of PDFs in general.
"""

import re
from typing import NamedTuple

__all__ = ["PlainFile", "Structure", "recognised"]

_HEADER = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n1 0 obj\n<</Type/Pages/Count "
_TRAILER = re.compile(
    rb"trailer\n<</Size (\d{1,7})/Root (\d{1,7}) 0 R/Info (\d{1,7}) 0 R"
    rb"/ID\[(\([A-Za-z0-9+/=]{1,64}\))(?:\([A-Za-z0-9+/=]{1,64}\)|<[0-9a-f]{32}>)\]"
    rb"(?:/Prev (\d{1,9}))?>>\nstartxref\n(\d{1,9})\n%%EOF\n?"
)
_LONGEST_TRAILER = 512
_RANGE = re.compile(rb"(\d{1,7}) (\d{1,7})\n")
_IN_USE = (b" 00000 n \n", b" 00000 n\r\n")
_ENTRY_SIZE, _OFFSET_SIZE = 20, 10
_MOST_SECTIONS = 64
_CATALOG = re.compile(rb"/Type/Catalog/Pages 1 0 R/Metadata (\d{1,7}) 0 R(?=/)")
_KIDS = re.compile(rb"/Type/Pages/Count \d{1,5}/Kids\[(\d{1,7}) 0 R(?: \d{1,7} 0 R)*\]")
_STREAM = re.compile(rb"<</Length (\d{1,9})((?:/[A-Za-z]+)*)>>\nstream\n")
_PACKET = b"/Type/Metadata/Subtype/XML"
_FORM = re.compile(rb"/AcroForm (\d{1,7}) 0 R")
_FIELDS = re.compile(rb"/Fields \[((?:\d{1,7} 0 R ?)+)\]/SigFlags 3")
_STORE = re.compile(rb"/DSS (\d{1,7}) 0 R")
_ANNOTATIONS = re.compile(rb"/Annots \[(?:\d{1,7} 0 R ?)+\]\Z")
_FOREIGN = (b"/AcroForm", b"/Perms", b"/DSS", b"/Extensions", b"#", b"/AA", b"/OpenAction")


class _OtherFormError(ValueError):
    """Not as typst or our writer writes."""


class Structure(NamedTuple):
    """What a revision must know of the file that it follows.

    Attributes:
        length: octets of the file, its last line end included.
        size: the next free object number (`/Size`).
        previous: offset of the newest cross-reference section.
        root, info, metadata, page: object numbers; `page` is the first one.
        identifier: the first half of `/ID`, as it stands.
        catalog, face: what the dictionaries of catalogue and first page hold.
        form: number of the form, 0 before the seal.
        fields: what its array of fields holds.
        store: number of the document security store, 0 where there is none.
    """

    length: int
    size: int
    previous: int
    root: int
    info: int
    metadata: int
    page: int
    identifier: bytes
    catalog: bytes
    face: bytes
    form: int = 0
    fields: bytes = b""
    store: int = 0


class PlainFile:
    """Objects of a file with classical cross-reference sections alone, found where they are named.

    Raises:
        ValueError: from each method, where something is of another form.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        start = data.rfind(b"trailer\n<<", max(0, len(data) - _LONGEST_TRAILER))
        found = _TRAILER.match(data, start) if start >= 0 else None
        if found is None or found.end() != len(data):
            raise _OtherFormError("trailer")
        self.trailer = found
        self._sections: list[tuple[tuple[int, int, int], ...]] = []
        previous: bytes | None = found[6]
        while previous is not None:
            previous = self._section(int(previous))

    def _section(self, offset: int) -> bytes | None:
        """Notes one cross-reference section; gives the offset of the one before, if any."""
        data = self.data
        if len(self._sections) >= _MOST_SECTIONS or data[offset : offset + 5] != b"xref\n":
            raise _OtherFormError("cross-reference")
        position, ranges = offset + 5, []
        while found := _RANGE.match(data, position):
            ranges.append((int(found[1]), int(found[2]), found.end()))
            position = found.end() + _ENTRY_SIZE * int(found[2])
        newest = position == self.trailer.start()
        trailer = self.trailer if newest else _TRAILER.match(data, position)
        if trailer is None or int(trailer[6]) != offset or trailer[2] != self.trailer[2]:
            raise _OtherFormError("cross-reference")
        self._sections.append(tuple(ranges))
        before: bytes | None = trailer[5]
        return before

    def _body(self, number: int) -> int:
        """The offset of what stands behind `N 0 obj`."""
        for section in self._sections:
            for first, count, place in section:
                if first <= number < first + count:
                    at = place + _ENTRY_SIZE * (number - first)
                    entry, opening = self.data[at : at + _ENTRY_SIZE], b"%d 0 obj\n" % number
                    offset = entry[:_OFFSET_SIZE]
                    if entry[_OFFSET_SIZE:] not in _IN_USE or not offset.isdigit():
                        raise _OtherFormError("object")
                    if not self.data.startswith(opening, int(offset)):
                        raise _OtherFormError("object")
                    return int(offset) + len(opening)
        raise _OtherFormError("object")

    def dictionary(self, number: int) -> bytes:
        """What the dictionary of that object holds, without its brackets."""
        start = self._body(number)
        end = self.data.find(b">>\nendobj\n", start)
        if end < 0 or not self.data.startswith(b"<<", start):
            raise _OtherFormError("dictionary")
        return self.data[start + 2 : end]

    def stream(self, number: int) -> tuple[bytes, bytes]:
        """The entries beside the length of that unfiltered stream, and its data."""
        start = self._body(number)
        found = _STREAM.match(self.data, start)
        if found is None:
            raise _OtherFormError("stream")
        end = found.end() + int(found[1])
        if not self.data.startswith(b"\nendstream\nendobj\n", end):
            raise _OtherFormError("stream")
        return found[2], self.data[found.end() : end]

    def packet(self, number: int) -> bytes:
        """The XMP packet in that stream."""
        entries, data = self.stream(number)
        if entries != _PACKET:
            raise _OtherFormError("metadata")
        return data


def recognised(pdf: bytes) -> tuple[PlainFile, Structure] | None:
    """The file and its structure; None for everything that is not exactly of our own form."""
    if not pdf.startswith(_HEADER):
        return None
    try:
        file = PlainFile(pdf)
        return file, _structure(file)
    except ValueError:
        return None


def _structure(file: PlainFile) -> Structure:
    size, root, info, identifier = file.trailer.group(1, 2, 3, 4)
    catalog = file.dictionary(int(root))
    opening, kids = _CATALOG.match(catalog), _KIDS.fullmatch(file.dictionary(1))
    if opening is None or kids is None:
        raise _OtherFormError("catalog")
    page = int(kids[1])
    face = file.dictionary(page)
    if not face.startswith(b"/Type/Page/"):
        raise _OtherFormError("page")
    plain = Structure(
        length=len(file.data) + (not file.data.endswith(b"\n")),
        size=int(size),
        previous=int(file.trailer[6]),
        root=int(root),
        info=int(info),
        metadata=int(opening[1]),
        page=page,
        identifier=identifier,
        catalog=catalog,
        face=face,
    )
    return _sealed(file, plain) if file.trailer[5] is not None else _unsealed(plain)


def _unsealed(plain: Structure) -> Structure:
    if any(map(plain.catalog.__contains__, _FOREIGN)) or b"/Annots" in plain.face:
        raise _OtherFormError("catalog")
    return plain


def _sealed(file: PlainFile, plain: Structure) -> Structure:
    form, store = _FORM.search(plain.catalog), _STORE.search(plain.catalog)
    fields = None if form is None else _FIELDS.fullmatch(file.dictionary(int(form[1])))
    if form is None or fields is None or not _ANNOTATIONS.search(plain.face):
        raise _OtherFormError("form")
    number = 0 if store is None else int(store[1])
    return plain._replace(form=int(form[1]), fields=fields[1], store=number)
