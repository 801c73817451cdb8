"""Trust in a folder, for readers that have no keys: what `certlib verify` believes.

Either a signed list, `trust-list.json` (see `keys.trust_list`), with revocation lists in
`crls/*.crl` and OCSP answers in `ocsps/*.ocsp`; or, without signature and limits, two files that
whoever owns the folder wrote:

`trust.pem` is a bundle of X.509 certificates and CRLs; `trust.json` names what each anchor is for:

    {"format": 1, "anchors": [{"sha256": "…", "subject": "…", "purposes": ["seal", "timestamp"]}]}

An X.509 certificate in the bundle that no anchor names is not believed: it only helps to build a
path to an anchor.
"""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import Corrupt, SigningUnavailable
from certlib.ports import TrustMaterial
from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.trust_errors import refused
from keys import files
from keys.certificates import certificate_from, crl_from
from keys.trust_crls import ANSWERS, CrlFolder
from keys.trust_list import LIMIT, believed
from keys.trust_memory import Memory

__all__ = [
    "CRL_FOLDER",
    "LIST_NAME",
    "MEMORY_NAME",
    "OCSP_FOLDER",
    "load_trust",
    "material_of",
    "open_trust",
    "save_trust",
]

LIST_NAME: Final = "trust-list.json"
MEMORY_NAME: Final = "trust-list.seen"
CRL_FOLDER: Final = "crls"
OCSP_FOLDER: Final = "ocsps"

_FORMAT: Final = 1
_PURPOSES: Final = frozenset({"seal", "timestamp"})
_BLOCK: Final = re.compile(
    rb"-----BEGIN (?P<kind>CERTIFICATE|X509 CRL)-----\s+(?P<body>[A-Za-z0-9+/=\s]+?)"
    rb"-----END (?P=kind)-----"
)


def save_trust(folder: Path, material: TrustMaterial) -> None:
    """Writes both files, each in one step; the bundle first, so that no name lacks its anchor.

    Raises:
        SigningUnavailable: the folder cannot be written.
        Corrupt: `material` holds something else than X.509 certificates and CRLs.
    """
    purposes: dict[bytes, list[str]] = {}
    for purpose, anchors in (
        ("seal", material.seal_anchors),
        ("timestamp", material.timestamp_anchors),
    ):
        for der in anchors:
            purposes.setdefault(der, []).append(purpose)
    carried = [*purposes, *(der for der in material.issuers if der not in purposes)]
    bundle = [_certificate(der).public_bytes(Encoding.PEM) for der in carried]
    bundle += [_crl(der).public_bytes(Encoding.PEM) for der in material.crls]
    entries = [
        {
            "sha256": sha256(der).hexdigest(),
            "subject": _certificate(der).subject.rfc4514_string(),
            "purposes": named,
        }
        for der, named in purposes.items()
    ]
    names = json.dumps({"format": _FORMAT, "anchors": entries}, ensure_ascii=False, indent=2)
    files.make_folder(folder)
    files.replace(folder / "trust.pem", b"".join(bundle))
    files.replace(folder / "trust.json", names.encode() + b"\n")


def load_trust(folder: Path) -> TrustMaterial:
    """What `save_trust`, or an operator, wrote.

    Raises:
        SigningUnavailable: a file cannot be read.
        Corrupt: a file is missing or malformed, or an anchor is not in the bundle.
    """
    certificates, crls = _bundle(_stored(folder / "trust.pem"))
    anchors: dict[str, list[bytes]] = {purpose: [] for purpose in _PURPOSES}
    for fingerprint, purposes in _names(_stored(folder / "trust.json")):
        der = certificates.get(fingerprint)
        if der is None:
            raise Corrupt(what=f"trust.pem: anchor {fingerprint[:16]} is missing")
        for purpose in purposes:
            anchors[purpose].append(der)
    named = {der for found in anchors.values() for der in found}
    issuers = tuple(der for der in certificates.values() if der not in named)
    return TrustMaterial(tuple(anchors["seal"]), tuple(anchors["timestamp"]), crls, issuers)


def open_trust(folder: Path, signers: frozenset[str]) -> tuple[TrustList, TrustMaterial]:
    """What a folder says, in either form: who is believed for what, and what paths are built of.

    Args:
        folder: as `certlib verify --trust` names it.
        signers: who may have signed the list, as `keys.trust_list.believed` wants them. Whoever
            names one has a signed list or nothing: `trust.pem` does not stand in for it.

    Raises:
        TrustListRefused: a list that nobody here may believe, one without any signer named, or a
            file that cannot be read.
        Corrupt: a file is missing or malformed.
    """
    try:
        return _opened(folder, signers)
    except SigningUnavailable as error:
        # What lies here is nobody's keys: whoever reads the sentence wants to verify.
        raise refused("unreadable") from error


