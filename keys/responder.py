"""Certificates of OCSP responders: one for each authority, short-lived, renewed by the worker.

RFC 6960 section 4.2.2.2: issued by the very authority that it answers for, for id-kp-OCSPSigning.
Nobody asks whether it is revoked (id-pkix-ocsp-nocheck), so it lives for days, not years. A new
key comes with the year.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from keys.profiles import Issuer, Term, issued_for
from keys.register import Member, Register
from keys.renewal import ahead
from keys.revocation_lists import Certified, authorities, certified

__all__ = ["DAYS", "PURPOSE", "due", "ended", "key_name", "responder_certificate", "without"]

DAYS: Final = 14
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
PURPOSE: Final = "ocsp"
"""What the names of the keys begin with."""


def responder_certificate(
    issuer: Issuer, key: CertificatePublicKeyTypes, name: x509.Name, term: Term
) -> x509.Certificate:
    """Signs OCSP answers and nothing else; names no list and no responder of its own."""
    only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = issued_for(issuer, name, key, term).add_extension(only, critical=True)
    return builder.add_extension(x509.OCSPNoCheck(), critical=False).sign(
        issuer.key, hashes.SHA256()
    )


def key_name(authority: Member, now: datetime) -> str:
    """The key of that authority's responder in this year."""
    return f"{PURPOSE}-{authority.key}-{now.year}"


def due(register: Register, now: datetime) -> Iterator[Member]:
    """Authorities that have no responder, or whose responder has lived for half of its time.

    One whose time has not come was appointed by a wrong clock: its answers would be believed by
    nobody, and it is as good as none.
    """
    half = timedelta(days=DAYS) / 2
    for authority in authorities(register):
        told = certified(authority.certificate)
        # Near the authority's own end its responders live shorter: half of what is left.
        left = min(half, (told.not_after - now) / 2)
        if told.not_after > now and _end(register, told, now) - now <= left:
            yield authority


def ended(register: Register, now: datetime) -> bool:
    """Whether an authority in use has no responder that may sign now."""
    used = (register.root, register.issuing)
    ends = (_end(register, certified(item.certificate), now) for item in used)
    return min(ends) <= now


def without(register: Register, authority: Member) -> tuple[Member, ...]:
    """The responders of the others."""
    key = certified(authority.certificate).subject_key
    return tuple(one for one in register.responders if certified(one.certificate).issuer != key)


def _end(register: Register, authority: Certified, now: datetime) -> datetime:
    """Until when its responder signs; long ago where it has none that signs now."""
    told = (certified(item.certificate) for item in register.responders)
    own = (item for item in told if item.issuer == authority.subject_key)
    # Where the authority itself has not begun, no responder that is appointed now would begin.
    hopeless = ahead(authority.not_before, now)
    ends = (item.not_after for item in own if hopeless or not ahead(item.not_before, now))
    return max(ends, default=_LONG_AGO)
