"""CMS SignedData (RFC 5652) in the one form that our seals have, written as DER by hand.

Everything but the message digest, the signature and the timestamp is the same for all documents of
one seal key, so it is encoded once per key. The reader takes a foreign CMS apart and assembles it
again from its signed parts: equal bytes prove that nothing outside the signature was tampered with.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from asn1crypto import x509

from certlib.errors import KeyUnusable

__all__ = [
    "SIGNATURE_ALGORITHMS",
    "CmsParts",
    "SealTemplate",
    "assemble",
    "set_of",
    "timestamp_attribute",
    "tlv",
]

_OID_DATA = bytes.fromhex("06092a864886f70d010701")
_OID_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OID_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_OID_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_OID_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_OID_ALGORITHM_PROTECTION = bytes.fromhex("06092a864886f70d010934")
_OID_SIGNATURE_TIMESTAMP = bytes.fromhex("060b2a864886f70d010910020e")
_SHA256 = bytes.fromhex("300b0609608648016503040201")

_MECHANISMS = {
    "ecdsa-p256-sha256": bytes.fromhex("300a06082a8648ce3d040302"),
    "rsa-3072-sha256": bytes.fromhex("300d06092a864886f70d01010b0500"),
}
SIGNATURE_ALGORITHMS = frozenset(
    (
        *_MECHANISMS.values(),
        bytes.fromhex("300a06082a8648ce3d040303"),  # ecdsa-with-SHA384
        bytes.fromhex("300a06082a8648ce3d040304"),  # ecdsa-with-SHA512
        bytes.fromhex("300d06092a864886f70d01010c0500"),  # sha384WithRSAEncryption
        bytes.fromhex("300d06092a864886f70d01010d0500"),  # sha512WithRSAEncryption
    )
)
"""DER of the signature algorithms that our seals and our timestamps use, parameters included."""

_SEQUENCE, _SET, _OCTETS, _SHORT_FORM = 0x30, 0x31, 0x04, 0x80
_DIGEST_SIZE = 32
# Octets of a signature at most: two INTEGERs of 33 octets in a SEQUENCE, or the modulus.
_LONGEST = {"ecdsa-p256-sha256": 72, "rsa-3072-sha256": 384}


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value: tag, minimal length, content."""
    return b"".join((_opening(tag, sum(map(len, parts))), *parts))


def _opening(tag: int, size: int) -> bytes:
    """Tag and minimal length of a value of `size` octets."""
    if size < _SHORT_FORM:
        return bytes((tag, size))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_FORM | len(length))) + length


def set_of(values: Iterable[bytes], tag: int = _SET) -> bytes:
    """A DER SET OF: encodings in ascending order (X.690, 11.6)."""
    return tlv(tag, *sorted(values))


@dataclass(frozen=True, slots=True)
class CmsParts:
    """What one SignedData with one signer is made of; every value DER.

    Attributes:
        encapsulated: EncapsulatedContentInfo.
        certificates: in the order in which they stand.
        identifier: SignerIdentifier (issuer and serial number).
        attributes: content of the signed attributes, without tag and length.
        unsigned: content of the unsigned attributes, "" when there are none.
    """

    version: int
    digest_algorithm: bytes
    encapsulated: bytes
    certificates: tuple[bytes, ...]
    identifier: bytes
    attributes: bytes
    signature_algorithm: bytes
    signature: bytes
    unsigned: bytes = b""


def assemble(parts: CmsParts) -> bytes:
    """ContentInfo of the parts: no revocation lists, one signer info of version 1."""
    signer = tlv(
        _SEQUENCE,
        b"\x02\x01\x01",
        parts.identifier,
        parts.digest_algorithm,
        tlv(0xA0, parts.attributes),
        parts.signature_algorithm,
        tlv(_OCTETS, parts.signature),
        tlv(0xA1, parts.unsigned) if parts.unsigned else b"",
    )
    signed_data = tlv(
        _SEQUENCE,
        bytes((0x02, 0x01, parts.version)),
        tlv(_SET, parts.digest_algorithm),
        parts.encapsulated,
        tlv(0xA0, *parts.certificates),
        tlv(_SET, signer),
    )
    return tlv(_SEQUENCE, _OID_SIGNED_DATA, tlv(0xA0, signed_data))


def timestamp_attribute(token: bytes) -> bytes:
    """The signature-time-stamp attribute (RFC 3161, appendix A) around one token."""
    return tlv(_SEQUENCE, _OID_SIGNATURE_TIMESTAMP, tlv(_SET, token))


