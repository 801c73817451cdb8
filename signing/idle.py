"""Children that wait for work: taken and given back, ended when they have been idle for long."""

import threading
import time
from typing import Generic, Protocol, TypeVar


class Child(Protocol):
    """A process of our own that waits at a pipe."""

    idle_since: float

    def end(self) -> None:
        """Ends it and waits for it."""
        ...


_C = TypeVar("_C", bound=Child)


class IdleChildren(Generic[_C]):
    """The children of one pool that have nothing to do; threads share it.

    Args:
        seconds: how long a child without work lives on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
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

    def keep(self, child: _C) -> None:
        """Lets it wait for more work; after `close`, ends it."""
        child.idle_since = time.monotonic()
        with self._lock:
            kept = not self._closed
            if kept:
                self._idle.append(child)
                self._arm()
        if not kept:
            child.end()

    def close(self) -> None:
        """Ends all of them; none is kept from now on."""
        with self._lock:
            self._closed = True
            children, self._idle = self._idle, []
            if self._sweeper is not None:
                self._sweeper.cancel()
        for child in children:
            child.end()

    def _arm(self) -> None:
        """Wakes the sweeper once; called with the lock held."""
        if self._sweeper is None and self._idle:
            self._sweeper = threading.Timer(self._seconds, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        latest = time.monotonic() - self._seconds
        with self._lock:
            self._sweeper = None
            expired = [child for child in self._idle if child.idle_since <= latest]
            self._idle = [child for child in self._idle if child.idle_since > latest]
            if not self._closed:
                self._arm()
        for child in expired:
            child.end()
