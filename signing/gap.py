"""The seam of sealing: a writer leaves a gap and gives the digest, `finish` fills the gap.

Two writers stand behind it: `signing.writer` for pages that this service rendered,
`signing.outside` for all other PDFs. The CMS is none of their business, so no dry run and no second
signature happen.
Files go through it in pieces: each octet is hashed once for the signature and the file's own digest
together, and copied once, when the file is whole.
"""

from __future__ import annotations

from binascii import hexlify
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from certlib.errors import SealMismatch
from certlib.ports import ValidationMaterial
from signing.rendered import Structure

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["PreparedSeal", "SealProfile", "SealedFile", "finish"]


class SealProfile(NamedTuple):
    """What the sealing revision says.

    Attributes:
        elements: `Content.as_json()`, laid into the XMP packet; empty leaves the packet alone.
        moment: claimed signing time, `/M`; aware.
        reserved: bytes kept for the CMS (the gap holds twice as many hexadecimal digits).
        store: validation material, laid into the same revision (B-LT); None for none.
    """

    elements: dict[str, Any]
    moment: datetime
    reserved: int
    store: ValidationMaterial | None = None


class SealedFile(NamedTuple):
    """A whole file in its pieces.

    Attributes:
        pieces: in their order.
        state: SHA-256 that has seen all of them; `copy` it before it sees more.
        structure: what the next revision must know, where the own writer has written this one.
    """

    pieces: tuple[bytes, ...]
    state: _Hash
    structure: Structure | None = None

    @property
    def pdf(self) -> bytes:
        """The file."""
        return b"".join(self.pieces)

    @property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return self.state.hexdigest()


class PreparedSeal(NamedTuple):
    """A file with an empty gap.

    Attributes:
        pieces: what stands before the gap.
        tail: what follows it.
        room: how many bytes of CMS the gap holds.
        state: SHA-256 that has seen `pieces`.
        digest: SHA-256 of everything outside the gap: what is signed.
        structure: as of `SealedFile`.
    """

    pieces: tuple[bytes, ...]
    tail: bytes
    room: int
    state: _Hash
    digest: bytes
    structure: Structure | None = None


def finish(prepared: PreparedSeal, cms: bytes) -> SealedFile:
    """The sealed file: lower-case digits, zeros up to the end of the gap.

    Raises:
        SealMismatch: the CMS does not fit; compare with `PreparedSeal.room` first.
    """
    if len(cms) > prepared.room:
        raise SealMismatch(what="reserve")
    gap = b"<%b>" % hexlify(cms).ljust(2 * prepared.room, b"0")
    state = prepared.state.copy()
    state.update(gap)
    state.update(prepared.tail)
    return SealedFile((*prepared.pieces, gap, prepared.tail), state, prepared.structure)
