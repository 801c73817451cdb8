"""Stops of sealing: everything, or one key, by two persons, until two persons lift it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

ALL = "*"
"""Scope of a stop of all sealing; every other scope is the name of a key."""


@dataclass(frozen=True, slots=True)
class SealingStop:
    """A stop in force.

    Attributes:
        scope: `ALL`, or the name of a key.
        since: aware UTC.
        stopped_by, confirmed_by: accounts of two persons.
        final: the key is given up as compromised; nobody lifts that.
    """

    scope: str
    since: datetime
    stopped_by: str
    confirmed_by: str
    reason: str = ""
    final: bool = False


class StopReads(Protocol):
    """What is asked about them."""

    def sealing_stops(self) -> Sequence[SealingStop]:
        """Those in force, by scope."""
        ...


class StopWrites(StopReads, Protocol):
    """What is kept."""

    def put_sealing_stop(self, stop: SealingStop) -> None:
        """Keeps a stop; of one scope there is one row, however often it is stopped."""
        ...

    def lift_sealing_stop(self, scope: str, lifted_at: datetime, by: tuple[str, str]) -> None:
        """Ends a stop; the row stays, with who lifted it."""
        ...
