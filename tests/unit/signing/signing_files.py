"""Small PDFs, written by hand, for the tests of our own reader."""

from signing.evidence.changes import changes_after
from signing.evidence.layout import layouts
from signing.evidence.opened import opened


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


def update(pdf, objects, *, trailer=b"", listed=None, freed=(), unlisted=b"", prev=None):
    """An incremental update with a table.

    Args:
        pdf: what it is appended to.
        objects: number → value.
        trailer: further trailer entries.
        listed: further entries, number → offset.
        freed: numbers of objects that are given up.
        unlisted: bytes before the table.
        prev: another `/Prev` than that of the file.
    """
    out, rows = bytearray(pdf), {number: used(place) for number, place in (listed or {}).items()}
    for number, value in objects.items():
        rows[number] = used(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    rows |= dict.fromkeys(freed, b"0000000000 00001 f \n")
    before = int(pdf[pdf.rindex(b"startxref\n") + 10 :].split()[0]) if prev is None else prev
    size = max([40, *(number + 1 for number in rows)])
    whole = b"<< /Size %d /Root 1 0 R /Prev %d %s>>" % (size, before, trailer)
    sections = [
        (0, [b"0000000000 65535 f \n"]),
        *((number, [rows[number]]) for number in sorted(rows)),
    ]
    return table(bytes(out) + unlisted, sections, whole)


def drawing(text, entries=b""):
    return stream(b"BT /F0 12 Tf 5 5 Td (%s) Tj ET" % text, entries)


FORM_XOBJECT = (
    b"/Type /XObject /Subtype /Form /BBox [0 0 90 20] /Resources << /Font << /F0 << /Type /Font "
    b"/Subtype /Type1 /BaseFont /Helvetica >> >> >> "
)
SIGNED_OBJECTS = {
    2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Annots [6 0 R 7 0 R 10 0 R] "
    b"/Resources << /Font << /F0 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
    4: drawing(b"certificate"),
    5: b"<< /Fields [6 0 R 7 0 R 10 0 R] /SigFlags 3 >>",
    6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (a) /F 4 /P 3 0 R /Rect [10 50 100 70] "
    b"/AP << /N 9 0 R >> >>",
    7: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (First) /V 8 0 R /F 132 /P 3 0 R /Rect [0 0 0 0] >>",
    9: drawing(b"a", FORM_XOBJECT),
    10: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Second) /F 4 /P 3 0 R /Rect [120 50 200 70] >>",
}


def signature(references=b"", kind=b"/Type /Sig /SubFilter /ETSI.CAdES.detached"):
    """A signature dictionary with an empty gap, for `closed`."""
    gap = b"<" + b"0" * 16_000 + b">"
    return b"<< %s /Filter /Adobe.PPKLite /ByteRange [0 %s] /Contents %s %s >>" % (
        kind,
        b" " * 36,
        gap,
        references,
    )


def closed(pdf, cms):
    """The same file with its last gap filled and its byte range stated."""
    start = pdf.rindex(b"/Contents <0000") + 10
    end = pdf.index(b">", start) + 1
    ranges = b"%d %d %d" % (start, end, len(pdf) - end)
    filled = b"<" + cms.hex().encode().ljust(end - start - 2, b"0") + b">"
    out = pdf[:start] + filled + pdf[end:]
    at = out.rindex(b"/ByteRange [0 ", 0, start) + 14
    return out[:at] + ranges.ljust(36) + out[at + 36 :]


def signed(cms, objects=None, *, catalog=b"", references=b"", certified=None, trailer=b""):
    """A page with a text field, a signature field that is signed and one that is not."""
    if certified is not None:
        references += (
            b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams "
            b"/V /1.2 /P %d >> >> " % certified
        )
        catalog += b"/Perms << /DocMDP 8 0 R >> "
    everything = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s>>" % catalog,
        **SIGNED_OBJECTS,
        8: signature(b"/Reference [%s]" % references if references else b""),
        **(objects or {}),
    }
    out, rows = bytearray(b"%PDF-1.7\n"), [b"0000000000 65535 f \n"]
    for number in range(1, max(everything) + 1):
        if number not in everything:
            rows.append(b"0000000000 00000 f \n")
            continue
        rows.append(used(len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, everything[number])
    size = max(everything) + 1
    told = b"<< /Size %d /Root 1 0 R %s>>" % (size, trailer)
    return closed(table(bytes(out), [(0, rows)], told), cms)


def start_of(pdf):
    return int(pdf[pdf.rindex(b"startxref\n") + 10 :].split()[0])


def streamed(pdf, objects, *, held=(), entries=None, own=50, extra=b"", listed=True):
    """A revision with a cross-reference stream.

    Args:
        objects: number → value in clear.
        held: numbers and values in object stream 40.
        entries: further or other rows, number → (kind, first, second).
        own: the number of the cross-reference stream.
        extra: further entries of it.
        listed: whether it lists itself.
    """
    out, rows = bytearray(pdf), {0: (0, 0, 255)}
    objects = dict(objects)
    if held:
        head, content = b"", b""
        for index, (number, value) in enumerate(held):
            rows[number] = (2, 40, index)
            head += b"%d %d " % (number, len(content))
            content += value + b" "
        told = b"/Type /ObjStm /N %d /First %d " % (len(held), len(head))
        objects[40] = stream(head + content, told)
    for number, value in objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    if listed:
        rows[own] = (1, len(out), 0)
    rows.update(entries(len(out)) if callable(entries) else entries or {})
    rows = {number: row for number, row in rows.items() if row is not None}
    packed = b"".join(
        bytes((kind,)) + first.to_bytes(4, "big") + bytes((second,))
        for _, (kind, first, second) in sorted(rows.items())
    )
    told = b"/Type /XRef /W [1 4 1] /Index [%s] /Size %d /Root 1 0 R /Prev %d %s" % (
        b" ".join(b"%d 1" % number for number in sorted(rows)),
        max(60, *rows) + 1,
        start_of(pdf),
        extra,
    )
    start = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (own, stream(packed, told))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def changes_of(pdf):
    """What followed the signatures of a file."""
    document = opened(pdf, 1 << 24)
    return changes_after(document, layouts(document))
