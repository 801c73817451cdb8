"""Checks a timestamp token that another authority sent, before it is laid into anything."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certlib.errors import KeyUnusable
from keys.certificates import certificate_from, extensions_of
from keys.tokens import DIGESTS

__all__ = ["Expected", "TimestampResponse", "TokenRefusedError", "check_token", "timestamp_signer"]

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class TimestampResponse(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """TimeStampResp. The library's own class demands a token in a rejection too."""

    _fields = [  # noqa: RUF012 - the library's way to declare a structure
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class TokenRefusedError(Exception):
    """The token is not what was asked for, or not from whom it should be."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say.

    Attributes:
        policy: dotted object identifier, or "" for any.
    """

    imprint: bytes
    algorithm: str
    nonce: int
    policy: str = ""


def check_token(
    token: Any,  # noqa: ANN401 - asn1crypto has no types
    expected: Expected,
    signers: Sequence[x509.Certificate],
) -> tuple[datetime, x509.Certificate]:
    """The token's genTime and signer, when everything about it is right (RFC 3161 section 2.2).

    Args:
        token: `asn1crypto.cms.ContentInfo`.
        expected: what was asked for.
        signers: X.509 certificates of timestamp authorities, one of which must have signed.

    Raises:
        TokenRefusedError: with the first thing that is wrong.
        ValueError: and other kinds that asn1crypto raises on malformed bytes.
    """
    signed = token["content"]
    content = signed["encap_content_info"]
    _require(token["content_type"].native == "signed_data", "not signed data")
    _require(content["content_type"].native == "tst_info", "not a timestamp")
    _require(len(signed["signer_infos"]) == 1, "more than one signer")
    _check_frame(signed, signed["signer_infos"][0])
    encoded = content["content"].contents
    info = tsp.TSTInfo.load(encoded, strict=True)
    _check_info(info, expected)
    at: datetime = info["gen_time"].native.astimezone(UTC)
    certificate = _check_signer(signed["signer_infos"][0], encoded, at, signers)
    # RFC 3161 section 2.4.1: it was asked for, and later readers will need it.
    sent = [entry.dump() for entry in signed["certificates"]]
    _require(certificate.public_bytes(Encoding.DER) in sent, "without its X.509 certificate")
    return at, certificate


def timestamp_signer(der: bytes, name: str) -> x509.Certificate:
    """A timestamp authority's X.509 certificate, loaded.

    Raises:
        KeyUnusable: it cannot be read, or is not for timestamps alone (RFC 3161 section 2.3).
    """
    try:
        certificate = certificate_from(der)
        found = extensions_of(certificate).get_extension_for_class(x509.ExtendedKeyUsage)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise KeyUnusable(what=f"{name}: no X.509 certificate for timestamps") from error
    if not found.critical or list(found.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise KeyUnusable(what=f"{name}: not for timestamps alone")
    return certificate


def _check_frame(signed: cms.SignedData, signer: cms.SignerInfo) -> None:
    """What no signature covers (RFC 5652 sections 5.1 and 5.3), and other readers insist on."""
    _require(signed["version"].native == "v3", "another version")
    _require(signer["version"].native == "v1", "another version")
    announced = {entry["algorithm"].dotted for entry in signed["digest_algorithms"]}
    _require(announced == {signer["digest_algorithm"]["algorithm"].dotted}, "another digest")


def _check_info(info: Any, expected: Expected) -> None:  # noqa: ANN401 - asn1crypto has no types
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].dotted
    _require(info["version"].native == "v1", "unknown version")
    _require(algorithm == DIGESTS[expected.algorithm][0], "another digest algorithm")
    _require(imprint["hashed_message"].native == expected.imprint, "another imprint")
    _require(info["nonce"].native == expected.nonce, "another nonce")
    _require(expected.policy in {"", info["policy"].dotted}, "another policy")


def _check_signer(
    signer: cms.SignerInfo, content: bytes, at: datetime, signers: Sequence[x509.Certificate]
) -> x509.Certificate:
    certificate = next((known for known in signers if _names(signer["sid"], known)), None)
    if certificate is None:
        raise TokenRefusedError("signed by another authority")
    valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    _require(valid, "its authority was not valid then")
    digest = signer["digest_algorithm"]["algorithm"].native
    _require(digest in _HASHES, "unknown digest algorithm")
    _check_attributes(signer["signed_attrs"], hashlib.new(digest, content).digest(), certificate)
    _check_signature(signer, digest, certificate)
    return certificate


def _check_attributes(
    attributes: cms.CMSAttributes, digest: bytes, certificate: x509.Certificate
) -> None:
    found: dict[str, Any] = {}
    for attribute in attributes:
        name = attribute["type"].native
        _require(name not in found and len(attribute["values"]) == 1, "repeated attribute")
        found[name] = attribute["values"][0]
    _require(found["content_type"].native == "tst_info", "another content type")
    _require(found["message_digest"].native == digest, "another message digest")
    _require(_binds(found, certificate), "bound to another X.509 certificate")


def _binds(found: dict[str, Any], certificate: x509.Certificate) -> bool:
    """ESSCertIDv2 (RFC 5816), or ESSCertID (RFC 2634) as older authorities write it."""
    if "signing_certificate_v2" in found:
        entry = found["signing_certificate_v2"]["certs"][0]
        digest = _HASHES[entry["hash_algorithm"]["algorithm"].native]
        return bool(entry["cert_hash"].native == certificate.fingerprint(digest))
    entry = found["signing_certificate"]["certs"][0]
    # The certificate is pinned by the caller: SHA-1 names it here and proves nothing.
    return bool(entry["cert_hash"].native == certificate.fingerprint(hashes.SHA1()))  # noqa: S303 - see above


def _names(identifier: cms.SignerIdentifier, certificate: x509.Certificate) -> bool:
    if identifier.name != "issuer_and_serial_number":
        return False  # timestamp authorities name themselves so; nothing else was ever met
    issuer = identifier.chosen["issuer"].dump()
    serial = identifier.chosen["serial_number"].native
    return bool(issuer == certificate.issuer.public_bytes() and serial == certificate.serial_number)


def _check_signature(signer: cms.SignerInfo, digest: str, certificate: x509.Certificate) -> None:
    signature = signer["signature"].native
    # RFC 5652 section 5.4: signed as a SET OF, whatever tag the attributes carry inside.
    message = signer["signed_attrs"].untag().dump()
    algorithm = signer["signature_algorithm"]
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            _require(algorithm.signature_algo == "ecdsa", "another signature algorithm")
            key.verify(signature, message, ec.ECDSA(_hash(algorithm, digest)))
        elif isinstance(key, rsa.RSAPublicKey):
            _require(algorithm.signature_algo == "rsassa_pkcs1v15", "another signature algorithm")
            key.verify(signature, message, padding.PKCS1v15(), _hash(algorithm, digest))
        else:
            raise TokenRefusedError("unknown kind of key")
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise TokenRefusedError("its signature does not verify") from error


def _hash(algorithm: Any, digest: str) -> hashes.HashAlgorithm:  # noqa: ANN401 - asn1crypto has no types
    """The signature's own digest; plain rsaEncryption takes that of the content."""
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":
        return _HASHES[digest]
    return _HASHES[algorithm.hash_algo]


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise TokenRefusedError(otherwise)
