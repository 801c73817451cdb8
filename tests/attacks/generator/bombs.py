"""Small files that want much: of memory, of time, of depth, of numbers."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random

from tests.attacks.attacks_forging import last_xref, object_of, page_of, revision, root_of, size_of
from tests.attacks.generator.case import BORNE, NOT_OURS, WEIGHED, Case, refused
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import FRESH, HEADER, filled, paper_objects, stream, written

_MEBIBYTE = 1 << 20
_WHY = "signed as it is: no page changes; what counts is that reading ends in time"


@cache
def _zeros(mebibytes: int) -> bytes:
    """So many mebibytes of zeros, deflated to a thousandth: one block, over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b"\0" * _MEBIBYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (mebibytes * _MEBIBYTE % 65521) << 16 | 1
    return b"\x78\xda" + block * mebibytes + b"\x03\x00" + checksum.to_bytes(4, "big")


def _lzw(mebibytes: int) -> bytes:
    """LZW of zeros by clear codes and runs that grow: 12 bits for up to 3,800 bytes."""
    codes: list[tuple[int, int]] = []
    left = mebibytes * _MEBIBYTE
    while left > 0:
        codes.append((256, 9))
        codes.append((0, 9))
        left -= 1
        for step, following in enumerate(range(258, 4094)):
            width = (
                9 if following < 511 else 10 if following < 1023 else 11 if following < 2047 else 12
            )
            codes.append((following, width))
            left -= step + 2
            if left <= 0:
                break
    codes.append((257, codes[-1][1]))
    bits = "".join(f"{code:0{width}b}" for code, width in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _packed(data: bytes, times: int) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 9)
    return data


STREAMS: dict[str, Callable[[], bytes]] = {
    "flate": lambda: stream(_zeros(1024), b"/Filter /FlateDecode"),
    "flate-of-flate": lambda: stream(
        _packed(_zeros(2048), 1), b"/Filter [/FlateDecode /FlateDecode]"
    ),
    "flate-seven-times": lambda: stream(
        _packed(_zeros(2048), 6), b"/Filter [" + b"/FlateDecode " * 7 + b"]"
    ),
    "lzw": lambda: stream(_lzw(64), b"/Filter /LZWDecode"),
    "run-length": lambda: stream(b"\x81\0" * 200_000 + b"\x80", b"/Filter /RunLengthDecode"),
    "run-length-of-flate": lambda: stream(
        zlib.compress(b"\x81\0" * 8_000_000, 9), b"/Filter [/FlateDecode /RunLengthDecode]"
    ),
    "thousand-filters": lambda: stream(b"00>", b"/Filter [" + b"/ASCIIHexDecode " * 1000 + b"]"),
    "hundred-thousand-filters": lambda: stream(b"00>", b"/Filter [" + b"/AHx " * 500_000 + b"]"),
    "predictor-of-huge-columns": lambda: stream(
        _zeros(1),
        b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32"
        b" /BitsPerComponent 16 >>",
    ),
    "predictor-of-negative-columns": lambda: stream(
        _zeros(1), b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns -1 >>"
    ),
    "predictor-of-no-columns": lambda: stream(
        _zeros(1), b"/Filter /FlateDecode /DecodeParms << /Predictor 2 /Columns 0 /Colors 0 >>"
    ),
    "predictor-of-one-column": lambda: stream(
        _zeros(64), b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 1 >>"
    ),
    "length-huge": lambda: b"<< /Length 99999999999999 >>\nstream\nx\nendstream",
    "length-negative": lambda: b"<< /Length -1 >>\nstream\nx\nendstream",
    "flate-cut-off": lambda: stream(_zeros(8)[:100], b"/Filter /FlateDecode"),
    "unknown-filter": lambda: stream(b"x", b"/Filter /JBIG9Decode"),
    "crypt-filter": lambda: stream(b"x", b"/Filter /Crypt /DecodeParms << /Name /X >>"),
}
"""Each stands where a reader looks: as metadata, as attachment, as page content."""

