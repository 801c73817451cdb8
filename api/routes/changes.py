"""GET /v1/changes: what happened to certificates, from a cursor on, without a gap."""

from time import monotonic
from typing import Annotated, Final

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request

from api.cursors import LENGTH, place
from api.deps import CallerDep, PartsDep, Private
from api.failures import CursorUnknown
from api.parts import Parts
from api.routes.documented import needs
from api.routes.reading import JsonRoute
from api.schemas.changes import ChangesOut
from certlib.usecases.caller import CHANGES, Caller
from certlib.usecases.follow import START, FeedPage

router = APIRouter(
    prefix="/v1/changes",
    tags=["变更流 Changes"],
    route_class=JsonRoute,
    dependencies=[Private],
)

NOW: Final = "now"
MOST: Final = 1000
LONGEST_WAIT: Final = 15
"""Seconds: less than an orderly end of the server takes, so that no wait is cut off."""
WAITERS: Final = 16
"""Calls that wait at once in one process; further ones are answered as they are."""
_PAUSE_SECONDS: Final = 0.5


class Waiting:
    """How many calls wait for news."""

    def __init__(self, most: int = WAITERS) -> None:
        self._free = most

    def enter(self) -> bool:
        """Whether there is a place to wait; it is taken then."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    def leave(self) -> None:
        """Gives the place back."""
        self._free += 1


@router.get(
    "",
    operation_id="readChanges",
    summary="变更流 Change feed",
    openapi_extra=needs(CHANGES),
)
async def read_changes(  # noqa: PLR0913 - what a request carries
    *,
    request: Request,
    caller: CallerDep,
    parts: PartsDep,
    after: Annotated[
        str,
        Query(
            max_length=LENGTH,
            description="上次返回的 after；不给出则从头读起，`now` 从此刻读起。"
            " `after` of the last page; absent: from the first change, `now`: from now on.",
        ),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="每页条数。 Lines a page.")] = 100,
    type_code: Annotated[
        str, Query(max_length=32, description="只看该证照类型。 Of this type only.")
    ] = "",
    wait: Annotated[
        int,
        Query(ge=0, le=LONGEST_WAIT, description="没有新变更时最多等待的秒数。 Seconds to wait."),
    ] = 0,
) -> ChangesOut:
    """按提交顺序列出证照的变更，不重不漏；本单位只见本单位的证照。 In the order of commits.

    Nothing is ever added behind a cursor that was handed out. A department sees its own
    certificates; `library:operate` sees all.
    """
    if after == NOW:
        end = await anyio.to_thread.run_sync(parts.follow.end, caller)
        return ChangesOut.of(FeedPage((), end, more=False))
    begin = place(after) if after else START
    until = monotonic() + min(wait, parts.settings.request_seconds / 2)
    page = await _page(parts, caller, begin, limit, type_code)
    waiting: Waiting = request.app.state.waiting
    if page.changes or not wait or not waiting.enter():
        return ChangesOut.of(page)
    try:
        while not page.changes and monotonic() < until and not await request.is_disconnected():
            await anyio.sleep(_PAUSE_SECONDS)
            page = await _page(parts, caller, begin, limit, type_code)
    finally:
        waiting.leave()
    return ChangesOut.of(page)


async def _page(parts: Parts, caller: Caller, begin: int, limit: int, type_code: str) -> FeedPage:
    found = await anyio.to_thread.run_sync(parts.follow.page, caller, begin, limit, type_code)
    if found is None:
        raise CursorUnknown
    return found
