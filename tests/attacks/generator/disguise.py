"""Additions disguised as what any signature permits: stores, fields, forms, cross-references.

The object that changes is reached twice, once by a way that may change and once by a way that a
reader follows all the same; or a field shows something for which nobody has signed.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.attacks.attacks_forging import (
    cms_of,
    in_ber,
    last_xref,
    object_of,
    revision,
    root_of,
    size_of,
    with_cms,
)
from tests.attacks.generator.case import CHANGED, NOT_OURS, Case, accepted
from tests.attacks.generator.ground import Ground, SteadyTimestamps
from tests.attacks.generator.minting import Profile, authority, minted
from tests.attacks.generator.papers import (
    CATALOG,
    CONTENT,
    FACE,
    FIELD,
    FORM,
    FRESH,
    PAGE,
    TEXT,
    empty_gap,
    filled,
    laid,
    look,
    paper_objects,
    ranged,
    seal_dictionary,
    stream,
    words,
    written,
)
from tests.unit.usecases.house import NOW

_PAID = words(b"Pay 900 to the bearer")
_STORE = b"/DSS << /Type /DSS /Certs [%d 0 R] >>" % (FRESH + 1)
_STREAM = {FRESH + 1: words(b"Pay 100 to the bearer")}
_SCRIPT = {FRESH + 1: stream(b"1")}
_OTHER_SCRIPT = {FRESH + 1: stream(b"app.alert(9)")}
_GROUPS = b"<< /FT /x /OCGs [12 0 R] /D << /%s [12 0 R] >> >>"
_GROUP = {FRESH + 1: b"<< /Type /OCG /Name (x) >>"}
_SWAPPED = (
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
    b" /Encoding << /Differences [49 /nine 57 /one] >> >>"
)

_TOKEN = seal_dictionary(kind=b"/ETSI.RFC3161").replace(b"/Type /Sig ", b"/Type /DocTimeStamp ")

Change = tuple[int, bytes, bytes]


def _paper(
    ground: Ground,
    level: int | None,
    changes: tuple[Change, ...],
    more: Mapping[int, bytes],
) -> bytes:
    objects = {**paper_objects(level), **more}
    for number, old, new in changes:
        assert old in objects[number]
        objects[number] = objects[number].replace(old, new, 1)
    return filled(written(objects), ground.stranger, ground.timestamps)


def _entry(entries: bytes) -> Change:
    return CATALOG, b"/Type /Catalog", b"/Type /Catalog " + entries


# What the signer was given, and what comes later, object by object.
PREPARED: dict[str, tuple[tuple[Change, ...], Mapping[int, bytes], Mapping[int, bytes]]] = {
    "content-behind-two-references": (
        (_entry(_STORE), (PAGE, b"/Contents 4 0 R", b"/Contents 11 0 R")),
        {FRESH: b"12 0 R", **_STREAM},
        {FRESH + 1: _PAID},
    ),
    "content-of-another-generation": (
        (_entry(_STORE), (PAGE, b"/Contents 4 0 R", b"/Contents [4 0 R 12 1 R]")),
        _STREAM,
        {FRESH + 1: _PAID},
    ),
    "action-that-looks-like-a-field": (
        (_entry(_STORE + b" /OpenAction 11 0 R"),),
        {FRESH: b"<< /FT /x /S /JavaScript /JS 12 0 R >>", **_SCRIPT},
        _OTHER_SCRIPT,
    ),
    "action-of-another-generation": (
        (_entry(_STORE + b" /OpenAction 11 1 R"),),
        {FRESH: b"<< /S /JavaScript /JS 12 0 R >>", **_SCRIPT},
        _OTHER_SCRIPT,
    ),
    "action-without-its-script": (
        (_entry(b"/DSS << /Type /DSS >> /OpenAction 11 0 R"),),
        {FRESH: b"<< /FT /x /S /JavaScript /JS 12 0 R >>"},
        {
            CATALOG: b"<< /DSS << /Type /DSS /Certs [12 0 R] >> /OpenAction 11 0 R"
            b" /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
            **_OTHER_SCRIPT,
        },
    ),
    "layers-as-extensions": (
        (_entry(b"/OCProperties 11 0 R /Extensions << /ADBE 11 0 R >>"),),
        {FRESH: _GROUPS % b"OFF", **_GROUP},
        {FRESH: _GROUPS % b"ON"},
    ),
    "parent-as-description": (
        (
            _entry(b"/Extensions << /ADBE 11 0 R >>"),
            (PAGE, b"/Parent 2 0 R", b"/Parent 11 0 R"),
        ),
        {FRESH: b"<< /Rotate 0 >>"},
        {FRESH: b"<< /Rotate 180 >>"},
    ),
    "field-that-was-hidden": (
        ((TEXT, b"/Rect [70 600 370 630]", b"/Rect [60 690 400 730]"), (TEXT, b"/F 4", b"/F 6")),
        {},
        {
            TEXT: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Note) /Rect [60 690 400 730]"
            b" /DA (/F0 14 Tf 0 g) /F 4 /P 3 0 R /V (Pay 900) /AP << /N 10 0 R >> >>",
            FACE: look(b"Pay 900", width=340, height=40),
        },
    ),
    "field-that-is-read-only": (
        ((TEXT, b"/F 4", b"/F 4 /Ff 1"),),
        {},
        {
            TEXT: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Note) /Rect [70 600 370 630]"
            b" /DA (/F0 14 Tf 0 g) /F 4 /Ff 1 /P 3 0 R /V (Pay 900) /AP << /N 10 0 R >> >>",
            FACE: look(b"Pay 900"),
        },
    ),
    "faces-made-anew": (
        ((TEXT, b"/V (seen)", b"/V (Pay 900)"),),
        {},
        {
            FORM: b"<< /Fields [5 0 R 7 0 R] /SigFlags 3 /DR << /Font << /F0 9 0 R >> >>"
            b" /DA (/F0 14 Tf 0 g) /NeedAppearances true >>"
        },
    ),
    "font-of-the-form-swapped": (
        (),
        {},
        {
            FORM: b"<< /Fields [5 0 R 7 0 R] /SigFlags 3 /DR << /Font << /F0 11 0 R >> >>"
            b" /DA (/F0 14 Tf 0 g) >>",
            FRESH: _SWAPPED,
        },
    ),
    "ink-of-the-form-white": (
        (),
        {},
        {
            FORM: b"<< /Fields [5 0 R 7 0 R] /SigFlags 3 /DR << /Font << /F0 9 0 R >> >>"
            b" /DA (/F0 14 Tf 1 g) >>"
        },
    ),
    "object-inside-a-store": (
        (),
        {},
        {
            CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R"
            b" /DSS << /Type /DSS /Certs [11 0 R] >> >>",
            FRESH: stream(b"\n%d 0 obj\n%s\nendobj\n" % (CONTENT, _PAID)),
        },
    ),
}


def _activated(
    changes: tuple[Change, ...], more: Mapping[int, bytes], later: Mapping[int, bytes]
) -> Callable[[Ground, Random], bytes]:
    return lambda ground, _chance: revision(_paper(ground, None, changes, more), dict(later))


def stream_entries(pdf: bytes, rows: Mapping[int, tuple[int, int, int]]) -> bytes:
    """A revision that is a cross-reference stream and nothing else."""
    start, own = len(pdf), size_of(pdf) + 5
    rows = {**rows, own: (1, start, 0)}
    table = b"".join(
        bytes((kind,)) + first.to_bytes(4, "big") + second.to_bytes(2, "big")
        for _, (kind, first, second) in sorted(rows.items())
    )
    index = b" ".join(b"%d 1" % number for number in sorted(rows))
    told = b"/Type /XRef /W [1 4 2] /Index [%s] /Size %d /Root %d 0 R /Prev %d" % (
        index,
        own + 1,
        root_of(pdf),
        last_xref(pdf),
    )
    return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        own,
        stream(table, told),
        start,
    )


def _unknown_kind(number: int, level: int | None) -> Callable[[Ground, Random], bytes]:
    """7.5.8.3: an entry of a type that is not known is the null object."""
    return lambda ground, _: stream_entries(ground.paper(level), {number: (3, 0, 0)})


def _field(
    pdf: bytes,
    value: bytes,
    *,
    entries: bytes = b"",
    place: bytes = b"70 100 370 130",
    seal: bytes = b"",
) -> bytes:
    """A signature field with a face where nothing was."""
    page = object_of(pdf, PAGE).replace(b"/Annots [", b"/Annots [%d 0 R " % FRESH, 1)
    form = object_of(pdf, FORM).replace(b"/Fields [", b"/Fields [%d 0 R " % FRESH, 1)
    entries = entries or b"/F 4 /AP << /N 12 0 R >>"
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /Rect [%s] /P 3 0 R %s %s >>"
    objects = {
        PAGE: page,
        FORM: form,
        FRESH: field % (place, value, entries),
        FRESH + 1: look(b"Approved: the mayor"),
    }
    if b"13 0 R" in value:
        objects[FRESH + 2] = seal or seal_dictionary()
    if b"14 0 R" in entries:
        objects[FRESH + 3] = stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return revision(pdf, objects)


def _shown(value: bytes) -> Callable[[int | None], Callable[[Ground, Random], bytes]]:
    return lambda level: lambda ground, _: _field(ground.paper(level), value)


def _signed(entries: bytes, place: bytes = b"60 690 400 730") -> Callable[[Ground, Random], bytes]:
    """Signed by somebody whom we trust, and yet not what was compared."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = _field(ground.paper(), b"/V 13 0 R", entries=entries, place=place)
        return filled(pdf, minted(Profile("外地单位二", ground.strangers_root)), ground.timestamps)

    return build


