"""References that lead in a circle, wherever a reader might follow them without counting."""

from collections.abc import Iterator, Mapping
from random import Random

from tests.attacks.attacks_forging import last_xref, object_of, revision, root_of, size_of
from tests.attacks.generator.case import APPENDED, BORNE, NOT_OURS, WEIGHED, Case, refused
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import (
    CATALOG,
    CONTENT,
    FIELD,
    FORM,
    FRESH,
    PAGE,
    PAGES,
    SEAL,
    TEXT,
    filled,
    paper_objects,
    stream,
    written,
)

_F = FRESH
_WHY = "signed as it is: no page changes; what counts is that reading ends"

# A stranger signed a file with a circle in it: object number → what it is instead, or added.
PAPERS: dict[str, Mapping[int, bytes]] = {
    "page-tree-kid-is-its-parent": {
        PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 2 0 R] >>",
    },
    "page-tree-two-nodes": {
        PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 11 0 R] >>",
        _F: b"<< /Type /Pages /Count 1 /Kids [2 0 R] /Parent 2 0 R >>",
    },
    "page-parent-is-itself": {
        PAGE: b"<< /Type /Page /Parent 3 0 R /Contents 4 0 R /Annots [5 0 R 7 0 R] >>",
    },
    "pages-parent-circle": {
        PAGES: b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Parent 11 0 R >>",
        _F: b"<< /Type /Pages /Count 1 /Kids [2 0 R] /Parent 2 0 R >>",
    },
    "field-is-its-own-kid": {
        TEXT: b"<< /FT /Tx /T (Note) /Kids [5 0 R] /Rect [0 0 1 1] /Subtype /Widget >>",
    },
    "fields-in-a-circle": {
        FORM: b"<< /Fields [7 0 R 11 0 R] /SigFlags 3 >>",
        _F: b"<< /T (a) /Kids [12 0 R] >>",
        _F + 1: b"<< /T (b) /Kids [11 0 R] /Parent 11 0 R >>",
    },
    "field-parent-circle": {
        FIELD: b"<< /FT /Sig /T (Approval) /V 8 0 R /Parent 11 0 R /Rect [0 0 0 0] >>",
        _F: b"<< /T (a) /Parent 7 0 R >>",
    },
    "form-is-its-own-field": {FORM: b"<< /Fields [7 0 R 6 0 R] /SigFlags 3 /T (x) >>"},
    "fields-array-is-the-field": {
        FORM: b"<< /Fields 11 0 R /SigFlags 3 >>",
        _F: b"[7 0 R 11 0 R]",
    },
    "outlines": {
        _F: b"<< /Type /Outlines /First 12 0 R /Last 12 0 R /Count 1 >>",
        _F + 1: b"<< /Title (x) /Parent 11 0 R /Next 12 0 R /Prev 12 0 R /First 11 0 R >>",
    },
    "names-tree": {_F: b"<< /EmbeddedFiles << /Kids [11 0 R] >> /Kids [11 0 R] >>"},
    "embedded-files-tree": {_F: b"<< /EmbeddedFiles 12 0 R >>", _F + 1: b"<< /Kids [12 0 R] >>"},
    "structure-tree": {
        _F: b"<< /Type /StructTreeRoot /K 12 0 R /ParentTree 11 0 R >>",
        _F + 1: b"<< /Type /StructElem /S /P /P 11 0 R /K [12 0 R 11 0 R] >>",
    },
    "content-array-holds-itself": {_F: b"[4 0 R 11 0 R]"},
    "form-draws-itself": {
        CONTENT: stream(b"/X0 Do BT /F0 24 Tf 70 700 Td (Pay 100) Tj ET"),
        _F: stream(
            b"/X0 Do",
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources 12 0 R",
        ),
        _F + 1: b"<< /XObject << /X0 11 0 R >> >>",
    },
    "soft-mask-of-itself": {
        _F: stream(
            b"\0",
            b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8"
            b" /ColorSpace /DeviceGray /SMask 11 0 R",
        )
    },
    "length-of-itself": {
        CONTENT: b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream",
    },
    "length-in-a-circle": {
        CONTENT: b"<< /Length 11 0 R >>\nstream\nBT ET\nendstream",
        _F: b"12 0 R",
        _F + 1: b"11 0 R",
    },
    "length-of-a-stream-of-it": {
        CONTENT: b"<< /Length 11 0 R >>\nstream\nBT ET\nendstream",
        _F: b"<< /Length 4 0 R >>\nstream\n5\nendstream",
    },
    "reference-to-itself": {_F: b"11 0 R"},
    "long-chain-of-references": {
        **{_F + at: b"%d 0 R" % (_F + at + 1) for at in range(3000)},
        _F + 3000: b"(end)",
    },
    "annotations-of-each-other": {
        _F: b"<< /Type /Annot /Subtype /Popup /Parent 12 0 R /Rect [0 0 1 1] >>",
        _F + 1: b"<< /Type /Annot /Subtype /Text /Popup 11 0 R /IRT 11 0 R /Rect [0 0 1 1] >>",
    },
    "action-next-is-itself": {_F: b"<< /S /JavaScript /JS (0) /Next [11 0 R 11 0 R] >>"},
    "optional-content-order": {_F: b"<< /OCGs [] /D << /Order 12 0 R >> >>", _F + 1: b"[12 0 R]"},
}
# Readers show different pages of these, or none: nobody can say what was signed.
DIVIDED = {
    "page-parent-is-itself",
    "pages-parent-circle",
    "length-of-itself",
    "length-in-a-circle",
    "length-of-a-stream-of-it",
}

