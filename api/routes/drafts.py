"""Drafts: made, reviewed, sealed (制证、审核、签发)."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response

from api.deps import CallerDep, CatalogueDep, IdentifierDep, KeyDep, PartsDep, Private, etag
from api.routes.acting import Acting, ActingDep
from api.routes.documented import ETAG, LOCATION, REPLAYED, header, needs
from api.routes.reading import JsonRoute
from api.schemas.certificates import Beside
from api.schemas.drafts import (
    DiscardIn,
    DraftListOut,
    DraftOut,
    DraftStateOut,
    DraftStatusName,
    ReturnIn,
)
from api.schemas.orders import CheckedOut, DraftIn, IssuedOut, remark
from certlib.calendar import legal_day
from certlib.registry import DraftStatus
from certlib.usecases.caller import ISSUE, READ, REVEAL, REVIEW, SEAL
from certlib.usecases.drafts import DraftAct, as_certificate
from certlib.usecases.order import IssueRequest

router = APIRouter(
    prefix="/v1/drafts",
    tags=["制证与签发 Drafts"],
    route_class=JsonRoute,
    dependencies=[Private],
)
_PDF = "application/pdf"
_Route = TypeVar("_Route", bound=Callable[..., Any])


@router.post(
    "",
    operation_id="makeDraft",
    summary="制证 Make",
    status_code=201,
    response_model=DraftStateOut,
    openapi_extra=needs(ISSUE),
    responses={
        200: {"model": CheckedOut, "description": "试运行：可以制证。 Dry run: may be made."},
        201: {"description": "待签发。 Made, not sealed.", "headers": LOCATION | ETAG},
    },
)
def make(
    *,
    order: DraftIn,
    key: KeyDep,
    caller: CallerDep,
    parts: PartsDep,
    response: Response,
    dry_run: Annotated[
        bool, Query(description="只检查，不制证、不占用标识。 Check only; nothing is stored.")
    ] = False,
) -> DraftStateOut | Response:
    """检查、制版、占用标识和编号，等待审核和签发。 Checked and made; waits for review and seal."""
    request = IssueRequest(order.to_order(caller.department_code), key)
    if dry_run:
        cleared = parts.make.check(caller, request)
        checked = CheckedOut(
            type_code=cleared.version.type_code,
            type_version=cleared.version.version,
            warnings=[remark(item) for item in cleared.warnings],
        )
        return Response(checked.model_dump_json(), media_type="application/json")
    answer = DraftStateOut.of(parts.make.make(caller, request))
    response.headers["Location"] = f"/v1/drafts/{answer.identifier}"
    response.headers["ETag"] = etag(answer.row_version)
    return answer


@router.get(
    "",
    operation_id="listDrafts",
    summary="待签发清单 List",
    openapi_extra=needs(READ),
)
def listed(
    *,
    caller: CallerDep,
    parts: PartsDep,
    status: Annotated[
        DraftStatusName,
        Query(description="待签发、已签发、已退回、已撤销制证。 What became of it."),
    ] = "open",
    limit: Annotated[int, Query(ge=1, le=200, description="每页条数。 Lines a page.")] = 50,
    after: Annotated[
        str, Query(max_length=128, description="上一页的 after。 `after` of the page before.")
    ] = "",
) -> DraftListOut:
    """本单位的待签发证照，先制先列。 The department's own, oldest first."""
    return DraftListOut.of(parts.drafts.listed(caller, DraftStatus(status), limit, after))


@router.get(
    "/{identifier}",
    operation_id="readDraft",
    summary="读取待签发证照 Read",
    openapi_extra=needs(READ),
    responses={200: {"headers": ETAG}},
)
def read(
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
) -> DraftOut:
    """全部内容、审核情况和退回理由。 Everything it says, and how far it is."""
    if reveal:
        caller.need(REVEAL)
    view = parts.drafts.draft(caller, identifier)
    if reveal:
        parts.reveal.reveal(caller, as_certificate(view.draft))
    content = view.draft.content
    version = catalogue.known(content.type_code, content.type_version)
    beside = Beside(version, None, legal_day(parts.clock.now()), parts.divisions)
    response.headers["ETag"] = etag(view.draft.row_version)
    return DraftOut.full(view, beside, reveal=reveal)


