"""What is revoked: an entry stays for ever, and may only turn out graver than it was thought."""

from dataclasses import replace

from keys.profiles import Revoked

__all__ = ["with_entry"]


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
