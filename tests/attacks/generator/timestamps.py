"""Timestamps of the wrong people, of other signatures, of other times."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from asn1crypto import cms

from certlib.verification import Check
from signing.cms import assemble, timestamp_attribute
from tests.attacks import attacks_forging as forging
from tests.attacks.generator.authorities import REVOKED_SERIAL, UNKNOWN_CRITICAL
from tests.attacks.generator.case import (
    NOT_OURS,
    Case,
    Expected,
    accepted,
    refused,
    undecided,
)
from tests.attacks.generator.ground import ELSEWHERE, Ground, SteadyTimestamps
from tests.attacks.generator.minting import Minted, Profile, authority, ec_key, minted, rsa_key
from tests.attacks.generator.papers import paper
from tests.unit.signing.signing_pki import make_page
from tests.unit.usecases.house import ISSUER, NOW

_STAMPING = ("time_stamping",)
_SEAL = Check.SEAL

_RUN_OUT = frozenset({"expired", "not-yet-valid", "revoked", "signed-with-sha1"})

PROFILES: dict[str, dict] = {
    "no-purpose": {"purposes": None},
    "purpose-not-critical": {"purposes_critical": False},
    "another-purpose-too": {"purposes": ("time_stamping", "server_auth")},
    "purpose-server": {"purposes": ("server_auth",)},
    "any-purpose": {"purposes": ("any_extended_key_usage",)},
    "expired": {"days": (-400, -1)},
    "not-yet-valid": {"days": (1, 400)},
    "an-authority": {"authority": True},
    "usage-encipherment": {"usage": ("key_encipherment",)},
    "usage-certifying": {"usage": ("key_cert_sign",)},
    "revoked": {"serial": REVOKED_SERIAL},
    "critical-unknown": {"extra": (UNKNOWN_CRITICAL,)},
    "signed-with-sha1": {"digest": "sha1"},
}


def _authority(ground: Ground, **changes) -> Minted:
    return minted(Profile("时间戳", ground.root, **{"purposes": _STAMPING, **changes}))


def _others(ground: Ground) -> Iterator[tuple[str, Minted]]:
    fake = authority("揭阳市证照根", key=ec_key("fake"))
    yield "of-nobody", minted(Profile("时间戳", authority("无人"), purposes=_STAMPING))
    yield "under-a-fake-root", minted(Profile("揭阳市时间戳", fake, purposes=_STAMPING))
    yield "self-signed", minted(Profile("揭阳市时间戳", purposes=_STAMPING))
    yield "by-the-seal-itself", ground.seal
    yield "by-the-stranger-itself", ground.stranger
    yield "by-the-root", ground.root
    yield (
        "under-the-strangers-root",
        minted(Profile("时间戳", ground.strangers_root, purposes=_STAMPING)),
    )


def _chosen(name: str) -> Callable[[Ground], Minted]:
    return lambda ground: dict(_others(ground))[name]


def _stamps(leaf: Minted, moment=NOW) -> SteadyTimestamps:
    return SteadyTimestamps(leaf, moment=moment)


def _paper(make: Callable[[Ground], Minted], moment=NOW, **changes):
    """A stranger's paper, honest but for its timestamp."""

    def build(ground: Ground, _chance: Random) -> bytes:
        signer = minted(Profile("外地单位", ground.strangers_root, code=ELSEWHERE, **changes))
        return paper(signer, timestamps=_stamps(make(ground), moment))

    return build


def _certificate(make: Callable[[Ground], Minted], moment=NOW, **changes):
    def build(ground: Ground, _chance: Random) -> bytes:
        page = make_page(ground.content.canonical())
        seal = minted(Profile("揭阳市交通运输局", ground.issuing, code=ISSUER, **changes))
        return ground.sealed(seal=seal, page=page, timestamps=_stamps(make(ground), moment))

    return build


def _retokened(change: Callable[[Ground, bytes, bytes], bytes]):
    """Another token in the place of the honest one; `change` gets it and the whole file."""

    def edit(ground: Ground, pdf: bytes) -> bytes:
        parts = forging.parts_of(pdf)
        changed = change(ground, _token(parts.unsigned), pdf)
        unsigned = timestamp_attribute(changed) if changed else b""
        return forging.with_cms(pdf, assemble(replace(parts, unsigned=unsigned)))

    return edit


def _token(attribute: bytes) -> bytes:
    return cms.CMSAttribute.load(attribute)["values"][0].dump()


def _of_another(ground: Ground, _token_of_ours: bytes, _pdf: bytes) -> bytes:
    return _token(forging.parts_of(ground.revoked).unsigned)


def _later(_ground: Ground, token: bytes, _pdf: bytes) -> bytes:
    """The stated time moved by ten years, in the token's own bytes."""
    assert b"20261122" in token
    return token.replace(b"20261122", b"20161122")


EDITS = {
    "of-another-signature": _retokened(_of_another),
    "time-changed": _retokened(_later),
    "imprint-of-zeros": _retokened(lambda ground, token, pdf: ground.timestamps.token(b"\0" * 32)),
    "imprint-of-sha1": _retokened(
        lambda ground, token, pdf: ground.timestamps.token(b"\0" * 20, "sha1")
    ),
    "garbage": _retokened(lambda ground, token, pdf: b"\x30\x03\x02\x01\x01"),
    "a-signature-instead": _retokened(lambda ground, token, pdf: forging.cms_of(pdf).dump()),
    "cut-off": _retokened(lambda ground, token, pdf: token[:200]),
}

