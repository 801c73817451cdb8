"""Evil annotations and sneaky signatures: what is added to papers that were certified.

DocMDP lets some additions pass (ISO 32000-1, 12.8.2.2): filling in and signing at P=2, annotations
at P=3. Rohlmann et al. 2021 lay annotations and signature fields over what was certified; readers
find nothing wrong. We let pass what fills a field that was there, or signs without a face.
"""

from collections.abc import Iterator
from random import Random

from tests.attacks.attacks_forging import object_of, revision
from tests.attacks.generator.case import (
    CHANGED,
    CHANGES,
    NOT_OURS,
    SEAL,
    Case,
    Expected,
    accepted,
    refused,
    undecided,
)
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.minting import Minted, Profile, authority, minted
from tests.attacks.generator.papers import (
    FACE,
    FIELD,
    FORM,
    FRESH,
    PAGE,
    TEXT,
    filled,
    look,
    seal_dictionary,
)

_OVER = b"/Rect [60 690 400 730]"

_COVER = look(b"Pay 900", width=340, height=40)

ANNOTATIONS = {
    "free-text": b"/Subtype /FreeText /Contents (Pay 900) /DA (/F0 24 Tf 0 g)",
    "stamp": b"/Subtype /Stamp /Name /Approved",
    "redact": b"/Subtype /Redact /IC [1 1 1] /OverlayText (Pay 900)",
    "square": b"/Subtype /Square /IC [1 1 1] /C [1 1 1]",
    "ink": b"/Subtype /Ink /InkList [[60 700 400 700]] /BS << /W 40 >> /C [1 1 1]",
    "line": b"/Subtype /Line /L [60 700 400 700] /C [0 0 0]",
    "polygon": b"/Subtype /Polygon /Vertices [60 690 400 690 400 730] /IC [1 1 1]",
    "highlight": b"/Subtype /Highlight /QuadPoints [60 730 400 730 60 690 400 690] /C [1 1 0]",
    "strike-out": b"/Subtype /StrikeOut /QuadPoints [60 730 400 730 60 690 400 690] /C [0 0 0]",
    "text-note": b"/Subtype /Text /Contents (Pay 900) /Open true",
    "caret": b"/Subtype /Caret /Contents (9)",
    "file": b"/Subtype /FileAttachment /FS << /F (pay.txt) >>",
    "link": b"/Subtype /Link /A << /S /URI /URI (https://example.invalid/) >>",
    "movie": b"/Subtype /Movie /Movie << /F (pay.mp4) >>",
    "screen": b"/Subtype /Screen /A << /S /JavaScript /JS (app.alert\\(9\\)) >>",
    "watermark": b"/Subtype /Watermark",
    "unknown-kind": b"/Subtype /Overlay9",
    "no-kind": b"",
    "widget-without-field": b"/Subtype /Widget",
    "projection": b"/Subtype /Projection",
}


def _kept(pdf: bytes, number: int, old: bytes, new: bytes) -> bytes:
    value = object_of(pdf, number)
    assert old in value
    return value.replace(old, new, 1)


def _annotated(pdf: bytes, entries: bytes, *, face: bool = True) -> bytes:
    shown = b" /AP << /N %d 0 R >>" % (FRESH + 1) if face else b""
    note = b"<< /Type /Annot %s %s /F 4 /P 3 0 R%s >>" % (_OVER, entries, shown)
    page = _kept(pdf, PAGE, b"/Annots [", b"/Annots [%d 0 R " % FRESH)
    white = look(b"Pay 900", width=340, height=40)
    return revision(pdf, {PAGE: page, FRESH: note, FRESH + 1: white})


def _evil(entries: bytes, level: int | None, *, face: bool = True):
    return lambda ground, _chance: _annotated(ground.paper(level), entries, face=face)


