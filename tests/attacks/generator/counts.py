"""Numbers without measure: of pages, fields, signatures, revisions, entries, held objects."""

from collections.abc import Iterator
from random import Random

from tests.attacks.attacks_forging import last_xref, page_of, revision, root_of, size_of
from tests.attacks.generator.bombs import OURS_OR_TOO_MUCH, WHY, signed, zeros
from tests.attacks.generator.case import BORNE, NOT_OURS, Case
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import FRESH, paper_objects, stream


def _many_pages(ground: Ground, _chance: Random) -> bytes:
    count = 100_000
    kids = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count %d /Kids [3 0 R %s] >>" % (count + 1, kids)
    page = b"<< /Type /Page /Parent 2 0 R >>"
    return signed(ground, {**objects, **{FRESH + at: page for at in range(count)}})


def _deep_pages(ground: Ground, _chance: Random) -> bytes:
    depth = 20_000
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % FRESH
    for at in range(depth):
        kid = FRESH + at + 1 if at < depth - 1 else 3
        objects[FRESH + at] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % kid
    return signed(ground, objects)


def _same_kid(ground: Ground, _chance: Random) -> bytes:
    """Each level names the next one ten times: ten to the twentieth pages."""
    objects = paper_objects()
    objects[2] = b"<< /Type /Pages /Count 1 /Kids [%s] >>" % (b"%d 0 R " % FRESH * 10)
    for at in range(20):
        kid = FRESH + at + 1 if at < 19 else 3
        objects[FRESH + at] = b"<< /Type /Pages /Count 1 /Kids [%s] >>" % (b"%d 0 R " % kid * 10)
    return signed(ground, objects)


def _many_fields(ground: Ground, _chance: Random) -> bytes:
    count = 100_000
    objects = paper_objects()
    fields = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % fields
    for at in range(count):
        objects[FRESH + at] = b"<< /FT /Tx /T (F%d) >>" % at
    return signed(ground, objects)


def _deep_fields(ground: Ground, _chance: Random) -> bytes:
    depth = 5_000
    objects = paper_objects()
    objects[6] = b"<< /Fields [7 0 R %d 0 R] /SigFlags 3 >>" % FRESH
    for at in range(depth):
        objects[FRESH + at] = b"<< /T (F) /Kids [%d 0 R] >>" % (FRESH + at + 1)
    objects[FRESH + depth] = b"<< /FT /Tx /T (F) >>"
    return signed(ground, objects)


def _same_fields(ground: Ground, _chance: Random) -> bytes:
    objects = paper_objects()
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % (b"%d 0 R " % FRESH * 10)
    for at in range(20):
        objects[FRESH + at] = b"<< /T (F) /Kids [%s] >>" % (b"%d 0 R " % (FRESH + at + 1) * 10)
    objects[FRESH + 20] = b"<< /FT /Tx /T (F) >>"
    return signed(ground, objects)


def _same_kids_of_many_fields(ground: Ground, _chance: Random) -> bytes:
    """Fields that are no objects of their own, and have one long list of kids."""
    objects = paper_objects()
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % (b"<< /Kids 11 0 R >> " * 20_000)
    objects[FRESH] = b"[" + b"0 " * 100_000 + b"]"
    return signed(ground, objects)


def _added_to_many_annotations(ground: Ground, _chance: Random) -> bytes:
    """A long list that is there once more, with one thing more."""
    objects = paper_objects()
    objects[3] = objects[3].replace(b"/Annots [5 0 R 7 0 R]", b"/Annots 11 0 R")
    listed = b"[5 0 R 7 0 R " + b"null " * 150_000
    pdf = signed(ground, {**objects, FRESH: listed + b"]"})
    return revision(pdf, {FRESH: listed + b"0]"})


def _same_value_of_many_fields(ground: Ground, _chance: Random) -> bytes:
    """Three thousand fields have one long value; one of them gets another."""
    objects = paper_objects()
    numbers = range(FRESH + 1, FRESH + 3001)
    fields = b" ".join(b"%d 0 R" % number for number in numbers)
    objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % fields
    objects[FRESH] = b"[" + b"0 " * 150_000 + b"]"
    for number in numbers:
        objects[number] = b"<< /FT /Tx /T (F%d) /V 11 0 R >>" % number
    return revision(signed(ground, objects), {FRESH + 1: b"<< /FT /Tx /T (F12) /V (x) >>"})


def _many_large_revisions(ground: Ground, _chance: Random) -> bytes:
    """Forty revisions of a file that has much to follow."""
    objects = paper_objects()
    heavy = {FRESH + at: b"[[]%s]" % (b"[]" * 5_000) for at in range(30)}
    named = b" ".join(b"%d 0 R" % number for number in heavy)
    objects[3] = objects[3].replace(b"/Contents", b"/X [%s] /Contents" % named)
    pdf = signed(ground, {**objects, **heavy})
    for at in range(40):
        pdf = revision(pdf, {200 + at: b"(x)"})
    return pdf