def _opened(folder: Path, signers: frozenset[str]) -> tuple[TrustList, TrustMaterial]:
    path = folder / LIST_NAME
    if not signers and not path.exists():
        material = load_trust(folder)
        return _unlimited(folder, material), material
    content = files.read(path, most=LIMIT + 1)
    if content is None:
        raise refused("missing")
    signed = believed(content, signers)
    Memory(folder / MEMORY_NAME).keep(signed)
    crls = CrlFolder(folder / CRL_FOLDER).load()
    for name in crls.bad:
        raise Corrupt(what=f"{CRL_FOLDER}/{name}: not a CRL")
    ocsps = CrlFolder(folder / OCSP_FOLDER, ANSWERS).load()
    for name in ocsps.bad:
        raise Corrupt(what=f"{OCSP_FOLDER}/{name}: not an OCSP answer")
    return signed.found, material_of(signed.found, crls.lists, ocsps.lists)


def material_of(
    found: TrustList, crls: tuple[bytes, ...], ocsps: tuple[bytes, ...] = ()
) -> TrustMaterial:
    """What readers build paths of: every anchor of the list, whatever its limits are."""
    seals = dict.fromkeys((*found.anchors(Use.SEAL), *found.anchors(Use.REPORT)))
    stamps = found.anchors(Use.TIMESTAMP)
    return TrustMaterial(tuple(seals), stamps, crls, found.helpers, ocsps)


def _unlimited(folder: Path, material: TrustMaterial) -> TrustList:
    """The folder's anchors as a list of version 0: no limits, no signature, never stale."""
    uses: dict[bytes, set[Use]] = {}
    for use, anchors in (
        (Use.SEAL, material.seal_anchors),
        (Use.REPORT, material.seal_anchors),
        (Use.TIMESTAMP, material.timestamp_anchors),
    ):
        for der in anchors:
            uses.setdefault(der, set()).add(use)
    written = datetime.fromtimestamp((folder / "trust.json").stat().st_mtime, UTC)
    entries = tuple(_anchor(der, named, material.issuers) for der, named in uses.items())
    return TrustList(0, written, None, "", entries)


def _anchor(der: bytes, uses: set[Use], helpers: tuple[bytes, ...]) -> TrustedAuthority:
    certificate = _certificate(der)
    name = certificate.subject.rfc4514_string()
    none: frozenset[str] = frozenset()
    since = certificate.not_valid_before_utc
    return TrustedAuthority(name, name, der, frozenset(uses), none, none, since, None, helpers)


def _stored(path: Path) -> bytes:
    content = files.read(path)
    if content is None:
        raise Corrupt(what=f"{path.name}: missing")
    return content


def _bundle(pem: bytes) -> tuple[dict[str, bytes], tuple[bytes, ...]]:
    blocks = [_block(found) for found in _BLOCK.finditer(pem)]
    if pem.count(b"-----BEGIN ") != len(blocks):
        raise Corrupt(what="trust.pem: something else than X.509 certificates and CRLs")
    certificates, crls = {}, []
    for kind, der in blocks:
        if kind == b"CERTIFICATE":
            _certificate(der)
            certificates[sha256(der).hexdigest()] = der
        else:
            _crl(der)
            crls.append(der)
    return certificates, tuple(crls)


def _block(found: re.Match[bytes]) -> tuple[bytes, bytes]:
    try:
        return found["kind"], b64decode(b"".join(found["body"].split()), validate=True)
    except Base64Error as error:
        raise Corrupt(what="trust.pem: not base64") from error


def _names(text: bytes) -> list[tuple[str, frozenset[str]]]:
    try:
        content: dict[str, Any] = json.loads(text)
        entries = [
            (str(entry["sha256"]).lower(), frozenset(entry["purposes"]))
            for entry in content["anchors"]
        ]
        known = content["format"] == _FORMAT and all(named <= _PURPOSES for _, named in entries)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Corrupt(what="trust.json: malformed") from error
    if not known:
        raise Corrupt(what="trust.json: another format, or an unknown purpose")
    return entries


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return certificate_from(der)
    except ValueError as error:
        raise Corrupt(what="trust anchors: not an X.509 certificate") from error


def _crl(der: bytes) -> x509.CertificateRevocationList:
    try:
        return crl_from(der)
    except ValueError as error:
        raise Corrupt(what="trust anchors: not a CRL") from error
