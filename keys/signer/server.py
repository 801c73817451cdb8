"""A signer's door: a local socket, one thread for each node that is in conversation."""

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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
        guests: conversations at once; more are turned away.
        seconds: for a proof and for a message under way; idle_seconds: between two questions.
    """

    path: Path
    secret: bytes
    users: frozenset[int]
    group: int | None = None
    guests: int = 64
    seconds: float = 5.0
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
        self._room = threading.BoundedSemaphore(options.guests)
        self._lock = threading.Lock()
        self._guests: set[socket.socket] = set()
        self._listening = _bound(options)

    def serve(self) -> None:
        """Lets nodes in until `close`."""
        while True:
            try:
                guest, _ = self._listening.accept()
            except OSError:
                return  # closed
            if not self._room.acquire(blocking=False):
                self._told("knock", SigningUnavailable(what="too many conversations"))
                guest.close()
                continue
            threading.Thread(target=self._converse, args=(guest,), daemon=True).start()

    def close(self) -> None:
        """Lets nobody in any more, and answers what has been asked; waits for nobody's end."""
        self._options.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which `close` does not
        self._listening.close()
        with self._lock:
            guests = tuple(self._guests)
        for guest in guests:
            with suppress(OSError):
                guest.shutdown(socket.SHUT_RD)  # what is under way may still be said

    def _converse(self, guest: socket.socket) -> None:
        with self._lock:
            self._guests.add(guest)
        try:
            with guest:
                self._answer(self._let_in(guest), guest)
        except CertlibError as error:
            self._told("knock", error)
        except OSError:
            pass  # the line is broken: whoever asked asks again
        finally:
            with self._lock:
                self._guests.discard(guest)
            self._room.release()

    def _let_in(self, guest: socket.socket) -> session.Session:
        guest.settimeout(self._options.seconds)
        packed = guest.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(packed)
        if user not in self._options.users:
            raise SigningUnavailable(what=f"user {user} is not let in")
        return session.accepted(guest, self._options.secret, self._entropy, REQUEST_LIMIT)

    def _answer(self, guest: session.Session, line: socket.socket) -> None:
        while True:
            line.settimeout(self._options.idle_seconds)
            message = guest.receive()
            if message is None:
                return
            line.settimeout(self._options.seconds)
            guest.send(self._answered(message))

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
