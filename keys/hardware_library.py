"""A PKCS#11 module as this process shares it: one C_Initialize, and a gate for starting it anew.

C_Initialize and C_Finalize belong to the process, not to a token (PKCS#11 2.40, section 5.4), so
there is one of these for each module, however many tokens are used through it. A forked child
inherits the memory but not the right to use it (section 5.4, C_Initialize): it starts the module
for itself.
"""

import os
import threading
from contextlib import suppress
from time import monotonic
from typing import Final

from certlib.errors import SigningUnavailable
from keys.cryptoki import Cryptoki, TokenError

__all__ = ["HardwareLibrary", "library"]

_PATIENCE: Final = 10.0
_PAUSE: Final = 1.0
_RUNS: Final = "CKR_CRYPTOKI_ALREADY_INITIALIZED"


class HardwareLibrary:
    """An initialised module.

    Attributes:
        module: its calls; used between `enter` and `leave` only.
        epoch: how often it was started anew; handles of an earlier epoch mean nothing.
    """

    def __init__(self, module: Cryptoki, *, inherited: bool) -> None:
        """Starts the module; one that a fork has `inherited` is ended first."""
        self.module = module
        self.epoch = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._closed = False
        self._not_before = 0.0
        if inherited:
            self._end()
        self._begin()

    def enter(self) -> Cryptoki:
        """The module, which nobody ends until `leave`.

        Raises:
            SigningUnavailable: it is being started anew, and that takes long.
        """
        with self._lock:
            if self._closed and not self._changed.wait_for(lambda: not self._closed, _PATIENCE):
                raise SigningUnavailable(what="token: starting")
            self._inside += 1
        return self.module

    def leave(self) -> None:
        """Behind every `enter`."""
        with self._lock:
            self._inside -= 1
            if self._closed:
                self._changed.notify_all()

    def restart(self, seen: int) -> bool:
        """Ends the module and starts it, unless somebody has since epoch `seen`.

        As long as it does not help, at most once a second: every session of this process ends.

        Returns:
            False where it was done just now and did not help.

        Raises:
            SigningUnavailable: a call does not return.
            TokenError: the module does not start.
        """
        with self._lock:
            if self.epoch != seen or self._closed:
                return True
            if monotonic() < self._not_before:
                return False
            self._not_before = monotonic() + _PAUSE
            self._closed = True
            try:
                if not self._changed.wait_for(lambda: not self._inside, _PATIENCE):
                    raise SigningUnavailable(what="token: a call does not return")
                self._end()
                self.epoch += 1
                self._begin()
            finally:
                self._closed = False
                self._changed.notify_all()
        return True

    def mended(self) -> None:
        """Says that starting anew has helped: the next time need not wait."""
        self._not_before = 0.0

    def _begin(self) -> None:
        try:
            self.module.initialize()
        except TokenError as error:
            if error.name != _RUNS:  # another user of the module in this process was first
                raise

    def _end(self) -> None:
        with suppress(TokenError):
            self.module.finalize()


_loaded: dict[str, HardwareLibrary] = {}
_inherited: set[str] = set()
_loading = threading.Lock()


def library(path: str) -> HardwareLibrary:
    """The module at `path`, loaded and initialised once in a process.

    Raises:
        SigningUnavailable: it cannot be loaded, or does not start.
    """
    with _loading:
        found = _loaded.get(path)
        if found is None:
            try:
                found = HardwareLibrary(Cryptoki(path), inherited=path in _inherited)
            except (OSError, AttributeError) as error:
                # The loader's own words hold the path.
                raise SigningUnavailable(what="PKCS#11 module: cannot be loaded") from error
            except TokenError as error:
                raise SigningUnavailable(what=f"PKCS#11 module: {error.name}") from error
            _loaded[path] = found
        return found


def _after_fork() -> None:
    global _loading  # noqa: PLW0603 - another thread of the parent may have held it
    _loading = threading.Lock()
    _inherited.update(_loaded)
    _loaded.clear()


os.register_at_fork(after_in_child=_after_fork)
