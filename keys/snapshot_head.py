"""The signed first line of a status snapshot: who made it, of when, and what follows."""

import hashlib
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certlib.canonical import canonical_bytes
from certlib.ports import TrustMaterial
from certlib.snapshot import SnapshotHeader
from certlib.snapshot_errors import refused
from certlib.trust import TrustList, Use
from certlib.trust_errors import TrustListRefused
from keys.certificates import certificate_from, extensions_of
from keys.profiles import SNAPSHOT_PURPOSE
from keys.trust_payload import strict_object

__all__ = ["HALF", "TYPE", "Body", "encoded", "payload_of", "read_head"]

TYPE: Final = "certlib-status-snapshot+json"
HALF: Final = 32
"""Octets of r and of s (RFC 7518, 3.4)."""
_FORMAT: Final = 1
_MEMBERS: Final = frozenset({"payload", "protected", "signature"})
_PAYLOAD: Final = frozenset(
    {"format", "node", "as_of", "next_update", "count", "octets", "sha256", "issuers"}
)
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Body:
    """All lines after the first: how long, and their digest (hex SHA-256)."""

    octets: int
    sha256: str


def payload_of(header: SnapshotHeader, body: Body) -> bytes:
    """What is signed."""
    return canonical_bytes(
        {
            "format": _FORMAT,
            "node": header.node,
            "as_of": header.as_of.astimezone(UTC).strftime(_INSTANT),
            "next_update": header.next_update.astimezone(UTC).strftime(_INSTANT),
            "count": header.count,
            "octets": body.octets,
            "sha256": body.sha256,
            "issuers": sorted(header.issuers),
        }
    )


def read_head(
    line: bytes, believed: TrustList, material: TrustMaterial, now: datetime
) -> tuple[SnapshotHeader, Body]:
    """The header of a first line that somebody signed whom the list believes.

    Nothing but its own word says when it was made: whoever finds a key that has expired could date
    back with it. So its signer has to be good both then and now.

    Raises:
        SnapshotRefused: `values["reason"]` says why.
    """
    try:
        members = strict_object(line)
        if members.keys() != _MEMBERS or not line.endswith(b"\n"):
            raise refused("malformed", detail="not a JWS")
        certificate = _signer(strict_object(_decoded(members["protected"])))
        _check_signature(members, certificate)
        plain = strict_object(_decoded(members["payload"]))
    except TrustListRefused as error:
        raise refused("malformed", detail="not JSON") from error
    header, body = _header(plain)
    anchor = _anchor(certificate, (header.as_of, now), believed, material)
    return replace(header, anchor=anchor), body


def _signer(head: Mapping[str, Any]) -> x509.Certificate:
    chain = head.get("x5c")
    good = head.keys() == {"alg", "typ", "x5c"} and head["alg"] == "ES256" and head["typ"] == TYPE
    if not good or not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise refused("malformed", detail="header")
    try:
        found = certificate_from(b64decode(chain[0], validate=True))
        purposes = extensions_of(found).get_extension_for_class(x509.ExtendedKeyUsage)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise refused("certificate") from error
    if [item.dotted_string for item in purposes.value] != [SNAPSHOT_PURPOSE]:
        raise refused("certificate")
    return found


def _check_signature(members: Mapping[str, Any], certificate: x509.Certificate) -> None:
    raw = _decoded(members["signature"])
    signed = f"{members['protected']}.{members['payload']}".encode()
    r, s = int.from_bytes(raw[:HALF]), int.from_bytes(raw[HALF:])
    try:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or len(raw) != 2 * HALF:
            raise refused("signature")
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise refused("signature") from error


def _anchor(
    certificate: x509.Certificate,
    moments: tuple[datetime, ...],
    believed: TrustList,
    material: TrustMaterial,
) -> str:
    """Hex SHA-256 of the root that issued the signer and that the list believes."""
    for der in believed.anchors(Use.REPORT):
        root = x509.load_der_x509_certificate(der)
        sha256 = hashlib.sha256(der).hexdigest()
        if not _issued_by(certificate, root):
            continue
        if any(believed.refusal(sha256, Use.REPORT, moment, "", "") for moment in moments):
            continue
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        valid = all(first <= moment <= last for moment in moments)
        if not valid or _revoked(certificate, root, material):
            raise refused("signer-ended")
        return sha256
    raise refused("signer")


def _issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _revoked(
    certificate: x509.Certificate, root: x509.Certificate, material: TrustMaterial
) -> bool:
    """Whether a list of that root names it: a key that was revoked vouches for no day at all."""
    key: Any = root.public_key()
    lists = (x509.load_der_x509_crl(der) for der in material.crls)
    return any(
        listed.issuer == root.subject
        and listed.is_signature_valid(key)
        and listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
        for listed in lists
    )


def _header(plain: Mapping[str, Any]) -> tuple[SnapshotHeader, Body]:
    if plain.keys() != _PAYLOAD or plain["format"] != _FORMAT:
        raise refused("malformed", detail="format")
    try:
        header = SnapshotHeader(
            node=str(plain["node"]),
            as_of=_instant(plain["as_of"]),
            next_update=_instant(plain["next_update"]),
            count=int(plain["count"]),
            issuers=frozenset(str(code) for code in plain["issuers"]),
        )
        body = Body(int(plain["octets"]), str(plain["sha256"]))
    except (ValueError, TypeError) as error:
        raise refused("malformed", detail="header") from error
    return header, body


def _instant(text: object) -> datetime:
    return datetime.strptime(str(text), _INSTANT).replace(tzinfo=UTC)


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: object) -> bytes:
    """Base64url in the one way to write it.

    Raises:
        SnapshotRefused: it is none.
    """
    try:
        content = urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except ValueError as error:
        raise refused("malformed", detail="not base64url") from error
    if encoded(content) != text:
        raise refused("malformed", detail="not base64url")
    return content
