"""Asks every part of the node how it is, again and again: alerts must not wait for a visitor."""

import threading
from typing import Final

from api.health import Health

_LAST_LOOK: Final = 5.0


class Watch:
    """One thread; a part that takes long to say nothing holds up nobody else.

    Args:
        health: leaves what it finds in `certlib_ready`.
        seconds: between two looks.
    """

    def __init__(self, health: Health, seconds: float = 15.0) -> None:
        self._health = health
        self._seconds = seconds
        self._stopping = threading.Event()
        # No daemon: one that is stopped in the middle of a write leaves what it has written.
        self._thread = threading.Thread(target=self._look, name="watch")

    def start(self) -> None:
        """Looks at once, and goes on."""
        self._thread.start()

    def stop(self) -> None:
        """Looks no more; a look under way has a few seconds to clean up behind itself."""
        self._stopping.set()
        self._thread.join(_LAST_LOOK)

    def _look(self) -> None:
        while not self._stopping.is_set():
            self._health.check()  # never raises
            self._stopping.wait(self._seconds)
