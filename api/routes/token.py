"""POST /oauth2/token: client credentials (RFC 6749 section 4.4)."""

import base64
import binascii
import re
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from api import persons
from api.deps import BodyDep, MetricsDep, PartsDep, TokensDep
from api.multipart import media_type
from api.problems import encoded
from api.schemas.tokens import TOKEN_DOCUMENT
from api.tokens import secret_matches
from certlib.usecases.caller import SCOPES

router = APIRouter(tags=["认证 Authentication"])

_FORM: Final = "application/x-www-form-urlencoded"
_CLIENT: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_MOST_FIELDS: Final = 16
_UNAUTHORISED: Final = 401
_BASIC: Final = {"WWW-Authenticate": 'Basic realm="certlib"'}


class OAuthError(Exception):
    """A refusal in the shape of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, zh: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.zh = zh
        self.status = status


@router.post("/oauth2/token", **TOKEN_DOCUMENT)
def token(
    request: Request,
    body: BodyDep,
    parts: PartsDep,
    tokens: TokensDep,
    metrics: MetricsDep,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """取得短期访问令牌。 Trades a client's credentials for a short-lived access token.

    `act` names the acting person's account; it is bound into the token and stands in the history.
    """
    try:
        form = _form(media_type(request), body)
        client_id, secret = _credentials(form, authorization)
        with parts.registry.read() as session:
            client = session.client(client_id) if _CLIENT.fullmatch(client_id) else None
        if not secret_matches(client, secret) or client is None:
            raise _wrong_client()
        if form.get("grant_type") != "client_credentials":
            raise _grant_error(form.get("grant_type"))
        issued = tokens.issue(client, _scopes(form, client.scopes), _person(form))
    except OAuthError as error:
        metrics.token_refused.labels(error.error).inc()
        return _refusal(error)
    return _answer(
        {
            "access_token": issued.token,
            "token_type": "Bearer",
            "expires_in": issued.seconds,
            "scope": " ".join(sorted(issued.scopes)),
        }
    )


def _form(kind: str, body: bytes) -> dict[str, str]:
    if kind != _FORM:
        raise _bad_request(f"the body must be {_FORM}", f"请求体应为 {_FORM}。")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise _bad_request("the form cannot be read", "表单无法解析。") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _bad_request("a parameter is repeated", "参数重复。")
    return form


def _credentials(form: dict[str, str], authorization: str) -> tuple[str, str]:
    scheme, _, given = authorization.partition(" ")
    if not authorization:
        return form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() != "basic" or "client_secret" in form:
        raise _bad_request("use one way to authenticate", "只能使用一种认证方式。")
    try:
        text = base64.b64decode(given.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _wrong_client() from error
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _scopes(form: dict[str, str], held: frozenset[str]) -> frozenset[str]:
    asked = frozenset(form.get("scope", "").split())
    if not asked:
        return held & frozenset(SCOPES)
    if not asked <= held:
        raise OAuthError("invalid_scope", "not all of these scopes", "申请的权限超出已开通范围。")
    return asked


def _person(form: dict[str, str]) -> str:
    person = form.get("act", "")
    if person and not persons.is_account(person):
        raise _bad_request(
            "act must be an account of 1 to 64 letters, digits or ._@-, no identity number",
            "act 应为经办人账号（1至64位字母、数字或._@-），不得使用身份证件号码。",
        )
    return person


def _grant_error(grant: str | None) -> OAuthError:
    if grant is None:
        return _bad_request("grant_type is missing", "缺少 grant_type。")
    return OAuthError(
        "unsupported_grant_type", "use client_credentials", "grant_type 应为 client_credentials。"
    )


def _wrong_client() -> OAuthError:
    description, zh = "unknown client or wrong secret", "客户端不存在或密钥有误。"
    return OAuthError("invalid_client", description, zh, _UNAUTHORISED)


def _bad_request(description: str, zh: str) -> OAuthError:
    return OAuthError("invalid_request", description, zh)


def _refusal(error: OAuthError) -> Response:
    body = {
        "error": error.error,
        "error_description": error.description,
        "error_description_zh": error.zh,
    }
    return _answer(body, error.status, _BASIC if error.status == _UNAUTHORISED else {})


def _answer(
    body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    kept = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return Response(encoded(body), status, kept, "application/json")
