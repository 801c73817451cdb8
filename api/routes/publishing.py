"""What everybody may fetch: X.509 certificates, revocation lists, timestamps (RFC 3161)."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from api.deps import BodyDep, PartsDep
from api.failures import MediaTypeUnsupported, PathUnknown
from api.multipart import media_type
from api.revocation import cacheable, list_end

router = APIRouter(tags=["公开 Public"])

_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_CRL: Final = "application/pkix-crl"
_CERTIFICATE: Final = "application/pkix-cert"
_LIST_SECONDS: Final = 300
_CERTIFICATE_SECONDS: Final = 86_400
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/pki/{name}",
    operation_id="readPublished",
    summary="证书和吊销列表 Certificates and CRLs",
    response_class=Response,
    responses={
        200: {
            "content": {_CRL: _BINARY, _CERTIFICATE: _BINARY},
            "description": "DER。",
        },
        304: {"description": "没有变化。 Unchanged."},
    },
)
def published(
    request: Request,
    parts: PartsDep,
    name: Annotated[
        str, Path(description="如 root.cer、issuing.crl、issuing.0001.crl。 File name.")
    ],
) -> Response:
    """签章证书所写地址上的 X.509 证书和吊销列表。 DER, as the seals' extensions name them."""
    now = parts.clock.now()
    if name.endswith(".crl"):
        found = parts.authority.crls().get(name)
        if found is None:
            raise PathUnknown
        # A revocation makes a new list at once: caches shall see it within minutes.
        age = min(_LIST_SECONDS, (list_end(found) - now).total_seconds())
        return cacheable(request, found, _CRL, age)
    found = parts.authority.public_certificates().get(name)
    if found is None:
        raise PathUnknown
    return cacheable(request, found, _CERTIFICATE, _CERTIFICATE_SECONDS)


@router.post(
    "/tsa",
    operation_id="timestamp",
    summary="时间戳 Timestamp",
    response_class=Response,
    responses={200: {"content": {_REPLY: _BINARY}, "description": "TimeStampResp。"}},
    openapi_extra={"requestBody": {"required": True, "content": {_QUERY: _BINARY}}},
)
def timestamp(request: Request, body: BodyDep, parts: PartsDep) -> Response:
    """RFC 3161 时间戳请求，答复总是 TimeStampResp。 Any request gets a TimeStampResp."""
    if media_type(request) != _QUERY:
        raise MediaTypeUnsupported(allowed=_QUERY)
    reply = parts.timestamps.respond(body)
    return Response(reply, media_type=_REPLY, headers={"Cache-Control": "no-store"})