def _field_revision(pdf: bytes, *, rectangle: bytes, face: bytes, name: bytes) -> bytes:
    """A signature field that was not there, with an empty gap."""
    page = _kept(pdf, PAGE, b"/Annots [", b"/Annots [%d 0 R " % FRESH)
    form = _kept(pdf, FORM, b"/Fields [", b"/Fields [%d 0 R " % FRESH)
    shown = b" /AP << /N %d 0 R >>" % (FRESH + 2) if face else b""
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F 132 /Rect [%s] /P 3 0 R" % (
        name,
        rectangle,
    )
    objects = {
        PAGE: page,
        FORM: form,
        FRESH: field + b" /V %d 0 R%s >>" % (FRESH + 1, shown),
        FRESH + 1: seal_dictionary(),
    }
    if face:
        objects[FRESH + 2] = face
    return revision(pdf, objects)


def _second(ground: Ground, who: str) -> Minted:
    if who == "trusted":
        return minted(Profile("外地单位二", ground.strangers_root))
    if who == "same":
        return ground.stranger
    return minted(Profile("外地单位", authority("无人知晓")))


def _signed_again(level: int | None, who: str, *, rectangle: bytes = b"0 0 0 0", face: bytes = b""):
    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = _field_revision(ground.paper(level), rectangle=rectangle, face=face, name=b"Second")
        return filled(pdf, _second(ground, who), ground.timestamps)

    return build


def _covering(who: str):
    """A signature whose face lies over the words that were signed."""
    return lambda level: _signed_again(level, who, rectangle=b"60 690 400 730", face=_COVER)


def _unsigned_field(level: int | None):
    """A signature field with a face and no signature in it."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.paper(level)
        page = _kept(pdf, PAGE, b"/Annots [", b"/Annots [%d 0 R " % FRESH)
        form = _kept(pdf, FORM, b"/Fields [", b"/Fields [%d 0 R " % FRESH)
        field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /F 4 %s /P 3 0 R" % _OVER
        return revision(
            pdf,
            {
                PAGE: page,
                FORM: form,
                FRESH: field + b" /AP << /N %d 0 R >> >>" % (FRESH + 1),
                FRESH + 1: look(b"Pay 900", width=340, height=40),
            },
        )

    return build


def _filled_in(level: int | None, **changes: bytes):
    """The text field that was there gets another value, and a face that says the same."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.paper(level)
        field = _kept(pdf, TEXT, b"/V (seen)", b"/V (done)")
        for old, new in ((b"/Rect [70 600 370 630]", changes.get("rectangle")),):
            if new is not None:
                field = field.replace(old, new)
        field = field[:-2] + changes.get("more", b"") + b" >>"
        return revision(pdf, {TEXT: field, FACE: changes.get("face", look(b"done"))})

    return build


def _field_changed(level: int | None, old: bytes, new: bytes):
    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.paper(level)
        return revision(pdf, {TEXT: _kept(pdf, TEXT, old, new)})

    return build


def _certification_replaced(ground: Ground, _chance: Random) -> bytes:
    """The first field gets another signature of the forger's own."""
    pdf = ground.paper(2)
    field = _kept(pdf, FIELD, b"/V 8 0 R", b"/V %d 0 R" % FRESH)
    pdf = revision(pdf, {FIELD: field, FRESH: seal_dictionary(level=2)})
    return filled(pdf, _second(ground, "trusted"), ground.timestamps)


def _certification_lifted(ground: Ground, _chance: Random) -> bytes:
    pdf = ground.paper(1)
    return revision(pdf, {1: _kept(pdf, 1, b"/Perms", b"/Prems")})


def _loosened(ground: Ground, _chance: Random) -> bytes:
    """The signature dictionary once more, its P raised to 3."""
    pdf = ground.paper(1)
    return revision(pdf, {8: _kept(pdf, 8, b"/P 1", b"/P 3")})


def _levels(
    name: str, build, verdicts: dict[int | None, Expected], why: str = ""
) -> Iterator[Case]:
    for level, expected in verdicts.items():
        yield Case(f"certified/{name}-{level or 'approval'}", build(level), NOT_OURS, expected, why)


