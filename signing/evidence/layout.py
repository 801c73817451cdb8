"""How a signature lies in the file: byte range, gap, padding, by our own reading of the bytes.

Two grades. `sound` is what any PDF signature must have (ISO 32000-2, 12.8.1): two ranges from the
first byte on, and between them exactly the string of `/Contents`. `canonical` is what our sealer
writes: lower-case digits and zeros to the end, nothing else; the gap is not signed, so anything
less strict leaves room for bytes that nobody vouches for (architecture.md section 3).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from signing.evidence.crossref import USED
from signing.evidence.document import Document
from signing.evidence.form import Field, fields
from signing.evidence.pages import inherit_alike
from signing.evidence.streams import lengths_lead
from signing.evidence.structure import LENIENT, notes_of
from signing.evidence.syntax import (
    HexString,
    Name,
    PdfDictionary,
    PdfValue,
    Reference,
    text_of,
)

__all__ = ["SignatureLayout", "der_length", "layouts", "scanned_layouts"]

_BYTE_RANGE = re.compile(
    rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]"
)
_REVISION_END = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
_CANONICAL = re.compile(rb"[0-9a-f]*")
_HEX = re.compile(rb"[0-9A-Fa-f\x00\t\n\x0c\r ]*")
_RANGE_SIZE = 4
_BLANK = b"\x00\t\n\x0c\r \xef\xbb\xbf"
_MOST_SIGNATURES = 32


@dataclass(slots=True)
class SignatureLayout:
    """One signature dictionary.

    Attributes:
        contents: what the gap holds, decoded, padding included.
        sound_problem: what is wrong with the layout of any PDF signature, or "".
        canonical_problem: what our own seals would never have, or "".
        reference: number and generation of the dictionary, for `/Perms`.
        field: the field that shows it, where there is one.
    """

    name: str
    kind: str = "signature"
    subfilter: str = ""
    byte_range: tuple[int, ...] = ()
    contents: bytes = field(default=b"", repr=False)
    moment: str = ""
    certified: int | None = None
    covers_file: bool = False
    sound_problem: str = ""
    canonical_problem: str = ""
    reference: tuple[int, int] = (0, 0)
    field: Field | None = field(default=None, repr=False)

    def covered(self, data: bytes) -> Iterator[memoryview]:
        """The byte ranges as they lie in the file."""
        view = memoryview(data)
        pairs = zip(self.byte_range[::2], self.byte_range[1::2], strict=False)
        for start, length in pairs:
            yield view[start : start + length]

    @property
    def end(self) -> int:
        """The offset after the last covered byte."""
        return sum(self.byte_range[-2:]) if self.byte_range else 0


def layouts(document: Document) -> list[SignatureLayout]:
    """Every filled signature field, in the order of what they cover.

    Raises:
        ReadingFaultError: the form is of the wrong shape.
    """
    everything = fields(document)
    signed = [item for item in everything if item.kind == "/Sig" and item.value is not None]
    found = [_layout(document, item) for item in signed[:_MOST_SIGNATURES]]
    if len(signed) > _MOST_SIGNATURES:
        found[0].sound_problem = found[0].sound_problem or "too-many-signatures"
    if not found:
        return []
    notes = notes_of(document)
    problem = _common_problem(document, found)
    for item in found:
        item.sound_problem = problem or item.sound_problem
        item.canonical_problem = item.canonical_problem or _document_problem(document, item, notes)
    # A second /ByteRange in the bytes is a signature that no field shows, or a decoy.
    if len(_BYTE_RANGE.findall(document.data)) != len(found) or len(everything) != len(found):
        for item in found:
            item.canonical_problem = item.canonical_problem or "other-fields"
    return sorted(found, key=lambda item: item.end)


def scanned_layouts(data: bytes) -> list[SignatureLayout]:
    """Signatures of a file that cannot be parsed, found by their byte ranges alone."""
    found = []
    for match in islice(_BYTE_RANGE.finditer(data), _MOST_SIGNATURES):
        layout = SignatureLayout(name="")
        ranges = tuple(int(number) for number in match.groups())
        _examine_range(layout, data, ranges, None)
        found.append(layout)
    return sorted(found, key=lambda item: item.end)


def der_length(data: bytes) -> int:
    """How many bytes the DER value at the start of `data` takes; 0 when there is none."""
    if len(data) < 2 or data[0] != 0x30:  # noqa: PLR2004 - tag and length octets
        return 0
    first = data[1]
    if first < 0x80:  # noqa: PLR2004 - short form
        return 2 + first if 2 + first <= len(data) else 0
    octets = first & 0x7F
    length = int.from_bytes(data[2 : 2 + octets], "big")
    total = 2 + octets + length
    return total if 0 < octets <= 4 and total <= len(data) else 0  # noqa: PLR2004 - 4 GiB


def _layout(document: Document, item: Field) -> SignatureLayout:
    layout = SignatureLayout(name=item.name, field=item)
    values = _signature(document, item, layout)
    plain = {key: document.resolved(values.get(key)) for key in ("/SubFilter", "/Type", "/M")}
    layout.subfilter = text_of(plain["/SubFilter"])
    if layout.subfilter == "/ETSI.RFC3161" or plain["/Type"] == "/DocTimeStamp":
        layout.kind = "document_timestamp"
    moment = plain["/M"]
    layout.moment = text_of(moment) if isinstance(moment, (bytes, HexString)) else ""
    layout.certified = _permission(document, values.get("/Reference"))
    contents = values.get("/Contents")
    ranges = values.get("/ByteRange")
    # Both stand in the dictionary itself: what a reference leads to may be replaced later.
    if not _is_range(ranges):
        layout.sound_problem = layout.sound_problem or "byte-range"
        return layout
    span = (contents.start, contents.end) if isinstance(contents, HexString) else None
    _examine_range(layout, document.data, tuple(ranges), span)  # type: ignore[arg-type]  # checked above
    if span is None:
        layout.sound_problem = layout.sound_problem or "contents"
    return layout


def _common_problem(document: Document, found: list[SignatureLayout]) -> str:
    """What makes every signature of a file unsound."""
    leading = document.data[: document.data.index(b"%PDF-")]
    if leading.strip(_BLANK):
        # Another file stands there: who opens it sees something else (7.5.2).
        return "leading-bytes"
    if not lengths_lead(document):
        return "stream-length"
    if not inherit_alike(document):
        return "page-parents"
    certifying = document.resolved(document.catalog.get("/Perms"))
    certifying = certifying.get("/DocMDP") if isinstance(certifying, dict) else None
    if not isinstance(certifying, Reference):
        return ""
    shown = {item.reference for item in found}
    # Whose certification counts, if no field shows it (12.8.6)?
    return "" if (certifying.number, certifying.generation) in shown else "permissions"


def _document_problem(document: Document, layout: SignatureLayout, notes: frozenset[str]) -> str:
    """What around the signature our files would never have."""
    strange = sorted(notes & LENIENT)
    if strange:
        return f"structure {strange[0]}"
    certifying = document.catalog.get("/Perms")
    certifying = document.resolved(certifying)
    certifying = certifying.get("/DocMDP") if isinstance(certifying, dict) else None
    if layout.certified is None or not isinstance(certifying, Reference):
        return "" if layout.certified is None else "permissions"
    marked = (certifying.number, certifying.generation)
    return "" if marked == layout.reference else "permissions"


def _signature(document: Document, item: Field, layout: SignatureLayout) -> PdfDictionary:
    """The signature dictionary; what readers could see there differently is a problem."""
    number = item.place.number if item.place is not None else 0
    if isinstance(item.value, Reference):
        number = item.value.number
        layout.reference = (number, item.value.generation)
    else:
        layout.canonical_problem = "dictionary-direct"
    found = document.resolved(item.value)
    if not isinstance(found, dict):
        layout.sound_problem = "dictionary"
        return {}
    # A string of an object stream lies nowhere in the file: its span means nothing.
    if document.entries.get(number, (USED, 0, 0))[0] != USED:
        layout.sound_problem = "dictionary-compressed"
        return {**found, "/Contents": None}
    if number in document.ambiguous:
        layout.sound_problem = "dictionary-syntax"
    return found


def _is_range(ranges: PdfValue) -> bool:
    return isinstance(ranges, list) and all(
        isinstance(number, int) and number >= 0 for number in ranges
    )


def _examine_range(
    layout: SignatureLayout, data: bytes, ranges: tuple[int, ...], span: tuple[int, int] | None
) -> None:
    layout.byte_range = ranges
    if len(ranges) != _RANGE_SIZE or ranges[0] != 0:
        layout.sound_problem = layout.sound_problem or "byte-range"
        layout.contents = _decoded(data[slice(*span)]) if span else b""
        return
    _, before, after, length = ranges
    layout.covers_file = after + length == len(data)
    start, end = span or (before, after)
    layout.contents = _decoded(data[start:end])
    problem = ""
    if (start, end) != (before, after) or not _is_gap(data[before:after]):
        problem = "byte-range-gap"
    elif after + length > len(data):
        problem = "byte-range-end"
    elif not _REVISION_END.search(data, max(0, after + length - 64), after + length):
        problem = "byte-range-tail"
    layout.sound_problem = layout.sound_problem or problem
    if not problem and not layout.canonical_problem:
        layout.canonical_problem = _padding_problem(data[before + 1 : after - 1])


def _is_gap(gap: bytes) -> bool:
    return gap[:1] == b"<" and gap[-1:] == b">" and _HEX.fullmatch(gap[1:-1]) is not None


def _decoded(gap: bytes) -> bytes:
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", gap)
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _padding_problem(digits: bytes) -> str:
    if not _CANONICAL.fullmatch(digits) or len(digits) % 2:
        return "gap-digits"
    contents = bytes.fromhex(digits.decode())
    length = der_length(contents)
    if not length or any(contents[length:]):
        return "gap-padding"
    return ""


def _permission(document: Document, references: PdfValue) -> int | None:
    """P of the DocMDP transform (ISO 32000-2, 12.8.2.2); its default is 2."""
    references = document.resolved(references)
    for entry in references if isinstance(references, list) else ():
        if document.get(transform := document.resolved(entry), "/TransformMethod") == Name(
            "/DocMDP"
        ):
            parameters = document.get(transform, "/TransformParams")
            permission = document.get(parameters, "/P")
            if permission is None:
                return 2 if isinstance(parameters, dict) else None
            return permission if isinstance(permission, int) else None
    return None
