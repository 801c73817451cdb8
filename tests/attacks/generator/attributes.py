"""Signed attributes and algorithms that a signer chose badly, or a forger well; truly signed."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from asn1crypto import cms

from signing.cms import CmsParts, SealTemplate, assemble, set_of, tlv
from tests.attacks.generator.case import (
    BORNE,
    BROKEN,
    NOT_OURS,
    WEIGHED,
    Case,
    Expected,
    accepted,
    undecided,
)
from tests.attacks.generator.ground import ELSEWHERE, Ground
from tests.attacks.generator.minting import Minted, Profile, dsa_key, minted, rsa_key, signature
from tests.attacks.generator.papers import empty_gap, laid, paper_objects, ranged, written

_DATA = bytes.fromhex("06092a864886f70d010701")
_DIGEST_TYPE = bytes.fromhex("06092a864886f70d010904")

Attributes = Callable[[tuple[bytes, ...], bytes], tuple[bytes, ...]]
"""From our own fixed attributes and the digest to all attributes."""


def _of_message(*digests: bytes) -> bytes:
    return tlv(0x30, _DIGEST_TYPE, tlv(0x31, *(tlv(0x04, digest) for digest in digests)))


def _content_type(oid: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("06092a864886f70d010903"), tlv(0x31, oid))


def crafted(
    signer: Minted,
    covered: bytes,
    attributes: Attributes,
    *,
    digest: str = "sha256",
    mechanism: str = "",
) -> bytes:
    """A CMS truly signed, whose signed attributes are chosen freely."""
    template = SealTemplate(signer.chain, signer.algorithm)
    own = attributes(template._fixed_attributes, hashlib.new(digest, covered).digest())
    signed = set_of(own)
    parts = CmsParts(
        version=1,
        digest_algorithm=cms.DigestAlgorithm({"algorithm": digest}).dump(),
        encapsulated=tlv(0x30, _DATA),
        certificates=tuple(sorted(signer.chain)),
        identifier=template._identifier,
        attributes=b"".join(sorted(own)),
        signature_algorithm=template._mechanism,
        signature=signature(signer.key, signed, digest),
    )
    if mechanism:
        algorithm = cms.SignedDigestAlgorithm({"algorithm": mechanism}).dump()
        parts = replace(parts, signature_algorithm=algorithm)
    return assemble(parts)


def _signed(make: Callable[[Ground, bytes], bytes]):
    """A stranger's paper with the CMS that `make` gives for what is covered."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = written(paper_objects())
        start, end = empty_gap(pdf)
        pdf = ranged(pdf, (0, start, end, len(pdf) - end))
        return laid(pdf, start, end, make(ground, pdf[:start] + pdf[end:]))

    return build


def _with(attributes: Attributes, **options):
    return _signed(lambda ground, covered: crafted(ground.stranger, covered, attributes, **options))


_HASH = b"\x04\x20"
SIGNED: dict[str, tuple[Attributes, Expected]] = {
    "no-message-digest": (lambda own, digest: own, BROKEN),
    "wrong-message-digest": (lambda own, digest: (*own, _of_message(b"x" * 32)), BROKEN),
    "empty-message-digest": (lambda own, digest: (*own, _of_message(b"")), BROKEN),
    "short-message-digest": (lambda own, digest: (*own, _of_message(digest[:16])), BROKEN),
    "two-message-digests": (
        lambda own, digest: (*own, _of_message(digest), _of_message(b"x" * 32)),
        WEIGHED,
    ),
    "message-digest-of-two-values": (
        lambda own, digest: (*own, _of_message(b"x" * 32, digest)),
        WEIGHED,
    ),
    "no-content-type": (lambda own, digest: (*own[1:], _of_message(digest)), WEIGHED),
    "other-content-type": (
        lambda own, digest: (
            _content_type(bytes.fromhex("06092a864886f70d010702")),
            *own[1:],
            _of_message(digest),
        ),
        WEIGHED,
    ),
    "two-content-types": (
        lambda own, digest: (
            _content_type(bytes.fromhex("06092a864886f70d010702")),
            *own,
            _of_message(digest),
        ),
        WEIGHED,
    ),
    "signing-certificate-of-another": (
        lambda own, digest: (own[0], own[1].replace(_digest_in(own[1]), b"x" * 32), own[2],
                             _of_message(digest)),
        WEIGHED,
    ),
    "algorithm-protection-of-another": (
        lambda own, digest: (
            own[0], own[1],
            own[2].replace(bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040203")),
            _of_message(digest),
        ),
        WEIGHED,
    ),
    "four-hundred-attributes": (
        lambda own, digest: (
            *own,
            _of_message(digest),
            *(tlv(0x30, bytes((6, 4, 0x2A, 3, 4, at % 100)), tlv(0x31, b"\x05\x00"))
              for at in range(400)),
        ),
        BORNE,
    ),
}  # fmt: skip


def _digest_in(attribute: bytes) -> bytes:
    at = attribute.index(_HASH) + 2
    return attribute[at : at + 32]


def _weak(digest: str, mechanism: str, key=None):
    def make(ground: Ground, covered: bytes) -> bytes:
        signer = ground.stranger
        if key is not None:
            signer = minted(Profile("外地单位", ground.strangers_root, key=key(), code=ELSEWHERE))
        return crafted(
            signer,
            covered,
            lambda own, value: (own[0], own[1], _of_message(value)),
            digest=digest,
            mechanism=mechanism,
        )

    return _signed(make)


WEAK = {
    "sha1": _weak("sha1", "sha1_ecdsa"),
    "sha1-rsa": _weak("sha1", "sha1_rsa", lambda: rsa_key("fine", 2048)),
    "dsa": _weak("sha256", "sha256_dsa", dsa_key),
    "unknown-mechanism": _weak("sha256", "1.3.6.1.4.1.32473.7"),
    "mechanism-of-rsa-with-another-key": _weak("sha256", "sha256_rsa"),
}


def _honest(own: tuple[bytes, ...], digest: bytes) -> tuple[bytes, ...]:
    return (*own, _of_message(digest))


def cases() -> Iterator[Case]:
    yield Case("attributes/honest", _with(_honest), NOT_OURS, accepted("foreign-valid"), "control")
    for name, (attributes, expected) in SIGNED.items():
        why = "many attributes, all of them signed" if expected is BORNE else ""
        yield Case(f"attributes/{name}", _with(attributes), NOT_OURS, expected, why)
    weak = undecided(("seal-weak", "seal-unsupported", "seal-untrusted"))
    for name, build in WEAK.items():
        expected = WEIGHED if name.startswith("mechanism") else weak
        yield Case(f"attributes/weak-{name}", build, NOT_OURS, expected)
