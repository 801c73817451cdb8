"""What waits in the record for background work: how much, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Queue:
    """Things that wait.

    Attributes:
        number: how many there are.
        since: since when the oldest waits; None when there is none.
    """

    number: int = 0
    since: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """The age of the oldest, 0 when nothing waits."""
        return 0.0 if self.since is None else max(0.0, (now - self.since).total_seconds())


@dataclass(frozen=True, slots=True)
class Backlog:
    """All of it.

    Attributes:
        intents: orders reserved and not finished, files to be added among them.
        events: events of the outbox that nobody was told of.
        deliveries: deliveries to webhooks that are neither done nor given up.
        locks: published files that are not locked yet in the object store.
        dead: deliveries given up, which wait for a person.
    """

    intents: Queue = Queue()
    events: Queue = Queue()
    deliveries: Queue = Queue()
    locks: Queue = Queue()
    dead: int = 0


class BacklogReads(Protocol):
    """What is asked about it."""

    def backlog(self) -> Backlog:
        """What waits now."""
        ...

    def under_way(self, issuer_code: str, until: datetime) -> int:
        """Pending intents of an issuer recorded by then, those that add a file among them."""
        ...
