"""CMS signatures (RFC 5652) by their structure alone: who signed, over which digest, and whether.

Used for the seals of files and for timestamps; neither library that makes them is asked.
"""

import hashlib
from collections.abc import Iterable, Mapping

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SET = b"\x31"


class BadSignature(Exception):
    """Why a signature does not hold; `str()` is a slug."""


def signer_of(signed: cms.SignedData) -> tuple[cms.SignerInfo, x509.Certificate]:
    """The signer and its X.509 certificate, which the CMS carries along.

    Raises:
        BadSignature: the certificate is not there.
    """
    signer = signed["signer_infos"][0]
    sid = signer["sid"].chosen
    for choice in signed["certificates"]:
        found = choice.chosen
        same = (
            found.issuer.dump() == sid["issuer"].dump()
            and found.serial_number == sid["serial_number"].native
        )
        if same:
            return signer, x509.load_der_x509_certificate(found.dump())
    raise BadSignature("no-certificate")


def check_signer(
    signer: cms.SignerInfo, certificate: x509.Certificate, content: Iterable[bytes]
) -> None:
    """Holds the signature against `content` (in parts).

    Raises:
        BadSignature: `digest`, `signature` or `algorithm`.
    """
    made = hashlib.new(signer["digest_algorithm"]["algorithm"].native)
    for part in content:
        made.update(part)
    stated = [
        attribute["values"][0].native
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "message_digest"
    ]
    if stated != [made.digest()]:
        raise BadSignature("digest")
    message = message_of(signer)
    algorithm = _HASHES[signer["digest_algorithm"]["algorithm"].native]
    if not verifies(certificate, signer["signature"].native, message, algorithm):
        raise BadSignature("signature")


def message_of(signer: cms.SignerInfo) -> bytes:
    """What the key has signed: a SET OF, though it travels with an implicit tag (RFC 5652, 5.4)."""
    attributes: bytes = signer["signed_attrs"].dump()
    return _SET + attributes[1:]


def verifies(
    certificate: x509.Certificate,
    signature: bytes,
    message: bytes,
    algorithm: hashes.HashAlgorithm | None = None,
) -> bool:
    """Whether the certificate's key has signed `message` (ECDSA, or RSA with PKCS#1 v1.5).

    Raises:
        BadSignature: a key of another kind.
    """
    key, algorithm = certificate.public_key(), algorithm or hashes.SHA256()
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, message, ec.ECDSA(algorithm))
            case rsa.RSAPublicKey():
                key.verify(signature, message, padding.PKCS1v15(), algorithm)
            case _:
                raise BadSignature("algorithm")
    except InvalidSignature:
        return False
    return True