_EACH = (None, 1, 2, 3)
_REMARKS, _NO_REMARK = 3, "widget-without-field"
REMARKED = undecided("annotated", CHANGES)
"""P=3 permits remarks, and they may lie over anything: never valid, and no forgery either."""

_FILLING = "fills in a field that was there: ISO 32000-1, 12.8.2.2, P=2"
_SIGNING = "signs without a face, as P=2 permits; nothing is laid over the page"
_PERMITTED = accepted("foreign-valid")


def cases() -> Iterator[Case]:
    for name, entries in ANNOTATIONS.items():
        for level in _EACH:
            yield Case(
                f"certified/annotation-{name}-{level or 'approval'}",
                _evil(entries, level),
                NOT_OURS,
                REMARKED if level == _REMARKS and name != _NO_REMARK else CHANGED,
            )
    yield Case(
        "certified/annotation-without-a-face",
        _evil(ANNOTATIONS["free-text"], 3, face=False),
        NOT_OURS,
        CHANGED,
    )
    signing = {None: _PERMITTED, 1: CHANGED, 2: _PERMITTED, 3: _PERMITTED}
    yield from _levels(
        "second-signature", lambda level: _signed_again(level, "trusted"), signing, _SIGNING
    )
    stranger = undecided("seal-untrusted", SEAL)
    yield from _levels(
        "second-signature-untrusted",
        lambda level: _signed_again(level, "unknown"),
        {None: stranger, 1: CHANGED, 2: stranger, 3: stranger},
    )
    yield Case(
        "certified/visible-signature-beside",
        _signed_again(None, "trusted", rectangle=b"70 100 370 130", face=look(b"Agreed")),
        NOT_OURS,
        _PERMITTED,
        "approvals in turn, each with its face where nothing was before: nobody forbade it",
    )
    nowhere = dict.fromkeys(_EACH, CHANGED)
    yield from _levels("sneaky-signature", _covering("trusted"), nowhere)
    yield from _levels("sneaky-signature-untrusted", _covering("unknown"), nowhere)
    yield from _levels(
        "sneaky-signature-over-the-page",
        lambda level: _signed_again(
            level, "trusted", rectangle=b"0 0 595 842", face=look(b"Pay 900", width=595, height=842)
        ),
        nowhere,
    )
    yield from _levels("sneaky-field-unsigned", _unsigned_field, nowhere)
    filling = {None: _PERMITTED, 1: CHANGED, 2: _PERMITTED, 3: _PERMITTED}
    yield from _levels("filled-in", _filled_in, filling, _FILLING)
    yield from _levels(
        "face-without-value",
        lambda level: lambda ground, _: revision(ground.paper(level), {FACE: look(b"Pay 900")}),
        nowhere,
    )
    yield from _levels(
        "filled-in-and-moved",
        lambda level: _filled_in(level, rectangle=b"/Rect [60 690 400 730]"),
        nowhere,
    )
    yield from _levels(
        "filled-in-and-renamed", lambda level: _field_changed(level, b"(Note)", b"(Sum)"), nowhere
    )
    yield from _levels(
        "filled-in-with-an-action",
        lambda level: _filled_in(level, more=b"/AA << /K << /S /JavaScript /JS (9) >> >>"),
        nowhere,
    )
    yield from _levels(
        "filled-in-with-another-kind",
        lambda level: _field_changed(level, b"/FT /Tx", b"/FT /Btn"),
        nowhere,
    )
    broken = refused("altered", CHANGES)
    yield Case(
        "certified/signature-replaced", _certification_replaced, NOT_OURS, refused("altered")
    )
    yield Case("certified/permissions-removed", _certification_lifted, NOT_OURS, broken)
    yield Case("certified/level-raised", _loosened, NOT_OURS, refused("altered"))
