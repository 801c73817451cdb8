"""Children that wait for work: taken and given back, ended when they have been idle for long."""

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Child(Protocol):
    """A process of our own that waits at a pipe."""

    idle_since: float

    def end(self) -> None:
        """Ends it and waits for it."""
        ...


_C = TypeVar("_C", bound=Child)


def _end(child: Child) -> None:
    child.end()


class IdleChildren(Generic[_C]):
    """The children of one pool that have nothing to do; threads share it.

    Args:
        seconds: how long a child without work lives on.
        ended: is told of each child that has waited too long.

    Attributes:
        least: so many wait on, however long there is no work.
    """

    def __init__(self, seconds: float, ended: Callable[[_C], None] | None = None) -> None:
        self.least = 0
        self._seconds = seconds
        self._ended = ended or _end
        self._lock = threading.Lock()
        self._idle: list[_C] = []
        self._sweeper: threading.Timer | None = None
        self._closed = False

    @property
    def waiting(self) -> tuple[_C, ...]:
        """Those that wait now, the one that worked last at the end."""
        with self._lock:
            return tuple(self._idle)

    @property
    def closed(self) -> bool:
        """Whether nothing is taken or kept any more."""
        return self._closed

    def take(self) -> _C | None:
        """The one that worked last, or None."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def sorted_out(self, gone: Callable[[_C], bool]) -> tuple[_C, ...]:
        """Those that are `gone`: they wait here no longer."""
        with self._lock:
            found = tuple(child for child in self._idle if gone(child))
            self._idle = [child for child in self._idle if child not in found]
        return found

    def keep(self, child: _C) -> None:
        """Lets it wait for more work; after `close`, ends it."""
        child.idle_since = time.monotonic()
        with self._lock:
            kept = not self._closed
            if kept:
                self._idle.append(child)
                self._arm()
        if not kept:
            self._ended(child)

    def close(self, ended: Callable[[_C], None] | None = None) -> None:
        """Ends all of them, as `ended` does; none is kept from now on."""
        with self._lock:
            self._closed = True
            children, self._idle = self._idle, []
            if self._sweeper is not None:
                self._sweeper.cancel()
        for child in children:
            (ended or self._ended)(child)

    def _arm(self) -> None:
        """Wakes the sweeper once; called with the lock held."""
        if self._sweeper is None and len(self._idle) > self.least:
            self._sweeper = threading.Timer(self._seconds, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        latest = time.monotonic() - self._seconds
        with self._lock:
            self._sweeper = None
            spare = self._idle[: max(0, len(self._idle) - self.least)]
            expired = [child for child in spare if child.idle_since <= latest]
            self._idle = [child for child in self._idle if child not in expired]
            if not self._closed:
                self._arm()
        for child in expired:
            self._ended(child)
