"""Files that anybody sends to `/v`: let in by address, and read only beside the counters' own.

Whoever holds a token is known, a stranger is not, and may send slowly on purpose. So the places at
the readers are given out when a stranger's file is there, not while it is on its way, and never all
of them; and only so many are on their way at once, fewer from one address.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.requests import refuse
from certlib.errors import Overloaded

PATH: Final = "/v"
"""Where anybody may send a file, by POST."""
MOST: Final = 12
"""Files of strangers in memory at once."""
MOST_OF_ONE: Final = 3
"""Of them from one address: a hall shares one, and its files pass in a moment."""
_CLOSE: Final = {"Connection": "close"}


def is_strangers_file(scope: Scope) -> bool:
    """Whether somebody without a token sends a file to the page."""
    return bool(scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == PATH)


class Arrivals:
    """Refuses what is too much on its way at once with 503, before the body is read.

    Args:
        who: the address that a request counts for.
    """

    def __init__(
        self,
        app: ASGIApp,
        who: Callable[[Scope], str],
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
    ) -> None:
        self._app = app
        self._who = who
        self._most = most
        self._most_of_one = most_of_one
        self._now: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on while there is room for it."""
        if not is_strangers_file(scope):
            await self._app(scope, receive, send)
            return
        who = self._who(scope)
        if self._now[who] >= self._most_of_one or self._now.total() >= self._most:
            await refuse(Overloaded(), scope, receive, send, _CLOSE)
            return
        self._now[who] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._now[who] -= 1
            if not self._now[who]:
                del self._now[who]


class StrangersFiles:
    """Gives a stranger's file, all of it there, a place at the readers, or 503 after a while.

    Args:
        places: of all files; half of them, and at least one, may be strangers'.
        most: how many they are.
        seconds: how long one waits.
    """

    def __init__(
        self, app: ASGIApp, places: asyncio.Semaphore, most: int, seconds: float = 5.0
    ) -> None:
        self._app = app
        self._needed = (asyncio.Semaphore(max(1, most // 2)), places)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on when there is a place."""
        if not is_strangers_file(scope):
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as taken:
            try:
                async with asyncio.timeout(self._seconds):
                    for places in self._needed:
                        await taken.enter_async_context(places)
            except TimeoutError:
                await refuse(Overloaded(), scope, receive, send)
                return
            await self._app(scope, receive, send)