_DEEP = 100_000
VALUES: dict[str, Callable[[], bytes]] = {
    "deep-arrays": lambda: b"[" * _DEEP + b"]" * _DEEP,
    "deep-dictionaries": lambda: b"<</A " * _DEEP + b"null" + b">>" * _DEEP,
    "deep-mixed": lambda: b"<</A [" * _DEEP + b"]>>" * _DEEP,
    "open-arrays": lambda: b"[" * _DEEP,
    "deep-strings": lambda: b"(" * _DEEP + b")" * _DEEP,
    "open-string": lambda: b"(" * 50 + b"x" * _MEBIBYTE,
    "backslashes": lambda: b"(" + b"\\" * (2 * _MEBIBYTE) + b")",
    "long-name": lambda: b"/" + b"A" * (16 * _MEBIBYTE),
    "escaped-name": lambda: b"/" + b"#41" * (4 * _MEBIBYTE),
    "long-hexadecimal": lambda: b"<" + b"41" * (6 * _MEBIBYTE) + b">",
    "long-number": lambda: b"9" * 100_000,
    "long-real": lambda: b"1." + b"9" * 4_000_000,
    "minus-signs": lambda: b"-" * 100_000 + b"1",
    "huge-exponent": lambda: b"1e999999999",
    "wide-array": lambda: b"[" + b"0 " * 2_000_000 + b"]",
    "wide-dictionary": lambda: b"<<" + b"".join(b"/K%d 0" % at for at in range(200_000)) + b">>",
    "same-key-many-times": lambda: b"<<" + b"/K 0" * 1_000_000 + b">>",
    "spaces": lambda: b" " * (16 * _MEBIBYTE) + b"null",
    "comments": lambda: b"%\n" * 1_000_000 + b"null",
    "percent-signs": lambda: b"%" * (8 * _MEBIBYTE) + b"\nnull",
    "half-references": lambda: b"[" + b"1 0 " * 500_000 + b"]",
    "digits-with-spaces": lambda: b"[" + b"1" * 10 + b" " * 1_000_000 + b"1 R]",
    "references": lambda: b"[" + b"1 0 R " * 2_000_000 + b"]",
}


def _signed(ground: Ground, objects: Mapping[int, bytes]) -> bytes:
    return filled(written(objects), ground.stranger, ground.timestamps)


def _with_stream(make: Callable[[], bytes], entries: bytes, more: bytes = b""):
    def build(ground: Ground, _chance: Random) -> bytes:
        value = make()
        if more:
            value = value.replace(b"<< ", b"<< " + more + b" ", 1)
        return _signed(ground, {**paper_objects(catalog=entries), FRESH: value, **_FILES})

    return build


_FILES = {
    FRESH + 1: b"<< /Type /Filespec /F (certificate.json) /UF (certificate.json)"
    b" /EF << /F 11 0 R >> >>",
}


def _with_content(make: Callable[[], bytes]):
    def build(ground: Ground, _chance: Random) -> bytes:
        return _signed(ground, paper_objects(content=make()))

    return build


def _with_value(make: Callable[[], bytes], where: str):
    def build(ground: Ground, _chance: Random) -> bytes:
        return _signed(ground, paper_objects(**{where: b"/X " + make() + b" "}))

    return build


