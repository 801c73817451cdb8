"""Document security stores that are not what they seem, and document timestamps over forgeries."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from tests.attacks.attacks_forging import object_of, revision, root_of, size_of
from tests.attacks.generator.case import (
    CHANGED,
    CHANGES,
    INTEGRITY,
    NOT_OURS,
    Case,
    Expected,
    accepted,
    refused,
)
from tests.attacks.generator.ground import Ground, SteadyTimestamps
from tests.attacks.generator.minting import Profile, authority, minted
from tests.attacks.generator.papers import (
    CONTENT,
    FORM,
    empty_gap,
    laid,
    look,
    ranged,
    seal_dictionary,
    stream,
    words,
)
from tests.unit.usecases.house import NOW

_DSS = b"/DSS %d 0 R"


def _catalog(pdf: bytes, entry: bytes, old: bytes = b"/Type /Catalog", new: bytes = b"") -> bytes:
    value = object_of(pdf, root_of(pdf))
    assert value.startswith(b"<<")
    if new:
        assert old in value
        value = value.replace(old, new, 1)
    return b"<< " + entry + value[2:]


def _stored(
    pdf: bytes,
    store: bytes,
    streams: tuple[bytes, ...] = (),
    *,
    old: bytes = b"",
    new: bytes = b"",
    more: dict[int, bytes] | None = None,
) -> bytes:
    """A revision with a DSS; `%(n)d` in `store` are the numbers of its streams."""
    fresh = size_of(pdf)
    numbers = {str(at).encode(): fresh + 1 + at for at in range(max(2, len(streams)))}
    objects = {
        root_of(pdf): _catalog(pdf, _DSS % fresh, old, new),
        fresh: b"<< /Type /DSS " + store % numbers + b" >>",
        **{fresh + 1 + at: stream(data) for at, data in enumerate(streams)},
        **(more or {}),
    }
    return revision(pdf, objects)


def _timestamped(pdf: bytes, stamps: SteadyTimestamps) -> bytes:
    """A document timestamp in a field of its own (EN 319 142-1, 5.4.3)."""
    fresh = size_of(pdf)
    seal = seal_dictionary(kind=b"/ETSI.RFC3161").replace(b"/Type /Sig ", b"/Type /DocTimeStamp ")
    seal = seal.replace(b" /M (D:20261122020000Z)", b"")
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Stamp%d) /F 132 /Rect [0 0 0 0]" % fresh
    form = object_of(pdf, FORM).replace(b"/Fields [", b"/Fields [%d 0 R " % fresh, 1)
    pages = object_of(pdf, 3).replace(b"/Annots [", b"/Annots [%d 0 R " % fresh, 1)
    objects = {3: pages, FORM: form, fresh: field + b" /P 3 0 R /V %d 0 R >>" % (fresh + 1)}
    pdf = revision(pdf, {**objects, fresh + 1: seal})
    return _stamped(pdf, stamps)


def _stamped(pdf: bytes, stamps: SteadyTimestamps) -> bytes:
    start, end = empty_gap(pdf)
    pdf = ranged(pdf, (0, start, end, len(pdf) - end))
    imprint = hashlib.sha256(pdf[:start] + pdf[end:]).digest()
    return laid(pdf, start, end, stamps.token(imprint))


def _honest(ground: Ground, pdf: bytes) -> bytes:
    chain = (ground.strangers_root.der, ground.root.der)
    return _stored(pdf, b"/Certs [%(0)d 0 R %(1)d 0 R]", chain)


def _theirs(make: Callable[[Ground, bytes], bytes], level: int | None):
    return lambda ground, _chance: make(ground, ground.paper(level))


def _with(store: bytes, *streams: bytes, **changes):
    return lambda ground, pdf: _stored(pdf, store, streams, **changes)


_LONG_AGO = NOW - timedelta(days=300)
_JUNK = Random("junk").randbytes(300)
GARBAGE = {
    "certs": _with(b"/Certs [%(0)d 0 R]", _JUNK),
    "crls": _with(b"/CRLs [%(0)d 0 R]", _JUNK),
    "ocsps": _with(b"/OCSPs [%(0)d 0 R]", _JUNK),
    "vri": _with(b"/VRI << /%(0)040X << /Cert [%(0)d 0 R] >> >>", _JUNK),
    "empty": _with(b""),
    "many": _with(b"/Certs [" + b"%(0)d 0 R " * 5000 + b"]", _JUNK),
    "certs-of-a-forger": lambda ground, pdf: _stored(
        pdf, b"/Certs [%(0)d 0 R]", (authority("外地根", digest="sha256").der,)
    ),
    "crl-of-a-forger": lambda ground, pdf: _stored(
        pdf,
        b"/CRLs [%(0)d 0 R]",
        (ground.strangers_root.crl([(ground.stranger.serial, _LONG_AGO)]),),
    ),
}

WRONG = {
    "certs-is-a-name": _with(b"/Certs /None"),
    "certs-of-numbers": _with(b"/Certs [1 2 3]"),
    "certs-is-the-page": _with(b"/Certs [3 0 R]"),
    "certs-is-the-catalog": _with(b"/Certs [1 0 R]"),
    "certs-refers-to-nothing": _with(b"/Certs [99999 0 R]"),
    "content-in-disguise": _with(
        b"/Certs [4 0 R]", more={CONTENT: words(b"Pay 900 to the forger")}
    ),
    "form-in-disguise": _with(b"/Certs [10 0 R]", more={10: look(b"Pay 900")}),
    "unknown-entry": _with(b"/Extra << /S /JavaScript /JS (9) >>"),
    "open-action": _with(
        b"", old=b"/Type /Catalog", new=b"/Type /Catalog /OpenAction << /S /JavaScript /JS (9) >>"
    ),
    "additional-actions": _with(b"", old=b"/Type /Catalog", new=b"/Type /Catalog /AA << >>"),
    "other-pages": _with(
        b"",
        old=b"/Pages 2 0 R",
        new=b"/Pages 90 0 R",
        more={90: b"<< /Type /Pages /Count 0 /Kids [] >>"},
    ),
    "other-form": _with(
        b"", old=b"/AcroForm 6 0 R", new=b"/AcroForm 90 0 R", more={90: b"<< /Fields [7 0 R] >>"}
    ),
    "layers": _with(
        b"", old=b"/Type /Catalog", new=b"/Type /Catalog /OCProperties << /OCGs [] /D << >> >>"
    ),
    "names": _with(
        b"",
        old=b"/Type /Catalog",
        new=b"/Type /Catalog /Names << /JavaScript << /Names [] >> >>",
    ),
    "language": _with(b"", old=b"/Type /Catalog", new=b"/Type /Catalog /Lang (xx)"),
    "metadata": _with(
        b"",
        old=b"/Type /Catalog",
        new=b"/Type /Catalog /Metadata 90 0 R",
        more={90: stream(b"<x/>", b"/Type /Metadata /Subtype /XML")},
    ),
    "page-mode": _with(b"", old=b"/Type /Catalog", new=b"/Type /Catalog /PageMode /UseAttachments"),
    "needs-rendering": _with(
        b"", old=b"/Type /Catalog", new=b"/Type /Catalog /NeedsRendering true"
    ),
    "other-root": lambda ground, pdf: _other_root(_honest(ground, pdf), pdf),
}


def _other_root(pdf: bytes, before: bytes) -> bytes:
    tail = pdf[len(before) :]
    return before + tail.replace(b"/Root 1 0 R", b"/Root %d 0 R" % (size_of(before) + 9))


def _forged_below_a_timestamp(ground: Ground, pdf: bytes) -> bytes:
    """The last timestamp covers all, the forgery included."""
    forged = revision(pdf, {CONTENT: words(b"Pay 900 to the forger")})
    return _timestamped(forged, ground.timestamps)


def _stamp_of_a_forger(ground: Ground, pdf: bytes) -> bytes:
    issuer = authority("无人知晓时间戳根")
    own = minted(Profile("时间戳", issuer, purposes=("time_stamping",)))
    return _timestamped(pdf, SteadyTimestamps(own, moment=ground.timestamps.moment))


def _stamp_moved(ground: Ground, pdf: bytes) -> bytes:
    """A good document timestamp of another paper."""
    other = _timestamped(ground.paper(page=b"/Rotate 0 "), ground.timestamps)
    own = _timestamped(pdf, ground.timestamps)
    first, last = other.rindex(b"/Contents <"), own.rindex(b"/Contents <")
    end = own.index(b">", last)
    digits = other[first + 11 : other.index(b">", first)]
    return own[: last + 11] + digits.ljust(end - last - 11, b"0") + own[end:]


def _signature_as_stamp(ground: Ground, pdf: bytes) -> bytes:
    """A signature that calls itself a document timestamp."""
    stamped = _timestamped(pdf, ground.timestamps)
    start = stamped.rindex(b"/Contents <") + 10
    end = stamped.index(b">", start) + 1
    first = pdf.index(b"/Contents <") + 10
    digits = pdf[first + 1 : pdf.index(b">", first)]
    return stamped[: start + 1] + digits.ljust(end - start - 2, b"0") + stamped[end - 1 :]


_KEPT = accepted("foreign-valid")
_OWN_STORE = (
    "a store is permitted (EN 319 142-1, 5.4.2.2); revocation is asked of our own data alone"
)
_BROKEN = refused("altered", INTEGRITY)


def _timestamps() -> Iterator[tuple[str, Callable[[Ground, bytes], bytes], Expected, str]]:
    yield (
        "timestamp",
        lambda ground, pdf: _timestamped(pdf, ground.timestamps),
        _KEPT,
        "a document timestamp changes no page (EN 319 142-1, 5.4.3)",
    )
    yield (
        "store-and-timestamp",
        lambda ground, pdf: _timestamped(_honest(ground, pdf), ground.timestamps),
        _KEPT,
        "B-LTA: store and timestamp, as EN 319 142-1, 5.5 has it",
    )
    yield "forged-below-a-timestamp", _forged_below_a_timestamp, refused("altered", CHANGES), ""
    yield (
        "timestamp-of-a-forger",
        _stamp_of_a_forger,
        _KEPT,
        "a timestamp of nobody whom we know proves nothing, and changes no page",
    )
    yield "timestamp-moved", _stamp_moved, _BROKEN, ""
    yield "signature-as-timestamp", _signature_as_stamp, _BROKEN, ""


def _ours(make: Callable[[Ground, bytes], bytes]):
    return lambda ground, _chance: make(ground, ground.genuine)


def _open_action(_ground: Ground, pdf: bytes) -> bytes:
    return _stored(pdf, b"", (), old=b"/Pages", new=b"/OpenAction [3 0 R /Fit] /Pages")


def cases() -> Iterator[Case]:
    for level in (None, 1, 2, 3):
        word = level or "approval"
        yield Case(f"dss/honest-{word}", _theirs(_honest, level), NOT_OURS, _KEPT, _OWN_STORE)
        for name, make in GARBAGE.items():
            yield Case(
                f"dss/garbage-{name}-{word}", _theirs(make, level), NOT_OURS, _KEPT, _OWN_STORE
            )
        for name, make in WRONG.items():
            yield Case(
                f"dss/wrong-{name}-{word}",
                _theirs(make, level),
                NOT_OURS,
                refused(("altered", "unreadable"), CHANGES),
            )
        for name, make, expected, why in _timestamps():
            yield Case(f"dss/{name}-{word}", _theirs(make, level), NOT_OURS, expected, why)
    for level in (None, 2):
        yield Case(
            f"dss/form-removed-{level or 'approval'}",
            _theirs(_with(b"", old=b"/AcroForm 6 0 R", new=b" "), level),
            NOT_OURS,
            refused(("altered", "not-a-certificate"), INTEGRITY),
            "no field shows the signature any more",
        )
    # Ours are lifted by ourselves, and the lifted file is on record: this one is not.
    absent = refused(("altered", "seal-not-on-record"))
    yield Case("dss/ours-honest", _ours(_honest), absent, absent)
    yield Case(
        "dss/ours-open-action", _ours(_open_action), refused("altered", INTEGRITY, CHANGES), CHANGED
    )
