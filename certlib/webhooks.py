"""Webhooks as the Standard Webhooks specification 1.0 has them: secrets, signatures, retries.

A receiver checks `webhook-signature` against the octets it got, drops a `webhook-id` that it has
seen, and refuses a `webhook-timestamp` that is old.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

ISSUED: Final = "certificate.issued"
STATE_CHANGED: Final = "certificate.state-changed"
PAPER_CHANGED: Final = "certificate.paper-changed"
CHANGED: Final = "certificate.changed"
EVERY: Final = "certificate.*"
TEST: Final = "webhook.test"
TOPICS: Final[Mapping[str, tuple[str, str]]] = {
    ISSUED: ("签发", "a certificate was issued"),
    STATE_CHANGED: ("状态变更", "its state changed"),
    PAPER_CHANGED: ("纸质证照变更", "its paper twin changed"),
    CHANGED: ("其他登记变更", "anything else on its record changed"),
    EVERY: ("以上全部", "all of these"),
}
"""What can be subscribed to, in Chinese and English."""

SECRET_OCTETS: Final = 32
"""The specification asks for 24 to 64."""
MOST_ATTEMPTS: Final = 12
"""With the delays below: about 22 hours from the first to the last."""

_PREFIX: Final = "whsec_"
_FIRST_SECONDS: Final = 5
_GROWTH: Final = 3
_LONGEST_SECONDS: Final = 21_600
_SPREAD: Final = 0.2
_EVENT_DIGITS: Final = 32


def secret_from(octets: bytes) -> str:
    """A signing secret as the specification writes it."""
    return _PREFIX + base64.b64encode(octets).decode("ascii")


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 over `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{event_id}.{timestamp}.".encode("ascii") + body
    code = hmac.digest(key, signed, hashlib.sha256)
    return "v1," + base64.b64encode(code).decode("ascii")


def headers(
    secrets: Iterable[str], event_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """The three headers of a delivery; while a secret is replaced, one signature by each."""
    signed = " ".join(signature(secret, event_id, timestamp, body) for secret in secrets)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }


def event_id(identifier: str, row_version: int) -> str:
    """The same for every delivery of an event, to whomever: receivers drop repeats by it.

    Without a full stop: it stands between full stops in what is signed.
    """
    text = f"{identifier}:{row_version}".encode()
    return "evt_" + hashlib.sha256(text).hexdigest()[:_EVENT_DIGITS]


def delivery_id(webhook_id: str, event: str) -> str:
    """One id for one event and one webhook, so that there is one delivery at most."""
    digest = hashlib.sha256(f"{webhook_id}:{event}".encode()).hexdigest()
    return "dlv_" + digest[:_EVENT_DIGITS]


def wants(subscribed: Iterable[str], topic: str) -> bool:
    """Whether somebody who subscribed to these is told of `topic`."""
    asked = frozenset(subscribed)
    return topic in asked or (EVERY in asked and topic.startswith("certificate."))


def delay(attempts: int, chance: float) -> float:
    """Seconds until the next attempt after so many failed ones.

    Exponential, at most six hours; `chance` (0 to 1) spreads them by a fifth both ways, so that
    a receiver that comes back is not met by everything at once.
    """
    plain = min(_FIRST_SECONDS * _GROWTH ** max(attempts - 1, 0), _LONGEST_SECONDS)
    return float(plain * (1 + _SPREAD * (2 * chance - 1)))