def _on_ours(make: Callable[[], bytes]):
    """The description of the genuine file gives way to a bomb."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        number = int(object_of(pdf, root_of(pdf)).split(b"/Metadata")[1].split()[0])
        return revision(pdf, {number: make()})

    return build


def _many_pages(ground: Ground, _chance: Random) -> bytes:
    count = 100_000
    kids = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count %d /Kids [3 0 R %s] >>" % (count + 1, kids)
    page = b"<< /Type /Page /Parent 2 0 R >>"
    return _signed(ground, {**objects, **{FRESH + at: page for at in range(count)}})


def _deep_pages(ground: Ground, _chance: Random) -> bytes:
    depth = 20_000
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % FRESH
    for at in range(depth):
        kid = FRESH + at + 1 if at < depth - 1 else 3
        objects[FRESH + at] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % kid
    return _signed(ground, objects)


def _same_kid(ground: Ground, _chance: Random) -> bytes:
    """Each level names the next one ten times: ten to the twentieth pages."""
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count 1 /Kids [%s] >>" % (b"%d 0 R " % FRESH * 10)
    for at in range(20):
        kid = FRESH + at + 1 if at < 19 else 3
        objects[FRESH + at] = b"<< /Type /Pages /Count 1 /Kids [%s] >>" % (b"%d 0 R " % kid * 10)
    return _signed(ground, objects)


def _many_fields(ground: Ground, _chance: Random) -> bytes:
    count = 100_000
    objects = paper_objects()
    fields = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % fields
    for at in range(count):
        objects[FRESH + at] = b"<< /FT /Tx /T (F%d) >>" % at
    return _signed(ground, objects)


def _deep_fields(ground: Ground, _chance: Random) -> bytes:
    depth = 5_000
    objects = paper_objects()
    objects[6] = b"<< /Fields [7 0 R %d 0 R] /SigFlags 3 >>" % FRESH
    for at in range(depth):
        objects[FRESH + at] = b"<< /T (F) /Kids [%d 0 R] >>" % (FRESH + at + 1)
    objects[FRESH + depth] = b"<< /FT /Tx /T (F) >>"
    return _signed(ground, objects)


def _same_fields(ground: Ground, _chance: Random) -> bytes:
    objects = paper_objects()
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % (b"%d 0 R " % FRESH * 10)
    for at in range(20):
        objects[FRESH + at] = b"<< /T (F) /Kids [%s] >>" % (b"%d 0 R " % (FRESH + at + 1) * 10)
    objects[FRESH + 20] = b"<< /FT /Tx /T (F) >>"
    return _signed(ground, objects)


def _many_signatures(count: int):
    """So many fields show the one signature, or so many dictionaries claim the same range."""

    def build(ground: Ground, _chance: Random) -> bytes:
        objects = paper_objects()
        fields = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
        objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % fields
        for at in range(count):
            objects[FRESH + at] = b"<< /FT /Sig /T (S%d) /V 8 0 R >>" % at
        return _signed(ground, objects)

    return build


def _many_ranges(ground: Ground, _chance: Random) -> bytes:
    """A signature whose range has a hundred thousand pairs."""
    seal = paper_objects()[8].replace(b"/Filter", b"/X [" + b"0 1 " * 200_000 + b"] /Filter")
    pdf = _signed(ground, paper_objects(seal=seal))
    at = pdf.rindex(b"/X [")
    end = pdf.index(b"]", at)
    return (
        pdf[:at]
        + b"/ByteRange ["
        + pdf[at + 12 : end]
        + pdf[end:].replace(b"/ByteRange", b"/ByteRangX", 1)
    )


def _many_objects(ground: Ground, _chance: Random) -> bytes:
    return _signed(ground, {**paper_objects(), **{FRESH + at: b"0" for at in range(200_000)}})


def _many_revisions(count: int):
    def build(ground: Ground, _chance: Random) -> bytes:
        out = bytearray(ground.genuine)
        root, previous, size = root_of(ground.genuine), last_xref(out), size_of(ground.genuine)
        for _ in range(count):
            start = len(out)
            out += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>" % (
                size, root, previous,
            )  # fmt: skip
            out += b"\nstartxref\n%d\n%%%%EOF\n" % start
            previous = start
        return bytes(out)

    return build


def _table(table: bytes, size: int = 0):
    """A revision whose table is absurd."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
            size or size_of(pdf), root_of(pdf), last_xref(pdf),
        )  # fmt: skip
        return pdf + b"xref\n" + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(pdf)

    return build


