"""Which revocation list speaks of a certificate: whole, in force, and signed by its issuer."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from keys.certificates import certificate_from, crl_from, extensions_of

__all__ = ["list_for", "names"]


def list_for(crls: Iterable[bytes], der: bytes, issuer: bytes, now: datetime) -> bytes | None:
    """The first list that speaks of the certificate and holds now; None: none does.

    Args:
        crls: DER, of any issuer.
        der: the certificate, one that can be read.
        issuer: the certificate of whoever issued it; one that can be read.
        now: aware UTC.
    """
    name = certificate_from(der).issuer.public_bytes()
    for crl in crls:
        if crl_from(crl).issuer.public_bytes() != name:
            continue
        if _holds(crl, now) and _speaks_of(crl, der) and _signed(crl, issuer):
            return crl
    return None


def names(crl: bytes, certificate: x509.Certificate) -> bool:
    """Whether a list names a certificate of its issuer as revoked."""
    number = certificate.serial_number
    return crl_from(crl).get_revoked_certificate_by_serial_number(number) is not None


def _holds(crl: bytes, now: datetime) -> bool:
    loaded = crl_from(crl)
    end = loaded.next_update_utc
    return loaded.last_update_utc <= now and (end is None or now < end)


@lru_cache(maxsize=4096)
def _signed(crl: bytes, issuer: bytes) -> bool:
    key = certificate_from(issuer).public_key()
    try:
        return crl_from(crl).is_signature_valid(key)  # type: ignore[arg-type]  # others raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


@lru_cache(maxsize=4096)
def _speaks_of(crl: bytes, der: bytes) -> bool:
    """Whether a list is complete for this certificate: all reasons, its point, its kind."""
    try:
        extensions = list(crl_from(crl).extensions)
        points = set(_points(certificate_from(der)))
        authority = _is_authority(certificate_from(der))
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    for extension in extensions:
        scope = extension.value
        if isinstance(scope, x509.IssuingDistributionPoint):
            if not _covers(scope, points, authority=authority):
                return False
        elif extension.critical:  # a delta list, or what nobody here understands
            return False
    return True


def _covers(
    scope: x509.IssuingDistributionPoint, points: set[x509.GeneralName], *, authority: bool
) -> bool:
    partial = (
        scope.only_some_reasons,
        scope.indirect_crl,
        scope.only_contains_attribute_certs,
        scope.relative_name,
        scope.only_contains_user_certs if authority else scope.only_contains_ca_certs,
    )
    return not any(partial) and (scope.full_name is None or bool(points & set(scope.full_name)))


def _points(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    for extension in extensions_of(certificate):
        if isinstance(extension.value, x509.CRLDistributionPoints):
            for point in extension.value:
                yield from point.full_name or ()


def _is_authority(certificate: x509.Certificate) -> bool:
    values = (extension.value for extension in extensions_of(certificate))
    return any(isinstance(value, x509.BasicConstraints) and value.ca for value in values)
