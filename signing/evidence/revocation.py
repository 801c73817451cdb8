"""What the revocation lists of our own store say of one certificate (RFC 5280, 5 and 6.3).

Lists come from our store only: nothing that a file brings along is believed, nothing is fetched.
"""

import itertools
from contextlib import suppress
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certlib.evidence import RevocationFacts
from signing.evidence.certificates import loaded, name_of

__all__ = ["revocation_facts"]

_EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")


def revocation_facts(
    path: tuple[bytes, ...], crls: tuple[bytes, ...]
) -> tuple[RevocationFacts | None, ...]:
    """Of every certificate of a path, the anchor's last, what its issuer's newest list says."""
    told = [
        _told(_newest(crls, issuer), loaded(subject).serial_number)
        for subject, issuer in itertools.pairwise(path)
    ]
    return (*told, None)


def _told(crl: x509.CertificateRevocationList | None, serial: int) -> RevocationFacts | None:
    if crl is None:
        return None
    entry = crl.get_revoked_certificate_by_serial_number(serial)
    return RevocationFacts(
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        revoked_at=None if entry is None else entry.revocation_date_utc,
        reason="" if entry is None else _reason(entry),
        keeps_expired=any(item.oid == _EXPIRED_CERTS_ON_CRL for item in crl.extensions),
    )


def _reason(entry: x509.RevokedCertificate) -> str:
    with suppress(x509.ExtensionNotFound, ValueError):
        return str(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value)
    return "unspecified"


@lru_cache(maxsize=64)
def _newest(crls: tuple[bytes, ...], issuer_der: bytes) -> x509.CertificateRevocationList | None:
    """The latest complete list that this issuer has signed."""
    issuer = loaded(issuer_der)
    own = [crl for crl in map(_parsed, crls) if crl is not None and _speaks(crl, issuer)]
    return max(own, key=lambda crl: crl.last_update_utc, default=None)


def _speaks(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return (
            name_of(crl.issuer) == name_of(issuer.subject)
            and not any(extension.critical for extension in crl.extensions)
            and _may_sign_lists(issuer)
            and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # any key
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


@lru_cache(maxsize=256)
def _parsed(der: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_der_x509_crl(der)
    except ValueError:
        return None
