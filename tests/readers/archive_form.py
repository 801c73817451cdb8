"""What of PDF/A-3 (ISO 19005-3) can be seen in a file without veraPDF, clause by clause.

The file is read by MuPDF for its objects and as plain bytes for its syntax, never by our own reader.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

import pymupdf

from tests.readers.archive_metadata import metadata_violations

_FORBIDDEN = {
    "6.1.3": (b"/Encrypt",),
    "6.1.7": (b"/LZWDecode", b"/FFilter", b"/FDecodeParms"),
    "6.1.12": (b"/DigestLocation", b"/DigestMethod", b"/DigestValue", b"/UR3"),
    "6.2": (b"/OPI", b"/HTP", b"/Alternates"),
    "6.3": (b"/3D", b"/Sound", b"/Screen", b"/Movie", b"/RichMedia"),
    "6.4": (b"/XFA", b"/NeedsRendering"),
    "6.5": (
        b"/JavaScript",
        b"/JS",
        b"/Launch",
        b"/ImportData",
        b"/ResetForm",
        b"/Rendition",
        b"/AA",
    ),
    "6.10": (b"/AlternatePresentations", b"/PresSteps"),
    "6.11": (b"/Requirements",),
}
_NAME_END = rb"(?![0-9A-Za-z#_.+-])"
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])( \r| \n|\r\n)")
_SECTION = re.compile(
    rb"xref\r?\n((?:\d+ \d+ ?\r?\n(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*)+)trailer"
)


def violations(pdf: bytes) -> list[str]:
    """Every rule that the file breaks, each after its clause; none for an archive file."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        found = chain(
            _syntax(pdf, document),
            _cross_reference(pdf),
            _catalogue(document),
            _objects(document),
            _fields(document),
            metadata_violations(document),
        )
        return sorted(set(found))


def _syntax(pdf: bytes, document) -> Iterator[str]:
    head = pdf.split(b"\n", 2)
    if not re.fullmatch(rb"%PDF-1\.[0-7]\r?", head[0]):
        yield "6.1.2 header"
    if not re.match(rb"%[\x80-\xff]{4}", head[1]):
        yield "6.1.2 no comment of four bytes above 127 after the header"
    if not re.search(rb"startxref\r?\n\d+\r?\n%%EOF\r?\n?$", pdf):
        yield "6.1.3 data after the last %%EOF"
    if document.is_repaired:
        yield "6.1.4 the file had to be repaired"
    plain = _without_streams(pdf)
    for clause, names in _FORBIDDEN.items():
        for name in names:
            if re.search(re.escape(name) + _NAME_END, plain):
                yield f"{clause} {name.decode()}"
    for digits in re.findall(rb"(?<!<)<([^<>]*)>(?!>)", plain):
        if not re.fullmatch(rb"[0-9A-Fa-f\s]*", digits) or len(b"".join(digits.split())) % 2:
            yield "6.1.6 hexadecimal string"


def _without_streams(pdf: bytes) -> bytes:
    return re.sub(rb"stream\r?\n.*?endstream", b"", pdf, flags=re.DOTALL)


def _cross_reference(pdf: bytes) -> Iterator[str]:
    """Each table from the last to the first: its form, where its entries lead, the identifiers."""
    found = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)
    offset, identifiers, seen = int(found[1]) if found else 0, [], set()
    while offset and offset not in seen:
        seen.add(offset)
        table = _SECTION.match(pdf, offset)
        if table is None:
            if not re.match(rb"\d+ \d+ obj\b", pdf[offset:]):  # a cross-reference stream is one too
                yield "6.1.4 no cross-reference where startxref or /Prev leads"
                return
            dictionary = pdf[offset : pdf.index(b"stream", offset)]
        else:
            yield from _entries(pdf, table[1])
            dictionary = pdf[table.end() : pdf.index(b"startxref", table.end())]
        pair = re.search(
            rb"/ID\s*\[\s*(<[^>]*>|\(.*?\))\s*(<[^>]*>|\(.*?\))\s*\]", dictionary, re.DOTALL
        )
        identifiers.append(_octets(pair[1]) if pair else None)
        previous = re.search(rb"/Prev (\d+)", dictionary)
        offset = int(previous[1]) if previous else 0
    if None in identifiers or not identifiers:
        yield "6.1.3 a trailer without /ID"
    elif len(set(identifiers)) != 1:
        yield "6.1.3 the first identifier changes between revisions"


def _octets(text: bytes) -> bytes:
    """The octets of a string, written either way."""
    if text.startswith(b"<"):
        return bytes.fromhex(text[1:-1].decode())
    return re.sub(rb"\\(.)", rb"\1", text[1:-1])


def _entries(pdf: bytes, sections: bytes) -> Iterator[str]:
    place = 0
    while section := re.match(rb"(\d+) (\d+) ?\r?\n", sections[place:]):
        place += section.end()
        for number in range(int(section[1]), int(section[1]) + int(section[2])):
            entry = _ENTRY.match(sections, place)
            if entry is None:
                yield "6.1.4 a section with fewer entries than it says"
                return
            place = entry.end()
            if entry[3] == b"n":
                yield from _object_syntax(pdf, number, int(entry[2]), int(entry[1]))