def _stamped_by_nobody(level: int | None) -> Callable[[Ground, Random], bytes]:
    """A timestamp proves nothing where nobody knows its authority, and harms nobody: but its face."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = _field(ground.paper(level), b"/V 13 0 R", seal=_TOKEN)
        return _stamped(pdf)

    return build


def _room_taken_by_a_timestamp(ground: Ground, _chance: Random) -> bytes:
    """The field that was meant for the mayor's signature."""
    widget = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Mayor) /F 4 /Rect [70 100 370 130]"
    objects = {**paper_objects(None), FRESH: widget + b" /P 3 0 R >>"}
    for number, key in ((PAGE, b"/Annots ["), (FORM, b"/Fields [")):
        objects[number] = objects[number].replace(key, key + b"%d 0 R " % FRESH, 1)
    pdf = filled(written(objects), ground.stranger, ground.timestamps)
    signs = widget + b" /P 3 0 R /V 13 0 R /AP << /N 12 0 R >> >>"
    face = look(b"Approved: the mayor")
    return _stamped(revision(pdf, {FRESH: signs, FRESH + 1: face, FRESH + 2: _TOKEN}))


def _stamped(pdf: bytes) -> bytes:
    nobody = minted(Profile("某人", authority("无人知晓"), purposes=("time_stamping",)))
    start, end = empty_gap(pdf)
    pdf = ranged(pdf, (0, start, end, len(pdf) - end))
    digest = hashlib.sha256(pdf[:start] + pdf[end:]).digest()
    return laid(pdf, start, end, SteadyTimestamps(nobody, moment=NOW).token(digest))


