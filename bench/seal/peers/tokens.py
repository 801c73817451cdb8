"""The key in SoftHSM2, and the token's own rate."""

from bench.seal.peers.lanes import Lane


def lanes(page: bytes, content) -> dict[str, Lane]:  # noqa: ARG001
    """Both lanes; `n/a` while keys do not lie in tokens."""
    reason = "no keys in tokens yet"
    return {
        "raw token": Lane("raw ECDSA P-256, SoftHSM2", None, reason=reason),
        "token": Lane("B-B, key in SoftHSM2", None, reason=reason),
    }
