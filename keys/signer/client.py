"""Asks signers: conversations are kept open, and whoever does not answer is passed over."""

import itertools
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

from certlib.errors import CertlibError, Overloaded, SigningUnavailable
from certlib.ports import Entropy
from keys.signer import session
from keys.signer.wire import ANSWER_LIMIT, Request, decoded_answer, encoded_request

__all__ = ["Connection", "SignerOptions", "Signers", "Watch", "Watched"]

_PAUSE: Final = 1.0
"""Seconds for which a signer that did not answer is asked last."""


class Connection(Protocol):
    """Whatever answers questions: `Signers`, or a `SigningService` in the same process."""

    def ask(self, request: Request) -> tuple[bytes, ...]:
        """The fields of the answer; raises `CertlibError`."""
        ...


class Watched:
    """A connection whose answers are counted."""

    def __init__(self, connection: Connection, watch: "Watch") -> None:
        self._connection = connection
        self._watch = watch

    def ask(self, request: Request) -> tuple[bytes, ...]:
        """The fields of the answer; raises as the connection does."""
        asked = request.ask.name.lower()
        try:
            fields = self._connection.ask(request)
        except CertlibError as error:
            self._watch.told(asked, error.code)
            raise
        self._watch.told(asked, "ok")
        return fields


class Watch(Protocol):
    """Is told how questions end."""

    def told(self, asked: str, outcome: str) -> None:
        """`outcome` is `ok` or the code of a failure."""
        ...


@dataclass(frozen=True, slots=True)
class SignerOptions:
    """Where signers listen.

    Attributes:
        paths: their sockets; all are equal, and work is spread over them.
        secret: 32 octets that both sides hold.
        seconds: for a proof, and for an answer.
        idle: conversations with each that are kept for the next question: a place at its door
            that nobody works at is one that another process does not get.
    """

    paths: Sequence[Path]
    secret: bytes = field(repr=False)
    seconds: float = session.SECONDS
    idle: int = 8


class _EndedError(Exception):
    """The other side has gone: it may be there again."""


class _Signer:
    """One of them, with the conversations that nobody uses at this moment."""

    def __init__(self, path: Path, options: SignerOptions, entropy: Entropy) -> None:
        self.path = path
        self.silent_until = 0.0
        self._options = options
        self._entropy = entropy
        self._lock = threading.Lock()
        self._idle: list[session.Session] = []

    def ask(self, message: bytes) -> bytes:
        """The answer as it came.

        A conversation that was kept may have ended meanwhile: that one question is asked again in
        a new one. Asking twice signs twice at most, and the same.

        Raises:
            SigningUnavailable: no answer.
        """
        while True:
            try:
                talk = self._idle.pop()
            except IndexError:
                break
            try:
                return self._asked(talk, message)
            except _EndedError:
                continue
        try:
            return self._asked(self._opened(), message)
        except _EndedError as error:
            raise SigningUnavailable(what="signer: no answer") from error

    def close(self) -> None:
        """Ends the conversations that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def _asked(self, talk: session.Session, message: bytes) -> bytes:
        answer: bytes | None = None
        try:
            talk.send(message)
            answer = talk.receive()
        except TimeoutError as error:
            raise SigningUnavailable(what="signer: no answer in time") from error
        except OSError as error:
            raise _EndedError from error
        finally:
            if answer is None:
                talk.close()
        if answer is None:
            raise _EndedError
        with self._lock:
            kept = len(self._idle) < self._options.idle
            if kept:
                self._idle.append(talk)
        if not kept:
            talk.close()
        return answer

    def _opened(self) -> session.Session:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            line.settimeout(self._options.seconds)
            line.connect(str(self.path))
            options = self._options
            return session.opened(
                line, options.secret, self._entropy, ANSWER_LIMIT, options.seconds
            )
        except OSError as error:
            line.close()
            raise SigningUnavailable(what="signer: no answer") from error
        except SigningUnavailable:
            line.close()
            raise


class Signers:
    """`Connection` to one signer or several. Threads may share it."""

    def __init__(self, options: SignerOptions, entropy: Entropy) -> None:
        """Connects at the first question."""
        self._signers = [_Signer(path, options, entropy) for path in options.paths]
        self._turn = itertools.count()

    def ask(self, request: Request) -> tuple[bytes, ...]:
        """The fields of the answer of the first signer that gives one.

        Raises:
            SigningUnavailable: none answers.
            CertlibError: the failure that the signer tells.
        """
        return self._answer(encoded_request(request))

    def close(self) -> None:
        """Ends every conversation."""
        for signer in self._signers:
            signer.close()

    def _answer(self, message: bytes) -> tuple[bytes, ...]:
        failure: CertlibError = SigningUnavailable(what="signer: none is set")
        for signer in self._in_order():
            try:
                return decoded_answer(signer.ask(message))
            except Overloaded as error:
                failure = error  # another one may have time
            except SigningUnavailable as error:
                signer.silent_until = monotonic() + _PAUSE
                failure = error
        raise failure

    def _in_order(self) -> list[_Signer]:
        """Each in its turn first; those that were silent a moment ago last."""
        first = next(self._turn) % len(self._signers)
        turned = self._signers[first:] + self._signers[:first]
        now = monotonic()
        return sorted(turned, key=lambda signer: signer.silent_until > now)
