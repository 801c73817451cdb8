"""Small PDFs, written by hand, for the tests of our own reader."""


def build(objects, *, root=1, trailer=b""):
    """A PDF of these object values, numbered from 1."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, value in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\n" % (len(objects) + 1, root, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data, entries=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /Font << >> >> >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"


def simple(catalog=b"", *more, page=PAGE):
    return build([b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog, PAGES, page, *more])


def table(pdf, rows, trailer):
    """`pdf` with a cross-reference table of these subsections (`first: [row, …]`) and its end."""
    start = len(pdf)
    out = pdf + b"xref\n"
    for first, lines in rows:
        out += b"%d %d\n" % (first, len(lines)) + b"".join(lines)
    return out + b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)


def used(offset, generation=0):
    return b"%010d %05d n \n" % (offset, generation)


def with_streams(
    objects, *, held=(), filters=b"", encode=lambda data: data, entries=None, extra=b""
):
    """A PDF with a cross-reference stream; objects `held` lie in an object stream.

    Args:
        objects: number → value of the objects in clear.
        held: numbers and values of the compressed ones.
        filters: further entries of the cross-reference stream.
        encode: what is done with its rows.
        entries: further or other rows, number → (kind, first, second).
        extra: further entries of the object stream.
    """
    out, rows = bytearray(b"%PDF-1.7\n"), {0: (0, 0, 255)}
    for number, value in objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    last = max([*objects, *(number for number, _ in held)])
    if held:
        head, body = b"", b""
        for index, (number, value) in enumerate(held):
            rows[number] = (2, last + 1, index)
            head += b"%d %d " % (number, len(body))
            body += value + b" "
        rows[last + 1] = (1, len(out), 0)
        kind = b"/Type /ObjStm /N %d /First %d %s" % (len(held), len(head), extra)
        out += b"%d 0 obj\n%s\nendobj\n" % (last + 1, stream(head + body, kind))
    own = last + 2
    rows[own] = (1, len(out), 0)
    rows.update(entries or {})
    packed = b"".join(
        bytes((kind,)) + first.to_bytes(4, "big") + bytes((second,))
        for _, (kind, first, second) in sorted(rows.items())
    )
    index = b" ".join(b"%d 1" % number for number in sorted(rows))
    told = b"/Type /XRef /W [1 4 1] /Index [%s] /Size %d /Root 1 0 R %s" % (
        index,
        max(rows) + 1,
        filters,
    )
    start = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (own, stream(encode(packed), told))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
