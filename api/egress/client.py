"""Posts over HTTPS to addresses that others have named: resolved once, checked, connected to.

The connection goes to the very address that was checked, so a name that changes its mind between
the check and the call gains nothing. Redirects are answers, not followed. Nothing of an answer's
body is kept; what takes too long, or is endless, is cut off.
"""

import logging
import socket
import ssl
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpcore

from api import logs
from api.egress.addresses import AddressPolicy, AddressRefused, Resolver
from api.egress.backend import CheckedBackend
from certlib.ports import Letter, Receipt

_log = logs.logger("egress")
_AGENT: Final = "certlib-webhooks/1"
_LONGEST_RETRY: Final = 21_600
_BUSY: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class EgressOptions:
    """How requests leave.

    Attributes:
        policy: what may be called.
        seconds: the longest that one request may take, from connecting to its answer.
        answer_limit: octets of an answer's body that are read before it is cut off.
        ca_file: PEM of authorities trusted beside the system's, for receivers of the city.
    """

    policy: AddressPolicy = field(default_factory=AddressPolicy)
    seconds: float = 10.0
    answer_limit: int = 65_536
    ca_file: Path | None = None


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver has for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


class HttpsSender:
    """A `NoticeSender` over TLS."""

    def __init__(self, options: EgressOptions, resolve: Resolver = system_resolver) -> None:
        self._options = options
        self._resolve = resolve
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if options.ca_file is not None:
            self._context.load_verify_locations(cafile=options.ca_file)

    def send(self, url: str, letters: Iterable[Letter]) -> Generator[Receipt, None, None]:
        """Posts one letter after the other over one connection; a receipt for each."""
        backend = CheckedBackend(self._options.policy, self._options.seconds, self._resolve)
        with httpcore.ConnectionPool(
            ssl_context=self._context,
            max_connections=1,
            network_backend=backend,
        ) as pool:
            for letter in letters:
                backend.begin()
                yield self._post(pool, url, letter)

    def _post(self, pool: httpcore.ConnectionPool, url: str, letter: Letter) -> Receipt:
        headers: dict[bytes | str, bytes | str] = {
            "user-agent": _AGENT,
            "accept": "*/*",
            "content-length": str(len(letter.body)),
        }
        headers.update(letter.headers)
        try:
            with pool.stream(
                "POST",
                url,
                headers=headers,
                content=letter.body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write"), 0.0)},
            ) as answer:
                self._drop(answer)
                return _receipt(answer)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's server does is a receipt
            code = _code(error)
            if code == "unexpected":
                fault = logs.faults(error)
                logs.event(_log, logging.WARNING, "unexpected answer", fault=fault)
            return Receipt(0, code)

    def _drop(self, answer: httpcore.Response) -> None:
        """Reads a short body, so that the connection can go on; a long one ends it."""
        size = 0
        try:
            for part in answer.iter_stream():
                size += len(part)
                if size > self._options.answer_limit:
                    return
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            # The answer is known by its status; what the body was about is not read anyway.
            return


def _receipt(answer: httpcore.Response) -> Receipt:
    good = 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3
    error = "" if good else f"status-{answer.status}"
    return Receipt(answer.status, error, _retry_after(answer) if answer.status in _BUSY else 0)


def _retry_after(answer: httpcore.Response) -> int:
    """`Retry-After` in seconds, within reason; a date counts for nothing."""
    for name, value in answer.headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < len("1000000000"):
            return min(int(value), _LONGEST_RETRY)
    return 0


def _code(error: Exception) -> str:
    # The pool raises what the connection raised `from None`: the context still knows why.
    if isinstance(error, httpcore.ConnectError) and isinstance(error.__context__, ssl.SSLError):
        return "tls"
    return next((code for kind, code in _CODES if isinstance(error, kind)), "unexpected")


_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (AddressRefused, "address-refused"),
    (httpcore.TimeoutException, "timeout"),
    (socket.gaierror, "unresolved"),
    (httpcore.NetworkError, "unreachable"),
    (OSError, "unreachable"),
    (httpcore.ProtocolError, "protocol"),
)
