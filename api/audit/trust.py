"""Whom the auditor believes: roots, pinned timestamp authorities, revocation lists."""

import json
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from api.audit.report import CannotAudit

HISTORY_PURPOSE = "1.3.6.1.4.1.32473.36904.3.1"
"""Extended key usage of the key of the history (docs/storage.md)."""

_BLOCK = re.compile(
    rb"-----BEGIN (?P<kind>[A-Z0-9 ]+)-----.+?-----END (?P=kind)-----\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What seals and timestamps of the history must lead to.

    Attributes:
        roots: self-signed authorities.
        pinned: timestamp authorities that are believed by themselves.
        crls: revocation lists; of the roots only.
    """

    roots: tuple[x509.Certificate, ...]
    pinned: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """All of them."""
        return (*self.roots, *self.pinned)

    def root_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """The root that has issued it."""
        for root in self.roots:
            try:
                certificate.verify_directly_issued_by(root)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return root
        return None

    def revoked(self, certificate: x509.Certificate, at: datetime) -> bool:
        """Whether a list of its issuer says that it was revoked by then."""
        for crl in self.crls:
            if crl.issuer == certificate.issuer:
                entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
                if entry is not None and entry.revocation_date_utc <= at:
                    return True
        return False


def for_history(certificate: x509.Certificate) -> bool:
    """Whether its one purpose, critical, is to seal the history."""
    return _purposes(certificate) == [HISTORY_PURPOSE]


def for_timestamps(certificate: x509.Certificate) -> bool:
    """Whether its one purpose, critical, is to make timestamps (RFC 3161 section 2.3)."""
    return _purposes(certificate) == [ExtendedKeyUsageOID.TIME_STAMPING.dotted_string]


def _purposes(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return []
    return [purpose.dotted_string for purpose in found.value] if found.critical else []


def trust_of_register(path: Path) -> Trust:
    """The root and its list from a node's register of keys (JSON behind a line with its stamp).

    Raises:
        CannotAudit: it is not there or cannot be read.
    """
    try:
        _, _, content = path.read_bytes().partition(b"\n")
        said = json.loads(content)
        root = x509.load_der_x509_certificate(b64decode(said["root"]["certificate"]))
        crl = x509.load_der_x509_crl(b64decode(said["root_crl"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable("register") from error
    return Trust((root,), (), (crl,))


def trust_of_files(paths: Iterable[Path]) -> Trust:
    """Roots, pinned authorities and lists from PEM or DER files.

    Raises:
        CannotAudit: one is not there or holds something else.
    """
    certificates: list[x509.Certificate] = []
    crls: list[x509.CertificateRevocationList] = []
    for path in paths:
        try:
            _take(path.read_bytes(), certificates, crls)
        except (OSError, ValueError) as error:
            raise _unreadable(path.name) from error
    roots = tuple(one for one in certificates if one.issuer == one.subject)
    pinned = tuple(one for one in certificates if one.issuer != one.subject)
    return Trust(roots, pinned, tuple(crls))


def _take(
    content: bytes,
    certificates: list[x509.Certificate],
    crls: list[x509.CertificateRevocationList],
) -> None:
    blocks = list(_BLOCK.finditer(content))
    for found in blocks:
        if found["kind"] == b"X509 CRL":
            crls.append(x509.load_pem_x509_crl(found[0]))
        else:
            certificates.append(x509.load_pem_x509_certificate(found[0]))
    if not blocks:
        try:
            certificates.append(x509.load_der_x509_certificate(content))
        except ValueError:
            crls.append(x509.load_der_x509_crl(content))


def _unreadable(name: str) -> CannotAudit:
    return CannotAudit(
        f"无法读取信任根（{name}），不能核验历史封签。",
        f"The root of trust cannot be read ({name}): seals of the history cannot be checked.",
    )
