"""Waiting for a server that does not answer: it may be killed and started again any time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from api.cli.failures import ServerBusy, ServerUnreachable

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
"""Seconds between two attempts: doubled from the first to the longest."""

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait without any answer, and by which clock; seconds."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def insist(self, ask: Callable[[], Said]) -> Said:
        """What `ask` answers, asked again while the server does not answer.

        Raises:
            ServerUnreachable, ServerBusy: patience has ended.
        """
        since, pause = self.now(), FIRST_PAUSE
        while True:
            try:
                return ask()
            except (ServerUnreachable, ServerBusy):
                if self.now() - since >= self.seconds:
                    raise
            self.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
