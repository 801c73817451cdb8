"""Several server processes on one port: forks of one parent, which replaces those that die.

The parent opens nothing that a fork must not share: it listens, watches and passes signals on. A
child that dies is replaced at once; children that die again and again as soon as they start end
the server, and whoever watches it (systemd, an operator) sees why in the log. When the parent is
killed its children end in good order: a pipe that only the parent holds open tells them.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, sleep
from types import FrameType
from typing import Final

from api import logs

_log = logs.logger("processes")
_YOUNG_SECONDS: Final = 10.0
_MOST_YOUNG_DEATHS: Final = 5
_PAUSE_SECONDS: Final = 0.5
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Processes:
    """Runs `serve(number)` in `count` children until told to stop.

    Attributes:
        serve: returns when its process is told to stop in good order.
        leave: is called in the parent when all are told to stop.
    """

    count: int
    serve: Callable[[int], None]
    leave: Callable[[], None] = lambda: None
    _children: dict[int, tuple[int, float]] = field(default_factory=dict)
    _stopping: bool = False
    _young_deaths: int = 0
    _alive: tuple[int, int] = (-1, -1)

    def run(self) -> bool:
        """Returns when every child has ended; whether all was in good order."""
        for name in _SIGNALS:
            signal.signal(name, self._stop)
        self._alive = os.pipe()
        for number in range(1, self.count + 1):
            self._start(number)
        good = True
        while self._children:
            try:
                pid, status = os.wait()
            except ChildProcessError:  # pragma: no cover - somebody else has waited for them
                break
            known = self._children.pop(pid, None)
            if known is None:
                # A grandchild: where this is the first process of a container, orphans are its own.
                continue
            number, born = known
            good &= self._ended(number, born, os.waitstatus_to_exitcode(status))
        return good

    def _ended(self, number: int, born: float, code: int) -> bool:
        if self._stopping:
            # One that was told while it started has nothing to bring to an end.
            return code in {0, -signal.SIGTERM, -signal.SIGINT}
        logs.event(_log, logging.ERROR, "process ended", process=number, code=code)
        young = monotonic() - born < _YOUNG_SECONDS
        self._young_deaths = self._young_deaths + 1 if young else 0
        if self._young_deaths >= _MOST_YOUNG_DEATHS:
            self._stop(signal.SIGTERM, None)
            return False
        if young:
            sleep(_PAUSE_SECONDS)
        self._start(number)
        return True

    def _start(self, number: int) -> None:
        if self._stopping:
            return
        # What comes while a child still has the parent's handlers waits: it would do there what
        # the parent does, and the child would serve on.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
        except OSError:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            raise
        if pid:
            self._children[pid] = (number, monotonic())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if self._told():  # between the fork and this line, by way of another thread
                os.kill(pid, signal.SIGTERM)
            return
        code = 1
        try:
            for name in _SIGNALS:
                signal.signal(name, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.close(self._alive[1])
            threading.Thread(target=_end_with_parent, args=(self._alive[0],), daemon=True).start()
            self.serve(number)
            code = 0
        except BaseException as error:  # noqa: BLE001 - nothing of the parent may run in a child
            logs.event(_log, logging.ERROR, "process failed", fault=logs.faults(error))
        finally:
            os._exit(code)

    def _told(self) -> bool:
        return self._stopping

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self.leave()
        for pid in self._children:
            with suppress(ProcessLookupError):  # it was told too, and has ended
                os.kill(pid, signal.SIGTERM)


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)  # returns when the parent has gone
    os.kill(os.getpid(), signal.SIGTERM)
