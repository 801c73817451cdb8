"""When a timestamp key may sign: three years at most, of a certificate that holds for eleven.

A token is worth as much as its authority's certificate lasts; a key is the safer the shorter it is
used (ETSI EN 319 421 section 7.6.7). So the certificate carries a private key usage period
(RFC 3280 section 4.2.1.4; RFC 5280 keeps the extension and profiles it no more), and outlasts it by
eight years. The next key is made ahead, so that its certificate is known before its first token.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

__all__ = ["AHEAD", "CERTIFICATE_DAYS", "SIGNING", "signing_period"]

SIGNING: Final = timedelta(days=3 * 365)
CERTIFICATE_DAYS: Final = 11 * 365
AHEAD: Final = timedelta(days=90)
"""How long before its first token a key is made."""


def signing_period(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """First and last instant of signing; aware UTC, never outside the certificate's validity.

    A certificate without the extension, of an earlier release, signs for its first three years.
    """
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    try:
        found = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        return first, min(last, first + SIGNING)
    start, end = _utc(found.not_before, first), _utc(found.not_after, last)
    return max(first, start), min(last, end)


def _utc(at: datetime | None, otherwise: datetime) -> datetime:
    return otherwise if at is None else at.replace(tzinfo=UTC)
