"""uvicorn's HTTP protocol with what it lacks: limits for the head of a request, and a short way.

A plain status look-up that arrives whole, alone and on a quiet connection is answered right here:
parsing, scope and ASGI messages cost four times as much as the look-up itself. Everything else,
and every answer but 200, goes the long way.
"""

import asyncio
import re
from functools import partial
from typing import Final

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api import problems
from api.failures import HeadTooLarge
from api.status_path import PREFIX, StatusPath
from certlib.errors import CertlibError, MalformedRequest

HEAD_LIMIT: Final = 32_768
"""Octets of request line and headers together."""
_STATUS: Final = b"GET /v1/status/"
_REST: Final = b" HTTP/1.1\r\n"
_END: Final = b"\r\n\r\n"
_MORE_THAN_PLAIN: Final = re.compile(
    rb"\r\n(?:[ \t]|connection:(?! *keep-alive\r)|content-length|transfer-encoding|expect|upgrade"
    rb"|x-request-id)",
    re.IGNORECASE,
)
"""Headers that change what has to be done, and lines that continue the one before."""
_FORWARDED: Final = re.compile(rb"\r\nx-forwarded-for:([^\r]*)", re.IGNORECASE)

HEAD_SECONDS: Final = 10.0
"""From the first octet, or from the connection, to the end of the headers."""


def _whole_lines(head: bytes) -> bool:
    """Whether every line ends with CRLF and no CR or LF stands alone.

    A lone one hides a header from us that a proxy may have read, or the other way round: then the
    body of one request would be the next request (RFC 9112 section 11.2).
    """
    return head.count(b"\r\n") == head.count(b"\n") == head.count(b"\r")


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose request heads are endless, or never end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection has as long to say something as a request head has."""
        super().connection_made(transport)
        self._head_octets = 0
        self._head_open = True
        self._between = True
        self._head_timer: asyncio.TimerHandle | None = self._timer()
        self._status: StatusPath | None = getattr(self.config.app, "status", None)
        self._answered = self._answered_before = 0
        self._asking = self._leaving = False
        self._held = b""
        if getattr(self.config.app, "shut", False):
            # The kernel had let it in before the door was shut; nobody would tell it to go.
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the deadline."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts while a head is being read; the rest is uvicorn's."""
        if self._asking:
            # Answers go out in the order of the questions; nothing more is read until then.
            self._held += data
            self.flow.pause_reading()
        elif not (data.startswith(_STATUS) and self._answer_soon(data)):
            self._read_on(data)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client says no more, and still gets the answer that is being looked up."""
        if self._asking:
            self._leaving = True
            return True
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not self.scope["path"].startswith(PREFIX):
            return False
        cycle.keep_alive = False
        return True

    def shutdown(self) -> None:
        """The server stops: what was asked is answered first."""
        if self._asking:
            self._leaving = True
        else:
            super().shutdown()

    def _read_on(self, data: bytes) -> None:
        if self._head_open or self._between:
            # What follows the head in the same segment is counted too: a little too strict.
            self._head_octets += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        answered = self.cycle is not None and self.cycle.response_complete
        if self._head_open and self._head_octets > HEAD_LIMIT:
            self._refuse(HeadTooLarge(limit=HEAD_LIMIT))
        elif self._head_timer is None and (self._head_open or answered):
            self._head_timer = self._timer()

    def _answer_soon(self, data: bytes) -> bool:
        """Whether `data` is one plain status look-up; `_told` its answer when it is there."""
        identifier = self._asked(data)
        if self._status is None or identifier is None:
            return False
        forwarded = b",".join(_FORWARDED.findall(data)).decode("latin-1")
        first = self._status.admitted(self.client[0] if self.client else "", forwarded)
        if first is None:
            return False
        self._asking = True
        self._unset_keepalive_if_required()
        if not self._status.inline:
            self.flow.pause_reading()
        self._status.ask(identifier, partial(self._told, first, data))
        return True

    def _told(self, first: bytes, data: bytes, rest: bytes | None) -> None:
        self._asking = False
        held, self._held = self._held, b""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if rest is None:
            self._read_on(data)
        else:
            self._tell(first + rest)
        if held and not self.transport.is_closing():
            self.data_received(held)
        if self._leaving and not self._asking:
            super().shutdown()

    def _asked(self, data: bytes) -> str | None:
        """The identifier of a plain look-up that came whole and alone."""
        if not self._is_quiet() or len(data) > HEAD_LIMIT:
            return None
        end = data.find(b" ", len(_STATUS))
        alone = data.startswith(_REST, end) and data.find(_END) == len(data) - len(_END)
        if not alone or not _whole_lines(data) or _MORE_THAN_PLAIN.search(data):
            return None
        try:
            return data[len(_STATUS) : end].decode("ascii")
        except UnicodeDecodeError:
            return None

    def _tell(self, answer: bytes) -> None:
        self._answered += 1
        if self._head_timer is None:
            self._unset_keepalive_if_required()
            self._head_timer = self._timer()
        self.transport.write(answer)

    def _is_quiet(self) -> bool:
        """No request is half read or half answered, and the client takes what it is sent."""
        answered = self.cycle is None or self.cycle.response_complete
        between = self._between and self._head_octets == 0
        return between and answered and not self._asking and not self.flow.write_paused

    def on_message_begin(self) -> None:
        """A request's head begins."""
        self._head_open = True
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request has ended, its body too: what comes now is another."""
        self._between = True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """A request's head has ended."""
        self._head_open = False
        self._head_octets = 0
        self._forget_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets a problem document as well."""
        del msg
        self._refuse(MalformedRequest(what="HTTP"))

    def _refuse(self, error: CertlibError) -> None:
        answer: Response = problems.response(error, "", {"Connection": "close"})
        lines = [STATUS_LINE[answer.status_code]]
        lines += [b"%b: %b\r\n" % (name, value) for name, value in answer.raw_headers]
        self.transport.write(b"".join([*lines, b"\r\n", bytes(answer.body)]))
        self.transport.close()

    def _timer(self) -> asyncio.TimerHandle:
        return self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if self._asking or (self._answered != self._answered_before and self._head_octets == 0):
            # Not slow: busy with look-ups, whose answers leave the timer alone.
            self._answered_before = self._answered
            self._head_timer = self._timer()
            return
        if not self.transport.is_closing():
            self.transport.close()
