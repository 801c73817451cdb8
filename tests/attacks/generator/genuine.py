"""Honest files, and genuine ones whose certificate no longer counts: the controls of all others."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from certlib.verification import Check
from tests.attacks.generator.case import (
    AUTHORITY,
    INTEGRITY,
    NOT_OURS,
    ORIGINAL,
    SEAL,
    UNREADABLE,
    UNSIGNED,
    Case,
    accepted,
    refused,
)
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import paper_objects, written
from tests.unit.signing.signing_pki import make_page
from tests.unit.usecases.house import OTHER

_NOW = Check.STATUS_NOW
ABSENT = refused("seal-not-on-record", ORIGINAL)


def _unrecorded(ground: Ground, _chance: Random) -> bytes:
    return ground.sealed(ground.unrecorded())


def _reworded(ground: Ground, _chance: Random) -> bytes:
    """Our seal, an identifier on record, another scope of business."""
    return ground.sealed(replace(ground.content, fields={"KZ_JYFW": "危险货物运输"}))


def _others_type(ground: Ground, _chance: Random) -> bytes:
    """A department that exists, with its own seal, on a type that it may not issue."""
    content = ground.unrecorded(issuer_code=OTHER, issuer_name="揭阳市发展改革局")
    return ground.sealed(content, ground.other_seal)


def _others_name(ground: Ground, _chance: Random) -> bytes:
    """The same seal, but the page names the department that may."""
    return ground.sealed(ground.unrecorded(), ground.other_seal)


def _others_seal_on_record(ground: Ground, _chance: Random) -> bytes:
    """A certificate on record, its page sealed anew by another department."""
    return ground.sealed(seal=ground.other_seal, page=make_page(ground.content.canonical(), 2))


def _strangers_seal(ground: Ground, _chance: Random) -> bytes:
    """A trusted stranger's seal under a page that names a certificate of ours."""
    return ground.sealed(seal=ground.stranger)


def _page_alone(ground: Ground, _chance: Random) -> bytes:
    return make_page(ground.content.canonical())


def _unsigned_paper(_ground: Ground, _chance: Random) -> bytes:
    objects = paper_objects()
    objects[1] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[3] = objects[3].replace(b"/Annots [5 0 R 7 0 R]", b"")
    return written(
        {number: value for number, value in objects.items() if number not in (5, 6, 7, 8)}
    )


_HONEST = "an honest paper of a trusted stranger"


def cases() -> Iterator[Case]:
    yield Case(
        "genuine/valid", lambda g, _: g.genuine, accepted("valid"), accepted("valid"), "control"
    )
    for state in ("revoked", "superseded"):
        verdict = refused(state, _NOW)
        yield Case(
            f"genuine/{state}",
            lambda g, _, state=state: getattr(g, state),
            verdict,
            verdict,
            "the digest is on record: every byte is right, the certificate no longer counts",
        )
    yield Case("genuine/absent-from-the-record", _unrecorded, ABSENT, ABSENT, "a stolen seal key")
    yield Case(
        "genuine/same-identifier-other-words", _reworded, ABSENT, ABSENT, "a stolen seal key"
    )
    yield Case(
        "genuine/sealed-anew",
        lambda g, _: g.sealed(page=make_page(g.content.canonical(), 5)),
        ABSENT,
        ABSENT,
        "the same content on another page",
    )
    unauthorised = refused("issuer-not-authorised", AUTHORITY, ORIGINAL)
    yield Case(
        "genuine/others-type", _others_type, unauthorised, unauthorised, "a seal beyond its powers"
    )
    yield Case(
        "genuine/others-name",
        _others_name,
        unauthorised,
        unauthorised,
        "a seal under a foreign name",
    )
    yield Case("genuine/others-seal-on-record", _others_seal_on_record, unauthorised, unauthorised)
    yield Case("genuine/strangers-seal", _strangers_seal, unauthorised, unauthorised)
    taken = refused("altered", INTEGRITY)
    yield Case("genuine/page-without-seal", _page_alone, taken, taken, "our marks, no signature")
    yield Case("genuine/unsigned-paper", _unsigned_paper, UNSIGNED, UNSIGNED)
    yield Case("genuine/no-pdf", lambda g, c: c.randbytes(500), UNREADABLE, UNREADABLE)
    yield Case("genuine/empty", lambda g, c: b"", UNREADABLE, UNREADABLE)
    for level in (None, 1, 2, 3):
        yield Case(
            f"genuine/paper-{level or 'approval'}",
            lambda g, _, level=level: g.paper(level),
            NOT_OURS,
            accepted("foreign-valid"),
            _HONEST,
        )
    yield Case(
        "genuine/seal-of-a-revoked-key",
        lambda g, _: g.sealed(g.unrecorded(), g.revoked_seal),
        refused("seal-untrusted", SEAL, ORIGINAL),
        refused(("seal-untrusted", "seal-not-on-record"), SEAL, ORIGINAL),
        "the key was reported stolen before the timestamp",
    )