def _stream_table(entries: bytes, data: bytes = b"\1\0\0\0\0\0\0"):
    """A revision whose cross-reference stream is absurd."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        number = size_of(pdf)
        common = b"/Type /XRef /Root %d 0 R /Prev %d " % (root_of(pdf), last_xref(pdf))
        return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
            number,
            stream(data, common + entries),
            len(pdf),
        )

    return build


TABLES = {
    "table-of-a-million-subsections": _table(b"0 0\n" * 1_000_000),
    "table-of-many-entries": _table(b"0 600000\n" + b"0000000000 65535 f \n" * 600_000),
    "table-count-of-billions": _table(b"0 9999999999\n"),
    "table-number-of-billions": _table(b"9999999999 1\n0000000015 00000 n \n"),
    "size-of-billions": _table(b"0 1\n0000000000 65535 f \n", 9_999_999_999),
    "stream-index-of-billions": _stream_table(b"/W [1 4 2] /Size 99 /Index [0 9999999999]"),
    "stream-index-negative": _stream_table(b"/W [1 4 2] /Size 99 /Index [-5 3 -9 -9]"),
    "stream-index-odd": _stream_table(b"/W [1 4 2] /Size 99 /Index [0]"),
    "stream-index-many": _stream_table(b"/W [1 4 2] /Size 99 /Index [" + b"0 0 " * 500_000 + b"]"),
    "stream-size-of-billions": _stream_table(b"/W [0 0 0] /Size 9999999999"),
    "stream-w-zero": _stream_table(b"/W [0 0 0] /Size 99999999 /Index [0 99999999]"),
    "stream-w-negative": _stream_table(b"/W [-1 4 2] /Size 99"),
    "stream-w-huge": _stream_table(b"/W [1 99999999999 2] /Size 99"),
    "stream-w-short": _stream_table(b"/W [1] /Size 99"),
    "stream-w-many": _stream_table(b"/W [" + b"1 " * 500_000 + b"] /Size 99"),
    "stream-flate-bomb": _stream_table(b"/W [1 4 2] /Size 99 /Filter /FlateDecode", _zeros(512)),
    "stream-flate-bomb-indexed": _stream_table(
        b"/W [0 1 0] /Size 536870912 /Filter /FlateDecode", _zeros(512)
    ),
}


def _object_stream(entries: bytes, data: bytes):
    """An object stream that promises too much, and a page that is said to lie in it."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        number = size_of(pdf) + 1
        out = bytearray(pdf)
        place = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, stream(data, b"/Type /ObjStm " + entries))
        start = len(out)
        rows = ((page_of(pdf), 2, number), (number, 1, place), (number + 1, 1, start))
        table = b"".join(
            bytes((kind,)) + value.to_bytes(4, "big") + b"\0\0" for _, kind, value in rows
        )
        index = b" ".join(b"%d 1" % row[0] for row in rows)
        head = b"/Type /XRef /W [1 4 2] /Index [%s] /Size %d /Root %d 0 R /Prev %d" % (
            index, number + 2, root_of(pdf), last_xref(pdf),
        )  # fmt: skip
        out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
            number + 1, stream(table, head), start,
        )  # fmt: skip
        return bytes(out)

    return build


OBJECT_STREAMS = {
    "flate-bomb": _object_stream(b"/N 1 /First 4 /Filter /FlateDecode", _zeros(1024)),
    "n-of-billions": _object_stream(b"/N 9999999999 /First 10", b"3 0 << >>"),
    "n-negative": _object_stream(b"/N -1 /First 4", b"3 0 << >>"),
    "first-of-billions": _object_stream(b"/N 1 /First 9999999999", b"3 0 << >>"),
    "first-negative": _object_stream(b"/N 1 /First -4", b"3 0 << >>"),
    "many-held": _object_stream(b"/N 2000000 /First 8000000", b"9 0 " * 2_000_000 + b"0 "),
    "deep-value": _object_stream(b"/N 1 /First 4", b"3 0 " + b"[" * _DEEP),
}


