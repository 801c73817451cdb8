"""Who calls: settled before the body is read, so strangers cannot make us read much."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.failures import NotAuthenticated
from api.metrics import Metrics
from api.middleware.requests import header, refuse, request_id_of
from api.tokens import Tokens

_PROTECTED = "/v1/"
_PUBLIC = "/v1/files/"
"""Digests of files, for anybody; public status look-ups never come here."""


class Authentication:
    """Asks for an access token under `/v1/`; the caller then stands in the request's state."""

    def __init__(self, app: ASGIApp, tokens: Tokens, metrics: Metrics) -> None:
        self._app = app
        self._tokens = tokens
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 401."""
        if scope["type"] == "http" and _is_protected(scope["path"]):
            try:
                caller = self._tokens.caller(header(scope, b"authorization"), request_id_of(scope))
            except NotAuthenticated as error:
                self._metrics.token_refused.labels("bearer").inc()
                await refuse(error, scope, receive, send)
                return
            scope["state"]["caller"] = caller
        await self._app(scope, receive, send)


def _is_protected(path: str) -> bool:
    return path.startswith(_PROTECTED) and not path.startswith(_PUBLIC)
