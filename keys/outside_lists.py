"""Revocation lists of others that the worker has fetched: looked at, then laid beside the rest.

What an address answers is a list only if an authority that this node believes has signed it, if it
holds now, and if it speaks of the same as the one that was here and is no older: nobody on the way
can take a revocation back (RFC 5280 section 6.3.3, and a rule of ours about going back).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import SigningUnavailable
from keys import files
from keys.certificates import certificate_from, crl_from

__all__ = ["LIMIT", "ListRefusedError", "due_of", "file_of", "holds", "keep"]

LIMIT: Final = 16_000_000
"""Octets of a list; a hundred thousand revoked certificates have four million."""
_AHEAD: Final = timedelta(minutes=5)
"""So much the clock of whoever signs may be ahead of ours."""


class ListRefusedError(Exception):
    """What was fetched does not take the place of what is here; its text is a short word."""


def file_of(folder: Path, url: str) -> Path:
    """Where the list of an address lies; names say nothing of the address."""
    return folder / f"fetched-{sha256(url.encode()).hexdigest()[:16]}.crl"


def due_of(path: Path) -> datetime | None:
    """When half of the life of the list that lies there has passed; None where none does."""
    kept = _kept(path)
    if kept is None or kept.next_update_utc is None:
        return None
    return kept.last_update_utc + (kept.next_update_utc - kept.last_update_utc) / 2


def holds(path: Path, now: datetime) -> bool:
    """Whether a list lies there that is in force."""
    kept = _kept(path)
    return kept is not None and (kept.next_update_utc is None or now < kept.next_update_utc)


def keep(path: Path, content: bytes, authorities: Iterable[bytes], now: datetime) -> bool:
    """Lays a fetched list into the folder, in one step; says whether it is another one.

    Args:
        path: as `file_of` names it.
        content: DER or PEM, by whomever.
        authorities: certificates of whoever may have signed it, DER.
        now: aware UTC.

    Raises:
        ListRefusedError: it is no list (`no-list`), of nobody who is believed (`signer`), not in
            force (`ended`, `not-yet`), or older than the one that is here (`older`), or speaks of
            others (`another`) while that one is in force.
        SigningUnavailable: the folder cannot be written.
    """
    found = _read(content)
    if not any(_signed(found, der) for der in authorities):
        raise ListRefusedError("signer")
    if found.last_update_utc > now + _AHEAD:
        raise ListRefusedError("not-yet")
    if found.next_update_utc is None or found.next_update_utc <= now:
        raise ListRefusedError("ended")
    kept = _kept(path)
    if kept is not None:
        same = (kept.issuer, _scope(kept)) == (found.issuer, _scope(found))
        # Any list that is believed would else be a step on the way back to an older one.
        if not same and _standing(kept, now):
            raise ListRefusedError("another")
        if same and _order(found) < _order(kept):
            raise ListRefusedError("older")
    if kept is not None and kept == found:
        return False
    files.make_folder(path.parent)
    files.replace(path, found.public_bytes(Encoding.DER))
    return True


def _read(content: bytes) -> x509.CertificateRevocationList:
    try:
        found = crl_from(content)
        _ = found.issuer, list(found.extensions)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise ListRefusedError("no-list") from None
    return found


def _kept(path: Path) -> x509.CertificateRevocationList | None:
    """What lies there, if it is a list at all."""
    try:
        content = files.read(path, most=LIMIT)
        return None if content is None else _read(content)
    except (ListRefusedError, SigningUnavailable):
        return None


def _standing(kept: x509.CertificateRevocationList, now: datetime) -> bool:
    return kept.next_update_utc is None or now < kept.next_update_utc


def _scope(found: x509.CertificateRevocationList) -> bytes:
    """Of which certificates it speaks (RFC 5280, 5.2.5); b"" of all of its issuer."""
    try:
        return found.extensions.get_extension_for_class(
            x509.IssuingDistributionPoint
        ).value.public_bytes()
    except x509.ExtensionNotFound:
        return b""


def _order(found: x509.CertificateRevocationList) -> tuple[datetime, int]:
    try:
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        number = 0
    return found.last_update_utc, number


def _signed(found: x509.CertificateRevocationList, der: bytes) -> bool:
    try:
        certificate = certificate_from(der)
        key = certificate.public_key()
        return certificate.subject == found.issuer and found.is_signature_valid(key)  # type: ignore[arg-type]  # others raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