_ENTRIES = {
    "outlines": b"/Outlines 11 0 R",
    "names-tree": b"/Names 11 0 R",
    "embedded-files-tree": b"/Names 11 0 R",
    "structure-tree": b"/StructTreeRoot 11 0 R /MarkInfo << /Marked true >>",
    "reference-to-itself": b"/Metadata 11 0 R /AF 11 0 R /Names 11 0 R",
    "long-chain-of-references": b"/Metadata 11 0 R /AF 11 0 R",
    "action-next-is-itself": b"/OpenAction 11 0 R",
    "optional-content-order": b"/OCProperties 11 0 R",
}
_PAGE_ENTRIES = {
    "annotations-of-each-other": b"/AnnotsX [11 0 R 12 0 R]",
    "content-array-holds-itself": b"/ContentsX 11 0 R",
    "form-draws-itself": b"/ResourcesX 12 0 R",
}

SEALS = {
    "signature-value-is-itself": (FIELD, b"<< /FT /Sig /T (A) /V 7 0 R /Rect [0 0 0 0] >>"),
    "signature-reference-to-itself": (SEAL, b"/Reference [8 0 R]"),
    "signature-reference-in-a-circle": (SEAL, b"/Reference 11 0 R"),
    "signature-range-in-a-circle": (SEAL, b"/Prop_Build 11 0 R /Prop_AuthTime 11 0 R"),
}


def _paper(name: str):
    def build(ground: Ground, _chance: Random) -> bytes:
        base = paper_objects(catalog=_ENTRIES.get(name, b""), page=_PAGE_ENTRIES.get(name, b""))
        objects = {**base, **PAPERS[name]}
        return filled(written(objects), ground.stranger, ground.timestamps)

    return build


def _seal(name: str):
    number, text = SEALS[name]

    def build(ground: Ground, _chance: Random) -> bytes:
        objects = {**paper_objects(), FRESH: b"[11 0 R << /X 11 0 R >>]"}
        if number == SEAL:
            objects[SEAL] = objects[SEAL][:-2] + text + b" >>"
        else:
            objects[number] = text
        return filled(written(objects), ground.stranger, ground.timestamps)

    return build