@router.get(
    "/{identifier}/page",
    operation_id="readDraftPage",
    summary="待签发版面 Page",
    response_class=Response,
    openapi_extra=needs(READ),
    responses={
        200: {
            "content": {_PDF: {"schema": {"type": "string", "format": "binary"}}},
            "headers": {"Content-Disposition": header("版面草稿。 A draft page.", "inline")},
            "description": "未签章的版面，注明待签发。 The unsealed page, marked as a draft.",
        }
    },
)
def page(identifier: IdentifierDep, caller: CallerDep, parts: PartsDep) -> Response:
    """供审核的版面：没有印章，注明“待签发”，不能作证照使用。 For the reviewer to look at."""
    pdf = parts.drafts.page(caller, identifier)
    headers = {
        "Content-Disposition": 'inline; filename="draft.pdf"',
        "Cache-Control": "no-store",
        "X-Certlib-Draft": "true",
    }
    return Response(pdf, headers=headers, media_type=_PDF)


def _act(path: str, operation_id: str, summary: str, scope: str) -> Callable[[_Route], _Route]:
    """A route that moves a draft on; all of them are documented alike."""
    return router.post(
        f"/{{identifier}}/{path}",
        operation_id=operation_id,
        summary=summary,
        openapi_extra=needs(scope),
        responses={200: {"headers": ETAG}},
    )


@_act("approve", "approveDraft", "审核通过 Approve", REVIEW)
def approve(acting: ActingDep, identifier: IdentifierDep) -> DraftStateOut:
    """由制证人以外的人审核。 By a person who did not make it."""
    answer = acting.parts.review.approve(acting.caller, _of(acting, identifier))
    return acting.told(DraftStateOut.of(answer))


@_act("return", "returnDraft", "退回 Return", REVIEW)
def give_back(acting: ActingDep, identifier: IdentifierDep, body: ReturnIn) -> DraftStateOut:
    """退回制证人并说明理由；标识作废，编号可重用。 Its identifier is used up, its number free."""
    answer = acting.parts.review.give_back(acting.caller, _of(acting, identifier, body.reason))
    return acting.told(DraftStateOut.of(answer))


@_act("discard", "discardDraft", "撤销制证 Discard", ISSUE)
def discard(acting: ActingDep, identifier: IdentifierDep, body: DiscardIn) -> DraftStateOut:
    """制证单位自行撤销；标识作废，编号可重用。 Given up by who makes drafts."""
    answer = acting.parts.review.discard(acting.caller, _of(acting, identifier, body.reason))
    return acting.told(DraftStateOut.of(answer))


@router.post(
    "/{identifier}/seal",
    operation_id="sealDraft",
    summary="签发 Seal",
    status_code=201,
    openapi_extra=needs(SEAL),
    responses={201: {"headers": LOCATION | ETAG | REPLAYED}},
)
def seal(acting: ActingDep, identifier: IdentifierDep) -> IssuedOut:
    """签章、入库、发布。 Sealed, stored and published: from now on it is a certificate."""
    answer = acting.parts.seal.seal(acting.caller, _of(acting, identifier))
    if not answer.replayed:
        acting.metrics.issued.labels(answer.type_code).inc()
    headers = acting.response.headers
    headers["Location"] = f"/v1/certificates/{answer.identifier}"
    headers["Idempotent-Replayed"] = str(answer.replayed).lower()
    return IssuedOut.of(acting.told(answer))


def _of(acting: Acting, identifier: str, reason: str = "") -> DraftAct:
    return DraftAct(identifier, acting.key, reason, acting.expected_version)
