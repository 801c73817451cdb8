"""The CMS inside the gap: what it says beside what was signed, and what was never signed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from asn1crypto import cms, x509

from signing.cms import CmsParts, assemble, timestamp_attribute, tlv
from tests.attacks import attacks_forging as forging
from tests.attacks.generator.case import (
    BORNE,
    BROKEN,
    NOT_OURS,
    WEIGHED,
    Case,
    Expected,
    accepted,
    refused,
)
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.minting import (
    Profile,
    authority,
    minted,
)

_DATA = bytes.fromhex("06092a864886f70d010701")
_OTHER_ATTRIBUTE = tlv(0x30, bytes.fromhex("06032a0304"), tlv(0x31, tlv(0x04, b"x")))


def _rebuilt(change: Callable[[CmsParts, Ground], CmsParts]):
    """The parts of an honest CMS, laid together otherwise; what is signed stays."""

    def edit(ground: Ground, pdf: bytes) -> bytes:
        return forging.with_cms(pdf, assemble(change(forging.parts_of(pdf), ground)))

    return edit


def _renewed(ground: Ground, parts: CmsParts) -> bytes:
    """A certificate for the same key, name and serial, yet another one."""
    signer = next(der for der in (ground.seal, ground.stranger) if der.der in parts.certificates)
    issuer = ground.issuing if signer is ground.seal else ground.strangers_root
    subject = x509.Certificate.load(signer.der).subject.native["common_name"]
    profile = Profile(subject, issuer, key=signer.key, days=(-300, 300), serial=signer.serial)
    return minted(profile).der


def _replaced_signer(parts: CmsParts, ground: Ground) -> CmsParts:
    owners = (ground.seal.der, ground.stranger.der)
    others = tuple(der for der in parts.certificates if der not in owners)
    return replace(parts, certificates=tuple(sorted((*others, _renewed(ground, parts)))))


_KEPT = accepted("foreign-valid")
_UNSIGNED = "unsigned attributes are whoever adds them (RFC 5652, 5.3); nothing rests on this one"
_ORDER = "certificates are a set (RFC 5652, 5.1): what else lies in it decides nothing"

REBUILT: dict[str, tuple[Callable[[Ground, bytes], bytes], Expected, str]] = {
    "unsigned-attribute-added": (
        _rebuilt(lambda parts, g: replace(parts, unsigned=parts.unsigned + _OTHER_ATTRIBUTE)),
        _KEPT,
        _UNSIGNED,
    ),
    "unsigned-attribute-before": (
        _rebuilt(lambda parts, g: replace(parts, unsigned=_OTHER_ATTRIBUTE + parts.unsigned)),
        _KEPT,
        _UNSIGNED,
    ),
    "unsigned-attributes-many": (
        _rebuilt(lambda parts, g: replace(parts, unsigned=parts.unsigned + _OTHER_ATTRIBUTE * 300)),
        BORNE,
        _UNSIGNED,
    ),
    "timestamp-twice": (
        _rebuilt(lambda parts, g: replace(parts, unsigned=parts.unsigned * 2)),
        BORNE,
        "the same timestamp once more",
    ),
    "timestamp-and-garbage": (
        _rebuilt(
            lambda parts, g: replace(
                parts, unsigned=timestamp_attribute(tlv(0x30, b"xx")) + parts.unsigned
            )
        ),
        BORNE,
        "a timestamp that nobody can read proves nothing",
    ),
    "stranger-among-the-certificates": (
        _rebuilt(
            lambda parts, g: replace(
                parts, certificates=tuple(sorted((*parts.certificates, authority("路人").der)))
            )
        ),
        _KEPT,
        _ORDER,
    ),
    "certificates-in-another-order": (
        _rebuilt(
            lambda parts, g: replace(
                parts,
                certificates=tuple(
                    reversed((*sorted((*parts.certificates, authority("路人").der)),))
                ),
            )
        ),
        _KEPT,
        _ORDER,
    ),
    "signer-replaced": (_rebuilt(_replaced_signer), WEIGHED, ""),
    "certificates-removed": (
        _rebuilt(lambda parts, g: replace(parts, certificates=())),
        WEIGHED,
        "",
    ),
    "garbage-for-a-certificate": (
        _rebuilt(
            lambda parts, g: replace(
                parts, certificates=(*parts.certificates, tlv(0x30, b"\x05\x00"))
            )
        ),
        BORNE,
        _ORDER,
    ),
    "signature-of-zeros": (
        _rebuilt(lambda parts, g: replace(parts, signature=bytes.fromhex("3006020100020100"))),
        BROKEN,
        "",
    ),
    "signature-of-the-order": (
        _rebuilt(lambda parts, g: replace(parts, signature=_twice(_ORDER_P256))),
        BROKEN,
        "",
    ),
    "signature-negative": (
        _rebuilt(lambda parts, g: replace(parts, signature=bytes.fromhex("30060201ff0201ff"))),
        BROKEN,
        "",
    ),
    "signature-empty": (_rebuilt(lambda parts, g: replace(parts, signature=b"")), BROKEN, ""),
    "signature-of-another-key": (
        _rebuilt(
            lambda parts, g: replace(
                parts, signature=g.other_seal.sign(tlv(0x31, parts.attributes))
            )
        ),
        BROKEN,
        "",
    ),
    "attribute-added-to-the-signed": (
        _rebuilt(lambda parts, g: replace(parts, attributes=parts.attributes + _OTHER_ATTRIBUTE)),
        BROKEN,
        "",
    ),
    "signed-attributes-removed": (
        _rebuilt(lambda parts, g: replace(parts, attributes=b"")),
        BROKEN,
        "",
    ),
    "content-encapsulated": (
        _rebuilt(
            lambda parts, g: replace(
                parts, encapsulated=tlv(0x30, _DATA, tlv(0xA0, tlv(0x04, b"Pay 900")))
            )
        ),
        BROKEN,
        "",
    ),
    "digest-algorithm-changed": (
        _rebuilt(
            lambda parts, g: replace(
                parts, digest_algorithm=bytes.fromhex("300b0609608648016503040203")
            )
        ),
        WEIGHED,
        "",
    ),
    "mechanism-changed": (
        _rebuilt(
            lambda parts, g: replace(
                parts, signature_algorithm=bytes.fromhex("300a06082a8648ce3d040304")
            )
        ),
        WEIGHED,
        "",
    ),
}
_ORDER_P256 = bytes.fromhex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


def _twice(number: bytes) -> bytes:
    return tlv(0x30, tlv(0x02, number), tlv(0x02, number))


def _raw(change: Callable[[bytes], bytes]):
    """The encoded CMS itself."""

    def edit(_ground: Ground, pdf: bytes) -> bytes:
        return forging.with_cms(pdf, change(forging.cms_of(pdf).dump()))

    return edit


def _doubled_signer(encoded: bytes) -> bytes:
    message = cms.ContentInfo.load(encoded)
    signers = message["content"]["signer_infos"]
    return _with_signers(encoded, signers[0].dump() * 2)


def _with_signers(encoded: bytes, signers: bytes) -> bytes:
    content = cms.ContentInfo.load(encoded)["content"]
    fields = b"".join(
        content[name].dump()
        for name in ("version", "digest_algorithms", "encap_content_info", "certificates")
    )
    return tlv(
        0x30,
        bytes.fromhex("06092a864886f70d010702"),
        tlv(0xA0, tlv(0x30, fields, tlv(0x31, signers))),
    )


RAW: dict[str, tuple[Callable[[Ground, bytes], bytes], Expected]] = {
    "two-signers": (_raw(_doubled_signer), WEIGHED),
    "no-signer": (_raw(lambda encoded: _with_signers(encoded, b"")), WEIGHED),
    "another-content-type": (
        _raw(lambda encoded: encoded.replace(bytes.fromhex("2a864886f70d010702"),
                                             bytes.fromhex("2a864886f70d010703"), 1)),
        WEIGHED,
    ),
    "cut-off": (_raw(lambda encoded: encoded[: len(encoded) // 5]), WEIGHED),
    "deep-nothing": (_raw(lambda encoded: b"\x30\x80" * 3000), WEIGHED),
    "deep-sequences": (_raw(lambda encoded: _nested(2500)), WEIGHED),
    "empty-sequence": (_raw(lambda encoded: b"\x30\x00"), WEIGHED),
    "length-of-four-gigabytes": (
        _raw(lambda encoded: b"\x30\x84\xff\xff\xff\xff" + encoded[4:]),
        WEIGHED,
    ),
    "a-name-instead": (
        _raw(lambda encoded: x509.Name.build({"common_name": "x"}).dump()), WEIGHED,
    ),
}  # fmt: skip


def _nested(depth: int) -> bytes:
    out = b"\x05\x00"
    for _ in range(depth):
        out = tlv(0x30, out)
    return out


def _both(
    name: str, edit: Callable[[Ground, bytes], bytes], theirs: Expected, why: str
) -> Iterator[Case]:
    # The form of ours is one and no other: whatever differs is no longer what was sealed.
    yield Case(
        f"messages/ours-{name}",
        lambda ground, _: edit(ground, ground.genuine),
        # Without a certificate nobody is named as who signed, so not the department on record.
        refused(("altered", "seal-untrusted", "seal-not-on-record", "issuer-not-authorised")),
        refused(("altered", "seal-not-on-record", "issuer-not-authorised")),
        why,
    )
    yield Case(
        f"messages/theirs-{name}",
        lambda ground, _: edit(ground, ground.paper()),
        NOT_OURS,
        theirs,
        why,
    )


def cases() -> Iterator[Case]:
    for name, (edit, expected, why) in REBUILT.items():
        yield from _both(name, edit, expected, why)
    for name, (edit, expected) in RAW.items():
        yield from _both(name, edit, expected, "")
