"""PDF files written by hand, so that nothing stands between the forger and the bytes."""

import hashlib
import re
from collections.abc import Mapping

from signing.cms import SealTemplate
from tests.attacks.generator.minting import Minted
from tests.unit.signing.signing_pki import TestTimestamps

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
CATALOG, PAGES, PAGE, CONTENT, TEXT, FORM, FIELD, SEAL, FONT, FACE = range(1, 11)
"""Object numbers of `paper_objects`."""
FRESH = 11
"""The first number that is free there."""

_RANGE = b"[0 9999999999 9999999999 9999999999]"
_ROOM = 12 * 1024


def written(
    objects: Mapping[int, bytes], *, trailer: bytes = b"", header: bytes = HEADER, root: int = 1
) -> bytes:
    """A file of one revision with a cross-reference table."""
    out, offsets = bytearray(header), {}
    for number, value in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(offsets):
        out += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def words(text: bytes, *, at: tuple[int, int] = (70, 700), size: int = 24) -> bytes:
    """A content stream that shows `text`."""
    return stream(b"BT /F0 %d Tf %d %d Td (%s) Tj ET" % (size, *at, text))


def look(text: bytes, *, width: int = 300, height: int = 30, entries: bytes = b"") -> bytes:
    """An appearance: a form XObject that shows `text`."""
    data = b"BT /F0 14 Tf 4 8 Td (%s) Tj ET" % text
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d]" % (width, height)
    return stream(data, head + b" /Resources << /Font << /F0 9 0 R >> >> " + entries)


def seal_dictionary(
    *, level: int | None = None, entries: bytes = b"", kind: bytes = b"/ETSI.CAdES.detached"
) -> bytes:
    """A signature dictionary with an empty gap; with `level` it certifies (DocMDP)."""
    if level is not None:
        entries += (
            b" /Reference [<< /Type /SigRef /TransformMethod /DocMDP"
            b" /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >>]" % level
        )
    return (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %s /ByteRange %s /Contents <%s>"
        b" /M (D:20261122020000Z) %s >>" % (kind, _RANGE, b"0" * (2 * _ROOM), entries)
    )


def paper_objects(level: int | None = None, **changes: bytes) -> dict[int, bytes]:
    """A page with a text field and a signature field, filled; certified with `level`.

    `changes` replace or add entries by the lower-case name of the object: `page=b"/Rotate 90"`.
    """
    perms = b"" if level is None else b" /Perms << /DocMDP %d 0 R >>" % SEAL
    return {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R%s %s >>"
        % (perms, changes.get("catalog", b"")),
        PAGES: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        PAGE: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F0 9 0 R >> %s >> /Annots [5 0 R 7 0 R] %s >>"
        % (changes.get("resources", b""), changes.get("page", b"")),
        CONTENT: changes.get("content", words(b"Pay 100 to the bearer")),
        TEXT: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Note) /Rect [70 600 370 630]"
        b" /DA (/F0 14 Tf 0 g) /F 4 /P 3 0 R /V (seen) /AP << /N 10 0 R >> >>",
        FORM: b"<< /Fields [5 0 R 7 0 R] /SigFlags 3 /DR << /Font << /F0 9 0 R >> >>"
        b" /DA (/F0 14 Tf 0 g) >>",
        FIELD: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /F 132"
        b" /Rect [0 0 0 0] /P 3 0 R /V 8 0 R >>",
        SEAL: changes.get("seal", seal_dictionary(level=level)),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        FACE: look(b"seen"),
    }


def paper(
    signer: Minted,
    level: int | None = None,
    *,
    timestamps: TestTimestamps | None = None,
    more: Mapping[int, bytes] | None = None,
    **changes: bytes,
) -> bytes:
    """A stranger's signed paper, honest as long as `changes` are."""
    objects = {**paper_objects(level, **changes), **(more or {})}
    return filled(written(objects), signer, timestamps)


def filled(pdf: bytes, signer: Minted, timestamps: TestTimestamps | None = None) -> bytes:
    """The last empty gap with its range and a signature over all the rest."""
    start, end = empty_gap(pdf)
    pdf = ranged(pdf, (0, start, end, len(pdf) - end))
    return laid(pdf, start, end, message(signer, pdf[:start] + pdf[end:], timestamps))


def empty_gap(pdf: bytes) -> tuple[int, int]:
    """Offsets of the last empty gap, brackets included."""
    found = list(re.finditer(rb"<0{1000,}>", pdf))[-1]
    return found.start(), found.end()


def ranged(pdf: bytes, ranges: tuple[int, ...]) -> bytes:
    text = b"[" + b" ".join(b"%d" % number for number in ranges) + b"]"
    at = pdf.rindex(_RANGE)
    return pdf[:at] + text.ljust(len(_RANGE)) + pdf[at + len(_RANGE) :]


def laid(pdf: bytes, start: int, end: int, encoded: bytes) -> bytes:
    digits = encoded.hex().encode().ljust(end - start - 2, b"0")
    assert len(digits) == end - start - 2
    return pdf[: start + 1] + digits + pdf[end - 1 :]


def message(signer: Minted, covered: bytes, timestamps: TestTimestamps | None = None) -> bytes:
    """The CMS of a signature over `covered`."""
    template = SealTemplate(signer.chain, signer.algorithm)
    attributes = template.attributes(hashlib.sha256(covered).digest())
    signature = signer.sign(attributes)
    token = timestamps.token(hashlib.sha256(signature).digest()) if timestamps else b""
    return template.signed(attributes, signature, token)
