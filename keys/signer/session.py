"""A conversation over a local socket that only holders of one secret can hold.

Both sides draw a nonce and prove with HMAC-SHA-256 that they know the secret, each under a label of
its own, over both nonces: a proof is good for this one conversation and this one side. From then on
every frame is

    length (4 octets) ‖ message ‖ HMAC-SHA-256 (32 octets)

under a key derived for its direction, over the frame's number in that direction, its length and the
message: none can be changed, repeated, left out, sent back or moved into another conversation.
What is said is no secret from whoever may open the socket; it holds digests, no personal data.
"""

import hashlib
import hmac
import socket
from time import monotonic
from typing import Final

from certlib.errors import SigningUnavailable
from certlib.ports import Entropy

__all__ = ["SECONDS", "SECRET_LENGTH", "Session", "accepted", "opened"]

SECRET_LENGTH: Final = 32
"""Octets of the secret that both sides hold."""
SECONDS: Final = 5.0
"""For a proof, and for a message."""
_MAGIC: Final = b"certlib-signer/1"
_NONCE: Final = 32
_TAG: Final = 32
_LENGTH: Final = 4
_NUMBER: Final = 8
_CHUNK: Final = 1 << 16


class Session:
    """One conversation, authenticated; one thread at a time.

    Args:
        connection: its timeouts are set here.
        sending, receiving: keys of the two directions.
        most: octets of a message that is taken.
        seconds: for a whole message, in however many pieces it comes or goes.
    """

    def __init__(
        self,
        connection: socket.socket,
        sending: bytes,
        receiving: bytes,
        most: int,
        seconds: float = SECONDS,
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self._sending = sending
        self._receiving = receiving
        self._most = most
        self._sent = self._received = 0

    def send(self, message: bytes) -> None:
        """Sends one message; raises `OSError`."""
        length = len(message).to_bytes(_LENGTH)
        tag = _tag(self._sending, self._sent, length, message)
        self._sent += 1
        self._connection.settimeout(self._seconds)
        self._connection.sendall(length + message + tag)

    def receive(self, idle: float | None = None) -> bytes | None:
        """The next message; None when the other side has said good-bye between two.

        Args:
            idle: seconds until it begins; None counts them among those of the message.

        Raises:
            OSError: the line is broken, or the other side too slow.
            SigningUnavailable: a frame that is too long, cut short, or not of the other side.
        """
        self._connection.settimeout(self._seconds if idle is None else idle)
        until = monotonic() + self._seconds
        length = self._connection.recv(_LENGTH)
        if not length:
            return None
        if idle is not None:
            until = monotonic() + self._seconds
        length += _read(self._connection, _LENGTH - len(length), until)
        octets = int.from_bytes(length)
        if octets > self._most:
            raise SigningUnavailable(what="signer: frame too long")
        body = _read(self._connection, octets + _TAG, until)
        message, tag = body[:octets], body[octets:]
        if not hmac.compare_digest(tag, _tag(self._receiving, self._received, length, message)):
            raise SigningUnavailable(what="signer: frame not authentic")
        self._received += 1
        return message

    def close(self) -> None:
        """Ends the conversation."""
        self._connection.close()


def opened(
    connection: socket.socket,
    secret: bytes,
    entropy: Entropy,
    most: int,
    seconds: float = SECONDS,
) -> Session:
    """The asking side's end of a new conversation: its proof takes `seconds` at most.

    Raises:
        OSError: the line is broken, or the other side too slow.
        SigningUnavailable: no signer, of another version, or with another secret.
    """
    mine, until = entropy.octets(_NONCE), monotonic() + seconds
    connection.settimeout(seconds)
    connection.sendall(_MAGIC + mine)
    if _read(connection, len(_MAGIC), until) != _MAGIC:
        raise SigningUnavailable(what="signer: another protocol")
    nonces = mine + _read(connection, _NONCE, until)
    proof = _read(connection, _TAG, until)
    if not hmac.compare_digest(proof, _derived(secret, b"signer", nonces)):
        raise SigningUnavailable(what="signer: another secret")
    connection.sendall(_derived(secret, b"asker", nonces))
    asking, telling = _directions(secret, nonces)
    session = Session(connection, asking, telling, most, seconds)
    if session.receive() != b"":  # the other side has seen our proof, and lets us in
        raise SigningUnavailable(what="signer: not let in")
    return session


def accepted(
    connection: socket.socket,
    secret: bytes,
    entropy: Entropy,
    most: int,
    seconds: float = SECONDS,
) -> Session:
    """The signer's end of a new conversation; raises as `opened` does."""
    until = monotonic() + seconds
    if _read(connection, len(_MAGIC), until) != _MAGIC:
        raise SigningUnavailable(what="signer: another protocol")
    theirs, mine = _read(connection, _NONCE, until), entropy.octets(_NONCE)
    nonces = theirs + mine
    connection.sendall(_MAGIC + mine + _derived(secret, b"signer", nonces))
    proof = _read(connection, _TAG, until)
    if not hmac.compare_digest(proof, _derived(secret, b"asker", nonces)):
        raise SigningUnavailable(what="signer: another secret")
    asking, telling = _directions(secret, nonces)
    session = Session(connection, telling, asking, most, seconds)
    session.send(b"")
    return session


def _directions(secret: bytes, nonces: bytes) -> tuple[bytes, bytes]:
    return _derived(secret, b"asks", nonces), _derived(secret, b"tells", nonces)


def _derived(secret: bytes, label: bytes, nonces: bytes) -> bytes:
    return hmac.digest(secret, _MAGIC + b"\0" + label + b"\0" + nonces, hashlib.sha256)


def _tag(key: bytes, number: int, length: bytes, message: bytes) -> bytes:
    return hmac.digest(key, number.to_bytes(_NUMBER) + length + message, hashlib.sha256)


def _read(connection: socket.socket, octets: int, until: float) -> bytes:
    """Exactly so many octets, all of them before `until` (monotonic): no piece buys time.

    Raises:
        TimeoutError: they have not all come.
        SigningUnavailable: the other side ended in the middle.
    """
    parts, missing = [], octets
    while missing:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(min(missing, _CHUNK))
        if not part:
            raise SigningUnavailable(what="signer: cut short")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
