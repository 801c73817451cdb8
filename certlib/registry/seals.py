"""The history in sealed batches, provable without the database."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from certlib.canonical import canonical_bytes

KEPT_FORMAT = 1
"""Of what is kept of a batch outside the database (docs/storage.md)."""
TREE = "rfc6962-sha256"
"""How `root` is made: leaves are the canonical lines of the records."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the seal of a batch covers.

    Attributes:
        number: 1, 2, 3, … without a gap.
        first, last: sequences of the records in it.
        root: hex Merkle root over their canonical lines.
        head: digest of the last record: the end of the chain when it was sealed.
        previous: digest of the batch before, "" in the first.
        certificate: hex SHA-256 of the X.509 certificate (DER) whose key seals.
    """

    number: int
    first: int
    last: int
    root: str
    head: str
    previous: str
    sealed_at: datetime
    node: str
    certificate: str

    @property
    def count(self) -> int:
        """How many records it holds."""
        return self.last - self.first + 1

    def as_json(self) -> Mapping[str, Any]:
        """Its members as they are signed."""
        return {
            "batch": self.number,
            "certificate": self.certificate,
            "count": self.count,
            "first": self.first,
            "head": self.head,
            "last": self.last,
            "node": self.node,
            "previous": self.previous,
            "root": self.root,
            "sealed_at": self.sealed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tree": TREE,
        }

    def canonical(self) -> bytes:
        """The octets that are signed."""
        return canonical_bytes(self.as_json())


def batch_digest(header: bytes, signature: bytes) -> bytes:
    """What the timestamp covers and the next batch names: SHA-256 of header and signature."""
    return hashlib.sha256(header + signature).digest()


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch with its seal.

    Attributes:
        certificate: X.509 certificate of the sealing key, DER.
        signature: over `header.canonical()`, with that key.
        token: RFC 3161 token (DER) over `digest`.
    """

    header: BatchHeader
    certificate: bytes
    signature: bytes
    token: bytes

    @property
    def digest(self) -> str:
        """Hex; the next batch names it."""
        return batch_digest(self.header.canonical(), self.signature).hex()

    def kept(self) -> bytes:
        """What is kept of it in the object store: all that proves its records; no record."""
        said = {
            "batch": self.header.number,
            "certificate": b64encode(self.certificate).decode(),
            "format": KEPT_FORMAT,
            "header": self.header.canonical().decode(),
            "signature": b64encode(self.signature).decode(),
            "timestamp": b64encode(self.token).decode(),
        }
        return canonical_bytes(said)


def batch_name(number: int) -> str:
    """Name of a batch in the object store."""
    return f"history/{number:010d}.json"


def batch_number(name: str) -> int:
    """The number of the batch that has this name."""
    return int(name.removeprefix("history/").removesuffix(".json"))


@dataclass(frozen=True, slots=True)
class HistoryTail:
    """What no seal covers yet.

    Attributes:
        batches: how many batches there are.
        records: how many records wait; `since`: when the oldest of them was written.
    """

    batches: int
    records: int
    since: datetime | None


class SealedHistoryReads(Protocol):
    """What can be asked."""

    def last_batch(self) -> SealedBatch | None: ...
    def batches(self, after: int = 0, limit: int = 100) -> Sequence[SealedBatch]:
        """Batches whose number is above `after`, in order."""
        ...

    def history_tail(self) -> HistoryTail: ...


class SealedHistoryWrites(SealedHistoryReads, Protocol):
    """What can be kept."""

    def add_batch(self, batch: SealedBatch) -> None:
        """Keeps a batch for ever.

        Raises:
            Conflict: another process has sealed those records.
        """
        ...