def _object_syntax(pdf: bytes, number: int, generation: int, offset: int) -> Iterator[str]:
    head = re.compile(rb"%d %d obj\r?\n" % (number, generation)).match(pdf, offset)
    if head is None or pdf[offset - 1 : offset] not in (b"\n", b"\r"):
        yield f"6.1.9 object {number} does not begin on a line of its own where the table says"
        return
    end = pdf.find(b"endobj", head.end())
    stream = re.compile(rb"stream(\r\n|\n)").search(pdf, head.end(), end)
    if stream:
        yield from _stream_syntax(pdf, number, pdf[head.end() : stream.start()], stream.end())
    elif pdf[end - 1 : end] not in (b"\n", b"\r") or pdf[end + 6 : end + 7] not in (b"\n", b"\r"):
        yield f"6.1.9 endobj of object {number} is not on a line of its own"


def _stream_syntax(pdf: bytes, number: int, dictionary: bytes, begin: int) -> Iterator[str]:
    length = re.search(rb"/Length (\d+)(?! \d+ R)", dictionary)
    if length is None:
        yield f"6.1.7 stream {number} without a length of its own"
    elif not re.compile(rb"\r?\nendstream\r?\nendobj\r?\n").match(pdf, begin + int(length[1])):
        yield f"6.1.7 stream {number} is not as long as it says"


def _catalogue(document) -> Iterator[str]:
    root = document.pdf_catalog()
    for key, clause in (
        ("OutputIntents", "6.2.3"),
        ("Metadata", "6.6.2"),
        ("MarkInfo", "6.7.2"),
        ("StructTreeRoot", "6.7.3"),
        ("Lang", "6.7.4"),
        ("AF", "6.8"),
    ):
        if document.xref_get_key(root, key)[0] == "null":
            yield f"{clause} no /{key} in the catalogue"
    if "true" not in _object(document, root, "MarkInfo"):
        yield "6.7.2 the page is not marked"
    intents = _object(document, root, "OutputIntents")
    if "/GTS_PDFA1" not in intents or "/DestOutputProfile" not in intents:
        yield "6.2.3 no output intent with a profile"


def _objects(document) -> Iterator[str]:
    """Files that are attached, fonts, pictures."""
    files = 0
    for number in _numbers(document):
        kind = document.xref_get_key(number, "Type")[1]
        if kind == "/Filespec":
            files += 1
            yield from _attachment(document, number)
        if kind == "/FontDescriptor" and "/FontFile" not in document.xref_object(number):
            yield "6.2.11.4 a font that is not embedded"
        if document.xref_get_key(number, "Interpolate")[1] == "true":
            yield "6.2.8 an interpolated picture"
    if files != 1:
        yield f"6.8 {files} files are attached"


def _attachment(document, number: int) -> Iterator[str]:
    for key in ("F", "UF", "AFRelationship", "Desc"):
        if document.xref_get_key(number, key)[0] == "null":
            yield f"6.8 an attached file without /{key}"
    embedded = re.search(r"(\d+) 0 R", document.xref_get_key(number, "EF")[1])
    if embedded is None or document.xref_get_key(int(embedded[1]), "Subtype")[0] == "null":
        yield "6.8 an attached file without its kind"
    if f"{number} 0 R" not in _object(document, document.pdf_catalog(), "AF"):
        yield "6.8 an attached file that nothing is associated with"


def _fields(document) -> Iterator[str]:
    """Annotations: printed, never hidden; without an appearance only where there is no rectangle."""
    root = document.pdf_catalog()
    if "/NeedAppearances true" in _object(document, root, "AcroForm"):
        yield "6.4.1 appearances are left to the viewer"
    for number in _numbers(document):
        if document.xref_get_key(number, "Subtype")[1] != "/Widget":
            continue
        flags = document.xref_get_key(number, "F")[1]
        # Invisible 1, Hidden 2, Print 4, NoView 32, ToggleNoView 256
        if not flags.isdecimal() or int(flags) & (1 | 2 | 4 | 32 | 256) != 4:
            yield "6.3.2 flags of an annotation"
        left, bottom, right, top = map(
            float, re.findall(r"-?[\d.]+", document.xref_get_key(number, "Rect")[1])
        )
        drawn = document.xref_get_key(number, "AP")[0] != "null"
        if not drawn and (right != left or top != bottom):
            yield "6.3.3 an annotation with a rectangle and no appearance"


def _numbers(document) -> Iterator[int]:
    """Objects that there are: a number that no table names is no object."""
    for number in range(1, document.xref_length()):
        present = False
        with suppress(RuntimeError):
            present = bool(document.xref_object(number))
        if present:
            yield number


def _object(document, number: int, key: str) -> str:
    """What a key says, or what its reference leads to."""
    said = [document.xref_get_key(number, key)[1]]
    while found := re.fullmatch(r"\[?\s*(\d+) 0 R\s*\]?", said[-1].strip()):
        said.append(document.xref_object(int(found[1])))
    return " ".join(said)