def _store_added(pdf: bytes, data: bytes = b"x") -> bytes:
    value = object_of(pdf, CATALOG)
    store = b"/Type /Catalog /DSS << /Type /DSS /Certs [%d 0 R] >>" % FRESH
    return revision(pdf, {CATALOG: value.replace(b"/Type /Catalog", store, 1), FRESH: stream(data)})


def _with_comment(ground: Ground, _chance: Random) -> bytes:
    pdf = _store_added(ground.paper(1))
    start = pdf.rindex(b"startxref")
    return pdf[:start] + b"%iText-Core-8.0.2\n" + pdf[start:]


def _in_ber(ground: Ground, _chance: Random) -> bytes:
    pdf = ground.paper(1)
    return with_cms(pdf, in_ber(cms_of(pdf).dump()))


def _given_up(ground: Ground, _chance: Random) -> bytes:
    pdf = _store_added(ground.paper(1))
    value = object_of(pdf, CATALOG).replace(b"[11 0 R]", b"[12 0 R]", 1)
    pdf = revision(pdf, {CATALOG: value, FRESH + 1: stream(b"y")})
    start = pdf.rindex(b"\nxref\n") + 6
    return pdf[:start] + b"11 1\n0000000000 00001 f \n" + pdf[start:]


_HONEST: dict[str, tuple[Callable[[Ground, Random], bytes], str]] = {
    "comment-before-the-end": (
        _with_comment,
        "iText signs each of its revisions with a comment, as ISO 32000-1, 7.2.3 lets everybody",
    ),
    "message-in-ber": (
        _in_ber,
        "what is not signed in a message may be in BER; EN 319 102-1, 5.2.2 fails what it cannot read",
    ),
    "certificate-given-up": (
        _given_up,
        "ISO 32000-1, 7.5.6: what nothing refers to any more may be marked as free",
    ),
}


def cases() -> Iterator[Case]:
    for name, (changes, more, later) in PREPARED.items():
        yield Case(f"disguise/{name}", _activated(changes, more, later), NOT_OURS, CHANGED)
    for level in (None, 1, 2, 3):
        word = level or "approval"
        for name, number in (("content", CONTENT), ("face", FACE), ("field", FIELD)):
            build = _unknown_kind(number, level)
            expected = CHANGED if number != FIELD else NOT_OURS
            yield Case(f"disguise/entry-of-no-type-{name}-{word}", build, NOT_OURS, expected)
        for name, made in (
            ("nobody-signed", _shown(b"")),
            ("signed-elsewhere", _shown(b"/V 8 0 R")),
            ("stamped-by-nobody", _stamped_by_nobody),
        ):
            yield Case(f"disguise/face-{name}-{word}", made(level), NOT_OURS, CHANGED)
    yield Case("disguise/room-of-another", _room_taken_by_a_timestamp, NOT_OURS, CHANGED)
    faces = {
        "printed": b"/F 36 /AP << /N 12 0 R >>",
        "under-the-mouse": b"/F 4 /AP << /N 14 0 R /R 12 0 R >>",
        "of-a-state": b"/F 4 /AP << /N << /On 12 0 R >> >>",
        "of-a-layer": b"/F 4 /AP << /N 12 0 R >> /OC << /Type /OCG /Name (x) >>",
    }
    for name, entries in faces.items():
        yield Case(f"disguise/face-{name}", _signed(entries), NOT_OURS, CHANGED)
    for name, (honest, why) in _HONEST.items():
        yield Case(f"disguise/{name}", honest, NOT_OURS, accepted("foreign-valid"), why)
