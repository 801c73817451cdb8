"""The ASGI application: the fast path, what every request passes, and the routes."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api import logs, openapi, problems, validation
from api.catalogue import Catalogue
from api.deprecation import Deprecations
from api.egress.addresses import networks
from api.failures import MethodNotAllowed, PathUnknown, Unexpected
from api.health import Health
from api.metrics import Metrics
from api.middleware.authentication import Authentication
from api.middleware.limits import Bodies, Concurrency, Deadline
from api.middleware.observation import Observation
from api.middleware.rates import RateLimits, Rates
from api.middleware.requests import RequestIds, request_id_of
from api.middleware.uploads import (
    Examinations,
    Uploads,
    is_clients_file,
    is_strangers_file,
)
from api.parts import Parts
from api.routes import changes
from api.routes.table import ROUTERS
from api.status_path import PREFIX, StatusPath
from api.tokens import Tokens
from api.web.file_check import FORM_OCTETS
from api.web.refusals import PageRefusals
from certlib.errors import CertlibError, Corrupt, MalformedRequest

_log = logs.logger("http")
_SMALL = {"/oauth2/token": 16_384, "/tsa": 16_384, "/pki/ocsp": 16_384}


class Site:
    """The whole of HTTP.

    Attributes:
        api: the FastAPI application, for its document.
        health: how every part is.
        shut: nobody new is served; who was let in late is let go before a word is said.
        metrics: what is counted; the worker counts here too.
        status: the public look-up, for a server that can ask it without ASGI.
    """

    def __init__(
        self, api: FastAPI, stack: ASGIApp, status: StatusPath, metrics: Metrics, bodies: Bodies
    ) -> None:
        self.api = api
        self.shut = False
        self._bodies = bodies
        self.health: Health = api.state.health
        self.metrics = metrics
        self.status = status
        self._stack = stack

    def leave(self) -> None:
        """The service stops: what is under way is answered, and `/readyz` says no."""
        self.health.leave()
        self._bodies.leave()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event (ASGI 3)."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.status(scope, receive, send)
        else:
            await self._stack(scope, receive, send)


def create_app(parts: Parts) -> Site:
    """The application over `parts`."""
    settings = parts.settings
    metrics = Metrics(parts.registry, parts.clock, parts.timings, parts.authority)
    tokens = Tokens(
        parts.token_key,
        parts.clock,
        parts.entropy,
        node_id=settings.node_id,
        seconds=settings.token_seconds,
    )
    api = _api(parts, metrics, tokens)
    readings, children = parts.timings.readings, max(1, settings.reader_children)
    rates = Rates(settings, metrics, networks(settings.trusted_proxies.split(",")))
    stack: ASGIApp = Deadline(Deprecations(api), settings.request_seconds)
    stack = Examinations(stack, children, readings)
    stack = bodies = Bodies(stack, partial(_limit_of, parts), settings.request_seconds)
    stack = Uploads(stack, children, rates.asking, readings)
    stack = RateLimits(stack, rates)
    stack = Authentication(stack, tokens, metrics)
    stack = concurrency = Concurrency(stack, settings.concurrency)
    metrics.most.set(settings.concurrency)
    metrics.under_way.set_function(lambda: concurrency.now)
    request_ids = RequestIds(parts.entropy)
    stack = PageRefusals(Observation(stack, request_ids, metrics), demonstration=settings.demo)
    status = StatusPath(parts, request_ids, metrics, rates)
    return Site(api, stack, status, metrics, bodies)


def _api(parts: Parts, metrics: Metrics, tokens: Tokens) -> FastAPI:
    api = FastAPI(
        title="电子证照库 certlib",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        exception_handlers={
            CertlibError: _on_ours,
            RequestValidationError: _on_invalid,
            HTTPException: _on_http,
            Exception: _on_unforeseen,
        },
    )
    api.state.parts = parts
    api.state.metrics = metrics
    api.state.tokens = tokens
    api.state.health = Health(parts, metrics)
    api.state.catalogue = Catalogue(parts.registry)
    api.state.waiting = changes.Waiting()
    for router in ROUTERS:
        api.include_router(router)
    api.add_route("/openapi.json", _document, methods=["GET"])
    return api


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    # Acts that seal or write run in threads; more of them than this would only queue elsewhere.
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = api.state.parts.settings.threads
    yield
    await api.state.parts.status.release()


async def _document(_request: Request) -> Response:
    """The API document; made at the first question, so that an idle server stays small."""
    content = await anyio.to_thread.run_sync(openapi.encoded)
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-cache"})


def _limit_of(parts: Parts, scope: Scope) -> int:
    if is_clients_file(scope):
        return parts.settings.upload_limit
    if is_strangers_file(scope):
        return parts.settings.upload_limit + FORM_OCTETS
    return _SMALL.get(scope["path"], parts.settings.body_limit)


# --- whatever goes wrong, told once -----------------------------------------------------------


async def _on_ours(request: Request, error: Exception) -> Response:
    ours = error if isinstance(error, CertlibError) else Unexpected()
    request_id = request_id_of(request.scope)
    request.app.state.metrics.problems.labels(ours.code).inc()
    if isinstance(ours, Corrupt):
        # Somebody must look at this: the record and the bytes disagree.
        what = str(ours.values.get("what", ""))
        fault = logs.faults(ours)
        logs.event(
            _log,
            logging.ERROR,
            "corrupt",
            request_id=request_id,
            code=ours.code,
            what=what,
            fault=fault,
        )
    return problems.response(ours, request_id)


async def _on_invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return await _on_ours(request, validation.invalid(found))


async def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 0
    request_id = request_id_of(request.scope)
    match status:
        case 404:
            return problems.response(PathUnknown(), request_id)
        case 405:
            return _wrong_method(request, request_id)
        case _:
            return problems.response(MalformedRequest(what="HTTP"), request_id)


async def _on_unforeseen(request: Request, _error: Exception) -> Response:
    # Starlette raises it again behind this answer, and `Observation` logs it.
    return problems.response(Unexpected(), request_id_of(request.scope))


def _wrong_method(request: Request, request_id: str) -> Response:
    allow = {"Allow": ", ".join(sorted(_methods(request)))}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    return problems.response(MethodNotAllowed(), request_id, allow)


def _methods(request: Request) -> set[str]:
    """Every method that this path has, over all its routes."""
    matching = [route for route in _routes() if route.path_regex.match(request.scope["path"])]
    # A path of its own (`/search`) is meant before one that could hold any identifier.
    exact = [route for route in matching if not route.param_convertors]
    found = {"OPTIONS"}.union(*(route.methods or set() for route in exact or matching))
    return found | ({"HEAD"} if "GET" in found else set())


def _routes() -> Iterator[Route]:
    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, Route))
