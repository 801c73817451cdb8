"""A receipt as JSON: a JWS (RFC 7515, flattened) with the signature timestamp of JAdES beside it.

    {"payload": "…", "protected": "…", "signature": "…", "header": {"etsiU": [{"sigTst": …}]}}

The protected header holds `alg`, `typ` and `x5c`, and nothing else. The timestamp (ETSI TS 119
182-1, 5.3.4) is laid over the signature as it stands here, in base64url: years later it proves that
the signature was made while the key was good.
"""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certlib.canonical import canonical_bytes
from certlib.errors import KeyUnusable
from certlib.ports import KeyHandle, TimestampSource

__all__ = ["encoded", "signed_json", "with_timestamp"]

_ALGORITHMS: Final[Mapping[str, str]] = {
    "ecdsa-p256-sha256": "ES256",
    "rsa-3072-sha256": "RS256",
}
"""`alg` of each algorithm of a key."""
_COORDINATE: Final = 32


def signed_json(payload: bytes, kind: str, key: KeyHandle, timestamps: TimestampSource) -> bytes:
    """`payload` as a JWS of the type `kind`, stamped, in canonical form.

    Raises:
        KeyUnusable: a key of another algorithm.
        SigningUnavailable: key or timestamp authority does not answer.
    """
    algorithm = _ALGORITHMS.get(key.algorithm)
    if algorithm is None:
        raise KeyUnusable(what=key.algorithm)
    header = {
        "alg": algorithm,
        "typ": kind,
        "x5c": [b64encode(der).decode() for der in key.chain],
    }
    protected, body = encoded(canonical_bytes(header)), encoded(payload)
    signature = key.sign(f"{protected}.{body}".encode())
    raw = encoded(_fixed(signature) if algorithm == "ES256" else signature)
    token = timestamps.token(hashlib.sha256(raw.encode()).digest(), "sha256")
    members = {"payload": body, "protected": protected, "signature": raw}
    return canonical_bytes(with_timestamp(members, token)) + b"\n"


def with_timestamp(members: Mapping[str, str], token: bytes) -> dict[str, Any]:
    """The members of a JWS, and beside them its signature timestamp."""
    stamp = {"sigTst": {"tstTokens": [{"val": b64encode(token).decode()}]}}
    return {**members, "header": {"etsiU": [stamp]}}


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def _fixed(signature: bytes) -> bytes:
    """ECDSA-Sig-Value as RFC 7518, 3.4 wants it: r and s, 32 octets each."""
    return b"".join(part.to_bytes(_COORDINATE) for part in decode_dss_signature(signature))