def _no_pdf(data: Callable[[], bytes]):
    return lambda _ground, _chance: data()


PLAIN: dict[str, Callable[[], bytes]] = {
    "header-and-digits": lambda: HEADER + b"1 " * 8_000_000 + b"\n%%EOF\n",
    "many-ends": lambda: HEADER + b"startxref\n0\n%%EOF\n" * 200_000,
    "many-object-headers": lambda: HEADER + b"1 0 obj\n" * 500_000 + b"%%EOF\n",
    "many-open-streams": lambda: HEADER + b"1 0 obj<</Length 9>>stream\n" * 200_000 + b"%%EOF\n",
    "many-byte-ranges": lambda: HEADER + b"/ByteRange [0 1 2 3]\n" * 300_000 + b"%%EOF\n",
    "byte-range-of-spaces": lambda: HEADER + b"/ByteRange [" + b" " * 16_000_000 + b"%%EOF\n",
    "many-byte-range-starts": lambda: HEADER + b"/ByteRange    [ 1   2  " * 800_000 + b"%%EOF\n",
    "many-trailers": lambda: HEADER + b"trailer<<" * 1_500_000 + b"\n%%EOF\n",
    "many-xrefs": lambda: HEADER + b"xref\n0 1\n" * 300_000 + b"startxref\n15\n%%EOF\n",
    "our-namespace-many-times": lambda: (
        HEADER + b"urn:certlib:gbt36903:1.0# <zz:ZZBS>" * 400_000 + b"%%EOF\n"
    ),
    "twenty-mebibytes-and-one": lambda: (HEADER + b"%").ljust(20 * _MEBIBYTE + 1, b"x"),
    "twenty-mebibytes-of-zeros": lambda: HEADER.ljust(20 * _MEBIBYTE - 6, b"\0") + b"%%EOF\n",
}


def cases() -> Iterator[Case]:
    spoilt = refused("altered")
    for name, make in STREAMS.items():
        places = {
            "metadata": _with_stream(make, b"/Metadata 11 0 R", b"/Type /Metadata /Subtype /XML"),
            "attachment": _with_stream(make, b"/AF [12 0 R]"),
            "content": _with_content(make),
        }
        for place, build in places.items():
            yield Case(f"bombs/{place}-{name}", build, WEIGHED, BORNE, _WHY)
        yield Case(f"bombs/ours-metadata-{name}", _on_ours(make), spoilt, spoilt)
    for name, make in VALUES.items():
        for place in ("catalog", "page"):
            build = _with_value(make, place)
            yield Case(f"bombs/{place}-{name}", build, WEIGHED, BORNE, _WHY)
        yield Case(
            f"bombs/seal-{name}",
            lambda g, _, make=make: _signed(
                g, paper_objects(seal=paper_objects()[8][:-2] + b"/X " + make() + b" >>")
            ),
            WEIGHED,
            BORNE,
            _WHY,
        )
    heavy = {
        "many-pages": _many_pages,
        "deep-pages": _deep_pages,
        "same-kid": _same_kid,
        "many-fields": _many_fields,
        "deep-fields": _deep_fields,
        "same-fields": _same_fields,
        "thirty-signatures": _many_signatures(30),
        "thousand-signatures": _many_signatures(1000),
        "many-ranges": _many_ranges,
        "many-objects": _many_objects,
    }
    for name, build in heavy.items():
        yield Case(f"bombs/{name}", build, NOT_OURS, BORNE, _WHY)
    for name, build in TABLES.items():
        yield Case(f"bombs/{name}", build, spoilt, spoilt)
    for name, build in OBJECT_STREAMS.items():
        yield Case(f"bombs/object-stream-{name}", build, spoilt, spoilt)
    for count in (100, 10_000):
        yield Case(f"bombs/revisions-{count}", _many_revisions(count), spoilt, spoilt)
    for name, make in PLAIN.items():
        yield Case(f"bombs/{name}", _no_pdf(make), WEIGHED, WEIGHED)
