"""Certificates: issue, check, read, search, history."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api.cursors import LENGTH, cursor, place
from api.deps import (
    CallerDep,
    CatalogueDep,
    IdentifierDep,
    KeyDep,
    MetricsDep,
    PartsDep,
    Private,
    etag,
    matches,
)
from api.paging import MOST, Limit
from api.routes.documented import ETAG, LOCATION, REPLAYED, needs
from api.routes.reading import JsonRoute
from api.schemas.certificates import ActOut, Beside, CertificateOut, HistoryOut, SearchIn, SearchOut
from api.schemas.orders import CheckedOut, IssuedOut, OrderIn, remark
from certlib.calendar import legal_day
from certlib.errors import CertlibError
from certlib.usecases.caller import ISSUE, READ, REVEAL
from certlib.usecases.order import IssueRequest

router = APIRouter(
    prefix="/v1/certificates",
    tags=["证照 Certificates"],
    route_class=JsonRoute,
    dependencies=[Private],
)


@router.post(
    "",
    operation_id="issueCertificate",
    summary="签发 Issue",
    status_code=201,
    response_model=IssuedOut,
    openapi_extra=needs(ISSUE),
    responses={
        200: {"model": CheckedOut, "description": "试运行：可以签发。 Dry run: may be issued."},
        201: {"description": "已签发。 Issued.", "headers": LOCATION | ETAG | REPLAYED},
    },
)
def issue(  # noqa: PLR0913 - what a request carries
    *,
    order: OrderIn,
    key: KeyDep,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
    dry_run: Annotated[
        bool, Query(description="只检查，不签发、不占用标识。 Check only; nothing is stored.")
    ] = False,
) -> IssuedOut | Response:
    """签发一份证照：登记、制证、签章、入库、发布。 Issues one certificate.

    同一幂等键重试得到同一证照。 A retry with the same key gets the same certificate.
    """
    request = IssueRequest(order.to_order(caller.department_code), key)
    if dry_run:
        cleared = parts.issue.check(caller, [request])[0]
        if isinstance(cleared, CertlibError):
            raise cleared
        warnings = [remark(item) for item in cleared.warnings]
        version = cleared.version
        checked = CheckedOut(
            type_code=version.type_code, type_version=version.version, warnings=warnings
        )
        return Response(checked.model_dump_json(), media_type="application/json")
    answer = parts.issue.issue_one(caller, request)
    if not answer.replayed:
        metrics.issued.labels(answer.type_code).inc()
    response.headers["Location"] = f"/v1/certificates/{answer.identifier}"
    response.headers["ETag"] = etag(answer.row_version)
    response.headers["Idempotent-Replayed"] = str(answer.replayed).lower()
    return IssuedOut.of(answer)


@router.post(
    "/search",
    operation_id="searchCertificates",
    summary="检索 Search",
    openapi_extra=needs(READ),
)
def search(query: SearchIn, caller: CallerDep, parts: PartsDep) -> SearchOut:
    """检索本单位的证照，各种状态都在内。 Searches the department's own, whatever their state."""
    return SearchOut.of(parts.read.search(caller, query.to_query()))


@router.get(
    "/{identifier}",
    operation_id="readCertificate",
    summary="读取登记 Read the record",
    response_model=CertificateOut,
    openapi_extra=needs(READ),
    responses={200: {"headers": ETAG}, 304: {"description": "未变。 Not modified."}},
)
def read(  # noqa: PLR0913 - what a request carries
    *,
    identifier: IdentifierDep,
    caller: CallerDep,
    parts: PartsDep,
    catalogue: CatalogueDep,
    response: Response,
    reveal: Annotated[
        bool,
        Query(
            description="显示完整姓名、号码和敏感字段，须有 `certificates:reveal`，并记入留痕。"
            " Show everything; needs that scope, and is kept in the history."
        ),
    ] = False,
    if_none_match: Annotated[str | None, Header()] = None,
) -> CertificateOut | Response:
    """本单位一份证照的登记、文件、变更和限制。 Record, files, steps and restrictions."""
    if reveal:
        caller.need(REVEAL)
    certificate, delivery = parts.read.record(caller, identifier)
    tag = etag(certificate.row_version)
    after = parts.read.aftermath(certificate)
    if matches(if_none_match, tag) and not after.changed:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-store"})
    if reveal:
        parts.reveal.reveal(caller, certificate)
    response.headers["ETag"] = tag
    content = certificate.content
    version = catalogue.known(content.type_code, content.type_version)
    beside = Beside(version, delivery, legal_day(parts.clock.now()), parts.divisions, after)
    return CertificateOut.full(certificate, beside, reveal=reveal)


@router.get(
    "/{identifier}/history",
    operation_id="readHistory",
    summary="全程留痕 History",
    openapi_extra=needs(READ),
)
def history(
    *,
    identifier: IdentifierDep,
    caller: CallerDep,
    parts: PartsDep,
    after: Annotated[str, Query(max_length=LENGTH, description="上页的 after。 Cursor.")] = "",
    limit: Limit = MOST,
) -> HistoryOut:
    """谁在何时对该证照做了什么。 Who did what to it, and when, oldest first."""
    begin = place(after) if after else 0
    found = parts.read.history(caller, identifier, begin, limit + 1)
    acts = [ActOut.of(item) for item in found[:limit]]
    further = cursor(acts[-1].sequence) if len(found) > limit else ""
    return HistoryOut(identifier=identifier, acts=acts, after=further)
