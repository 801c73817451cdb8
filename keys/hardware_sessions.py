"""Sessions with a token: as many as threads sign at once, mended when the token comes back.

A session belongs to one thread at a time. What ends one (token taken out, restarted, logged out by
somebody, module ended by somebody) is answered in two steps: log in anew, then start the module
anew. Only then the caller is told that sealing is unavailable. A PIN that the token has refused is
never shown to it again by this process: tokens lock themselves after a few.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from certlib.errors import SigningUnavailable
from keys.cryptoki import Cryptoki, Mechanism, Output, TokenError
from keys.hardware_library import HardwareLibrary, library

__all__ = ["HardwareToken", "Session", "TokenOptions"]

_T = TypeVar("_T")
_PASSING: Final = frozenset(
    {
        "CKR_CRYPTOKI_NOT_INITIALIZED",
        "CKR_DEVICE_ERROR",
        "CKR_DEVICE_REMOVED",
        "CKR_FUNCTION_FAILED",
        "CKR_GENERAL_ERROR",
        "CKR_KEY_HANDLE_INVALID",
        "CKR_OBJECT_HANDLE_INVALID",
        "CKR_OPERATION_ACTIVE",
        "CKR_OPERATION_NOT_INITIALIZED",
        "CKR_SESSION_CLOSED",
        "CKR_SESSION_HANDLE_INVALID",
        "CKR_SLOT_ID_INVALID",
        "CKR_TOKEN_NOT_PRESENT",
        "CKR_TOKEN_NOT_RECOGNIZED",
        "CKR_USER_NOT_LOGGED_IN",
    }
)
"""What a restarted token or module may answer to handles from before."""
_REFUSED_PIN: Final = frozenset(
    {
        "CKR_PIN_EXPIRED",
        "CKR_PIN_INCORRECT",
        "CKR_PIN_INVALID",
        "CKR_PIN_LEN_RANGE",
        "CKR_PIN_LOCKED",
        "CKR_USER_PIN_NOT_INITIALIZED",
    }
)
_NOT_PRESENT: Final = 0xE0
_LOGGED_IN: Final = "CKR_USER_ALREADY_LOGGED_IN"


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """Which token, and how it is used.

    Attributes:
        module: path of the PKCS#11 module.
        label: of the token; its slot may change.
        pin: of the user.
        sessions: most that are open at once; more threads wait.
        patience: seconds for which a thread waits for a session.
    """

    module: str
    label: str
    pin: str = field(repr=False)
    sessions: int = 8
    patience: float = 10.0


class Session:
    """A session that is logged in, for one thread at a time.

    Attributes:
        slot, handle: as the module calls them.
        epoch: of module and login; handles of another epoch mean nothing.
        keys: handles of keys that were found in this session, by whatever names the caller.
        output: where signatures are put.
    """

    __slots__ = ("epoch", "handle", "keys", "output", "slot")

    def __init__(self, slot: int, handle: int, epoch: tuple[int, int]) -> None:
        self.slot = slot
        self.handle = handle
        self.epoch = epoch
        self.keys: dict[object, int] = {}
        self.output = Output()


Work = Callable[[Cryptoki, Session], _T]


class HardwareToken:
    """A token, reached when it is first needed. Any number of threads may use it.

    Attributes:
        unfit: mechanisms that the token lists and refused all the same.
    """

    def __init__(self, options: TokenOptions) -> None:
        self._options = options
        self.unfit: set[Mechanism] = set()
        self._fresh()

    @property
    def label(self) -> str:
        """The token's label."""
        return self._options.label

    def run(self, work: Work[_T], *, writes: bool = False) -> _T:
        """What `work` answers in a session; tried again in a new one after a restart.

        Raises:
            SigningUnavailable: the token is away, refuses, or all sessions are taken for long.
        """
        if self._process != os.getpid():  # forked: nothing that the parent opened is ours
            self._fresh()
        steps = (self._log_in_anew, self._start_anew, None)
        for number, mend in enumerate(steps):
            found = library(self._options.module)
            seen = (found.epoch, self._logins)
            try:
                answer = self._once(found, work, writes=writes)
            except TokenError as error:
                if mend is None or error.name not in _PASSING:
                    raise SigningUnavailable(what=f"token: {error.name}") from error
                self._mended(mend, seen, error)
            else:
                if number:
                    found.mended()
                return answer
        raise AssertionError  # pragma: no cover - the last turn returns or raises

    def mechanisms(self) -> tuple[str, ...]:
        """Which of `keys.cryptoki.Mechanism` the token says that it signs with.

        Raises:
            SigningUnavailable: as `run`.
        """
        return self.run(
            lambda module, session: tuple(
                kind.name for kind in Mechanism if module.signs(session.slot, kind)
            )
        )

    def close(self) -> None:
        """Closes idle sessions; the token may be used again."""
        with suppress(TokenError, SigningUnavailable):
            self._forget()

    def _fresh(self) -> None:
        self._process = os.getpid()
        self._idle: deque[Session] = deque()
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._options.sessions):
            self._permits.put(None)
        self._opening = threading.Lock()
        self._logins = 0
        self._refused = ""

    def _once(self, found: HardwareLibrary, work: Work[_T], *, writes: bool) -> _T:
        try:
            self._permits.get(timeout=self._options.patience)
        except Empty:
            raise SigningUnavailable(what="token: busy") from None
        try:
            module = found.enter()
            try:
                return self._worked(found, module, work, writes=writes)
            finally:
                found.leave()
        finally:
            self._permits.put(None)

    def _worked(
        self, found: HardwareLibrary, module: Cryptoki, work: Work[_T], *, writes: bool
    ) -> _T:
        session = self._taken(found, module, writes=writes)
        try:
            answer = work(module, session)
        except BaseException:
            self._closed(module, session)
            raise
        if writes:
            self._closed(module, session)
        else:
            self._idle.append(session)
        return answer

    def _taken(self, found: HardwareLibrary, module: Cryptoki, *, writes: bool) -> Session:
        """An idle session of the present epoch, or a new one."""
        epoch = (found.epoch, self._logins)
        while self._idle and not writes:
            try:
                session = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if session.epoch == epoch:
                return session
            if session.epoch[0] == epoch[0]:  # else its number may be another session's by now
                self._closed(module, session)
        with self._opening:
            return self._opened(module, epoch, writes=writes)

    def _opened(self, module: Cryptoki, epoch: tuple[int, int], *, writes: bool) -> Session:
        if self._refused:
            raise SigningUnavailable(what=f"token: {self._refused}")
        slot = self._slot(module)
        session = Session(slot, module.open_session(slot, writes=writes), epoch)
        try:
            module.login(session.handle, self._options.pin.encode())
        except TokenError as error:
            if error.name == _LOGGED_IN:  # by another session of this process
                return session
            self._closed(module, session)
            if error.name in _REFUSED_PIN:
                self._refused = error.name
            raise
        return session

    def _slot(self, module: Cryptoki) -> int:
        for slot in module.slots():
            if module.label(slot) == self._options.label:
                return slot
        raise TokenError(_NOT_PRESENT)

    @staticmethod
    def _closed(module: Cryptoki, session: Session) -> None:
        with suppress(TokenError):  # it may have ended by itself
            module.close_session(session.handle)

    def _mended(
        self, mend: Callable[[tuple[int, int]], bool], seen: tuple[int, int], error: TokenError
    ) -> None:
        try:
            if not mend(seen):
                raise SigningUnavailable(what=f"token: {error.name}") from error
        except TokenError as worse:
            raise SigningUnavailable(what=f"token: {worse.name}") from error

    def _log_in_anew(self, seen: tuple[int, int]) -> bool:
        """Sessions from before are closed; with the last of them the login ends, too."""
        with self._opening:
            if self._logins != seen[1]:
                return True  # another thread was faster
            self._logins += 1
        self._forget()
        return True

    def _start_anew(self, seen: tuple[int, int]) -> bool:
        return library(self._options.module).restart(seen[0])

    def _forget(self) -> None:
        found = library(self._options.module)
        module = found.enter()
        try:
            while self._idle:
                with suppress(IndexError):
                    session = self._idle.pop()
                    if session.epoch[0] == found.epoch:
                        self._closed(module, session)
        finally:
            found.leave()
