"""OCSP answers of other authorities (RFC 6960): whom one speaks of, who signed it, until when.

One certificate to one answer, as RFC 5019 has it. Whoever signs is the issuer itself, or a
responder whose certificate the issuer signed for nothing but that (4.2.2.2).
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from certlib.crypto_policy import CRYPTO_2026
from certlib.ports import ValidationMaterial
from keys.certificates import certificate_from, extensions_of
from keys.list_coverage import list_for, names

__all__ = [
    "LIMIT",
    "AnswerRefusedError",
    "answer_from",
    "answer_holds",
    "answers_about",
    "basis_of",
    "issued_by",
    "responders_named",
    "response_from",
    "revoked_at",
    "speaks_of",
]

LIMIT: Final = 65_536
"""Octets of an answer; one with a chain of responders has some thousand."""
_MOST_SENT: Final = 4
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class AnswerRefusedError(Exception):
    """An answer is not believed; its text is a short word."""


def response_from(der: bytes) -> ocsp.OCSPResponse:
    """The OCSPResponse in `der`, of whatever status.

    Raises:
        ValueError: it is none that can be read.
    """
    try:
        return ocsp.load_der_ocsp_response(der)
    except _UNREADABLE as error:
        raise ValueError("ocsp") from error


@lru_cache(maxsize=1024)
def answer_from(der: bytes) -> ocsp.OCSPResponse:
    """A successful answer about one certificate, of which nothing critical is unknown.

    Raises:
        ValueError: it is something else.
    """
    found = response_from(der)
    try:
        # Read here once: what is malformed inside is told now, and nowhere later.
        _ = found.certificate_status, found.issuer_key_hash, found.hash_algorithm
        _ = found.this_update_utc, found.next_update_utc, found.certificates
        unknown = [
            item
            for item in (*found.extensions, *found.single_extensions)
            if item.critical and not isinstance(item.value, x509.OCSPNonce)
        ]
    except _UNREADABLE as error:
        raise ValueError("ocsp") from error
    if unknown:
        raise ValueError("critical")
    return found


def answers_about(
    ders: Iterable[bytes], certificate: x509.Certificate, issuer: x509.Certificate
) -> Iterator[bytes]:
    """Those that tell whether this certificate is good or revoked, the newest first."""
    known = (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED)
    found = [
        der
        for der in ders
        if answer_from(der).certificate_status in known
        and speaks_of(answer_from(der), certificate, issuer)
    ]
    yield from sorted(found, key=lambda der: (answer_from(der).this_update_utc, der), reverse=True)


def answer_holds(found: ocsp.OCSPResponse, now: datetime) -> bool:
    """Whether it is in force; one without an end never is (RFC 5019, 2.2.4)."""
    end = found.next_update_utc
    return end is not None and found.this_update_utc <= now < end


def speaks_of(
    found: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Whether its CertID names this certificate of this issuer (RFC 6960, 4.1.1)."""
    if found.serial_number != certificate.serial_number:
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, found.hash_algorithm)
    wanted = asked.build()
    return (found.issuer_name_hash, found.issuer_key_hash) == (
        wanted.issuer_name_hash,
        wanted.issuer_key_hash,
    )


def basis_of(
    der: bytes, issuer: x509.Certificate, crls: Iterable[bytes], now: datetime
) -> ValidationMaterial:
    """What a reader needs beside the issuer to believe the answer: responder and list about it.

    Args:
        der: as `answer_from` takes it.
        issuer: of the certificate that it speaks of.
        crls: lists, in the order in which they are preferred.
        now: aware UTC; algorithms that the crypto policy does not rely on then sign nothing.

    Raises:
        AnswerRefusedError: neither the issuer nor a responder of its has signed it (`signer`), or
            nobody says that the responder is not revoked (`responder`).
    """
    signer = _signer_of(answer_from(der), issuer, now)
    if signer is None:
        raise AnswerRefusedError("signer")
    if signer == issuer:
        return ValidationMaterial()
    responder = signer.public_bytes(Encoding.DER)
    if any(isinstance(item.value, x509.OCSPNoCheck) for item in extensions_of(signer)):
        return ValidationMaterial((responder,))
    told = list_for(crls, responder, issuer.public_bytes(Encoding.DER), now)
    if told is None or names(told, signer):
        raise AnswerRefusedError("responder")
    return ValidationMaterial((responder,), (told,))


def revoked_at(
    ders: Iterable[bytes],
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    crls: Iterable[bytes],
    now: datetime,
) -> datetime | None:
    """When the certificate was revoked, by the newest answer that is believed; None: it was not.

    Args:
        ders: answers, DER.
        certificate: whose status it is.
        issuer: who has issued it.
        crls: lists that may speak of responders, DER.
        now: aware UTC.
    """
    for der in answers_about(ders, certificate, issuer):
        with suppress(AnswerRefusedError):
            basis_of(der, issuer, crls, now)
            return answer_from(der).revocation_time_utc
    return None


def responders_named(certificate: bytes) -> tuple[str, ...]:
    """Addresses of responders in a certificate's authorityInfoAccess, in its order."""
    try:
        values = [item.value for item in extensions_of(certificate_from(certificate))]
    except ValueError:
        return ()
    return tuple(
        place.access_location.value
        for value in values
        if isinstance(value, x509.AuthorityInformationAccess)
        for place in value
        if place.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(place.access_location, x509.UniformResourceIdentifier)
    )


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name stands in it and the issuer's key has signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _signer_of(
    found: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime
) -> x509.Certificate | None:
    for signer in (issuer, *found.certificates[:_MOST_SENT]):
        if signer != issuer and not _is_appointed(signer, issuer, now):
            continue
        if _has_signed(signer, found, now):
            return signer
    return None


def _is_appointed(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        values = {type(item.value): item.value for item in extensions_of(signer)}
        digest = signer.signature_hash_algorithm
        in_time = signer.not_valid_before_utc <= now <= signer.not_valid_after_utc
    except _UNREADABLE:
        return False
    usage, purposes = values.get(x509.KeyUsage), values.get(x509.ExtendedKeyUsage)
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        return False
    if not isinstance(purposes, x509.ExtendedKeyUsage):
        return False
    return (
        in_time
        and ExtendedKeyUsageOID.OCSP_SIGNING in purposes
        and (digest is None or not CRYPTO_2026.digest_problem(digest.name, now))
        and issued_by(signer, issuer)
    )


def _has_signed(signer: x509.Certificate, found: ocsp.OCSPResponse, now: datetime) -> bool:
    try:
        kind = _verified(signer.public_key(), found)
        digest = found.signature_hash_algorithm
    except (*_UNREADABLE, InvalidSignature):
        return False
    weak = "" if digest is None else CRYPTO_2026.digest_problem(digest.name, now)
    return not weak and not CRYPTO_2026.key_problem(kind, now)


def _verified(key: CertificatePublicKeyTypes, found: ocsp.OCSPResponse) -> str:
    """Kind and size of the key, as crypto policies name it, that has signed the answer."""
    content, digest = found.tbs_response_bytes, found.signature_hash_algorithm
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(found.signature, content)
        return "ed25519"
    if isinstance(key, rsa.RSAPublicKey) and digest is not None:
        key.verify(found.signature, content, padding.PKCS1v15(), digest)
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
        key.verify(found.signature, content, ec.ECDSA(digest))
        return f"ecdsa-{key.curve.name.lower()}"
    raise InvalidSignature
