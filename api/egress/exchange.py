"""One question to an address that the operator has named, and its bounded answer.

What comes back is signed by somebody whom the node knows or is not believed, so plain HTTP will do;
what is asked leaks nothing but a digest. Redirects and anything but 200 are no answers.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpcore

from api.egress.addresses import AddressPolicy, AddressRefused, Network, Resolver
from api.egress.backend import CheckedBackend
from api.egress.client import system_resolver
from certlib.errors import SigningUnavailable

__all__ = ["Download", "Exchange"]

_LIMIT: Final = 65_536
_OK: Final = 200
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Exchange:
    """`keys.timestamp_client.Post` to one address.

    Attributes:
        url: the only address that is called.
        networks: networks of the city that its name may lead to although they are not public.
        resolve: how its name is resolved.
        whose: who answers, in the word of what went wrong.
    """

    url: str
    networks: tuple[Network, ...] = ()
    resolve: Resolver = system_resolver
    whose: str = "timestamp authority"

    def __call__(self, content: bytes, headers: Mapping[str, str], seconds: float) -> bytes:
        """Posts `content`; the answer's body, when it is 200 and of the type that was accepted.

        Args:
            content: the body.
            headers: `Accept` among them.
            seconds: for all of it, the name's resolution included.

        Raises:
            SigningUnavailable: anything else; `what` is a short word.
        """
        sent: dict[bytes | str, bytes | str] = {"Content-Length": str(len(content))}
        sent.update(headers)
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        try:
            with (
                self.pool(seconds) as pool,
                pool.stream(
                    "POST", self.url, headers=sent, content=content, extensions={"timeout": timeout}
                ) as answer,
            ):
                return _body(answer, headers["Accept"], self.whose)
        except SigningUnavailable:
            raise
        except Exception as error:  # whatever a stranger's server does is no answer
            word = next((text for kind, text in _WORDS if isinstance(error, kind)), "protocol")
            raise SigningUnavailable(what=f"{self.whose}: {word}") from error

    def pool(self, seconds: float) -> httpcore.ConnectionPool:
        """Connections to that address alone, over before so many seconds."""
        parts = urlsplit(self.url)
        port = parts.port or _PORTS[parts.scheme]
        policy = AddressPolicy(self.networks, frozenset({port}))
        backend = CheckedBackend(policy, seconds, _within(seconds, self.resolve))
        backend.begin()
        context = _context() if parts.scheme == "https" else None
        return httpcore.ConnectionPool(context, max_connections=1, network_backend=backend)


@dataclass(frozen=True, slots=True)
class Download:
    """What lies at one address that the operator has named; fetched, never followed elsewhere.

    Attributes:
        url: the only address that is called.
        networks: networks of the city that its name may lead to although they are not public.
        limit: most octets of the answer.
        seconds: for all of it, the name's resolution included.
        resolve: how its name is resolved.
    """

    url: str
    networks: tuple[Network, ...] = ()
    limit: int = _LIMIT
    seconds: float = 30.0
    resolve: Resolver = system_resolver

    def __call__(self) -> bytes:
        """The body of a 200.

        Raises:
            SigningUnavailable: anything else; `what` is a short word.
        """
        exchange = Exchange(self.url, self.networks, self.resolve)
        headers: dict[bytes | str, bytes | str] = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "certlib",
        }
        try:
            with (
                exchange.pool(self.seconds) as pool,
                pool.stream("GET", self.url, headers=headers) as answer,
            ):
                return _whole(answer, self.limit)
        except SigningUnavailable:
            raise
        except Exception as error:  # whatever a stranger's server does is no answer
            word = next((text for kind, text in _WORDS if isinstance(error, kind)), "protocol")
            raise SigningUnavailable(what=word) from error


def _whole(answer: httpcore.Response, limit: int) -> bytes:
    if answer.status != _OK:
        raise SigningUnavailable(what=f"answers {answer.status}")
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > limit:
            raise SigningUnavailable(what="answer too long")
    return bytes(body)


def _body(answer: httpcore.Response, accepted: str, whose: str) -> bytes:
    """The body as it came: what a sender compressed is not unpacked here."""
    kind = next((value for name, value in answer.headers if name.lower() == b"content-type"), b"")
    if answer.status != _OK:
        raise SigningUnavailable(what=f"{whose} answers {answer.status}")
    if kind.partition(b";")[0].strip().lower() != accepted.encode():
        raise SigningUnavailable(what=f"{whose}: answers something else")
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > _LIMIT:
            raise SigningUnavailable(what=f"{whose}: answer too long")
    return bytes(body)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _within(seconds: float, resolve: Resolver) -> Resolver:
    """The system's resolver has time limits of its own, and they are long: it is left behind."""

    def bounded(host: str, port: int) -> Sequence[str]:
        found: list[Callable[[], Sequence[str]]] = []

        def ask() -> None:
            try:
                answer = resolve(host, port)
            except OSError as error:
                fault = error
                found.append(lambda: _raised(fault))
            else:
                found.append(lambda: answer)

        thread = threading.Thread(target=ask, name="resolve", daemon=True)
        thread.start()
        thread.join(seconds)
        if not found:
            raise httpcore.ConnectTimeout
        return found[0]()

    return bounded


def _raised(error: OSError) -> Sequence[str]:
    raise error


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (AddressRefused, "address refused"),
    (httpcore.TimeoutException, "timeout"),
    (socket.gaierror, "unresolved"),
    (ssl.SSLError, "tls"),
    (httpcore.NetworkError, "unreachable"),
    (OSError, "unreachable"),
)
