"""Notifications of the library: whose they are, and what they say (Standard Webhooks)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from certlib_client.errors import WebhookRejected
from certlib_client.models import WebhookEvent

_PREFIX = "whsec_"
_VERSION = "v1"
TOLERANCE = 300
"""Seconds by which the sender's clock may differ from the receiver's."""


def read_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    *,
    now: datetime | None = None,
    tolerance: int = TOLERANCE,
) -> WebhookEvent:
    """The event in a notification.

    Args:
        headers: `webhook-id`, `webhook-timestamp` and `webhook-signature`, in any case.
        body: exactly as it came: one byte read and written differently spoils the signature.
        secret: as the library told it once, `whsec_…`.
        now: the receiver's time (aware).
        tolerance: seconds.

    Raises:
        WebhookRejected: not the library's, altered, or too old: answer 400 and keep nothing.
    """
    found = {name.lower(): value for name, value in headers.items()}
    event_id, stamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not event_id or not (stamp.isascii() and stamp.isdecimal()):
        raise WebhookRejected("headers are missing or malformed")
    age = (now or datetime.now(UTC)).timestamp() - int(stamp)
    if abs(age) > tolerance:
        raise WebhookRejected("too old, or from the future")
    if not _signed(
        found.get("webhook-signature", ""), f"{event_id}.{stamp}.".encode() + body, secret
    ):
        raise WebhookRejected("no signature fits")
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise WebhookRejected("the body is no JSON") from error
    return WebhookEvent(event_id, datetime.fromtimestamp(int(stamp), UTC), payload)


def _signed(signatures: str, message: bytes, secret: str) -> bool:
    """Whether one of the signatures is ours; while a secret is replaced there are two."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WebhookRejected("the secret is malformed") from error
    expected = base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
    given = [item.partition(",") for item in signatures.split()]
    fits = [
        hmac.compare_digest(expected.encode(), value.encode())
        for version, _, value in given
        if version == _VERSION
    ]
    return any(fits)
