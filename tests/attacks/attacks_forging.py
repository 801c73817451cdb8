"""How forgers write PDFs: revisions that are honest in form, or are not."""

import dataclasses
import re

from asn1crypto import cms
from pyhanko.sign.general import extract_certificate_info

from signing.cms import assemble
from signing.evidence import library_message
from signing.evidence.der import span_at, spans

EOF = b"%%EOF\n"


def gap(pdf: bytes) -> tuple[int, int]:
    """Offsets of the first gap, brackets included."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)
    return int(found[2]), int(found[3])


def cms_of(pdf: bytes) -> cms.ContentInfo:
    start, end = gap(pdf)
    return cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))


def with_cms(pdf: bytes, encoded: bytes) -> bytes:
    """Another CMS in the same gap."""
    start, end = gap(pdf)
    digits = encoded.hex().ljust(end - start - 2, "0").encode()
    assert len(digits) == end - start - 2
    return pdf[: start + 1] + digits + pdf[end - 1 :]


def parts_of(pdf: bytes):
    """What the CMS of the first gap is made of."""
    start, end = gap(pdf)
    signed = cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))["content"]
    signer = extract_certificate_info(signed).signer_cert
    return library_message.parts_of(
        signed, signer, signed["signer_infos"][0]["unsigned_attrs"].contents
    )


def rebuilt(pdf: bytes, **changes) -> bytes:
    """The same file with other parts of its CMS; what is signed stays."""
    return with_cms(pdf, assemble(dataclasses.replace(parts_of(pdf), **changes)))


def in_ber(der: bytes) -> bytes:
    """The message with its outer layers of indefinite length, as Bouncy Castle writes them."""
    kind, content = (der[start:end] for start, _, end in spans(der, span_at(der)))
    signed = content[span_at(content)[1] :]
    parts = [signed[start:end] for start, _, end in spans(signed, span_at(signed))]
    loose = [parts[0], *(_open(part[:1], part[span_at(part)[1] :]) for part in parts[1:])]
    return _open(b"\x30", kind + _open(b"\xa0", _open(b"\x30", b"".join(loose))))


def _open(tag: bytes, content: bytes) -> bytes:
    return tag + b"\x80" + content + b"\0\0"


def last_xref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def size_of(pdf: bytes) -> int:
    return int(re.findall(rb"/Size (\d+)", pdf)[-1])


def root_of(pdf: bytes) -> int:
    return int(re.findall(rb"/Root (\d+) 0 R", pdf)[-1])


def object_of(pdf: bytes, number: int) -> bytes:
    """The newest version of an object's value."""
    return re.findall(rb"(?:^|\n)%d 0 obj\s*(.*?)\s*endobj" % number, pdf, re.DOTALL)[-1]


def page_of(pdf: bytes) -> int:
    found = re.findall(rb"(?:^|\n)(\d+) 0 obj\s*<<\s*/Type\s*/Page\b", pdf)
    return int(found[-1])


def revision(
    pdf: bytes,
    objects: dict[int, bytes],
    *,
    listed: dict[int, int] | None = None,
    unlisted: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """An incremental update.

    Args:
        pdf: what it is appended to.
        objects: number → value; all of them listed in the cross-reference.
        listed: number → offset of further entries, wherever they point.
        unlisted: bytes between the last object and the cross-reference.
        trailer: further trailer entries.
    """
    out, entries = bytearray(pdf), dict(listed or {})
    for number, value in objects.items():
        entries[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    out += unlisted
    start = len(out)
    out += b"xref\n"
    for number, offset in sorted(entries.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    size = max([size_of(pdf), *(number + 1 for number in entries)])
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root_of(pdf),
        last_xref(pdf),
        trailer,
        start,
    )
    return bytes(out)


def content_stream(text: bytes) -> bytes:
    data = b"BT /f0 12 Tf 70 700 Td (%s) Tj ET" % text
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def stream_revision(
    pdf: bytes, held: dict[int, bytes], listed: set[int], places: dict[int, int] | None = None
) -> bytes:
    """An update with a cross-reference stream: `held` lie in one object stream, `listed` are told.

    `places` are offsets at which objects are said to begin that do not.
    """
    container = size_of(pdf) + 10
    place = len(pdf) + 1
    head, body = b"", b""
    for number, value in held.items():
        head += b"%d %d " % (number, (places or {}).get(number, len(body)))
        body += value + b" "
    stream = b"<< /Type /ObjStm /N %d /First %d /Length %d >>\nstream\n%s\nendstream" % (
        len(held),
        len(head),
        len(head + body),
        head + body,
    )
    out = pdf + b"\n%d 0 obj\n%s\nendobj\n" % (container, stream)
    start = len(out)
    entries = {container: (1, place, 0), container + 1: (1, start, 0)}
    for index, number in enumerate(held):
        if number in listed:
            entries[number] = (2, container, index)
    table = b"".join(
        bytes((kind,)) + first.to_bytes(4, "big") + second.to_bytes(2, "big")
        for _, (kind, first, second) in sorted(entries.items())
    )
    index = b" ".join(b"%d 1" % number for number in sorted(entries))
    out += b"%d 0 obj\n<< /Type /XRef /W [1 4 2] /Index [%s] /Size %d /Root %d 0 R /Prev %d" % (
        container + 1,
        index,
        container + 2,
        root_of(pdf),
        last_xref(pdf),
    )
    out += b" /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(table), table)
    return out + b"startxref\n%d\n%%%%EOF\n" % start
