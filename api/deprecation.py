"""What is on its way out: one table, told in headers and in the API document.

Rules: a path of `/v1` goes on meaning what it means; fields may be added, so readers ignore those
that they do not know. What shall go is entered here first, with its successor, and works for at
least a year more. Its answers then carry `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and links.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.observation import route_of

NOTICE: Final = timedelta(days=365)
"""The least between deprecation and sunset."""
RULES: Final = "/docs/api"
"""Where the rules can be read: at the top of the API document."""


@dataclass(frozen=True, slots=True)
class Deprecated:
    """An operation that shall go.

    Attributes:
        method, path: of the operation, the path as its template.
        since: from when on it should not be used (aware UTC).
        sunset: from when on it may be gone; None while that is open.
        successor: path of what to use instead, or "".
    """

    method: str
    path: str
    since: datetime
    sunset: datetime | None = None
    successor: str = ""

    def __post_init__(self) -> None:
        if self.sunset is not None and self.sunset - self.since < NOTICE:
            raise ValueError(f"{self.method} {self.path}: a year's notice at least")

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """What its answers say."""
        yield b"deprecation", b"@%d" % int(self.since.timestamp())
        if self.sunset is not None:
            yield b"sunset", format_datetime(self.sunset, usegmt=True).encode("ascii")
        links = [f'<{RULES}>; rel="deprecation"; type="text/html"']
        if self.successor:
            links.append(f'<{self.successor}>; rel="successor-version"')
        yield b"link", ", ".join(links).encode("ascii")

    def words(self) -> str:
        """What its description says."""
        until = f"，{self.sunset:%Y-%m-%d} 后可能停用" if self.sunset else ""
        until_en = f", may be gone after {self.sunset:%Y-%m-%d}" if self.sunset else ""
        instead = f"，请改用 `{self.successor}`" if self.successor else ""
        instead_en = f", use `{self.successor}`" if self.successor else ""
        since = f"{self.since:%Y-%m-%d}"
        zh = f"自 {since} 起不再建议使用{until}{instead}。"
        return f"{zh} Deprecated since {since}{until_en}{instead_en}."


DEPRECATED: Final[tuple[Deprecated, ...]] = ()
"""Nothing is on its way out at present."""


class Deprecations:
    """Tells callers of deprecated operations so, with every answer."""

    def __init__(self, app: ASGIApp, table: Iterable[Deprecated] = DEPRECATED) -> None:
        self._app = app
        self._table = {(item.method, item.path): item for item in table}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; the route is known when its answer begins."""
        if scope["type"] != "http" or not self._table:
            await self._app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            found = self._table.get((scope["method"], route_of(scope)))
            if found is not None and message["type"] == "http.response.start":
                told = [*message.get("headers", ()), *found.headers()]
                message = {**message, "headers": told}
            await send(message)

        await self._app(scope, receive, telling)


def mark(paths: Mapping[str, Mapping[str, Any]], table: Iterable[Deprecated] = DEPRECATED) -> None:
    """Marks deprecated operations in the paths of an API document.

    Raises:
        KeyError: the document has no such operation: the table speaks of nothing.
    """
    for item in table:
        operation = paths[item.path][item.method.lower()]
        operation["deprecated"] = True
        said = operation.get("description", "")
        operation["description"] = f"{item.words()}\n\n{said}".strip()
        if item.sunset is not None:
            operation["x-sunset"] = f"{item.sunset:%Y-%m-%d}"
