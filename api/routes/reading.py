"""How bodies are read: strictly, before FastAPI looks at them."""

import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api import strict_json
from api.failures import MediaTypeUnsupported
from api.multipart import media_type

_JSON = "application/json"
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRoute(APIRoute):
    """A route whose body, where it has one, is JSON by the rules of `api.strict_json`."""

    @staticmethod
    def read(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
        """The body's value."""
        return strict_json.loads(body)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind a strict reader; a list that is read by GET links to its next page."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return linking(handler) if is_paged(self) else handler

        async def strict(request: Request) -> Response:
            body = await request.body()
            if body and media_type(request) != _JSON:
                raise MediaTypeUnsupported(allowed=_JSON)
            value = self.read(body) if body else None
            return await handler(_Read(request, value))

        return strict


def is_paged(route: APIRoute) -> bool:
    """Whether the route answers a list page by page: so many lines, and a cursor `after`."""
    fields = getattr(route.response_model, "model_fields", {})
    asked = {parameter.name for parameter in route.dependant.query_params}
    return "GET" in (route.methods or ()) and "after" in fields and "limit" in asked


def linking(handler: _Handler) -> _Handler:
    """The handler, its answer with a link to the next page where there is one (RFC 8288)."""

    async def linked(request: Request) -> Response:
        answer = await handler(request)
        after = json.loads(bytes(answer.body)).get("after")
        if after:
            answer.headers["Link"] = f'<{next_page(request, after)}>; rel="next"'
        return answer

    return linked


def next_page(request: Request, after: str) -> str:
    """The address of a list with another cursor: that of its next page."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "after"]
    return f"{request.url.path}?{urlencode([*kept, ('after', after)])}"


class RowsRoute(JsonRoute):
    """A route whose rows are judged one by one, their strings too."""

    @staticmethod
    def read(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
        """The body's value, its strings not looked at yet."""
        return strict_json.parsed(body)


class _Read(Request):
    """A request whose JSON has been read."""

    def __init__(self, request: Request, value: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(request.scope, request.receive)
        self._body = getattr(request, "_body", b"")
        self._value = value

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The value, read once."""
        return self._value
