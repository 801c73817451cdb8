"""What leaves the house: the change feed, webhooks and their deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certlib.departments import Holding
from certlib.registry.core import StatusRow
from certlib.states import State


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one certificate: a line of the change feed.

    Attributes:
        sequence: that of the audit record of the act: in the order of commits, without a gap
            that a later commit could fill.
        act: as in the history (`issue`, `revoke`, `supersede`, …).
        state, row_version: the certificate's after the act.
    """

    sequence: int
    identifier: str
    type_code: str
    issuer_code: str
    act: str
    state: State
    row_version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which lines of the feed; every given criterion must hold.

    Attributes:
        after: lines above this sequence.
        upto: lines up to this sequence, or None for all.
        within: what the caller is responsible for; None for every issuer's.
        type_codes: empty for every type.
    """

    after: int = 0
    limit: int = 100
    upto: int | None = None
    within: tuple[Holding, ...] | None = None
    type_codes: frozenset[str] = frozenset()


class NoticeReads(Protocol):
    """What can be asked."""

    def statuses(self, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
        """Status rows of many certificates by identifier; what is not on record is absent."""
        ...

    def changes(self, query: ChangeQuery) -> Sequence[Change]:
        """Lines of the feed in their order; none is ever added behind one that was seen."""
        ...

    def last_sequence(self) -> int:
        """The sequence of the last committed act; 0 in an empty record."""
        ...


class NoticeWrites(NoticeReads, Protocol):
    """What can be kept."""
