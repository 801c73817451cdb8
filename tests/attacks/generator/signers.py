"""Wrong signers of every kind: the signature is good, its maker is not who may have made it.

Under `own` every authority is known, so a wrong signer is refused; under `foreign` a signer may be
one that we merely do not know, and the clerk is told so.
"""

from collections.abc import Iterator
from random import Random

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.attacks.generator.authorities import UNKNOWN_CRITICAL, odd_authorities
from tests.attacks.generator.case import (
    NOT_OURS,
    ORIGINAL,
    SEAL,
    Case,
    accepted,
    refused,
    undecided,
)
from tests.attacks.generator.ground import ELSEWHERE, Ground
from tests.attacks.generator.minting import (
    Minted,
    Profile,
    authority,
    ec_key,
    extension,
    minted,
    rsa_key,
)
from tests.attacks.generator.papers import paper
from tests.unit.signing.signing_pki import make_page
from tests.unit.usecases.house import ISSUER

_SECOND = 1 / 86400
_CA = {"extn_id": "basic_constraints", "critical": True, "extn_value": {"ca": True}}
_OUR_NAME, _THEIR_NAME = "揭阳市交通运输局", "外地单位"

PROFILES: dict[str, dict] = {
    "expired": {"days": (-400, -1)},
    "expired-a-second-ago": {"days": (-400, -_SECOND)},
    "not-yet-valid": {"days": (1, 400)},
    "valid-in-a-second": {"days": (_SECOND, 400)},
    "never-valid": {"days": (10, -10)},
    "an-authority": {"authority": True},
    "an-authority-with-usage": {
        "authority": True,
        "usage": ("digital_signature", "key_cert_sign", "crl_sign"),
    },
    "usage-encipherment": {"usage": ("key_encipherment",)},
    "usage-certifying": {"usage": ("key_cert_sign",)},
    "usage-agreement": {"usage": ("key_agreement",)},
    "usage-none": {"usage": ()},
    "purpose-server": {"purposes": ("server_auth",)},
    "purpose-code": {"purposes": ("code_signing",)},
    "purpose-timestamps": {"purposes": ("time_stamping",)},
    "purpose-status": {"purposes": ("ocsp_signing",)},
    "purpose-server-not-critical": {"purposes": ("server_auth",), "purposes_critical": False},
    "serial-zero": {"serial": 0},
    "serial-negative": {"serial": -5},
    "serial-too-long": {"serial": 1 << 200},
    "doubled-constraints": {"extra": (_CA,)},
    "doubled-usage": {"extra": (extension("key_usage", {"key_cert_sign"}, critical=True),)},
    "doubled-key-identifier": {"extra": (extension("key_identifier", b"x" * 20),)},
    "critical-unknown": {"extra": (UNKNOWN_CRITICAL,)},
    "signed-with-sha1": {"digest": "sha1"},
}
"""What is wrong about the signer's own certificate; all else is as it should be."""

HONEST: dict[str, dict] = {
    "plain": {},
    "usage-digital-signature": {"usage": ("digital_signature",)},
    "usage-non-repudiation": {"usage": ("non_repudiation",)},
    "purpose-mail": {"purposes": ("email_protection",), "purposes_critical": False},
    "purpose-documents": {"purposes": ("1.3.6.1.5.5.7.3.36",), "purposes_critical": False},
    "expires-in-a-second": {"days": (-400, _SECOND)},
    "valid-since-a-second": {"days": (-_SECOND, 400)},
}

KEYS = {
    "rsa-1024": lambda: rsa_key("weak", 1024),
    "rsa-768": lambda: rsa_key("weak", 768),
    "p-192": lambda: ec_key("weak", ec.SECP192R1),
}

CHAINS = (
    "revoked",
    "expired",
    "not-yet-valid",
    "no-authority",
    "no-certifying",
    "critical-unknown",
    "other-names-only",
    "these-names-barred",
    "first-version",
    "sha1",
    "below-the-last",
)


def _theirs(ground: Ground, issuer: Minted | None, **changes) -> Minted:
    return minted(Profile(_THEIR_NAME, issuer or ground.strangers_root, code=ELSEWHERE, **changes))


def _ours(ground: Ground, issuer: Minted | None, **changes) -> Minted:
    return minted(Profile(_OUR_NAME, issuer or ground.issuing, code=ISSUER, **changes))


def _fake_root(ground: Ground, own: Minted) -> Minted:
    """The same name, another key."""
    subject = x509.Certificate.load(own.der).subject.native["common_name"]
    return authority(subject, key=ec_key("fake root"))


def _crowd(count: int, *, equal: bool) -> tuple[bytes, ...]:
    return tuple(
        authority("同名" if equal else f"路人{at}", key=ec_key(f"crowd {at}")).der
        for at in range(count)
    )


