"""When a key or a list of the authority is to be followed by another: by its times alone.

What begins in the future was made by a clock that was wrong: nobody believes it before its time
comes, which may be years. It is followed as if it had ended.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

__all__ = ["ahead", "runs_out"]

_LEAD: Final = timedelta(days=90)
_CLOCKS_APART: Final = timedelta(minutes=5)
"""How far two clocks that are both right may differ."""


def ahead(begins: datetime, now: datetime) -> bool:
    """Whether `begins` lies in the future, by more than clocks may differ."""
    return begins > now + _CLOCKS_APART


def runs_out(certificate: bytes, now: datetime) -> bool:
    """Whether the key of this X.509 certificate (DER) is to be followed by another."""
    found = x509.load_der_x509_certificate(certificate)
    return now > found.not_valid_after_utc - _LEAD or ahead(found.not_valid_before_utc, now)
