"""Small files that want much: of memory, of time, of depth, of numbers."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random

from tests.attacks.attacks_forging import object_of, revision, root_of
from tests.attacks.generator.case import BORNE, WEIGHED, Case, refused
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import FRESH, HEADER, filled, paper_objects, stream, written

_MEBIBYTE = 1 << 20
WHY = "signed as it is: no page changes; what counts is that reading ends in time"


@cache
def zeros(mebibytes: int) -> bytes:
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
    "flate": lambda: stream(zeros(1024), b"/Filter /FlateDecode"),
    "flate-of-flate": lambda: stream(
        _packed(zeros(2048), 1), b"/Filter [/FlateDecode /FlateDecode]"
    ),
    "flate-seven-times": lambda: stream(
        _packed(zeros(2048), 6), b"/Filter [" + b"/FlateDecode " * 7 + b"]"
    ),
    "lzw": lambda: stream(_lzw(64), b"/Filter /LZWDecode"),
    "lzw-of-clear-codes": lambda: stream(
        bytes.fromhex("804020100804020100") * 1_600_000, b"/Filter /LZWDecode"
    ),
    "run-length": lambda: stream(b"\x81\0" * 200_000 + b"\x80", b"/Filter /RunLengthDecode"),
    "run-length-of-flate": lambda: stream(
        zlib.compress(b"\x81\0" * 8_000_000, 9), b"/Filter [/FlateDecode /RunLengthDecode]"
    ),
    "thousand-filters": lambda: stream(b"00>", b"/Filter [" + b"/ASCIIHexDecode " * 1000 + b"]"),
    "hundred-thousand-filters": lambda: stream(b"00>", b"/Filter [" + b"/AHx " * 500_000 + b"]"),
    "predictor-of-huge-columns": lambda: stream(
        zeros(1),
        b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32"
        b" /BitsPerComponent 16 >>",
    ),
    "predictor-of-huge-pixels": lambda: stream(
        zeros(1),
        b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 1048576 /Colors 1048576"
        b" /BitsPerComponent 1048576 >>",
    ),
    "predictor-of-negative-columns": lambda: stream(
        zeros(1), b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns -1 >>"
    ),
    "predictor-of-no-columns": lambda: stream(
        zeros(1), b"/Filter /FlateDecode /DecodeParms << /Predictor 2 /Columns 0 /Colors 0 >>"
    ),
    "predictor-of-one-column": lambda: stream(
        zeros(64), b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 1 >>"
    ),
    "length-huge": lambda: b"<< /Length 99999999999999 >>\nstream\nx\nendstream",
    "length-negative": lambda: b"<< /Length -1 >>\nstream\nx\nendstream",
    "flate-cut-off": lambda: stream(zeros(8)[:100], b"/Filter /FlateDecode"),
    "unknown-filter": lambda: stream(b"x", b"/Filter /JBIG9Decode"),
    "crypt-filter": lambda: stream(b"x", b"/Filter /Crypt /DecodeParms << /Name /X >>"),
}
"""Each stands where a reader looks: as metadata, as attachment, as page content."""

OURS_OR_TOO_MUCH = refused(("altered", "unreadable", "seal-not-on-record"))
"""Ours, and then more: told as altered, or as too much to be read."""

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
    "wide-array": lambda: b"[" + b"0 " * 5_000_000 + b"]",
    "wide-dictionary": lambda: b"<<" + b"".join(b"/K%d 0" % at for at in range(200_000)) + b">>",
    "same-key-many-times": lambda: b"<<" + b"/K 0" * 1_000_000 + b">>",
    "spaces": lambda: b" " * (16 * _MEBIBYTE) + b"null",
    "comments": lambda: b"%\n" * 1_000_000 + b"null",
    "comments-to-the-limit": lambda: b"%\n" * 9_000_000 + b"null",
    "marks-of-ours": lambda: b"(urn:certlib:gbt36903:1.0# " + b"ZZBS " * 3_000_000 + b")",
    "percent-signs": lambda: b"%" * (8 * _MEBIBYTE) + b"\nnull",
    "half-references": lambda: b"[" + b"1 0 " * 2_500_000 + b"]",
    "digits-with-spaces": lambda: b"[" + b"1" * 10 + b" " * 1_000_000 + b"1 R]",
    "references": lambda: b"[" + b"1 0 R " * 2_500_000 + b"]",
}


def signed(ground: Ground, objects: Mapping[int, bytes]) -> bytes:
    return filled(written(objects), ground.stranger, ground.timestamps)


def _with_stream(make: Callable[[], bytes], entries: bytes, more: bytes = b""):
    def build(ground: Ground, _chance: Random) -> bytes:
        value = make()
        if more:
            value = value.replace(b"<< ", b"<< " + more + b" ", 1)
        return signed(ground, {**paper_objects(catalog=entries), FRESH: value, **_FILES})

    return build


_FILES = {
    FRESH + 1: b"<< /Type /Filespec /F (certificate.json) /UF (certificate.json)"
    b" /EF << /F 11 0 R >> >>",
}


def _with_content(make: Callable[[], bytes]):
    def build(ground: Ground, _chance: Random) -> bytes:
        return signed(ground, paper_objects(content=make()))

    return build


def _with_value(make: Callable[[], bytes], where: str):
    def build(ground: Ground, _chance: Random) -> bytes:
        return signed(ground, paper_objects(**{where: b"/X " + make() + b" "}))

    return build


def _on_ours(make: Callable[[], bytes]):
    """The description of the genuine file gives way to a bomb."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        number = int(object_of(pdf, root_of(pdf)).split(b"/Metadata")[1].split()[0])
        return revision(pdf, {number: make()})

    return build


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
    for name, make in STREAMS.items():
        places = {
            "metadata": _with_stream(make, b"/Metadata 11 0 R", b"/Type /Metadata /Subtype /XML"),
            "attachment": _with_stream(make, b"/AF [12 0 R]"),
            "content": _with_content(make),
        }
        for place, build in places.items():
            # A stream that does not end where it says has two lengths: readers differ.
            theirs = WEIGHED if name.startswith("length") else BORNE
            yield Case(f"bombs/{place}-{name}", build, WEIGHED, theirs, WHY)
        yield Case(
            f"bombs/ours-metadata-{name}", _on_ours(make), OURS_OR_TOO_MUCH, OURS_OR_TOO_MUCH
        )
    for name, make in VALUES.items():
        for place in ("catalog", "page"):
            build = _with_value(make, place)
            yield Case(f"bombs/{place}-{name}", build, WEIGHED, BORNE, WHY)
        yield Case(
            f"bombs/seal-{name}",
            lambda g, _, make=make: signed(
                g, paper_objects(seal=paper_objects()[8][:-2] + b"/X " + make() + b" >>")
            ),
            WEIGHED,
            BORNE,
            WHY,
        )
    for name, make in PLAIN.items():
        yield Case(f"bombs/{name}", _no_pdf(make), WEIGHED, WEIGHED)
