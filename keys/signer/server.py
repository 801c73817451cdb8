"""A signer's door: a local socket, one thread for each node that is in conversation."""

import errno
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final

from certlib.errors import CertlibError, SigningUnavailable
from certlib.ports import Entropy
from keys.signer import session
from keys.signer.service import SigningService
from keys.signer.wire import (
    REQUEST_LIMIT,
    Request,
    decoded_request,
    encoded_answer,
    encoded_failure,
)

__all__ = ["DoorOptions", "SignerDoor", "Told"]

_CREDENTIALS: Final = struct.Struct("iII")  # struct ucred of unix(7): pid, uid, gid
_BROKEN: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP})
"""The socket is no listening one any more; whatever else `accept` says may pass."""
_PAUSE: Final = 1.0
"""Seconds after which one who could not be let in is tried again."""
_BUSY: Final = inf
"""A guest that proves itself or is answered is idle since no time."""

Told = Callable[[str, CertlibError | None], None]
"""Is told what was asked (or what happened at the door), and how it ended."""


@dataclass(frozen=True, slots=True)
class DoorOptions:
    """Who is let in, and how long is waited for them.

    Attributes:
        path: of the socket; whoever may not write to it cannot even knock.
        secret: 32 octets that both sides hold.
        users: numbers of the users whose processes are let in.
        group: number of the group that may knock; None: the signer's own user alone.
        guests: conversations at once. For one more the longest idle is ended, whose node opens
            another when it has a question; where none is idle, it is turned away.
        seconds: for a whole proof and for a whole message under way; idle_seconds: between two
            questions.
    """

    path: Path
    secret: bytes
    users: frozenset[int]
    group: int | None = None
    guests: int = 64
    seconds: float = session.SECONDS
    idle_seconds: float = 300.0


class SignerDoor:
    """Listens until it is closed."""

    def __init__(
        self, service: SigningService, options: DoorOptions, entropy: Entropy, told: Told
    ) -> None:
        """Binds the socket.

        Raises:
            SigningUnavailable: the path cannot be bound, or another signer listens there.
        """
        self._service = service
        self._options = options
        self._entropy = entropy
        self._told = told
        self._closing = threading.Event()
        self._lock = threading.Lock()
        # Since when each is idle. Whoever stands here is open: ended first, then closed.
        self._guests: dict[socket.socket, float] = {}
        self._listening = _bound(options)

    def serve(self) -> None:
        """Lets nodes in until `close`.

        Where descriptors or memory have run out it says so and goes on: they come free again, and
        a signer that has gone deaf would look alive.

        Raises:
            SigningUnavailable: the socket is broken; nobody can be let in any more.
        """
        while not self._closing.is_set():
            try:
                guest, _ = self._listening.accept()
            except OSError as error:
                self._not_accepted(error)
            else:
                self._received(guest)

    def close(self) -> None:
        """Lets nobody in any more, and answers what has been asked; waits for nobody's end."""
        self._closing.set()
        self._options.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which `close` does not
        self._listening.close()
        with self._lock:
            for guest in self._guests:
                with suppress(OSError):
                    guest.shutdown(socket.SHUT_RD)  # what is under way may still be said

    def _not_accepted(self, error: OSError) -> None:
        if self._closing.is_set():
            return
        fault = SigningUnavailable(what=f"accept: {error.strerror or error}")
        if error.errno in _BROKEN:
            raise fault from error
        self._told("knock", fault)
        self._closing.wait(_PAUSE)

    def _received(self, guest: socket.socket) -> None:
        try:
            self._need_user(guest)
            self._take_place(guest)
            threading.Thread(target=self._converse, args=(guest,), daemon=True).start()
        except SigningUnavailable as error:
            self._told("knock", error)
            self._end(guest)
        except (OSError, RuntimeError, MemoryError) as error:  # no thread can be started
            self._told("knock", SigningUnavailable(what=type(error).__name__))
            self._end(guest)

    def _need_user(self, guest: socket.socket) -> None:
        packed = guest.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(packed)
        if user not in self._options.users:
            raise SigningUnavailable(what=f"user {user} is not let in")

    def _take_place(self, guest: socket.socket) -> None:
        """Notes the guest, in the place of the longest idle one where there is no other.

        Raises:
            SigningUnavailable: all are at work.
        """
        with self._lock:
            if len(self._guests) >= self._options.guests:
                longest = min(self._guests, key=self._guests.__getitem__)
                if self._guests[longest] == _BUSY:
                    raise SigningUnavailable(what="too many conversations")
                del self._guests[longest]
                with suppress(OSError):
                    longest.shutdown(socket.SHUT_RDWR)  # wakes its thread, which closes it
            self._guests[guest] = _BUSY

    def _end(self, guest: socket.socket) -> None:
        with self._lock:
            self._guests.pop(guest, None)
        guest.close()

    def _converse(self, guest: socket.socket) -> None:
        options = self._options
        try:
            talk = session.accepted(
                guest, options.secret, self._entropy, REQUEST_LIMIT, options.seconds
            )
            self._answer(talk, guest)
        except CertlibError as error:
            self._told("knock", error)
        except OSError:
            pass  # the line is broken: whoever asked asks again
        finally:
            self._end(guest)

    def _answer(self, talk: session.Session, guest: socket.socket) -> None:
        while self._is_idle_since(guest, monotonic()):
            message = talk.receive(self._options.idle_seconds)
            # Whoever had to make room meanwhile is not answered, and asks in another conversation.
            if message is None or not self._is_idle_since(guest, _BUSY):
                return
            talk.send(self._answered(message))

    def _is_idle_since(self, guest: socket.socket, moment: float) -> bool:
        """Notes it; False where the guest has had to go."""
        with self._lock:
            if guest not in self._guests:
                return False
            self._guests[guest] = moment
            return True

    def _answered(self, message: bytes) -> bytes:
        asked = "message"
        try:
            request: Request = decoded_request(message)
            asked = request.ask.name.lower()
            answer = encoded_answer(self._service.ask(request))
        except CertlibError as error:
            self._told(asked, error)
            return encoded_failure(error)
        except Exception as error:  # noqa: BLE001 - one question must not end the conversation
            fault = SigningUnavailable(what=type(error).__name__)
            self._told(asked, fault)
            return encoded_failure(fault)
        self._told(asked, None)
        return answer


def _bound(options: DoorOptions) -> socket.socket:
    """A listening socket at the path, where at most a dead one was.

    Raises:
        SigningUnavailable: another signer listens there, or the path cannot be bound.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    path = options.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        if path.is_socket() and not _is_alive(path):
            path.unlink()  # of a signer that was killed
        before = os.umask(0o177)  # nobody else may knock between bind and chmod
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        if options.group is not None:
            os.chown(path, -1, options.group)
            path.chmod(0o660)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise SigningUnavailable(what=f"socket: {error.strerror or error}") from error
    return listening


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True
