"""The profile of the development authority's CRLs (RFC 5280 section 5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from keys.profiles import Issuer, Revoked, authority_key

__all__ = ["listed", "revocation_list", "would_list"]

_EXPIRED_CERTS_ON_CRL: Final = x509.ObjectIdentifier("2.5.29.60")


def revocation_list(
    issuer: Issuer,
    number: int,
    at: datetime,
    end: datetime,
    revoked: Iterable[Revoked],
    shard: Sequence[str] = (),
) -> bytes:
    """A CRL (RFC 5280 section 5), DER, good from `at` to `end`.

    Args:
        issuer: signs it.
        number: cRLNumber.
        at: aware UTC.
        end: when the next one is there at the latest.
        revoked: its entries.
        shard: addresses under which the certificates that it speaks of look for it; none: it is
            complete. A shard is limited to them by a critical issuingDistributionPoint (5.2.5).
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(end)
        .add_extension(authority_key(issuer.certificate), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_keeps_expired(issuer.certificate), critical=False)
    )
    if shard:
        builder = builder.add_extension(_scope(shard), critical=True)
    for entry in revoked:
        builder = builder.add_revoked_certificate(_entry(entry))
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def listed(entries: Iterable[x509.RevokedCertificate]) -> frozenset[object]:
    """What entries say, to be compared."""
    return frozenset(
        (item.serial_number, frozenset((one.oid, one.value) for one in item.extensions))
        for item in entries
    )


def would_list(revoked: Iterable[Revoked]) -> frozenset[object]:
    """What a list of these would say; as `listed`."""
    return listed(map(_entry, revoked))


def _scope(addresses: Iterable[str]) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(address) for address in addresses],
        relative_name=None,
        only_contains_user_certs=True,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def _keeps_expired(issuer: x509.Certificate) -> x509.UnrecognizedExtension:
    """The extension expiredCertsOnCRL (X.509, 9.5.2.8): no entry is ever removed.

    RFC 5280 lets a list forget what has expired; then nobody could say of an old seal whether its
    certificate was revoked before that.
    """
    since = f"{issuer.not_valid_before_utc:%Y%m%d%H%M%SZ}".encode()
    return x509.UnrecognizedExtension(_EXPIRED_CERTS_ON_CRL, bytes((0x18, len(since))) + since)


def _entry(entry: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.at)
    reason = x509.ReasonFlags(entry.reason)
    if reason is not x509.ReasonFlags.unspecified:  # section 5.3.1: absent rather than unspecified
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    if entry.invalid_since is not None:
        since = x509.InvalidityDate(entry.invalid_since)
        builder = builder.add_extension(since, critical=False)
    return builder.build()
