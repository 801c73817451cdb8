"""One OCSP answer of our own store (RFC 6960): whom it speaks of, what it says, who signed it.

About one certificate, as RFC 5019 has it. What holds anything critical that is not understood, or
is signed by algorithms that were not reliable when it was made, answers nothing.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certlib.crypto_policy import CRYPTO_2026
from signing.evidence.certificates import (
    UNREADABLE,
    certificate_facts,
    loaded,
    name_of,
    signature_holds,
    signed_by,
)
from signing.evidence.der import span_at

__all__ = ["OcspAnswer", "read_answer", "says_no_check"]

_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
_NONCE = "1.3.6.1.5.5.7.48.1.2"
_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string
_MOST_SENT = 4


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature as `signature_holds` wants it: an answer does not tell its parameters."""

    signature: bytes
    signature_hash_algorithm: hashes.HashAlgorithm | None
    signature_algorithm_parameters: Any


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An answer that is understood.

    Attributes:
        serial: of the certificate that it speaks of.
        issued, next_update: thisUpdate and nextUpdate; without an end it is None.
        revoked_at: None when the certificate is good.
        reason: as in RFC 5280, 5.3.1, or "".
        cutoff: archiveCutoff: certificates that expired since then are still told of.
    """

    serial: int
    issued: datetime
    next_update: datetime | None
    revoked_at: datetime | None
    reason: str
    cutoff: datetime | None
    _response: ocsp.OCSPResponse = field(repr=False)

    def may_have_forgotten(self, expired: datetime) -> bool:
        """RFC 6960, 4.4.4: a responder may say `good` of what has expired."""
        return self.issued > expired and (self.cutoff is None or self.cutoff > expired)

    def speaks_of(self, target: x509.Certificate, issuer: x509.Certificate) -> bool:
        """Whether its CertID names this certificate of this issuer (4.1.1)."""
        found = self._response
        digest = found.hash_algorithm
        wanted = ocsp.OCSPRequestBuilder().add_certificate(target, issuer, digest).build()
        return (found.serial_number, found.issuer_name_hash, found.issuer_key_hash) == (
            wanted.serial_number,
            wanted.issuer_name_hash,
            wanted.issuer_key_hash,
        )

    def signer(self, issuer: bytes) -> bytes | None:
        """DER of whoever signed it and may: the issuer, or whom it appointed (4.2.2.2)."""
        sent = [item.public_bytes(Encoding.DER) for item in self._response.certificates]
        for der in (issuer, *sent[:_MOST_SENT]):
            if der != issuer and not self._is_appointed(der, issuer):
                continue
            if self._signed_by(der):
                return der
        return None

    def _is_appointed(self, der: bytes, issuer: bytes) -> bool:
        try:
            told, certificate, above = certificate_facts(der), loaded(der), loaded(issuer)
        except UNREADABLE:
            return False
        return (
            not told.problem
            and told.purposes is not None
            and _SIGNING in told.purposes
            and (told.usages is None or "digitalSignature" in told.usages)
            and told.not_before <= self._response.produced_at_utc <= told.not_after
            and not CRYPTO_2026.digest_problem(told.signed_with, self.issued)
            and name_of(certificate.issuer) == name_of(above.subject)
            and signed_by(certificate, above)
        )

    def _signed_by(self, der: bytes) -> bool:
        found, signer, kind = self._response, loaded(der), certificate_facts(der).key
        try:
            digest, rsa_signed = found.signature_hash_algorithm, kind.startswith("rsa-")
        except UNREADABLE:
            return False
        weak = "" if digest is None else CRYPTO_2026.digest_problem(digest.name, self.issued)
        if weak or CRYPTO_2026.key_problem(kind, self.issued):
            return False
        parameters = padding.PKCS1v15() if rsa_signed else digest and ec.ECDSA(digest)
        signed = _Signed(found.signature, digest, parameters)
        return signature_holds(signer, signed, found.tbs_response_bytes)


def says_no_check(responder: bytes) -> bool:
    """Whether its authority says that nobody need ask about it (`ocsp-nocheck`)."""
    return any(isinstance(item.value, x509.OCSPNoCheck) for item in loaded(responder).extensions)


def read_answer(der: bytes) -> OcspAnswer | None:
    """The answer, or None when it cannot be read, tells nothing, or holds critical unknowns."""
    try:
        return _read(ocsp.load_der_ocsp_response(der))
    except (*UNREADABLE, LookupError, x509.InvalidVersion):
        return None


def _read(found: ocsp.OCSPResponse) -> OcspAnswer | None:
    extensions = (*found.extensions, *found.single_extensions)
    understood = {_ARCHIVE_CUTOFF, _NONCE}
    if {item.oid.dotted_string for item in extensions if item.critical} - understood:
        return None
    if found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return None
    _ = found.hash_algorithm, found.certificates  # what is malformed there is told now
    reason = found.revocation_reason or x509.ReasonFlags.unspecified
    revoked = found.revocation_time_utc
    values = {item.oid.dotted_string: item.value for item in found.single_extensions}
    return OcspAnswer(
        serial=found.serial_number,
        issued=found.this_update_utc,
        next_update=found.next_update_utc,
        revoked_at=revoked,
        reason="" if revoked is None else reason.value,
        cutoff=_cutoff(values.get(_ARCHIVE_CUTOFF)),
        _response=found,
    )


def _cutoff(extension: Any) -> datetime | None:  # noqa: ANN401 - any extension's value
    if not isinstance(extension, x509.UnrecognizedExtension):
        return None
    _, begin, end = span_at(extension.value)
    text = extension.value[begin:end].decode("ascii")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
