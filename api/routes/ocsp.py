"""The OCSP responder over HTTP (RFC 6960 appendix A, RFC 5019 section 5)."""

from base64 import b64decode
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from api.deps import BodyDep, MetricsDep, PartsDep
from api.failures import MediaTypeUnsupported
from api.multipart import media_type
from api.revocation import cacheable

router = APIRouter(tags=["公开 Public"])

_REQUEST: Final = "application/ocsp-request"
_RESPONSE: Final = "application/ocsp-response"
_CACHED_SECONDS: Final = 60
"""So long a cache on the way may hide a revocation; here it is told at once."""
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_ANSWER: Final = {"content": {_RESPONSE: _BINARY}, "description": "OCSPResponse，DER。"}


@router.post(
    "/pki/ocsp",
    operation_id="askOcsp",
    summary="证书状态 OCSP",
    response_class=Response,
    responses={200: _ANSWER},
    openapi_extra={"requestBody": {"required": True, "content": {_REQUEST: _BINARY}}},
)
def asked_by_post(
    request: Request, body: BodyDep, parts: PartsDep, metrics: MetricsDep
) -> Response:
    """RFC 6960 证书状态查询，答复总是 OCSPResponse。 Any request gets an OCSPResponse."""
    if media_type(request) != _REQUEST:
        raise MediaTypeUnsupported(allowed=_REQUEST)
    answer = parts.ocsp.respond(body)
    metrics.ocsp.labels(answer.word).inc()
    return _alone(answer.response)


@router.get(
    "/pki/ocsp/{request_base64:path}",
    operation_id="readOcsp",
    summary="证书状态（可缓存） OCSP by GET",
    response_class=Response,
    responses={200: _ANSWER, 304: {"description": "没有变化。 Unchanged."}},
)
def asked_by_get(
    request: Request,
    parts: PartsDep,
    metrics: MetricsDep,
    request_base64: Annotated[
        str, Path(description="OCSPRequest 的 base64。 The DER request in base64.")
    ],
) -> Response:
    """同上，请求写在地址中；不含 nonce 的答复可以缓存。 Answers without a nonce may be cached."""
    answer = parts.ocsp.respond(_decoded(request_base64))
    metrics.ocsp.labels(answer.word).inc()
    if answer.until is None:
        return _alone(answer.response)
    left = (answer.until - parts.clock.now()).total_seconds()
    return cacheable(request, answer.response, _RESPONSE, min(_CACHED_SECONDS, left))


def _alone(response: bytes) -> Response:
    return Response(response, media_type=_RESPONSE, headers={"Cache-Control": "no-store"})


def _decoded(text: str) -> bytes:
    """What is no base64 is no request either, and gets the answer of one."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
