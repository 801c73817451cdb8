"""X.509 and CRL profiles of the development authority (RFC 5280, RFC 3161, RFC 9336).

A department stands in the subject of its seal certificate as `O` (name) and
`organizationIdentifier` (2.5.4.97) with the value `NTRCN-` and its 18-character credit code: the
form of ETSI EN 319 412-1 section 5.1.4, scheme NTR (national trade register), country CN.

Policy identifiers hang under 1.3.6.1.4.1.32473, the enterprise number that RFC 5612 reserves for
examples: placeholders until the city has an arc of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from certlib.receipts import REPORT_PURPOSE
from keys.algorithms import PrivateKey

__all__ = [
    "CREDIT_CODE_PREFIX",
    "DOCUMENT_SIGNING",
    "HISTORY_POLICY",
    "HISTORY_PURPOSE",
    "OUTSIDE_SEAL",
    "REPORT_POLICY",
    "SEAL_POLICY",
    "SNAPSHOT_POLICY",
    "SNAPSHOT_PURPOSE",
    "TIMESTAMP_POLICY",
    "TRUST_POLICY",
    "TRUST_PURPOSE",
    "Issuer",
    "Revoked",
    "Term",
    "authority_key",
    "authority_name",
    "history_certificate",
    "issued_for",
    "issuing_certificate",
    "report_certificate",
    "root_certificate",
    "seal_certificate",
    "seal_extensions",
    "seal_name",
    "seal_subject",
    "snapshot_certificate",
    "timestamp_certificate",
    "trust_certificate",
]

_ARC: Final = "1.3.6.1.4.1.32473.36904"
SEAL_POLICY: Final = f"{_ARC}.1"
TIMESTAMP_POLICY: Final = f"{_ARC}.2"
HISTORY_POLICY: Final = f"{_ARC}.3"
HISTORY_PURPOSE: Final = f"{_ARC}.3.1"
"""Extended key usage: seals batches of the audit history, and nothing else."""
TRUST_POLICY: Final = f"{_ARC}.4"
TRUST_PURPOSE: Final = f"{_ARC}.4.1"
"""Extended key usage: signs trust lists, and nothing else."""
REPORT_POLICY: Final = f"{_ARC}.5"
SNAPSHOT_POLICY: Final = f"{_ARC}.6"
SNAPSHOT_PURPOSE: Final = f"{_ARC}.6.1"
"""Extended key usage: signs snapshots of the status record, and nothing else."""
CREDIT_CODE_PREFIX: Final = "NTRCN-"

_COMMON_NAME_OCTETS: Final = 64
_SEAL: Final = "电子印章（演示）"
OUTSIDE_SEAL: Final = "电子印章"
"""What a seal is called that an outside authority certifies."""
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336 section 3.1


@dataclass(frozen=True, slots=True)
class Term:
    """Serial number and validity of one X.509 certificate; instants are aware UTC."""

    serial: int
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Issuer:
    """An X.509 authority that signs, and where its certificate and CRL are published.

    Attributes:
        url: address without the ending; `.cer` follows.
        crl: address of the list that its next certificate names; "": `url` and `.crl`.
        ocsp: address of the OCSP responder; "": none is named.
    """

    certificate: x509.Certificate
    key: PrivateKey
    url: str
    crl: str = ""
    ocsp: str = ""


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a CRL.

    Attributes:
        at: when it was revoked, aware UTC.
        reason: a name of RFC 5280 section 5.3.1.
        invalid_since: since when nobody may rely on the key, where that is earlier (5.3.2).
    """

    serial: int
    at: datetime
    reason: str
    invalid_since: datetime | None = None


def authority_name(owner: str, role: str) -> x509.Name:
    """Subject of a root, an issuing authority or a timestamp authority; says 演示."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{owner}（演示）"),
            x509.NameAttribute(NameOID.COMMON_NAME, _common_name(owner, f"{role}（演示）")),
        ]
    )


def seal_name(department: str) -> str:
    """The name of a department's development seal, as the page and the metadata print it."""
    return f"{department}{_SEAL}"


def _common_name(owner: str, what: str) -> str:
    """CN, the owner cut short where it must be; `O` always has it whole.

    RFC 5280 allows 64 characters, but readers are about that count 64 octets.
    """
    room = _COMMON_NAME_OCTETS - len(what.encode())
    if len(owner.encode()) > room:
        owner = owner.encode()[: room - len("…".encode())].decode(errors="ignore") + "…"
    return owner + what