_UNPROVEN = "a timestamp of nobody whom we know proves no time; the seal is good today without it"


def cases() -> Iterator[Case]:
    own = refused(("seal-untrusted", "altered"), _SEAL)
    record = refused(("seal-not-on-record", "altered", "seal-untrusted"))
    # EN 319 102-1 counts a timestamp that does not hold for no proof of time, not against the seal.
    theirs = Expected(
        undecided("seal-untrusted").verdicts | accepted("foreign-valid").verdicts,
        frozenset({"seal-untrusted", "foreign-valid"}),
    )
    yield Case(
        "timestamps/honest",
        _paper(_authority),
        NOT_OURS,
        accepted("foreign-valid"),
        "control: an honest timestamp of an authority that we know",
    )
    makers = {
        name: (lambda g, changes=changes: _authority(g, **changes))
        for name, changes in PROFILES.items()
    }
    named = (
        "of-nobody",
        "under-a-fake-root",
        "self-signed",
        "by-the-seal-itself",
        "by-the-stranger-itself",
        "by-the-root",
        "under-the-strangers-root",
    )
    for name, make in (makers | {name: _chosen(name) for name in named}).items():
        yield Case(f"timestamps/theirs-{name}", _paper(make), NOT_OURS, theirs, _UNPROVEN)
        # That an authority's time has run out is undecided; that nobody issued the file is not.
        refusal = record if name in _RUN_OUT else own
        yield Case(f"timestamps/ours-{name}", _certificate(make), refusal, record)
    yield from _moments()
    for name, edit in EDITS.items():
        yield Case(
            f"timestamps/ours-{name}",
            lambda ground, _, edit=edit: edit(ground, ground.genuine),
            refused("altered"),
            refused(("altered", "seal-not-on-record")),
        )
        yield Case(
            f"timestamps/theirs-{name}",
            lambda ground, _, edit=edit: edit(ground, ground.paper()),
            NOT_OURS,
            Expected(
                refused("altered").verdicts | theirs.verdicts, theirs.codes | frozenset({"altered"})
            ),
            "a broken timestamp proves nothing; the signature stands without it",
        )
    removed = _retokened(lambda ground, token, pdf: b"")
    yield Case(
        "timestamps/theirs-removed",
        lambda ground, _: removed(ground, ground.paper()),
        NOT_OURS,
        accepted("foreign-valid"),
        "B-B: without a timestamp the signer counts as of today",
    )
    yield Case(
        "timestamps/ours-removed",
        lambda ground, _: removed(ground, ground.genuine),
        refused(("altered", "seal-untrusted", "seal-not-on-record")),
        refused(("altered", "seal-not-on-record")),
    )


def _moments() -> Iterator[Case]:
    """Times that a forger would like: before the seal expired, after it began, in times to come."""
    untrusted = undecided("seal-untrusted", _SEAL)
    own = refused(("seal-untrusted", "seal-not-on-record"), _SEAL)
    record = refused(("seal-not-on-record", "seal-untrusted", "altered"))
    forger = lambda ground: minted(Profile("时间戳", authority("无人"), purposes=_STAMPING))  # noqa: E731
    back, ahead = NOW - timedelta(days=200), NOW + timedelta(days=200)
    tables = {
        "expired-and-dated-back-by-a-forger": (forger, back, {"days": (-400, -100)}),
        "not-yet-valid-and-dated-ahead-by-a-forger": (forger, ahead, {"days": (100, 400)}),
        "not-yet-valid-and-dated-ahead": (_authority, ahead, {"days": (100, 400)}),
        "older-than-the-signer": (
            lambda ground: _authority(ground, days=(-900, 900)),
            NOW - timedelta(days=500),
            {},
        ),
        "of-a-day-to-come": (_authority, NOW + timedelta(days=1), {}),
        "older-than-its-authority": (_authority, NOW - timedelta(days=500), {}),
    }
    for name, (make, moment, changes) in tables.items():
        expected = untrusted
        if name in ("older-than-its-authority", "of-a-day-to-come"):
            expected = Expected(
                untrusted.verdicts | accepted("x").verdicts,
                frozenset({"seal-untrusted", "foreign-valid"}),
            )
        yield Case(
            f"timestamps/theirs-{name}",
            _paper(make, moment, **changes),
            NOT_OURS,
            expected,
            _UNPROVEN,
        )
        yield Case(f"timestamps/ours-{name}", _certificate(make, moment, **changes), own, record)
    yield Case(
        "timestamps/theirs-expired-since",
        _paper(
            lambda ground: _authority(ground, days=(-900, 900)),
            NOW - timedelta(days=200),
            days=(-400, -100),
        ),
        NOT_OURS,
        Expected(
            untrusted.verdicts | accepted("x").verdicts,
            frozenset({"seal-untrusted", "foreign-valid"}),
        ),
        "signed in its time, as a trusted timestamp proves; whether that is proof depends on lists",
    )
    yield Case(
        "timestamps/theirs-rsa",
        _paper(lambda ground: _authority(ground, key=rsa_key("stamp", 2048))),
        NOT_OURS,
        accepted("foreign-valid"),
        "control: another key",
    )
