"""Shadow attacks: what was prepared before a paper was signed, and activated afterwards.

Hide: something lies over the words, and is taken away. Replace: fonts, appearances, contents get
other values. Hide and replace: a second set of objects lies in the file, unseen, until a
cross-reference leads to it (Mainka et al. 2021).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.attacks.attacks_forging import (
    last_xref,
    object_of,
    revision,
    size_of,
    stream_revision,
)
from tests.attacks.generator.case import APPENDED, CHANGED, NOT_OURS, SPOILT, Case, refused
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import (
    CATALOG,
    CONTENT,
    FACE,
    FONT,
    FORM,
    FRESH,
    PAGE,
    PAGES,
    TEXT,
    look,
    paper_objects,
    stream,
    words,
)

Prepared = tuple[Mapping[str, bytes], Mapping[int, bytes]]
Activated = Callable[[bytes], bytes]

_PICTURE = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8"
_WHITE = stream(b"\xff", _PICTURE + b" /ColorSpace /DeviceGray")
_SEEN = b"BT /F0 24 Tf 70 700 Td (Pay 900 to the forger) Tj ET "
_OVERLAY = stream(_SEEN + b"q 400 0 0 60 60 680 cm /X0 Do Q")
_RESOURCES = b"/XObject << /X0 11 0 R >>"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s %s >>"
_SWAPPED = b"/Encoding << /Type /Encoding /Differences [49 /nine 57 /one] >>"


def _replaced(objects: Mapping[int, bytes]) -> Activated:
    return lambda pdf: revision(pdf, dict(objects))


def _entries(number: int, old: bytes, new: bytes) -> Activated:
    def activate(pdf: bytes) -> bytes:
        value = object_of(pdf, number)
        assert old in value
        return revision(pdf, {number: value.replace(old, new, 1)})

    return activate


def _offset(pdf: bytes, number: int, which: int = 0) -> int:
    found = [match.start() + 1 for match in re.finditer(rb"\n%d 0 obj" % number, pdf)]
    return found[which]


def _points_back(numbers: Mapping[int, int]) -> Activated:
    """Entries that lead to objects prepared under other numbers, within the signed part."""
    return lambda pdf: revision(
        pdf, {}, listed={number: _offset(pdf, other) for number, other in numbers.items()}
    )


def _other_root(number: int) -> Activated:
    def activate(pdf: bytes) -> bytes:
        honest = revision(pdf, {size_of(pdf): b"(x)"})
        tail = honest[len(pdf) :]
        return pdf + tail.replace(b"/Root 1 0 R", b"/Root %d 0 R" % number)

    return activate


def _freed(number: int) -> Activated:
    def activate(pdf: bytes) -> bytes:
        start = len(pdf)
        return pdf + (
            b"xref\n0 1\n%010d 65535 f \n%d 1\n0000000000 00001 f \n"
            b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        ) % (number, number, size_of(pdf), last_xref(pdf), start)

    return activate


def _doubled(number: int, value: bytes) -> Activated:
    """An object twice in the addition; the table lists the harmless one, the other comes last."""
    return lambda pdf: revision(
        pdf, {size_of(pdf): b"(x)"}, unlisted=b"%d 0 obj\n%s\nendobj\n" % (number, value)
    )


def _overlapping(pdf: bytes) -> bytes:
    """A store in an object stream, and in the midst of its text the next object of the stream.

    Whoever reads it to its end finds what any signature permits; whoever cuts it where the next
    one begins finds something else.
    """
    store = size_of(pdf) + 1
    root = object_of(pdf, CATALOG).replace(b"/Type /Catalog", b"/Type /Catalog /DSS %d 0 R" % store)
    value = b"<< /Type /DSS /Certs %d 0 R /CRLs [ ] >>" % (store + 1)
    held = {CATALOG: root, store: value, store + 1: b"[ ]"}
    places = {store + 1: len(root) + 1 + value.index(b"[ ]")}
    return stream_revision(pdf, held, set(held), places)


_SECOND_PAPER = {
    FRESH: b"<< /Type /Catalog /Pages 12 0 R /AcroForm 6 0 R >>",
    FRESH + 1: b"<< /Type /Pages /Count 1 /Kids [13 0 R] >>",
    FRESH + 2: b"<< /Type /Page /Parent 12 0 R /MediaBox [0 0 595 842] /Contents 14 0 R"
    b" /Resources << /Font << /F0 9 0 R >> >> /Annots [5 0 R 7 0 R] >>",
    FRESH + 3: words(b"Pay 900 to the forger"),
}
_GROUPS = b"/OCProperties << /OCGs [11 0 R] /D << /OFF [11 0 R] >> >>"
_GROUP = {FRESH: b"<< /Type /OCG /Name (x) >>"}
_LAYERED = stream(b"/OC /P0 BDC " + _SEEN + b"EMC")

ATTACKS: dict[str, tuple[Prepared, Activated]] = {
    "hide-picture-emptied": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE}),
        _replaced({FRESH: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1]")}),
    ),
    "hide-picture-of-nothing": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE}),
        _replaced({FRESH: b"null"}),
    ),
    "hide-picture-of-another-type": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE}),
        _replaced({FRESH: b"<< /Type /XObject /Subtype /Nothing >>"}),
    ),
    "hide-picture-as-description": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE}),
        _replaced({FRESH: stream(b"<x/>", b"/Type /Metadata /Subtype /XML")}),
    ),
    "hide-picture-freed": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE}),
        _freed(FRESH),
    ),
    "hide-picture-masked": (
        ({"content": _OVERLAY, "resources": _RESOURCES}, {FRESH: _WHITE, FRESH + 1: b"null"}),
        _replaced({FRESH: stream(b"\xff", _PICTURE + b" /ColorSpace /DeviceGray /SMask 12 0 R")}),
    ),
    "hide-mask-defined": (
        (
            {"content": _OVERLAY, "resources": _RESOURCES},
            {FRESH: stream(b"\xff", _PICTURE + b" /ColorSpace /DeviceGray /SMask 12 0 R")},
        ),
        _replaced({FRESH + 1: stream(b"\0", _PICTURE + b" /ColorSpace /DeviceGray")}),
    ),
    "hide-layer-switched-on": (
        (
            {
                "content": _LAYERED,
                "resources": b"/Properties << /P0 11 0 R >>",
                "catalog": _GROUPS,
            },
            _GROUP,
        ),
        _entries(CATALOG, b"/OFF [11 0 R]", b"/ON [11 0 R]"),
    ),
    "hide-content-of-several": (
        ({"page": b"/Contents [4 0 R 11 0 R]"}, {FRESH: stream(b" ")}),
        _replaced({FRESH: stream(_SEEN)}),
    ),
    "hide-crop-box": (
        ({"page": b"/CropBox [0 0 595 842]"}, {}),
        _entries(PAGE, b"/CropBox [0 0 595 842]", b"/CropBox [0 0 595 600]"),
    ),
    "hide-crop-box-by-reference": (
        ({"page": b"/CropBox [0 0 595 11 0 R]"}, {FRESH: b"842"}),
        _replaced({FRESH: b"600"}),
    ),
    "hide-rotation": (({"page": b"/Rotate 0"}, {}), _entries(PAGE, b"/Rotate 0", b"/Rotate 90")),
    "hide-user-unit": (({}, {}), _entries(PAGE, b"/MediaBox", b"/UserUnit 9 /MediaBox")),
    "replace-content": (({}, {}), _replaced({CONTENT: words(b"Pay 900 to the forger")})),
    "replace-content-length": (
        (
            {"content": b"<< /Length 11 0 R >>\nstream\n" + _SEEN + b"\nendstream"},
            {FRESH: b"%d" % len(_SEEN)},
        ),
        _replaced({FRESH: b"4"}),
    ),
    "replace-font": (({}, {}), _replaced({FONT: _FONT % (b"Helvetica", _SWAPPED)})),
    "replace-font-by-reference": (
        (
            {"content": words(b"Pay 100"), "page": b"/X 0"},
            {FONT: _FONT % (b"Helvetica", b"/Encoding 11 0 R"), FRESH: b"/WinAnsiEncoding"},
        ),
        _replaced({FRESH: b"<< /Type /Encoding /Differences [49 /nine 57 /one] >>"}),
    ),
    "replace-font-program": (
        (
            {},
            {
                FONT: _FONT
                % (b"ABCDEF+F", b"/FirstChar 49 /LastChar 49 /Widths [600] /FontDescriptor 11 0 R"),
                FRESH: b"<< /Type /FontDescriptor /FontName /ABCDEF+F /Flags 4 /FontFile 12 0 R >>",
                FRESH + 1: stream(b"%!PS-AdobeFont", b"/Length1 9 /Length2 0 /Length3 0"),
            },
        ),
        _replaced({FRESH + 1: stream(b"%!PS-Forged", b"/Length1 9 /Length2 0 /Length3 0")}),
    ),
    "replace-font-defined-later": (
        ({}, {FONT: _FONT % (b"Helvetica", b"/Encoding 77 0 R")}),
        _replaced({77: b"<< /Type /Encoding /Differences [49 /nine] >>"}),
    ),
    "replace-form-font": (
        (
            {},
            {
                FORM: b"<< /Fields [5 0 R 7 0 R] /SigFlags 3 /DR << /Font << /F1 11 0 R >> >> >>",
                FRESH: _FONT % (b"Courier", b""),
            },
        ),
        _replaced({FRESH: _FONT % (b"Courier", _SWAPPED)}),
    ),
    "replace-font-in-resources": (
        ({}, {FRESH: _FONT % (b"Courier", _SWAPPED)}),
        _entries(PAGE, b"/F0 9 0 R", b"/F0 11 0 R"),
    ),
    "replace-face-shared-with-page": (
        (
            {
                "content": stream(b"q 1 0 0 1 70 700 cm /X0 Do Q"),
                "resources": b"/XObject << /X0 10 0 R >>",
            },
            {},
        ),
        _replaced({FACE: look(b"Pay 900"), TEXT: paper_objects()[TEXT].replace(b"(seen)", b"(x)")}),
    ),
    "replace-page-in-tree": (
        ({}, _SECOND_PAPER),
        _entries(PAGES, b"/Kids [3 0 R]", b"/Kids [13 0 R]"),
    ),
    "replace-page-contents-entry": (
        ({}, {FRESH: words(b"Pay 900 to the forger")}),
        _entries(PAGE, b"/Contents 4 0 R", b"/Contents 11 0 R"),
    ),
    "replace-default-appearance": (
        ({}, {}),
        _entries(FORM, b"/DA (/F0 14 Tf 0 g)", b"/DA (/F0 14 Tf 1 g) /NeedAppearances true"),
    ),
    "replace-labels": (
        ({"catalog": b"/PageLabels 11 0 R"}, {FRESH: b"<< /Nums [0 << /P (1) >>] >>"}),
        _replaced({FRESH: b"<< /Nums [0 << /P (9) >>] >>"}),
    ),
    "hide-and-replace-catalog-by-root": (({}, _SECOND_PAPER), _other_root(FRESH)),
    "hide-and-replace-catalog-by-entry": (({}, _SECOND_PAPER), _points_back({CATALOG: FRESH})),
    "hide-and-replace-pages-by-entry": (({}, _SECOND_PAPER), _points_back({PAGES: FRESH + 1})),
    "hide-and-replace-page-by-entry": (({}, _SECOND_PAPER), _points_back({PAGE: FRESH + 2})),
    "hide-and-replace-content-by-entry": (({}, _SECOND_PAPER), _points_back({CONTENT: FRESH + 3})),
    "hide-and-replace-catalog-entry": (
        ({}, _SECOND_PAPER),
        _entries(CATALOG, b"/Pages 2 0 R", b"/Pages 12 0 R"),
    ),
    "hide-and-replace-inside-a-stream": (
        (
            {},
            {FRESH: stream(b"\n4 0 obj\n" + words(b"Pay 900") + b"\nendobj\n")},
        ),
        lambda pdf: revision(pdf, {}, listed={CONTENT: _offset(pdf, CONTENT, 1)}),
    ),
    "hide-and-replace-inside-a-string": (
        ({}, {FRESH: b"(\n4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n)"}),
        lambda pdf: revision(pdf, {}, listed={CONTENT: _offset(pdf, CONTENT, 1)}),
    ),
    "hide-and-replace-inside-the-next": (({}, {}), _overlapping),
    "hide-and-replace-beside-the-table": (({}, {}), _doubled(CONTENT, words(b"Pay 900"))),
    "dangling-picture-defined": (
        ({"content": _OVERLAY.replace(b"400 0 0", b"200 0 0"), "resources": _RESOURCES}, {}),
        _replaced({FRESH: _WHITE}),
    ),
    "dangling-content-defined": (
        ({"page": b"/Contents [4 0 R 11 0 R]"}, {}),
        _replaced({FRESH: stream(_SEEN)}),
    ),
    "dangling-annotation-defined": (
        ({"page": b"/Annots [5 0 R 7 0 R 11 0 R]"}, {}),
        _replaced(
            {
                FRESH: b"<< /Type /Annot /Subtype /FreeText /Rect [60 690 400 730] /F 4"
                b" /AP << /N 12 0 R >> >>",
                FRESH + 1: look(b"Pay 900"),
            }
        ),
    ),
    "dangling-open-action-defined": (
        ({"catalog": b"/OpenAction 11 0 R"}, {}),
        _replaced({FRESH: b"<< /S /JavaScript /JS (app.alert\\(9\\)) >>"}),
    ),
    "dangling-layers-defined": (
        (
            {
                "catalog": b"/OCProperties 12 0 R",
                "content": _LAYERED,
                "resources": b"/Properties << /P0 11 0 R >>",
            },
            _GROUP,
        ),
        _replaced({FRESH + 1: b"<< /OCGs [11 0 R] /D << /OFF [11 0 R] >> >>"}),
    ),
    "structure-replaced": (
        ({"catalog": b"/StructTreeRoot 11 0 R"}, {FRESH: b"<< /Type /StructTreeRoot >>"}),
        _replaced({FRESH: b"<< /Type /StructTreeRoot /K << /S /P /ActualText (Pay 900) >> >>"}),
    ),
    "viewer-preferences-added": (
        ({}, {}),
        _entries(CATALOG, b"/Type /Catalog", b"/Type /Catalog /ViewerPreferences << >>"),
    ),
    "script-added": (
        ({}, {}),
        _entries(
            CATALOG,
            b"/Type /Catalog",
            b"/Type /Catalog /Names << /JavaScript << /Names [(x) << /S /JavaScript /JS (9) >>] >> >>",
        ),
    ),
    "attachment-added": (
        ({}, {}),
        _entries(
            CATALOG,
            b"/Type /Catalog",
            b"/Type /Catalog /Names << /EmbeddedFiles << /Names [(x) << /F (pay.pdf) >>] >> >>",
        ),
    ),
    "form-replaced-by-xfa": (({}, {}), _entries(FORM, b"/SigFlags 3", b"/SigFlags 3 /XFA (<x/>)")),
}


def _paper(prepared: Prepared, activate: Activated, level: int | None):
    changes, more = prepared
    entries = {**changes}
    # A later /Contents or /Annots of `page=` is to stand alone: keys are not to be doubled.
    dropped = [key for key in (b"/Contents", b"/Annots") if key in entries.get("page", b"")]

    def build(ground: Ground, _chance: Random) -> bytes:
        objects = paper_objects(level, **entries)
        for key in dropped:
            objects[PAGE] = _without(objects[PAGE], key)
        more_objects = {PAGE: objects[PAGE], **more}
        return activate(ground.paper(level, more=more_objects, **entries))

    return build


def _without(page: bytes, key: bytes) -> bytes:
    """The first of two entries taken out."""
    return re.sub(rb"%s (?:\[[^\]]*\]|\d+ 0 R)" % key, b"", page, count=1)


def _insider(activate: Callable[[bytes], bytes]):
    """The genuine file, its page prepared in vain: nobody prepares our pages but we."""
    return lambda ground, _chance: activate(ground.genuine)


def _font_of_ours(pdf: bytes) -> bytes:
    numbers = re.findall(rb"\n(\d+) 0 obj\s*<<[^>]*/Type ?/Font\b", pdf)
    return revision(pdf, {int(numbers[0]): _FONT % (b"Helvetica", _SWAPPED)})


def _attachment_of_ours(pdf: bytes) -> bytes:
    numbers = re.findall(rb"\n(\d+) 0 obj\s*<<[^>]*/Type ?/EmbeddedFile\b", pdf)
    return revision(pdf, {int(numbers[0]): stream(b"{}", b"/Type /EmbeddedFile")})


def cases() -> Iterator[Case]:
    for name, (prepared, activate) in ATTACKS.items():
        for level in (None, 1, 2, 3):
            yield Case(
                f"shadow/{name}-{level or 'approval'}",
                _paper(prepared, activate, level),
                NOT_OURS,
                SPOILT,
            )
    yield Case("shadow/ours-font-replaced", _insider(_font_of_ours), APPENDED, CHANGED)
    yield Case("shadow/ours-attachment-replaced", _insider(_attachment_of_ours), APPENDED, CHANGED)
    yield Case(
        "shadow/ours-root-elsewhere",
        _insider(lambda pdf: _other_root(5)(pdf.replace(b"/Root 1 0 R", b"/Root 1 0 R"))),
        refused("altered"),
        refused("altered"),
    )
