"""How much of a large library one audit looks at, and how it tells how far it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from api.audit.batches import header_of
from api.audit.database import Row, Snapshot

_T = TypeVar("_T")
_EVERY = 200
_FIRST = "SELECT MIN(sequence) AS sequence FROM audit_history WHERE at >= '{}'"
_BEFORE = "SELECT header FROM history_batches WHERE last_sequence < {} ORDER BY number DESC LIMIT 1"


class Progress(Protocol):
    """Is told from time to time."""

    def __call__(self, stage: str, done: int, of: int) -> None:
        """`done` of `of` things, 0 when nobody knows how many there are."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at.

    Attributes:
        since: instant (ISO text) from which on records and certificates are; "" for all.
        first: sequence of the first record to walk; it begins a batch.
        previous: digest of the record before.
    """

    since: str = ""
    first: int = 1
    previous: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.since

    def young(self, row: Row) -> bool:
        """Whether a row with `recorded_at` (and perhaps `changed_at`) is inside."""
        return bool(max(row["recorded_at"], row.get("changed_at", "")) >= self.since)


WHOLE = Scope()
"""Everything there is."""


def scope(snapshot: Snapshot, since: str) -> Scope:
    """The scope from an instant on: it begins where a sealed batch ends, and believes that one."""
    if not since:
        return WHOLE
    wanted = next(snapshot.rows(_FIRST.format(since)))["sequence"]
    if wanted is None:
        wanted = next(snapshot.rows("SELECT sequence FROM audit_head"))["sequence"] + 1
    for row in snapshot.rows(_BEFORE.format(int(wanted))):
        header = header_of(row["header"].encode())
        if header is not None:
            return Scope(since, header.last + 1, header.head)
    return Scope(since)


def told(items: Iterable[_T], stage: str, of: int, progress: Progress | None) -> Iterator[_T]:
    """The items, with a word about how far it is every now and then."""
    for done, item in enumerate(items, 1):
        if progress is not None and done % _EVERY == 0:
            progress(stage, done, of)
        yield item
    if progress is not None:
        progress(stage, of, of)
