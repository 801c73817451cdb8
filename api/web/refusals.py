"""Refusals on the page's paths for people: a page in place of the problem document.

Whoever refuses, a limit or a route, says so in one problem document; browsers under `/v` get the
same status and headers with a page that says what to do. Other callers get the document as it is.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.requests import header
from api.problems import MEDIA_TYPE
from api.web.file_texts import MISTAKEN, REFUSALS, TROUBLE
from api.web.site import page
from api.web.texts import language_of

_PATH: Final = "/v"
_SERVER_FAULT: Final = 500
_KEPT: Final = frozenset(
    {b"retry-after", b"connection", b"allow", b"x-request-id", b"ratelimit", b"ratelimit-policy"}
)


class PageRefusals:
    """Turns problem documents into pages where a browser asked for one."""

    def __init__(self, app: ASGIApp, *, demonstration: bool) -> None:
        self._app = app
        self._demonstration = demonstration

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if _is_of_a_browser(scope):
            send = _Retold(scope, send, demonstration=self._demonstration).send
        await self._app(scope, receive, send)


class _Retold:
    """An answer on its way; a problem document waits for its text, which comes in one message."""

    def __init__(self, scope: Scope, send: Send, *, demonstration: bool) -> None:
        self._scope = scope
        self._send = send
        self._demonstration = demonstration
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if (b"content-type", MEDIA_TYPE.encode()) in message["headers"]:
                self._start = message
                return
        elif self._start is not None:
            start, self._start = self._start, None
            await self._tell(start, message)
            return
        await self._send(message)

    async def _tell(self, start: Message, message: Message) -> None:
        kept = [item for item in start["headers"] if item[0].lower() in _KEPT]
        told = self._page(message.get("body", b""), start["status"], dict(kept))
        await self._send({**start, "headers": [*told.raw_headers, *kept]})
        body = b"" if self._scope["method"] == "HEAD" else bytes(told.body)
        await self._send({**message, "body": body})

    def _page(self, text: bytes, status: int, kept: Mapping[bytes, bytes]) -> Response:
        zh, en = _sentence(text, status)
        lang = language_of(_asked(self._scope), header(self._scope, b"accept-language"))
        values = {
            "sentence": {"zh": zh, "en": en},
            "wait": kept.get(b"retry-after", b"").decode("ascii"),
            "here": _PATH,
            "demonstration": self._demonstration,
        }
        return page("refusal.html", lang, values, status)


def _sentence(text: bytes, status: int) -> tuple[str, str]:
    """What a passer-by is told; HEAD has no text to go by."""
    told: dict[str, Any] = json.loads(text) if text else {"code": "", "problems": []}
    general = TROUBLE if status >= _SERVER_FAULT else MISTAKEN
    codes = (told["code"], *(item["code"] for item in told["problems"]))
    return next((REFUSALS[code] for code in codes if code in REFUSALS), general)


def _asked(scope: Scope) -> str:
    """The language that the address asks for, or ""."""
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("lang", [""])[-1]


def _is_of_a_browser(scope: Scope) -> bool:
    if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{_PATH}/"):
        return False
    return "text/html" in header(scope, b"accept").lower()
