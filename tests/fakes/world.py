"""Small deterministic stand-ins for clock and randomness, shared by the suites."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, **by: int) -> datetime:
        self.at += timedelta(**by)
        return self.at


class CountingEntropy:
    """Octets that never repeat and are the same in every run."""

    def __init__(self, seed: str = "seed") -> None:
        self._seed = seed
        self._numbers = count()
        self._lock = Lock()

    def octets(self, count: int) -> bytes:
        with self._lock:
            number = next(self._numbers)
        return hashlib.shake_256(f"{self._seed}:{number}".encode()).digest(count)
