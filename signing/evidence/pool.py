"""The children of one reader: so many at most, started ahead where somebody keeps them warm."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from signing.evidence.process import ChildGoneError, ChildLimits, ChildSlowError, ReadingChild
from signing.evidence.watching import ReadingWatch
from signing.idle import IdleChildren

__all__ = ["ChildOptions", "ChildPool", "PoolBusyError"]

_MEBIBYTE = 1024 * 1024
_LOOK_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_JOIN_SECONDS = 5.0


class PoolBusyError(Exception):
    """No child became free in time, or the pool is closed."""


@dataclass(frozen=True, slots=True)
class ChildOptions:
    """Limits of the pool; seconds and bytes.

    Attributes:
        children: how many files are read at once.
        queue_seconds: how long a question waits for a free child before it is `busy`.
        idle_seconds: how long a child without work lives on, where nobody keeps them warm.
        files: a child is replaced after so many files.
        resident: a child is replaced when it has needed more memory than this.
    """

    children: int = 2
    queue_seconds: float = 2.0
    idle_seconds: float = 30.0
    files: int = 5000
    resident: int = 224 * _MEBIBYTE
    limits: ChildLimits = field(default_factory=ChildLimits)


class ChildPool:
    """Threads share it; each child works for one thread at a time.

    Attributes:
        idle: the children that have nothing to do.
        alive: how many there are.
    """

    def __init__(self, options: ChildOptions, watch: ReadingWatch) -> None:
        self.alive = 0
        self.idle: IdleChildren[ReadingChild] = IdleChildren(
            options.idle_seconds, partial(self._end, cause="idle")
        )
        self._options = options
        self._watch = watch
        self._places = threading.BoundedSemaphore(options.children)
        self._changed = threading.Condition()
        self._keeper: threading.Thread | None = None
        self._wanted = threading.Event()

    def keep_warm(self, prepare: Callable[[ReadingChild], None]) -> None:
        """From now on all children are there before anybody asks, each `prepare`d; once."""
        with self._changed:
            if self._keeper is not None or self.idle.closed:
                return
            self.idle.least = self._options.children
            # A daemon: one that is caught while it starts a child leaves nothing, the child ends
            # with our end of its pipe.
            self._keeper = threading.Thread(
                target=self._keep, args=(prepare,), name="readers", daemon=True
            )
            self._keeper.start()

    def start(self) -> ReadingChild:
        """A new child.

        Raises:
            OSError, ChildGoneError, ChildSlowError: it does not come up.
        """
        self._count(1)
        try:
            child = ReadingChild(self._options.limits)
        except BaseException:
            self._count(-1)
            raise
        self._watch.started(child.measures)
        return child

    def take(self, deadline: float) -> ReadingChild:
        """A child that runs, and a place; one of `give_back` and `lose` must follow.

        Args:
            deadline: `time.monotonic` until which to wait.

        Raises:
            PoolBusyError: none became free.
            OSError, ChildGoneError, ChildSlowError: none can be started.
        """
        left = max(0.0, deadline - time.monotonic())
        if self.idle.closed or not self._places.acquire(timeout=left):
            raise PoolBusyError
        try:
            return self._found(deadline)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, child: ReadingChild) -> None:
        """The child has answered; it works on, unless it is worn."""
        worn = child.files >= self._options.files or child.memory > self._options.resident
        if worn:
            self._end(child, cause="worn")
        else:
            self._keep_idle(child)
        self._places.release()

    def lose(self, child: ReadingChild, cause: str) -> None:
        """The child must not work on."""
        child.kill()
        self._gone(cause)
        self._places.release()

    def close(self) -> None:
        """Ends every child that has no work; those that have end with it."""
        self.idle.close(partial(self._end, cause="closed"))
        self._wanted.set()
        with self._changed:
            self._changed.notify_all()
        if self._keeper is not None:
            self._keeper.join(_JOIN_SECONDS)

    def _found(self, deadline: float) -> ReadingChild:
        while True:
            child = self.idle.take()
            if child is not None and child.alive:
                return child
            if child is not None:
                self._end(child, cause="gone")
                continue
            if self._keeper is None:
                return self.start()
            with self._changed:
                left = deadline - time.monotonic()
                if left <= 0 or self.idle.closed:
                    raise PoolBusyError
                if not self.idle.waiting:
                    self._changed.wait(left)

    def _keep_idle(self, child: ReadingChild) -> None:
        self.idle.keep(child)
        with self._changed:
            self._changed.notify_all()

    def _end(self, child: ReadingChild, cause: str) -> None:
        child.end()
        self._gone(cause)

    def _gone(self, cause: str) -> None:
        self._count(-1)
        self._watch.ended(cause)
        self._wanted.set()

    def _count(self, more: int) -> None:
        with self._changed:
            self.alive += more

    # --- the keeper's thread --------------------------------------------------------------------

    def _keep(self, prepare: Callable[[ReadingChild], None]) -> None:
        pause = 0.0
        while not self.idle.closed:
            for child in self.idle.sorted_out(lambda child: not child.alive):
                self._end(child, cause="gone")
            if self.alive >= self._options.children:
                self._wanted.wait(_LOOK_SECONDS)
                self._wanted.clear()
                continue
            pause = 0.0 if self._started_one(prepare) else _longer(pause)
            if pause:
                self._rest(pause)

    def _started_one(self, prepare: Callable[[ReadingChild], None]) -> bool:
        try:
            child = self.start()
        except (OSError, ChildGoneError, ChildSlowError):
            return False
        try:
            prepare(child)
        except (OSError, ChildGoneError, ChildSlowError):
            child.kill()
            self._gone("crashed")
            return False
        self._keep_idle(child)
        return True

    def _rest(self, seconds: float) -> None:
        """A machine that cannot start processes gets time to recover."""
        with self._changed:
            self._changed.wait_for(lambda: self.idle.closed, seconds)


def _longer(pause: float) -> float:
    return min(_LONGEST_PAUSE, max(_FIRST_PAUSE, pause * 2))