def root_certificate(key: PrivateKey, name: x509.Name, term: Term) -> x509.Certificate:
    """Self-signed; its trust comes from being installed, not from this signature."""
    builder = _builder(name, name, key.public_key(), term)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def issuing_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """The authority for seals: signs seal certificates and their CRL, no authorities."""
    builder = _issued(issuer, name, key, term, SEAL_POLICY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return builder.sign(issuer.key, hashes.SHA256())


def timestamp_certificate(
    issuer: Issuer,
    key: CertificatePublicKeyTypes,
    name: x509.Name,
    term: Term,
    signing: x509.PrivateKeyUsagePeriod | None = None,
) -> x509.Certificate:
    """RFC 3161 section 2.3: timeStamping is the only purpose, and critical.

    `signing` is when the key may sign, shorter than the certificate's validity.
    """
    builder = _issued(issuer, name, key, term, TIMESTAMP_POLICY)
    if signing is not None:
        builder = builder.add_extension(signing, critical=False)  # RFC 3280 section 4.2.1.4
    builder = builder.add_extension(_usage(authority=False), critical=True)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return builder.add_extension(purpose, critical=True).sign(issuer.key, hashes.SHA256())


def history_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """The key of the history: its one purpose is critical, so no reader takes it for a seal."""
    return _of_one_purpose(
        _issued(issuer, name, key, term, HISTORY_POLICY), issuer, HISTORY_PURPOSE
    )


def trust_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """The key of trust lists: its one purpose is critical, so no reader takes it for a seal."""
    return _of_one_purpose(_issued(issuer, name, key, term, TRUST_POLICY), issuer, TRUST_PURPOSE)


def report_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """The key of verification reports: its one purpose is critical, so it seals no certificate."""
    return _of_one_purpose(_issued(issuer, name, key, term, REPORT_POLICY), issuer, REPORT_PURPOSE)


def snapshot_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """The key of snapshots: its one purpose is critical, so no reader takes it for a seal."""
    return _of_one_purpose(
        _issued(issuer, name, key, term, SNAPSHOT_POLICY), issuer, SNAPSHOT_PURPOSE
    )


def _of_one_purpose(
    builder: x509.CertificateBuilder, issuer: Issuer, purpose: str
) -> x509.Certificate:
    builder = builder.add_extension(_usage(authority=False), critical=True)
    only = x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose)])
    return builder.add_extension(only, critical=True).sign(issuer.key, hashes.SHA256())


def seal_certificate(
    issuer: Issuer,
    key: CertificatePublicKeyTypes,
    department: str,
    credit_code: str,
    term: Term,
) -> x509.Certificate:
    """A department's seal: documents only (RFC 9336), with the credit code in the subject."""
    name = seal_subject(department, credit_code, _SEAL)
    builder = _issued(issuer, name, key, term, SEAL_POLICY)
    for extension, critical in seal_extensions():
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, hashes.SHA256())


def seal_subject(department: str, credit_code: str, kind: str) -> x509.Name:
    """How a department stands in the certificate of its seal; `kind` ends the common name."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, department),
            x509.NameAttribute(
                NameOID.ORGANIZATION_IDENTIFIER, f"{CREDIT_CODE_PREFIX}{credit_code}"
            ),
            x509.NameAttribute(NameOID.COMMON_NAME, _common_name(department, kind)),
        ]
    )


def seal_extensions() -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """What makes a certificate one for seals, and whether that is critical (RFC 9336)."""
    purpose = x509.ExtendedKeyUsage([DOCUMENT_SIGNING])
    return (_usage(authority=False), True), (purpose, False)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, term: Term
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(term.serial)
        .not_valid_before(term.not_before)
        .not_valid_after(term.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issued(
    issuer: Issuer, subject: x509.Name, key: CertificatePublicKeyTypes, term: Term, policy: str
) -> x509.CertificateBuilder:
    listed = x509.UniformResourceIdentifier(issuer.crl or f"{issuer.url}.crl")
    revocation = x509.DistributionPoint([listed], None, None, None)
    policies = [x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]
    return (
        _builder(subject, issuer.certificate.subject, key, term)
        .add_extension(authority_key(issuer.certificate), critical=False)
        .add_extension(x509.CRLDistributionPoints([revocation]), critical=False)
        .add_extension(x509.AuthorityInformationAccess(_access(issuer)), critical=False)
        .add_extension(x509.CertificatePolicies(policies), critical=False)
    )


def issued_for(
    issuer: Issuer, subject: x509.Name, key: CertificatePublicKeyTypes, term: Term
) -> x509.CertificateBuilder:
    """A certificate for signatures whose revocation nobody asks about; its purpose is to follow."""
    plain = replace(issuer, ocsp="")
    return (
        _builder(subject, issuer.certificate.subject, key, term)
        .add_extension(authority_key(issuer.certificate), critical=False)
        .add_extension(x509.AuthorityInformationAccess(_access(plain)), critical=False)
        .add_extension(_usage(authority=False), critical=True)
    )


def _access(issuer: Issuer) -> Iterator[x509.AccessDescription]:
    """Where the issuer's certificate lies and, first, who tells of revocations (RFC 6960, 3.1)."""
    if issuer.ocsp:
        yield x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(issuer.ocsp)
        )
    yield x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier(f"{issuer.url}.cer"),
    )


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Which of its issuer's keys has signed."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,  # nonRepudiation by its newer name
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
