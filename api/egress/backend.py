"""Connections to checked addresses, each step of which ends with the request's deadline."""

import ssl
from collections.abc import Iterable
from time import monotonic
from typing import Any

import httpcore

from api.egress.addresses import AddressPolicy, AddressRefused, Resolver

__all__ = ["CheckedBackend"]


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing outlast the request's deadline."""

    def __init__(self, policy: AddressPolicy, seconds: float, resolve: Resolver) -> None:
        self._policy = policy
        self._seconds = seconds
        self._resolve = resolve
        self._real = httpcore.SyncBackend()
        self.until = 0.0

    def begin(self) -> None:
        """A new request begins: its deadline starts to run."""
        self.until = monotonic() + self._seconds

    def left(self) -> float:
        """Seconds until the deadline; a moment when it has passed."""
        return max(self.until - monotonic(), 0.001)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolves once, checks, and connects to what was checked."""
        del timeout
        policy = self._policy
        if port not in policy.ports:
            raise AddressRefused
        *others, last = policy.allowed(host, port, self._resolve)
        for address in others:
            try:
                return self._connected(address, port, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connected(last, port, local_address, socket_options)

    def _connected(
        self,
        address: str,
        port: int,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.NetworkStream:
        stream = self._real.connect_tcp(address, port, self.left(), local_address, socket_options)
        return _TimedStream(stream, self)


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every step ends with the request's deadline: a slow drip gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, backend: CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        del timeout
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends all of it."""
        del timeout
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        """Ends the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """TLS for the name that was asked for, over the address that was checked."""
        del timeout
        stream = self._stream.start_tls(ssl_context, server_hostname, self._left())
        return _TimedStream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        """What the socket knows."""
        return self._stream.get_extra_info(info)

    def _left(self) -> float:
        if monotonic() >= self._backend.until:
            raise httpcore.ReadTimeout
        return self._backend.left()
