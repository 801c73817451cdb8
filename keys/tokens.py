"""Writes RFC 3161 tokens: everything that never changes is encoded once, when the key is given.

A token is a CMS SignedData (RFC 5652) over a TSTInfo with the signed attributes that RFC 3161 and
RFC 5816 demand: content type, message digest, and the signer's certificate by SHA-256
(ESSCertIDv2). Lengths are all that differs around content, attributes and signature, so that what
stands around them is made once for each set of lengths: the signature is nearly all of the cost.
"""

from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import Final

from asn1crypto import x509 as asn1_x509

from certlib.errors import Unsupported
from certlib.ports import KeyHandle
from keys import der
from keys.algorithms import ECDSA_P256, RSA_3072

__all__ = ["DIGESTS", "TokenWriter", "imprint_der"]

_SIGNED_DATA: Final = der.oid("1.2.840.113549.1.7.2")
_TST_INFO: Final = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE: Final = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE: Final = der.oid("1.2.840.113549.1.9.16.2.47")
_SHA256: Final = der.tlv(der.SEQUENCE, der.oid("2.16.840.1.101.3.4.2.1"))
_SIGNATURES: Final = {
    ECDSA_P256: der.tlv(der.SEQUENCE, der.oid("1.2.840.10045.4.3.2")),
    RSA_3072: der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.1.11"), der.NULL),
}

_LENGTHS: Final = 64

DIGESTS: Final = {
    "sha256": ("2.16.840.1.101.3.4.2.1", 32),
    "sha384": ("2.16.840.1.101.3.4.2.2", 48),
    "sha512": ("2.16.840.1.101.3.4.2.3", 64),
}
"""Digests that may be stamped: object identifier and octets."""

_IMPRINTS: Final = {
    name: der.tlv(
        der.SEQUENCE, der.tlv(der.SEQUENCE, der.oid(dotted)), der.tlv(der.OCTET_STRING, bytes(size))
    )[:-size]
    for name, (dotted, size) in DIGESTS.items()
}


def imprint_der(imprint: bytes, algorithm: str) -> bytes:
    """MessageImprint, parameters absent (RFC 5754 section 2).

    Raises:
        Unsupported: another algorithm, or an imprint that is not of its length.
    """
    if algorithm not in DIGESTS or len(imprint) != DIGESTS[algorithm][1]:
        raise Unsupported(what=f"timestamp over {len(imprint)} octets of {algorithm}")
    return _IMPRINTS[algorithm] + imprint


class TokenWriter:
    """Makes tokens with one key under one policy."""

    def __init__(self, key: KeyHandle, policy: str, accuracy: int) -> None:
        """Encodes what all tokens share.

        Args:
            key: its own X.509 certificate is the first of its chain.
            policy: object identifier of the timestamp policy.
            accuracy: seconds, 0 to 127, by which genTime may be off.

        Raises:
            Unsupported: the key's algorithm has no CMS identifier here.
        """
        if key.algorithm not in _SIGNATURES:
            raise Unsupported(what=f"signature algorithm {key.algorithm}")
        self._sign = key.sign
        self._start = der.small(1) + der.oid(policy)
        # Ordering is FALSE, its default, which DER leaves out.
        self._accuracy = der.tlv(der.SEQUENCE, der.small(accuracy))
        self._before, self._after = _attributes(key.chain[0])
        attributes = len(self._before) + len(self._after) + sha256().digest_size
        self._signed = der.header(der.SET, attributes) + self._before
        self._certificates = der.tlv(der.CONTEXT_0, *key.chain)
        self._signer = der.small(1) + _signer_identifier(key.chain[0]) + _SHA256
        self._signer += der.header(der.CONTEXT_0, attributes)
        self._size = len(self._signer) + attributes
        self._algorithm = _SIGNATURES[key.algorithm]
        # Bounded: lengths of nonces are the callers' choice.
        self._content = lru_cache(_LENGTHS)(partial(der.header, der.SEQUENCE))
        self._frame = lru_cache(_LENGTHS)(self._framed)
        self._time = lru_cache(1)(_generalized)

    def write(
        self,
        imprint: bytes,
        serial: bytes,
        at: datetime,
        *,
        nonce: bytes = b"",
        certificates: bool = True,
    ) -> bytes:
        """A TimeStampToken, DER.

        Args:
            imprint: MessageImprint, DER, laid in as it is.
            serial: octets of the serial number, the first between 0x01 and 0x7F.
            at: genTime, aware UTC, whole seconds.
            nonce: INTEGER, DER, or nothing.
            certificates: whether the key's chain travels along (certReq).
        """
        number = bytes((der.INTEGER, len(serial))) + serial
        info = b"".join((self._start, imprint, number, self._time(at), self._accuracy, nonce))
        content = self._content(len(info)) + info
        digest = sha256(content).digest()
        signature = self._sign(self._signed + digest + self._after)  # RFC 5652 section 5.4
        opening, middle, closing = self._frame(len(content), len(signature), certificates)
        parts = (opening, content, middle, self._before, digest, self._after, closing, signature)
        return b"".join(parts)

    def _framed(self, content: int, signature: int, certificates: bool) -> tuple[bytes, ...]:
        """All that stands around content, attributes and signature of these lengths."""
        closing = self._algorithm + der.header(der.OCTET_STRING, signature)
        signer = self._size + len(closing) + signature
        infos = der.header(der.SEQUENCE, signer) + self._signer
        rest = (self._certificates if certificates else b"") + der.header(
            der.SET, signer + len(der.header(der.SEQUENCE, signer))
        )
        size = content
        opening = b""
        for tag, before in (
            (der.OCTET_STRING, b""),
            (der.CONTEXT_0, _TST_INFO),
            (der.SEQUENCE, der.small(3) + der.tlv(der.SET, _SHA256)),
        ):
            opening = before + der.header(tag, size) + opening
            size = content + len(opening)
        size += len(rest) + len(der.header(der.SEQUENCE, signer)) + signer
        for tag, before in ((der.SEQUENCE, b""), (der.CONTEXT_0, _SIGNED_DATA)):
            head = before + der.header(tag, size)
            opening, size = head + opening, len(head) + size
        return der.header(der.SEQUENCE, size) + opening, rest + infos, closing


def _generalized(at: datetime) -> bytes:
    return der.tlv(der.GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode())


def _attributes(certificate: bytes) -> tuple[bytes, bytes]:
    """The signed attributes before and after the message digest's octets.

    A SET OF is sorted by its members' encodings (X.690 section 11.6); these differ before the
    digest's octets begin, so the order is the same for every digest.
    """
    digest = bytes(32)
    certificate_id = der.tlv(
        der.SEQUENCE, der.tlv(der.OCTET_STRING, sha256(certificate).digest())
    )  # ESSCertIDv2: SHA-256 is the default and left out
    members = (
        (_CONTENT_TYPE, _TST_INFO),
        (_MESSAGE_DIGEST, der.tlv(der.OCTET_STRING, digest)),
        (
            _SIGNING_CERTIFICATE,
            der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, certificate_id)),
        ),
    )
    encoded = sorted(
        der.tlv(der.SEQUENCE, kind, der.tlv(der.SET, value)) for kind, value in members
    )
    before, _, after = b"".join(encoded).partition(digest)
    return before, after


def _signer_identifier(certificate: bytes) -> bytes:
    """IssuerAndSerialNumber."""
    parsed = asn1_x509.Certificate.load(certificate)["tbs_certificate"]
    return der.tlv(der.SEQUENCE, parsed["issuer"].dump(), parsed["serial_number"].dump())
