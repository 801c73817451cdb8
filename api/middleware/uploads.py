"""Files to be examined: who is let in before a body is read, and who is read by a child when.

A file occupies its own size in memory, then a thread and a reader. So only so many are in the house
at once, and whoever comes then is told so before a single octet of the body is read; of those in
the house as many go to the readers as there are. Who sends slowly, on purpose or not, holds a place
in the house, never a reader. Strangers have half of everything at most, so that the counters' files
find a place and a reader; and neither one address nor one client may take all that its like have.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.limits import refuse_and_linger
from api.middleware.requests import header, refuse
from api.readings import Readings
from certlib.errors import Overloaded

STRANGERS: Final = "/v"
"""Where anybody may send a file, by POST."""
CLIENTS: Final = "/v1/verifications"
"""Where clients send theirs; JSON sent there is no file."""
PLACES: Final = 8
"""In the house, for each reader."""
MOST_OF_ONE: Final = 3
"""Of one address: a hall shares one, and its files pass in a moment."""
_MOST_LINGERING: Final = 16
_WAIT_SECONDS: Final = 15.0
_STATE: Final = "upload"
_CLOSE: Final = {"Connection": "close"}


class Uploads:
    """Lets so many files into the house; others get 503 with `Retry-After`, their body unread.

    Args:
        children: readers there are.
        who: whose upload it is.
        figures: counts who is in the house, and who was sent away.
    """

    def __init__(
        self, app: ASGIApp, children: int, who: Callable[[Scope], str], figures: Readings
    ) -> None:
        self._app = app
        self._most = PLACES * children
        self._who = who
        self._figures = figures
        self._strangers: Counter[str] = Counter()
        self._clients: Counter[str] = Counter()
        self._lingering = 0
        figures.most_uploads.set(self._most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on when there is a place."""
        if not is_upload(scope):
            await self._app(scope, receive, send)
            return
        stranger, who = is_strangers_file(scope), self._who(scope)
        inside = self._strangers if stranger else self._clients
        kind = "stranger" if stranger else "client"
        if not self._has_place(who, stranger=stranger):
            self._figures.refused.labels(kind).inc()
            await self._send_away(scope, receive, send)
            return
        scope["state"][_STATE] = kind
        inside[who] += 1
        self._figures.uploads.inc()
        try:
            await self._app(scope, receive, send)
        finally:
            self._figures.uploads.dec()
            inside[who] -= 1
            if not inside[who]:
                del inside[who]

    def _has_place(self, who: str, *, stranger: bool) -> bool:
        half = self._most // 2
        if self._strangers.total() + self._clients.total() >= self._most:
            return False
        if stranger:
            return self._strangers.total() < half and self._strangers[who] < MOST_OF_ONE
        return self._clients[who] < half

    async def _send_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Who sends on and is cut off would never read the answer: the rest is let run by.

        Not for everybody at once, though.
        """
        if self._lingering >= _MOST_LINGERING:
            await refuse(Overloaded(), scope, receive, send, _CLOSE)
            return
        self._lingering += 1
        try:
            await refuse_and_linger(Overloaded(), scope, receive, send)
        finally:
            self._lingering -= 1


class Examinations:
    """Lets whole files through to the readers, as many at once as there are; others wait.

    Stands behind what reads bodies. Who has waited too long gets 503 after all: then files that
    take their readers' whole time stand before it.
    """

    def __init__(
        self, app: ASGIApp, children: int, figures: Readings, seconds: float = _WAIT_SECONDS
    ) -> None:
        self._app = app
        self._readers = asyncio.Semaphore(children)
        self._strangers = asyncio.Semaphore(max(1, children // 2))
        self._figures = figures
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on when a reader is free."""
        whose = scope.get("state", {}).get(_STATE)
        if whose is None:
            await self._app(scope, receive, send)
            return
        needed = [self._strangers, self._readers] if whose == "stranger" else [self._readers]
        async with AsyncExitStack() as taken:
            try:
                async with asyncio.timeout(self._seconds):
                    for places in needed:
                        await taken.enter_async_context(places)
            except TimeoutError:
                self._figures.refused.labels("late").inc()
                await refuse(Overloaded(), scope, receive, send)
                return
            await self._app(scope, receive, send)


def is_upload(scope: Scope) -> bool:
    """Whether a file may come with this request."""
    return is_strangers_file(scope) or is_clients_file(scope)


def is_strangers_file(scope: Scope) -> bool:
    """Whether somebody without a token sends a file to the page."""
    return _is_post(scope, STRANGERS)


def is_clients_file(scope: Scope) -> bool:
    """Whether somebody with a token sends a file."""
    kind = header(scope, b"content-type") if _is_post(scope, CLIENTS) else "application/json"
    return not kind.lower().startswith("application/json")


def _is_post(scope: Scope, path: str) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == path)
