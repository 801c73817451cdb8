"""The declared forms of texts that a signer signs: it takes each apart and makes it again.

A text is signed only if it is, octet for octet, what this release would have written of what it
says; so no key of the authority says anything that its purpose does not have words for.
"""

import hashlib
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from certlib import receipts
from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from certlib.ports import KeyHandle
from certlib.registry.seals import TREE
from certlib.signer_errors import SignatureRefused
from keys import algorithms, snapshot_head

__all__ = ["HISTORY", "REPORT", "SNAPSHOT", "check_text"]

HISTORY: Final = "history"
REPORT: Final = "report"
SNAPSHOT: Final = "snapshot"
_TOLERANCE: Final = timedelta(minutes=5)
_HEADS: Final = frozenset(
    {
        *("batch", "certificate", "count", "first", "head", "last"),
        *("node", "previous", "root", "sealed_at", "tree"),
    }
)
_RECEIPTS: Final = frozenset(
    {
        *("receipt", "number", "made_at", "node", "asked_by", "question", "target", "report"),
        *("verify_url", "demonstration", "signed"),
    }
)
_SNAPSHOTS: Final = frozenset(
    {"format", "node", "as_of", "next_update", "count", "octets", "sha256", "issuers"}
)
_JWS: Final[Mapping[str, str]] = {algorithms.ECDSA_P256: "ES256", algorithms.RSA_3072: "RS256"}


def check_text(purpose: str, text: bytes, key: KeyHandle, node: str, now: datetime) -> None:
    """Accepts a text that `key` may sign for `purpose` at this node and moment.

    Raises:
        SignatureRefused: any other text, or a purpose without texts.
    """
    check = _FORMS.get(purpose)
    if check is None:
        raise SignatureRefused(what="purpose without a declared form")
    try:
        held = check(text, key, node, now)
    except (ValueError, KeyError, TypeError, RecursionError, Unsupported):
        held = False
    if not held:
        raise SignatureRefused(what=f"no {purpose} of a declared form")


def _history(text: bytes, key: KeyHandle, node: str, now: datetime) -> bool:
    """The header of a sealed batch (`certlib.registry.seals.BatchHeader`)."""
    head = _canonical(text, _HEADS)
    ours = head["tree"] == TREE and head["node"] == node and head["certificate"] == _print(key)
    return (
        ours
        and _near(head["sealed_at"], now)
        and head["batch"] >= 1
        and 1 <= head["first"] <= head["last"]
        and head["count"] == head["last"] - head["first"] + 1
        and _is_digest(head["root"])
        and _is_digest(head["head"])
        and (_is_digest(head["previous"]) if head["batch"] > 1 else head["previous"] == "")
    )


def _report(text: bytes, key: KeyHandle, node: str, now: datetime) -> bool:
    """A receipt as a JWS of its own type."""
    said = _payload(text, receipts.TYPE, key, _RECEIPTS)
    known = said["receipt"] == receipts.FORMAT and said["signed"] is True
    return known and said["node"] == node and _near(said["made_at"], now)


def _snapshot(text: bytes, key: KeyHandle, node: str, now: datetime) -> bool:
    """The head of a status snapshot as a JWS of its own type; its lines take time to write."""
    said = _payload(text, snapshot_head.TYPE, key, _SNAPSHOTS)
    moment = _instant(said["as_of"])
    return (
        said["node"] == node
        and _is_digest(said["sha256"])
        and now - timedelta(days=1) <= moment <= now + _TOLERANCE
    )


_FORMS: Final[Mapping[str, Callable[[bytes, KeyHandle, str, datetime], bool]]] = {
    HISTORY: _history,
    REPORT: _report,
    SNAPSHOT: _snapshot,
}


def _canonical(text: bytes, members: frozenset[str]) -> dict[str, Any]:
    """The members of a canonical JSON object that has these and no others."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.keys() != members or canonical_bytes(found) != text:
        raise ValueError
    return found


def _payload(text: bytes, kind: str, key: KeyHandle, members: frozenset[str]) -> dict[str, Any]:
    """What a JWS says whose header is the one that this key has for texts of this type."""
    protected, _, body = text.partition(b".")
    chain = [b64encode(der).decode() for der in key.chain]
    header = canonical_bytes({"alg": _JWS[key.algorithm], "typ": kind, "x5c": chain})
    payload = urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    if protected != _encoded(header) or body != _encoded(payload):
        raise ValueError
    return _canonical(payload, members)


def _encoded(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def _print(key: KeyHandle) -> str:
    return hashlib.sha256(key.chain[0]).hexdigest()


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found.astimezone(UTC)


def _near(text: str, now: datetime) -> bool:
    """The clocks of one machine agree; what waits for long is made anew."""
    return abs(_instant(text) - now) <= _TOLERANCE


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and text == bytes.fromhex(text).hex()  # noqa: PLR2004 - SHA-256
