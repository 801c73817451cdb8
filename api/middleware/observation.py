"""Outermost: an id for every request, one log line, metrics, and an answer whatever happens."""

import logging
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs, problems
from api.failures import Unexpected
from api.metrics import Metrics
from api.middleware.requests import RequestIds, caller_of, header

_log = logs.logger("http")
_SERVER_FAULT = 500
_UNMATCHED = "unmatched"


class Observation:
    """Sees every request and every answer; lets no exception out."""

    def __init__(self, app: ASGIApp, ids: RequestIds, metrics: Metrics) -> None:
        self._app = app
        self._ids = ids
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._ids.accepted(header(scope, b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope["method"], request_id, send)
        asked = _as_get(scope)
        started = perf_counter()
        try:
            await self._app(asked, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the last line of defence, never a bare 500
            _log_unforeseen(request_id, error)
            if not answer.status:
                response = problems.response(Unexpected(), request_id)
                await response(asked, receive, answer.send)
        finally:
            self._note(asked, answer.status, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if route != _UNMATCHED else "any"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        caller = caller_of(scope)
        logs.event(
            _log,
            logging.WARNING if status >= _SERVER_FAULT or not status else logging.INFO,
            "request",
            request_id=scope["state"]["request_id"],
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            client=caller.client_id if caller is not None else "",
        )


class _Answer:
    """Adds the id to the answer; keeps the body back from HEAD."""

    def __init__(self, method: str, request_id: str, send: Send) -> None:
        self._head = method == "HEAD"
        self._id = (b"x-request-id", request_id.encode("ascii"))
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), self._id]}
        elif self._head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _as_get(scope: Scope) -> Scope:
    """HEAD is GET without a body (RFC 9110 section 9.3.2); ranges are for GET alone.

    A copy: the server goes by its own, and keeps the body back too.
    """
    if scope["method"] != "HEAD":
        return scope
    headers = [item for item in scope["headers"] if item[0] != b"range"]
    return {**scope, "method": "GET", "headers": headers}


def route_of(scope: Scope) -> str:
    """The template of the route that matched, never the path itself."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", _UNMATCHED))


def _log_unforeseen(request_id: str, error: Exception) -> None:
    fault = logs.faults(error)
    logs.event(_log, logging.ERROR, "unforeseen", request_id=request_id, fault=fault)