def _appended(make):
    """A circle appended to the genuine file."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        return revision(pdf, make(pdf))

    return build


def _tree(pdf: bytes) -> int:
    return int(object_of(pdf, root_of(pdf)).split(b"/Pages")[1].split()[0])


def _pages_of_itself(pdf: bytes) -> dict[int, bytes]:
    tree = _tree(pdf)
    return {tree: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % tree}


def _catalog_is_its_pages(pdf: bytes) -> dict[int, bytes]:
    root = root_of(pdf)
    return {root: b"<< /Type /Catalog /Pages %d 0 R /AcroForm %d 0 R >>" % (root, root)}


def _object_stream(ground: Ground, extends: bytes, held: bytes = b"%(fresh)d 0 (a)") -> bytes:
    """A revision with a cross-reference stream and an object stream that is not as it should be."""
    pdf = ground.genuine
    fresh = size_of(pdf) + 1
    container = fresh + 1
    body = held % {b"fresh": fresh, b"container": container}
    out = bytearray(pdf)
    place = len(out)
    first = body.index(b"(") if b"(" in body else len(body)
    out += b"%d 0 obj\n" % container
    out += stream(
        body, b"/Type /ObjStm /N 1 /First %d " % first + extends % {b"container": container}
    )
    out += b"\nendobj\n"
    start = len(out)
    rows = ((fresh, 2, container, 0), (container, 1, place, 0), (container + 1, 1, start, 0))
    table = b"".join(
        bytes((kind,)) + second.to_bytes(4, "big") + third.to_bytes(2, "big")
        for _, kind, second, third in rows
    )
    entries = b"/Type /XRef /W [1 4 2] /Index [%d 3] /Size %d /Root %d 0 R /Prev %d" % (
        fresh, container + 2, root_of(pdf), last_xref(pdf),
    )  # fmt: skip
    out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        container + 1,
        stream(table, entries),
        start,
    )
    return bytes(out)


def _xref_stream_of_circles(ground: Ground, entries: bytes) -> bytes:
    pdf = ground.genuine
    start = len(pdf)
    number = size_of(pdf)
    head = b"/Type /XRef /W [1 4 2] /Index [%d 1] /Size %d /Root %d 0 R " % (
        number, number + 1, root_of(pdf),
    )  # fmt: skip
    row = b"\1" + start.to_bytes(4, "big") + b"\0\0"
    values = {b"start": start, b"number": number, b"prev": last_xref(pdf)}
    return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        stream(row, head + entries % values),
        start,
    )


_SPOILT = refused("altered")


def cases() -> Iterator[Case]:
    for name in PAPERS:
        if name in DIVIDED:
            yield Case(f"cycles/{name}", _paper(name), NOT_OURS, WEIGHED)
        else:
            yield Case(f"cycles/{name}", _paper(name), NOT_OURS, BORNE, _WHY)
    for name in SEALS:
        yield Case(f"cycles/{name}", _seal(name), NOT_OURS, BORNE, _WHY)
    yield Case("cycles/ours-pages-of-itself", _appended(_pages_of_itself), _SPOILT, _SPOILT)
    yield Case(
        "cycles/ours-catalog-is-its-pages", _appended(_catalog_is_its_pages), _SPOILT, _SPOILT
    )
    streams = {
        "extends-itself": b"/Extends %(container)d 0 R",
        "extends-nothing": b"/Extends 99999 0 R",
        "length-inside-itself": b"/DL %(container)d 0 R",
    }
    for name, entries in streams.items():
        yield Case(
            f"cycles/ours-object-stream-{name}",
            lambda g, _, entries=entries: _object_stream(g, entries),
            APPENDED,
            _SPOILT,
        )
    yield Case(
        "cycles/ours-object-stream-holds-itself",
        lambda g, _: _object_stream(g, b"", b"%(container)d 0 (a)"),
        _SPOILT,
        _SPOILT,
    )
    for name, entries in {
        "prev-to-itself": b"/Prev %(start)d",
        "prev-is-a-reference": b"/Prev %(number)d 0 R",
        "filter-is-itself": b"/Prev %(prev)d /Filter %(number)d 0 R",
        "parameters-are-itself": b"/Prev %(prev)d /Filter /FlateDecode /DecodeParms %(number)d 0 R",
    }.items():
        yield Case(
            f"cycles/ours-xref-stream-{name}",
            lambda g, _, entries=entries: _xref_stream_of_circles(g, entries),
            _SPOILT,
            _SPOILT,
        )
    yield Case(
        "cycles/catalog-is-a-circle",
        lambda g, _: filled(
            written({**paper_objects(), CATALOG: b"1 0 R"}), g.stranger, g.timestamps
        ),
        NOT_OURS,
        BORNE,
        _WHY,
    )