class SealTemplate:
    """The CMS of one seal key: CAdES baseline attributes, ESSCertIDv2, no signing time.

    EN 319 142-1, 5.3 puts the claimed time into `/M` and forbids the signing-time attribute;
    content-type, message-digest and signing-certificate-v2 are mandatory. RFC 6211's algorithm
    protection is added, so that the algorithms are signed, too.

    Attributes:
        size: octets of a CMS without a token, at most.
    """

    def __init__(self, chain: tuple[bytes, ...], algorithm: str) -> None:
        """Encodes what all seals of this key share.

        Raises:
            KeyUnusable: no X.509 certificate, or an algorithm that this writer does not know.
        """
        mechanism = _MECHANISMS.get(algorithm)
        if mechanism is None or not chain:
            raise KeyUnusable(what=algorithm)
        leaf = x509.Certificate.load(chain[0])
        issuer, serial = leaf.issuer.dump(), leaf["tbs_certificate"]["serial_number"].dump()
        self._fixed_attributes = (
            tlv(_SEQUENCE, _OID_CONTENT_TYPE, tlv(_SET, _OID_DATA)),
            _signing_certificate(chain[0], issuer, serial),
            _algorithm_protection(mechanism),
        )
        # What stands around the few octets that differ from seal to seal.
        self._before, self._after = _around_digest(self._fixed_attributes)
        self._identifier = tlv(_SEQUENCE, issuer, serial)
        self._signer = b"\x02\x01\x01" + self._identifier + _SHA256
        self._mechanism = mechanism
        self._shared = b"".join(
            (
                b"\x02\x01\x01",
                tlv(_SET, _SHA256),
                tlv(_SEQUENCE, _OID_DATA),
                tlv(0xA0, *sorted(chain)),
            )
        )
        empty = self.attributes(bytes(_DIGEST_SIZE))
        self.size = len(self.signed(empty, bytes(_LONGEST[algorithm])))

    def attributes(self, digest: bytes) -> bytes:
        """The signed attributes as the SET OF that is signed (RFC 5652, 5.4)."""
        return b"%b%b%b" % (self._before, digest, self._after)

    def signed(self, attributes: bytes, signature: bytes, token: bytes = b"") -> bytes:
        """The whole CMS; `token` becomes the one unsigned attribute."""
        signer = tlv(
            _SEQUENCE,
            self._signer,
            b"\xa0",  # [0] IMPLICIT in the place of SET (RFC 5652, 5.3)
            attributes[1:],
            self._mechanism,
            tlv(_OCTETS, signature),
            tlv(0xA1, timestamp_attribute(token)) if token else b"",
        )
        signed_data = tlv(_SEQUENCE, self._shared, tlv(_SET, signer))
        return tlv(_SEQUENCE, _OID_SIGNED_DATA, tlv(0xA0, signed_data))


def _around_digest(fixed: Iterable[bytes]) -> tuple[bytes, bytes]:
    """The SET OF signed attributes before and after the octets of the message digest.

    It is sorted by its members' encodings (X.690, 11.6); these differ before the digest's octets
    begin, so the order is the same for every digest.
    """
    empty = bytes(_DIGEST_SIZE)
    digest = tlv(_SEQUENCE, _OID_MESSAGE_DIGEST, tlv(_SET, tlv(_OCTETS, empty)))
    before, _, after = set_of((*fixed, digest)).partition(empty)
    return before, after


def _signing_certificate(certificate: bytes, issuer: bytes, serial: bytes) -> bytes:
    # hashAlgorithm is left out: sha256 is its default, and DER omits defaults.
    issuer_serial = tlv(_SEQUENCE, tlv(_SEQUENCE, tlv(0xA4, issuer)), serial)
    reference = tlv(_SEQUENCE, tlv(_OCTETS, hashlib.sha256(certificate).digest()), issuer_serial)
    value = tlv(_SEQUENCE, tlv(_SEQUENCE, reference))
    return tlv(_SEQUENCE, _OID_SIGNING_CERTIFICATE_V2, tlv(_SET, value))


def _algorithm_protection(mechanism: bytes) -> bytes:
    # signatureAlgorithm is [1] IMPLICIT: the SEQUENCE tag gives way to A1.
    value = tlv(_SEQUENCE, _SHA256, b"\xa1" + mechanism[1:])
    return tlv(_SEQUENCE, _OID_ALGORITHM_PROTECTION, tlv(_SET, value))