def _many_signatures(count: int):
    """So many fields show the one signature, or so many dictionaries claim the same range."""

    def build(ground: Ground, _chance: Random) -> bytes:
        objects = paper_objects()
        fields = b" ".join(b"%d 0 R" % (FRESH + at) for at in range(count))
        objects[6] = b"<< /Fields [7 0 R %s] /SigFlags 3 >>" % fields
        for at in range(count):
            objects[FRESH + at] = b"<< /FT /Sig /T (S%d) /V 8 0 R >>" % at
        return signed(ground, objects)

    return build


def _many_ranges(ground: Ground, _chance: Random) -> bytes:
    """A signature whose range has a hundred thousand pairs."""
    seal = paper_objects()[8].replace(b"/Filter", b"/X [" + b"0 1 " * 200_000 + b"] /Filter")
    pdf = signed(ground, paper_objects(seal=seal))
    at = pdf.rindex(b"/X [")
    end = pdf.index(b"]", at)
    return (
        pdf[:at]
        + b"/ByteRange ["
        + pdf[at + 12 : end]
        + pdf[end:].replace(b"/ByteRange", b"/ByteRangX", 1)
    )


def _many_objects(ground: Ground, _chance: Random) -> bytes:
    return signed(ground, {**paper_objects(), **{FRESH + at: b"0" for at in range(200_000)}})


def _many_streams(ground: Ground, _chance: Random) -> bytes:
    empty = b"<</Length 0>>stream\n\nendstream"
    return signed(ground, {**paper_objects(), **{FRESH + at: empty for at in range(200_000)}})


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
    "stream-index-many": _stream_table(b"/W [1 4 2] /Size 99 /Index [" + b"0 0 " * 250_000 + b"]"),
    "stream-size-of-billions": _stream_table(b"/W [0 0 0] /Size 9999999999"),
    "stream-w-zero": _stream_table(b"/W [0 0 0] /Size 99999999 /Index [0 99999999]"),
    "stream-w-negative": _stream_table(b"/W [-1 4 2] /Size 99"),
    "stream-w-huge": _stream_table(b"/W [1 99999999999 2] /Size 99"),
    "stream-w-short": _stream_table(b"/W [1] /Size 99"),
    "stream-w-many": _stream_table(b"/W [" + b"1 " * 500_000 + b"] /Size 99"),
    "stream-flate-bomb": _stream_table(b"/W [1 4 2] /Size 99 /Filter /FlateDecode", zeros(512)),
    "stream-flate-bomb-indexed": _stream_table(
        b"/W [0 1 0] /Size 536870912 /Filter /FlateDecode", zeros(512)
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
    "flate-bomb": _object_stream(b"/N 1 /First 4 /Filter /FlateDecode", zeros(1024)),
    "n-of-billions": _object_stream(b"/N 9999999999 /First 10", b"3 0 << >>"),
    "n-negative": _object_stream(b"/N -1 /First 4", b"3 0 << >>"),
    "first-of-billions": _object_stream(b"/N 1 /First 9999999999", b"3 0 << >>"),
    "first-negative": _object_stream(b"/N 1 /First -4", b"3 0 << >>"),
    "many-held": _object_stream(b"/N 600000 /First 2400000", b"9 0 " * 600_000 + b"0 "),
    "deep-value": _object_stream(b"/N 1 /First 4", b"3 0 " + b"[" * 100_000),
}


def cases() -> Iterator[Case]:
    heavy = {
        "many-pages": _many_pages,
        "deep-pages": _deep_pages,
        "same-kid": _same_kid,
        "many-fields": _many_fields,
        "deep-fields": _deep_fields,
        "same-fields": _same_fields,
        "same-kids-of-many-fields": _same_kids_of_many_fields,
        "added-to-many-annotations": _added_to_many_annotations,
        "same-value-of-many-fields": _same_value_of_many_fields,
        "many-large-revisions": _many_large_revisions,
        "thirty-signatures": _many_signatures(30),
        "thousand-signatures": _many_signatures(1000),
        "many-ranges": _many_ranges,
        "many-objects": _many_objects,
        "many-streams": _many_streams,
    }
    for name, build in heavy.items():
        yield Case(f"counts/{name}", build, NOT_OURS, BORNE, WHY)
    for name, build in TABLES.items():
        yield Case(f"counts/{name}", build, OURS_OR_TOO_MUCH, OURS_OR_TOO_MUCH)
    for name, build in OBJECT_STREAMS.items():
        yield Case(f"counts/object-stream-{name}", build, OURS_OR_TOO_MUCH, OURS_OR_TOO_MUCH)
    for count in (100, 10_000):
        yield Case(
            f"counts/revisions-{count}", _many_revisions(count), OURS_OR_TOO_MUCH, OURS_OR_TOO_MUCH
        )
