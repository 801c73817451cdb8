"""Merkle trees of RFC 6962 section 2.1: one digest over many lines, and short proofs for one.

A leaf is hashed behind 0x00 and an inner node behind 0x01, so that neither can stand for the other.
"""

import hashlib
from collections.abc import Sequence

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(line: bytes) -> bytes:
    """MTH of a list of one entry."""
    return hashlib.sha256(_LEAF + line).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of entries given by their leaf hashes; of none at all, SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # An odd one out rises as it is: the same tree as splitting at the largest power of two.
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
