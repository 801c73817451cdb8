"""Seal health: which files can no longer be judged by themselves when, for the whole stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from certlib.preservation import is_below
from certlib.registry import Registry, StockGroup


@dataclass(frozen=True, slots=True)
class SealHealth:
    """How the stock stands at an instant if nothing is done until then.

    Attributes:
        groups: files that stand alike, by type, reason and year.
    """

    at: datetime
    groups: Sequence[StockGroup]

    @property
    def files(self) -> int:
        """The newest file of each form of each certificate."""
        return sum(item.files for item in self.groups)

    @property
    def ended(self) -> int:
        """Files that can no longer be judged by themselves."""
        return sum(item.ended for item in self.groups)

    @property
    def due(self) -> int:
        """Files that are to be lifted or renewed, and have not ended."""
        return sum(item.due - item.ended for item in self.groups if item.reason is not None)

    @property
    def below(self) -> int:
        """Files below their target level."""
        return sum(item.files for item in self.groups if is_below(item.level, item.target_level))

    @property
    def unseen(self) -> int:
        """Files that nobody has looked at yet."""
        return sum(item.files for item in self.groups if item.reason is None)

    @property
    def green(self) -> bool:
        """Nothing has ended and nothing waits."""
        return not (self.ended or self.due or self.below or self.unseen)


def seal_health(registry: Registry, at: datetime) -> SealHealth:
    """How the stock stands at `at`.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with registry.read() as session:
        return SealHealth(at, tuple(session.seal_stock(at)))
