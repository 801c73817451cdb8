"""Merkle trees and inclusion proofs (RFC 6962 section 2.1, RFC 9162 section 2.1.3).

Written apart from the sealer: by the recursive definition, where that one works level by level.
"""

import hashlib
from collections.abc import Sequence


def leaf(line: bytes) -> bytes:
    """Hash of an entry."""
    return hashlib.sha256(b"\x00" + line).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of one entry or more, given by their leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(root(leaves[:split]), root(leaves[split:]))


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion proof of the entry at `index` (RFC 6962 section 2.1.1)."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(leaves[:split], index), root(leaves[split:])]
    return [*path(leaves[split:], index - split), root(leaves[:split])]


def root_by(entry: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to, or None when it does not fit (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last, made = index, size - 1, entry
    for sibling in proof:
        if last == 0:
            return None
        if node % 2 or node == last:
            made = _node(sibling, made)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            made = _node(made, sibling)
        node, last = node >> 1, last >> 1
    return made if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
