"""How many requests at once, how large a body, how long: kept before a route sees anything."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.failures import RequestTooSlow, Stopping, TookTooLong
from api.middleware.requests import header, refuse, request_id_of
from certlib.errors import BodyTooLarge, CertlibError, MalformedRequest, Overloaded

ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that answer under any load: an operator looks at them just then."""

LAST_SECONDS: Final = 10.0
"""For a body that is on its way when the service stops."""
_LINGER_SECONDS: Final = 5.0
_LINGER_OCTETS: Final = 256_000_000
_LONGEST_LENGTH: Final = 18


class Concurrency:
    """Refuses what is too much at once with 503 and `Retry-After`, before the body is read.

    Attributes:
        now: requests under way.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self.now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on while there is room."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        if self.now >= self._most:
            await refuse(Overloaded(), scope, receive, send, {"Connection": "close"})
            return
        self.now += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.now -= 1


class Bodies:
    """Reads the body whole, counting, within a limit and a deadline; then passes it on.

    Args:
        limit_of: octets that this request may have.
        seconds: until when the body must be there.
    """

    def __init__(self, app: ASGIApp, limit_of: Callable[[Scope], int], seconds: float) -> None:
        self._app = app
        self._limit_of = limit_of
        self._seconds = seconds
        self._reading: set[asyncio.Timeout] = set()
        self._leaving = False

    def leave(self) -> None:
        """The service stops: bodies on their way have a few seconds more, then they get 503."""
        self._leaving = True
        end = asyncio.get_running_loop().time() + LAST_SECONDS
        for deadline in self._reading:
            deadline.reschedule(min(end, deadline.when() or end))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with its body in memory, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except CertlibError as error:
            await refuse_and_linger(error, scope, receive, send)
            return
        if body is not None:  # None: the client has gone
            await self._app(scope, _Replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        limit = self._limit_of(scope)
        if _announced(scope) > limit:
            raise BodyTooLarge(limit=limit)
        seconds = min(self._seconds, LAST_SECONDS) if self._leaving else self._seconds
        try:
            async with asyncio.timeout(seconds) as deadline:
                self._reading.add(deadline)
                try:
                    return await _read(receive, limit)
                finally:
                    self._reading.discard(deadline)
        except TimeoutError as error:
            if self._leaving:
                raise Stopping from error
            raise RequestTooSlow(seconds=int(self._seconds)) from error


class Deadline:
    """Answers 503 when a request takes too long; its act goes on to its end behind the answer.

    A thread cannot be stopped half-way through a commit, and must not be: the caller retries with
    the same key and gets the outcome.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; returns when the act has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        task = asyncio.ensure_future(self._app(scope, receive, answer.send))
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        if not done:
            error = TookTooLong()
            if not answer.started:
                answer.muted = True
                await problems.response(error, request_id_of(scope))(scope, receive, send)
            with suppress(CertlibError):
                await task
            return
        await task


class _Answer:
    """Notes whether an answer has begun; says nothing once muted."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.muted = False

    async def send(self, message: Message) -> None:
        if self.muted:
            return
        self.started = True
        await self._send(message)


class _Replay:
    """`receive` for an application whose body is in memory already."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _announced(scope: Scope) -> int:
    """The announced length; 0 where there is none.

    Raises:
        MalformedRequest: not a number.
    """
    length = header(scope, b"content-length")
    if not length:
        return 0
    if not (length.isascii() and length.isdigit()) or len(length) > _LONGEST_LENGTH:
        raise MalformedRequest(what="Content-Length")
    return int(length)


async def _read(receive: Receive, limit: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit=limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def refuse_and_linger(
    error: CertlibError, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answers at once, then drops what still comes for a while.

    A client that is cut off while it sends would never read the answer. One that asks first
    (`Expect: 100-continue`) is simply answered.
    """
    answer = problems.response(error, request_id_of(scope), {"Connection": "close"})
    start = {"type": "http.response.start", "status": answer.status_code}
    await send(start | {"headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": bytes(answer.body), "more_body": True})
    if header(scope, b"expect").lower() != "100-continue" and not isinstance(
        error, RequestTooSlow | Stopping
    ):
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await _drop(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drop(receive: Receive) -> None:
    size = 0
    while size < _LINGER_OCTETS:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
