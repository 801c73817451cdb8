"""Signature wrapping: the signed bytes are still there, but the range leads past new ones.

The second range is moved back, and between the two lies what the forger wants shown (Mladenov et
al. 2019); or there are two ranges, two gaps, two signatures, and readers take different ones.
"""

import re
from collections.abc import Iterator
from random import Random

from tests.attacks.attacks_forging import (
    content_stream,
    gap,
    last_xref,
    object_of,
    page_of,
    root_of,
    size_of,
)
from tests.attacks.generator.case import APPENDED, BROKEN, CHANGED, NOT_OURS, Case, refused
from tests.attacks.generator.case import INTEGRITY as I
from tests.attacks.generator.ground import Ground

_RANGE = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *")


def _ranged(pdf: bytes, numbers: tuple[int, ...]) -> bytes:
    found = list(_RANGE.finditer(pdf))[-1]
    text = b"/ByteRange [" + b" ".join(b"%d" % number for number in numbers) + b"]"
    return pdf[: found.start()] + text.ljust(found.end() - found.start()) + pdf[found.end() :]


def _moved(pdf: bytes, between: bytes) -> bytes:
    """The second range begins later; `between` lies after the gap."""
    start, end = gap(pdf)
    rest = len(pdf) - end
    forged = pdf[:end] + between + pdf[end:]
    return _ranged(forged, (0, start, end + len(between), rest))


def _hidden_revision(pdf: bytes) -> bytes:
    """A new page content with its own cross-reference, to lie between the two ranges."""
    number = int(object_of(pdf, page_of(pdf)).split(b"/Contents")[1].split()[0])
    _, end = gap(pdf)
    head = b">>\nendobj\n"
    body = b"%d 0 obj\n%s\nendobj\n" % (number, content_stream(b"FORGED"))
    place = end + len(head)
    start = place + len(body)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, place)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
        size_of(pdf),
        root_of(pdf),
        last_xref(pdf),
    )
    return head + body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def _wrapped(make):
    def build(ground: Ground, chance: Random) -> bytes:
        return make(ground.genuine, chance)

    return build


def _wrapped_paper(make):
    def build(ground: Ground, chance: Random) -> bytes:
        return make(ground.paper(), chance)

    return build


def _gap_widened(pdf: bytes, _chance: Random) -> bytes:
    """Both brackets of the gap and a little more are left out of the ranges."""
    start, end = gap(pdf)
    return _ranged(pdf, (0, start - 4, end + 4, len(pdf) - end - 4))


def _gap_narrowed(pdf: bytes, _chance: Random) -> bytes:
    start, end = gap(pdf)
    return _ranged(pdf, (0, start + 2, end - 2, len(pdf) - end + 2))


def _decoy_contents(pdf: bytes, _chance: Random) -> bytes:
    """A second /Contents in front of the real one: which one does the reader take?"""
    start, _ = gap(pdf)
    at = pdf.rindex(b"/Contents", 0, start)
    decoy = b"/Contents <3000> "
    forged = pdf[:at] + decoy + pdf[at:]
    start, end = start + len(decoy), gap(pdf)[1] + len(decoy)
    return _ranged(forged, (0, start, end, len(forged) - end))


def _contents_after(pdf: bytes, _chance: Random) -> bytes:
    start, end = gap(pdf)
    return _moved(pdf, b" /Contents <" + pdf[start + 1 : end - 1] + b">")


def _whole_copy_inside(pdf: bytes, _chance: Random) -> bytes:
    """The whole signed file once more, between the ranges."""
    return _moved(pdf, b">>\nendobj\n" + pdf)


def _second_copy(pdf: bytes, _chance: Random) -> bytes:
    """The signed file stays in front; behind it another catalog with a range that covers it."""
    start, end = gap(pdf)
    fresh = size_of(pdf)
    body = b"%d 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached" % fresh
    body += b" /ByteRange [0 %d %d %d] /Contents " % (start, end, len(pdf) - end)
    body += pdf[start:end] + b" >>\nendobj\n"
    offset = len(pdf)
    pages = int(object_of(pdf, root_of(pdf)).split(b"/Pages")[1].split()[0])
    catalog = b"<< /Type /Catalog /Pages %d 0 R /AcroForm << /SigFlags 3 /Fields [%d 0 R] >> >>" % (
        pages,
        fresh + 1,
    )
    field = b"<< /FT /Sig /T (Seal) /V %d 0 R >>" % fresh
    out, entries = bytearray(pdf + body), {fresh: offset}
    for number, value in ((fresh + 1, field), (fresh + 2, catalog)):
        entries[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = len(out)
    out += b"xref\n"
    for number, place in entries.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        fresh + 3,
        fresh + 2,
        last_xref(pdf),
        table,
    )
    return bytes(out)


def _signature_of_another_file(ground: Ground, _chance: Random) -> bytes:
    """The CMS of the revoked certificate in the genuine one."""
    pdf, other = ground.genuine, ground.revoked
    start, end = gap(pdf)
    first, last = gap(other)
    digits = other[first + 1 : last - 1].rstrip(b"0")
    return pdf[: start + 1] + digits.ljust(end - start - 2, b"0") + pdf[end - 1 :]


def _prefix_signed(pdf: bytes, _chance: Random) -> bytes:
    """The signed file whole, then a page in front by a leading file: offsets no longer fit."""
    return b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n" + pdf


def _padded(pdf: bytes, _chance: Random) -> bytes:
    """Zero digits added after the padding, and the range adjusted to match."""
    start, end = gap(pdf)
    forged = pdf[: end - 1] + b"00" * 50 + pdf[end - 1 :]
    return _ranged(forged, (0, start, end + 100, len(pdf) - end))


_SAME_FOR_BOTH = {
    "space-between": lambda pdf, chance: _moved(pdf, b" "),
    "object-between": lambda pdf, chance: _moved(
        pdf, b"\n%d 0 obj\n%s\nendobj\n" % (page_of(pdf), object_of(pdf, page_of(pdf)))
    ),
    "revision-between": lambda pdf, chance: _moved(pdf, _hidden_revision(pdf)),
    "random-between": lambda pdf, chance: _moved(pdf, chance.randbytes(chance.randrange(1, 999))),
    "file-between": _whole_copy_inside,
    "gap-widened": _gap_widened,
    "gap-narrowed": _gap_narrowed,
    "decoy-contents": _decoy_contents,
    "contents-after": _contents_after,
    "longer-gap": _padded,
}

# The signed part has moved: whether the range or the digest tells first, the answer is the same.
_MOVED = refused(("altered", "unreadable"), I)


def cases() -> Iterator[Case]:
    for name, make in _SAME_FOR_BOTH.items():
        yield Case(f"wrapping/ours-{name}", _wrapped(make), BROKEN, BROKEN)
        yield Case(f"wrapping/theirs-{name}", _wrapped_paper(make), NOT_OURS, _MOVED)
    yield Case("wrapping/ours-second-catalog", _wrapped(_second_copy), APPENDED, CHANGED)
    yield Case("wrapping/theirs-second-catalog", _wrapped_paper(_second_copy), NOT_OURS, CHANGED)
    yield Case("wrapping/ours-leading-file", _wrapped(_prefix_signed), BROKEN, BROKEN)
    yield Case("wrapping/signature-of-another-file", _signature_of_another_file, BROKEN, BROKEN)
