"""A SignedData in exactly the form that our own writer gives it, read by our own eyes.

What deviates in anything is left to the careful reader (`signing.evidence.library_message`): this
one answers only where every byte is accounted for. The message is taken apart and put together
again by the code that writes our seals; equal bytes prove that there is nothing else in it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from signing.cms import CmsParts, assemble, timestamp_attribute, tlv
from signing.evidence.certificates import loaded
from signing.evidence.der import Span, span_at, spans
from signing.evidence.message import SignedMessage

__all__ = ["own_message"]

_SEQUENCE, _SET, _OCTETS, _BITS = 0x30, 0x31, 0x04, 0x03
_CONTENT, _CERTIFICATES, _ATTRIBUTES, _UNSIGNED, _NAME = 0xA0, 0xA0, 0xA0, 0xA1, 0xA4
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_CONTENT_TYPES = {
    bytes.fromhex("06092a864886f70d010701"): "data",
    bytes.fromhex("060b2a864886f70d0109100104"): "tst_info",
}
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_ALGORITHM_PROTECTION = bytes.fromhex("06092a864886f70d010934")
_KNOWN = frozenset({_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_CERTIFICATE_V2, _ALGORITHM_PROTECTION})
_NEEDED = frozenset({_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_CERTIFICATE_V2})
_SHA256 = bytes.fromhex("300b0609608648016503040201")
_DIGESTS = {_SHA256: "sha256", bytes.fromhex("300d06096086480165030402010500"): "sha256"}
_MECHANISMS = {
    bytes.fromhex("300a06082a8648ce3d040302"): "sha256_ecdsa",
    bytes.fromhex("300d06092a864886f70d01010b0500"): "sha256_rsa",
}


class _OtherFormError(Exception):
    """Something that our writer would have written otherwise, or not at all."""


@dataclass(frozen=True, slots=True)
class _Certificate:
    """An embedded certificate: its whole, and issuer and serial number as they stand in it."""

    der: bytes
    identifier: bytes
    written: bytes


@dataclass(frozen=True, slots=True)
class _Signer:
    identifier: bytes
    digest_algorithm: bytes
    attributes: bytes
    mechanism: bytes
    signature: bytes
    unsigned: bytes


def own_message(der: bytes) -> SignedMessage | None:
    """The message, where it has exactly our form; else None, and another has to look."""
    try:
        return _read(der)
    except (_OtherFormError, ValueError, IndexError, UnsupportedAlgorithm):
        return None


def _read(der: bytes) -> SignedMessage:
    version, algorithms, encapsulated, certificates, signer = _taken_apart(der)
    content_type, content = _content(encapsulated)
    detached = content is None
    own = sorted(certificates, key=lambda item: item.written) if detached else certificates
    parts = CmsParts(
        version=1 if detached else 3,
        digest_algorithm=signer.digest_algorithm,
        encapsulated=encapsulated,
        certificates=tuple(item.written for item in own),
        identifier=signer.identifier,
        attributes=signer.attributes,
        signature_algorithm=signer.mechanism,
        signature=signer.signature,
        unsigned=signer.unsigned,
    )
    token = _token(signer.unsigned)
    digest_algorithm, mechanism = (
        _DIGESTS.get(signer.digest_algorithm),
        _MECHANISMS.get(signer.mechanism),
    )
    if assemble(parts) != der or digest_algorithm is None or mechanism is None:
        raise _OtherFormError
    del version, algorithms  # `assemble` has compared them
    signing = _only(item for item in certificates if item.identifier == signer.identifier)
    stated = _attributes(signer, signing, content_type)
    key = loaded(signing.der).public_key()  # one that the library lacks is for the other to name
    return SignedMessage(
        signer_der=signing.der,
        others=tuple(item.der for item in certificates if item is not signing),
        content_type=_CONTENT_TYPES[content_type],
        encapsulated=content,
        digest_algorithm=digest_algorithm,
        mechanism=mechanism,
        signature=signer.signature,
        tokens=(token,) if token else (),
        verify=lambda digest: (digest == stated, _verified(key, signer)),
    )


def _taken_apart(
    der: bytes,
) -> tuple[bytes, bytes, bytes, tuple[_Certificate, ...], _Signer]:
    """The parts, wherever they are expected; other counts, tags and types `assemble` tells, too."""
    outer = _children(der, span_at(der), _SEQUENCE, 2)
    if _bytes(der, outer[0]) != _SIGNED_DATA:
        raise _OtherFormError
    (signed_data,) = _children(der, outer[1], _CONTENT, 1)
    version, algorithms, encapsulated, certificates, signers = _children(
        der, signed_data, _SEQUENCE, 5
    )
    (signer,) = _children(der, signers, _SET, 1)
    return (
        _bytes(der, version),
        _bytes(der, algorithms),
        _bytes(der, encapsulated),
        tuple(
            _certificate(_bytes(der, item)) for item in _inside(der, certificates, _CERTIFICATES)
        ),
        _signer(der, signer),
    )


def _signer(der: bytes, span: Span) -> _Signer:
    found = list(_inside(der, span, _SEQUENCE))
    if len(found) not in (6, 7):
        raise _OtherFormError
    _version, identifier, digest_algorithm, attributes, mechanism, signature = found[:6]
    unsigned = b""
    if len(found) > 6:  # noqa: PLR2004
        unsigned = _value(der, found[6], _UNSIGNED)
    return _Signer(
        _bytes(der, identifier),
        _bytes(der, digest_algorithm),
        _value(der, attributes, _ATTRIBUTES),
        _bytes(der, mechanism),
        _value(der, signature, _OCTETS),
        unsigned,
    )


@lru_cache(maxsize=256)
def _certificate(der: bytes) -> _Certificate:
    signed, _algorithm, signature = _children(der, span_at(der), _SEQUENCE, 3)
    # Without its version the names are off by one, and what is written differs from what is there.
    _version, serial, algorithm, issuer, *_ = _inside(der, signed, _SEQUENCE)
    loaded(der)  # what is no certificate has no place among them
    bits = _value(der, signature, _BITS)
    written = tlv(_SEQUENCE, _bytes(der, signed), _bytes(der, algorithm), tlv(_BITS, bits))
    return _Certificate(der, tlv(_SEQUENCE, _bytes(der, issuer), _bytes(der, serial)), written)


def _content(encapsulated: bytes) -> tuple[bytes, bytes | None]:
    found = list(_inside(encapsulated, span_at(encapsulated), _SEQUENCE))
    content_type = _bytes(encapsulated, found[0])
    if content_type not in _CONTENT_TYPES or len(found) > 2:  # noqa: PLR2004 - type and content
        raise _OtherFormError
    if len(found) == 1:
        return content_type, None
    (octets,) = _children(encapsulated, found[1], _CONTENT, 1)
    return content_type, _value(encapsulated, octets, _OCTETS)


def _token(unsigned: bytes) -> bytes:
    """The signature timestamp, which is the only unsigned attribute that there may be."""
    if not unsigned:
        return b""
    _kind, values = _children(unsigned, span_at(unsigned), _SEQUENCE, 2)
    token = _value(unsigned, values, _SET)
    # The attribute is compared whole, its type with it; of two values one would not be seen.
    if timestamp_attribute(token) != unsigned or span_at(token)[2] != len(token):
        raise _OtherFormError
    return token


def _attributes(signer: _Signer, signing: _Certificate, content_type: bytes) -> bytes:
    """The signed digest, once all other attributes say what they must (RFC 5652, 11; RFC 5035)."""
    found: dict[bytes, bytes] = {}
    whole = signer.attributes
    for span in spans(whole, (0, 0, len(whole))):
        kind, values = _children(whole, span, _SEQUENCE, 2)
        (value,) = _children(whole, values, _SET, 1)
        name = _bytes(whole, kind)
        if name in found or name not in _KNOWN:
            raise _OtherFormError
        found[name] = _bytes(whole, value)
    protection = found.get(_ALGORITHM_PROTECTION)
    expected = tlv(_SEQUENCE, signer.digest_algorithm, b"\xa1" + signer.mechanism[1:])
    if (
        not found.keys() >= _NEEDED
        or found[_CONTENT_TYPE] != content_type
        or protection not in (None, expected)
        or found[_SIGNING_CERTIFICATE_V2] not in _references(signing)
    ):
        raise _OtherFormError
    digest = found[_MESSAGE_DIGEST]
    return _value(digest, span_at(digest), _OCTETS)


def _references(signing: _Certificate) -> tuple[bytes, ...]:
    """SigningCertificateV2 of that one certificate, with and without issuer and serial number."""
    digest = tlv(_OCTETS, hashlib.sha256(signing.der).digest())
    whole = signing.identifier
    issuer, serial = (
        _bytes(whole, item) for item in _children(whole, span_at(whole), _SEQUENCE, 2)
    )
    named = tlv(_SEQUENCE, tlv(_SEQUENCE, tlv(_NAME, issuer)), serial)
    forms = (tlv(_SEQUENCE, digest, named), tlv(_SEQUENCE, digest))
    return tuple(tlv(_SEQUENCE, tlv(_SEQUENCE, form)) for form in forms)


def _verified(key: CertificatePublicKeyTypes, signer: _Signer) -> bool:
    try:
        signed = tlv(_SET, signer.attributes)
        if (
            isinstance(key, ec.EllipticCurvePublicKey)
            and _MECHANISMS[signer.mechanism] == "sha256_ecdsa"
        ):
            key.verify(signer.signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey) and _MECHANISMS[signer.mechanism] == "sha256_rsa":
            key.verify(signer.signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _only(found: Iterator[_Certificate]) -> _Certificate:
    items = list(found)
    if len(items) != 1:
        raise _OtherFormError
    return items[0]


def _inside(data: bytes, span: Span, tag: int) -> Iterator[Span]:
    if data[span[0]] != tag:
        raise _OtherFormError
    return spans(data, span)


def _children(data: bytes, span: Span, tag: int, count: int) -> list[Span]:
    found = list(_inside(data, span, tag))
    if len(found) != count:
        raise _OtherFormError
    return found


def _bytes(data: bytes, span: Span) -> bytes:
    return data[span[0] : span[2]]


def _value(data: bytes, span: Span, tag: int) -> bytes:
    if data[span[0]] != tag:
        raise _OtherFormError
    return data[span[1] : span[2]]
