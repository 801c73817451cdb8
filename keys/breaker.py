"""A circuit breaker: who has failed several times is left alone for a while."""

import threading
from collections.abc import Callable
from typing import Final

__all__ = ["Breaker"]

_FAILURES: Final = 3
_FIRST: Final = 30.0
_LONGEST: Final = 600.0


class Breaker:
    """Closed at first.

    Three failures in a row open it for 30 seconds; each failure after that for twice as long, ten
    minutes at most. When that is over, one at a time may try.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        """`steady` counts seconds and is never set."""
        self._steady = steady
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self._pause = 0.0

    @property
    def closed(self) -> bool:
        """Whether all is well, as far as is known."""
        return self._pause == 0.0

    def lets(self) -> bool:
        """Whether to try now; who is let through an open one holds it until the outcome is told."""
        with self._lock:
            if self.closed:
                return True
            if self._steady() < self._until:
                return False
            self._until = self._steady() + self._pause
            return True

    def succeeded(self) -> None:
        """It works."""
        with self._lock:
            self._failures, self._pause = 0, 0.0

    def failed(self) -> None:
        """It does not."""
        with self._lock:
            self._failures += 1
            if self._failures < _FAILURES:
                return
            self._pause = min(self._pause * 2 or _FIRST, _LONGEST)
            self._until = self._steady() + self._pause
