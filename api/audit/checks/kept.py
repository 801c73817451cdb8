"""INV-7: sealed batches once more, as the object store keeps them beside the database.

Whoever owns the database alone can delete every seal in it and write a history of his own; what
the store keeps of each batch (docs/storage.md) he cannot. Names were listed before the snapshot,
and a batch's row is committed before its object is put: whatever was listed is on record.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.audit.batches import Batch, Fault
from api.audit.canonical import canonical
from api.audit.objects import Objects, Stored
from api.audit.unsealing import DoesNotOpen, Opener

_FORMAT = 1
_DIFFERS = ("batch-differs", "与对象存储中留存的批次不同", "another batch is kept in the store")
_MISSING = ("batch-not-kept", "对象存储中没有留存该批次", "the store does not keep this batch")
_UNLOCKED = ("batch-not-locked", "留存的批次未锁定", "the kept batch is not locked in its store")
_GONE = (
    "batch-unrecorded",
    "对象存储留存了该批次，登记中没有",
    "kept in the store, and not on record",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is old enough to be complained of.

    Attributes:
        now: the instant of the audit.
        patience: how long a record may wait for its seal, a seal for its object and its lock.
    """

    now: datetime
    patience: timedelta

    def over(self, at: str) -> bool:
        """Whether an instant (ISO text) is further back than that."""
        since = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return self.now - since > self.patience


class KeptBatches:
    """Holds batches on record against those that the store keeps.

    Args:
        objects: the store.
        listed: names with the versions there are of each.
        waiting: names that wait for their lock.
    """

    def __init__(
        self,
        objects: Objects,
        listed: Mapping[str, Sequence[str]],
        opener: Opener,
        waiting: AbstractSet[str],
        bounds: Bounds,
    ) -> None:
        self._objects = objects
        self._listed = listed
        self._opener = opener
        self._waiting = waiting
        self._bounds = bounds
        self._left = set(listed)

    def take(self, batch: Batch, sealed_at: str, *, read: bool) -> Iterator[Fault]:
        """What is wrong with what is kept of a batch on record; `read`: look into it too."""
        name = name_of(batch.number)
        self._left.discard(name)
        if not read:
            return
        stored = self._objects.read(name)
        if stored is None and self._bounds.over(sealed_at):
            yield _MISSING
        versions = self._listed.get(name, ())
        several = len(versions) > 1 or stored is None
        others = (self._objects.read(name, version) for version in versions if several)
        expected = content_of(batch)
        for item in (stored, *others):
            if item is not None and self._opened(item, name) != expected:
                yield _DIFFERS
                break
        locked = stored is None or stored.locked is not False or name in self._waiting
        if not locked and self._bounds.over(sealed_at):
            yield _UNLOCKED

    def left(self) -> Iterator[tuple[str, Fault]]:
        """Names that are kept, and that nothing on record stands for."""
        yield from ((name, _GONE) for name in sorted(self._left))

    def _opened(self, stored: Stored, name: str) -> bytes | None:
        if stored.damaged:
            return None
        try:
            return self._opener.stored(stored.octets, name, sealed=stored.sealed)
        except DoesNotOpen:
            return None


def name_of(number: int) -> str:
    """The name of a batch in the store."""
    return f"history/{number:010d}.json"


def content_of(batch: Batch) -> bytes:
    """What is kept of a batch."""
    said = {
        "batch": batch.number,
        "certificate": b64encode(batch.certificate).decode(),
        "format": _FORMAT,
        "header": batch.header.decode(),
        "signature": b64encode(batch.signature).decode(),
        "timestamp": b64encode(batch.token).decode(),
    }
    return canonical(said)
