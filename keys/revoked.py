"""What is revoked: an entry stays for ever, and may only turn out graver than it was thought."""

from dataclasses import replace
from typing import Final

from certlib.errors import Unsupported
from keys.profiles import Revoked

__all__ = ["check_reason", "with_entry"]

_REASONS: Final = frozenset(
    {"unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"}
)


def check_reason(reason: str) -> None:
    """Raises `Unsupported` for what is no reason of RFC 5280 section 5.3.1 that seals may have."""
    if reason not in _REASONS:
        raise Unsupported(what=f"revocation reason {reason}")


def with_entry(revoked: tuple[Revoked, ...], entry: Revoked) -> tuple[Revoked, ...]:
    """`revoked` and `entry`; of one certificate there is one entry, the first.

    A key turns out to have been in other hands, or to have been so for longer: reason and
    invalidityDate (RFC 5280 section 5.3.2) follow, the day on which it was revoked stays.
    """
    known = next((item for item in revoked if item.serial == entry.serial), None)
    if known is None:
        return (*revoked, entry)
    since = entry.invalid_since
    if since is None or (known.invalid_since is not None and known.invalid_since <= since):
        return revoked
    graver = replace(known, reason=entry.reason, invalid_since=since)
    return tuple(graver if item is known else item for item in revoked)
