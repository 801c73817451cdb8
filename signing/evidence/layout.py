"""How a signature lies in the file: byte range, gap, padding, by our own reading of the bytes.

Two grades. `sound` is what any PDF signature must have (ISO 32000-1, 12.8.1): two ranges from the
first byte on, and between them exactly the string of `/Contents`. `canonical` is what our sealer
writes: lower-case digits and zeros to the end, nothing else; the gap is not signed, so anything
less strict leaves room for bytes that nobody vouches for (architecture.md section 3).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils import generic

from signing.evidence.opened import Field, OpenedPdf, entry_of
from signing.evidence.syntax import HexString, Name, PdfValue, SyntaxProblemError

__all__ = ["SignatureLayout", "der_length", "layouts", "scanned_layouts"]

_BYTE_RANGE = re.compile(
    rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]"
)
_REVISION_END = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
_CANONICAL = re.compile(rb"[0-9a-f]*")
_HEX = re.compile(rb"[0-9A-Fa-f\x00\t\n\x0c\r ]*")
_RANGE_SIZE = 4
_MOST_SIGNATURES = 32


@dataclass(slots=True)
class SignatureLayout:
    """One signature dictionary.

    Attributes:
        contents: what the gap holds, decoded, padding included.
        sound_problem: what is wrong with the layout of any PDF signature, or "".
        canonical_problem: what our own seals would never have, or "".
        position: offset of the dictionary's object, for `/Perms`.
        field: pyHanko's field, where there is one.
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


def layouts(pdf: OpenedPdf) -> list[SignatureLayout]:
    """Every filled signature field, in the order of what they cover."""
    fields = list(pdf.fields())
    signed = [item for item in fields if item.kind == "/Sig" and item.value is not None]
    found = [_layout(pdf, item) for item in signed[:_MOST_SIGNATURES]]
    if len(signed) > _MOST_SIGNATURES:
        found[0].sound_problem = found[0].sound_problem or "too-many-signatures"
    for item in found:
        item.canonical_problem = item.canonical_problem or _document_problem(pdf, item)
    # A second /ByteRange in the bytes is a signature that no field shows, or a decoy.
    if len(_BYTE_RANGE.findall(pdf.data)) != len(found) or len(fields) != len(found):
        for item in found:
            item.canonical_problem = item.canonical_problem or "other-fields"
    return sorted(found, key=lambda item: item.end)


def scanned_layouts(data: bytes) -> list[SignatureLayout]:
    """Signatures of a file that cannot be parsed, found by their byte ranges alone."""
    found = []
    for match in list(_BYTE_RANGE.finditer(data))[:_MOST_SIGNATURES]:
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


def _layout(pdf: OpenedPdf, item: Field) -> SignatureLayout:
    layout = SignatureLayout(name=item.name, field=item)
    values = _own_reading(pdf, item, layout)
    if values is None:
        values = _library_reading(item)
    layout.subfilter = str(values.get("/SubFilter", ""))
    if layout.subfilter == "/ETSI.RFC3161" or values.get("/Type") == "/DocTimeStamp":
        layout.kind = "document_timestamp"
    moment = values.get("/M")
    layout.moment = moment.decode("latin-1") if isinstance(moment, bytes) else ""
    layout.certified = _permission(pdf, values.get("/Reference"))
    contents = values.get("/Contents")
    ranges = values.get("/ByteRange")
    if not _is_range(ranges):
        layout.sound_problem = "byte-range"
        return layout
    span = (contents.start, contents.end) if isinstance(contents, HexString) else None
    _examine_range(layout, pdf.data, tuple(ranges), span)  # type: ignore[arg-type]  # checked above
    if span is None:
        layout.sound_problem = layout.sound_problem or "contents"
    return layout


def _document_problem(pdf: OpenedPdf, layout: SignatureLayout) -> str:
    """What around the signature our files would never have."""
    if not pdf.strict:
        return "lenient-syntax"
    permissions = entry_of(pdf.reader.root, "/Perms")
    certifying = permissions.raw_get("/DocMDP") if _holds(permissions, "/DocMDP") else None
    if layout.certified is None or not isinstance(certifying, generic.IndirectObject):
        return "" if layout.certified is None else "permissions"
    marked = (certifying.idnum, certifying.generation)
    return "" if marked == layout.reference else "permissions"


def _holds(found: Any, key: str) -> bool:  # noqa: ANN401 - a pyHanko object
    return isinstance(found, generic.DictionaryObject) and key in found


def _own_reading(
    pdf: OpenedPdf, item: Field, layout: SignatureLayout
) -> dict[str, PdfValue] | None:
    """The signature dictionary as our syntax reader sees it, or None when it cannot."""
    if not isinstance(item.value, generic.IndirectObject):
        layout.canonical_problem = "dictionary-direct"
        return None
    layout.reference = (item.value.idnum, item.value.generation)
    position = pdf.offset_of(item.value.reference)
    if position is None:
        layout.canonical_problem = "dictionary-compressed"
        return None
    try:
        found = pdf.object_at(position)
    except SyntaxProblemError:
        layout.canonical_problem = "dictionary-syntax"
        return None
    if (found.number, found.generation) != layout.reference or not isinstance(found.value, dict):
        layout.sound_problem = "dictionary"
        return None
    return found.value


def _library_reading(item: Field) -> dict[str, Any]:
    """What pyHanko reads where our own reader gives up; spans are unknown then."""
    value = item.value.get_object() if item.value is not None else None
    if not isinstance(value, generic.DictionaryObject):
        return {}
    ranges = entry_of(value, "/ByteRange")
    plain: dict[str, Any] = {key: str(entry_of(value, key)) for key in ("/SubFilter", "/Type")}
    if isinstance(ranges, generic.ArrayObject):
        plain["/ByteRange"] = [
            int(n) if isinstance(n, generic.NumberObject) else -1 for n in ranges
        ]
    return plain


def _is_range(ranges: PdfValue) -> bool:
    return (
        isinstance(ranges, list)
        and len(ranges) >= 2  # noqa: PLR2004 - at least one pair, so that a digest can be taken
        and all(isinstance(number, int) and number >= 0 for number in ranges)
    )


def _examine_range(
    layout: SignatureLayout, data: bytes, ranges: tuple[int, ...], span: tuple[int, int] | None
) -> None:
    layout.byte_range = ranges
    if len(ranges) != _RANGE_SIZE or ranges[0] != 0:
        layout.sound_problem = "byte-range"
        layout.contents = _decoded(data[slice(*span)]) if span else b""
        return
    _, before, after, length = ranges
    layout.covers_file = after + length == len(data)
    start, end = span or (before, after)
    layout.contents = _decoded(data[start:end])
    if (start, end) != (before, after) or not _is_gap(data[before:after]):
        layout.sound_problem = "byte-range-gap"
    elif after + length > len(data):
        layout.sound_problem = "byte-range-end"
    elif not _REVISION_END.search(data, max(0, after + length - 64), after + length):
        layout.sound_problem = "byte-range-tail"
    elif not layout.canonical_problem:
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


def _permission(pdf: OpenedPdf, references: PdfValue) -> int | None:
    """P of the DocMDP transform (ISO 32000-1, 12.8.2.2); its default is 2."""
    references = pdf.resolved(references)
    for entry in references if isinstance(references, list) else ():
        transform = pdf.resolved(entry)
        if not isinstance(transform, dict):
            continue
        parameters = pdf.resolved(transform.get("/TransformParams"))
        if transform.get("/TransformMethod") == Name("/DocMDP") and isinstance(parameters, dict):
            permission = parameters.get("/P", 2)
            return permission if isinstance(permission, int) else None
    return None