def _signers():
    """Name → (ground, whether ours) → a signer."""
    for name, changes in PROFILES.items():
        yield (
            name,
            lambda ground, ours, changes=changes: (_ours if ours else _theirs)(
                ground, None, **changes
            ),
        )
    yield (
        "self-signed",
        lambda ground, ours: minted(
            Profile(_OUR_NAME if ours else _THEIR_NAME, code=ISSUER if ours else ELSEWHERE)
        ),
    )
    yield (
        "under-a-fake-root",
        lambda ground, ours: (_ours if ours else _theirs)(
            ground, _fake_root(ground, ground.root if ours else ground.strangers_root)
        ),
    )
    yield (
        "issued-by-a-seal",
        lambda ground, ours: (_ours if ours else _theirs)(
            ground, ground.other_seal if ours else ground.stranger
        ),
    )
    yield "the-root-itself", lambda ground, ours: ground.root if ours else ground.strangers_root
    yield "an-authority-of-timestamps", lambda ground, ours: ground.stamping
    yield (
        "six-strangers-along",
        lambda ground, ours: (_ours if ours else _theirs)(
            ground, None, others=_crowd(6, equal=False)
        ),
    )
    yield (
        "sixteen-strangers-along",
        lambda ground, ours: (_ours if ours else _theirs)(
            ground, None, others=_crowd(16, equal=False)
        ),
    )
    yield (
        "four-of-one-name-along",
        lambda ground, ours: (_ours if ours else _theirs)(
            ground, None, others=_crowd(4, equal=True)
        ),
    )
    for name in CHAINS:
        yield (
            f"below-{name}",
            lambda ground, ours, name=name: (_ours if ours else _theirs)(
                ground, odd_authorities(ground.root if ours else ground.strangers_root)[name]
            ),
        )


def _paper(make):
    def build(ground: Ground, _chance: Random) -> bytes:
        return paper(make(ground, False), timestamps=ground.timestamps)

    return build


def _certificate(make):
    """Our own form and words, the wrong seal."""

    def build(ground: Ground, _chance: Random) -> bytes:
        page = make_page(ground.content.canonical())
        return ground.sealed(seal=make(ground, True), page=page)

    return build


_UNTRUSTED = undecided("seal-untrusted", SEAL)
_WEAK = undecided("seal-weak", SEAL)
_OURS = refused("seal-untrusted", SEAL, ORIGINAL)
_OURS_ELSEWHERE = refused(("seal-not-on-record", "issuer-not-authorised"), SEAL, ORIGINAL)
# Its name is not that of the department: refused for more than one reason.
_OTHER_NAME = {"the-root-itself", "an-authority-of-timestamps"}
# A crowd is not looked at: nothing was found against the seal itself, and the record decides.
_CROWDS = {"six-strangers-along", "sixteen-strangers-along", "four-of-one-name-along"}
_OUR_OTHERS = refused(("seal-untrusted", "altered", "seal-not-on-record"), ORIGINAL)
_AS_USUAL = "an honest signer, as a control of all the others"


def cases() -> Iterator[Case]:
    for name, changes in HONEST.items():
        yield Case(
            f"signers/honest-{name}",
            _paper(lambda ground, ours, changes=changes: _theirs(ground, None, **changes)),
            NOT_OURS,
            accepted("foreign-valid"),
            _AS_USUAL,
        )
    yield Case(
        "signers/honest-below-another",
        _paper(lambda g, ours: _theirs(g, odd_authorities(g.strangers_root)["honest"])),
        NOT_OURS,
        accepted("foreign-valid"),
        _AS_USUAL,
    )
    for name, make in _signers():
        yield Case(f"signers/theirs-{name}", _paper(make), NOT_OURS, _UNTRUSTED)
        ours = _OUR_OTHERS if name in _CROWDS else _OURS
        yield Case(f"signers/ours-{name}", _certificate(make), ours, _OURS_ELSEWHERE)
    for name, key in KEYS.items():
        yield Case(
            f"signers/theirs-{name}",
            _paper(lambda ground, ours, key=key: _theirs(ground, None, key=key())),
            NOT_OURS,
            undecided(("seal-weak", "seal-unsupported", "seal-untrusted")),
        )
        yield Case(
            f"signers/ours-{name}",
            _certificate(lambda ground, ours, key=key: _ours(ground, None, key=key())),
            refused(("seal-weak", "seal-untrusted", "seal-not-on-record", "altered"), ORIGINAL),
            refused(("seal-not-on-record", "altered"), ORIGINAL),
        )
    yield Case(
        "signers/theirs-revoked",
        _paper(lambda ground, ours: ground.revoked_stranger),
        NOT_OURS,
        _UNTRUSTED,
    )
    yield Case(
        "signers/ours-revoked",
        _certificate(lambda ground, ours: ground.revoked_seal),
        _OURS,
        _OURS_ELSEWHERE,
    )
    yield Case(
        "signers/ours-other-department",
        _certificate(lambda ground, ours: ground.other_seal),
        refused("issuer-not-authorised", ORIGINAL),
        refused("issuer-not-authorised", ORIGINAL),
    )
    yield Case(
        "signers/ours-a-stranger",
        _certificate(lambda ground, ours: ground.stranger),
        refused("issuer-not-authorised", ORIGINAL),
        refused("issuer-not-authorised", ORIGINAL),
    )
