"""Next versions and further files of a certificate."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import (
    CallerDep,
    ExpectedVersionDep,
    IdentifierDep,
    KeyDep,
    MetricsDep,
    PartsDep,
    Private,
    etag,
)
from api.routes.acting import ActingDep
from api.routes.documented import ETAG, LOCATION, REPLAYED, needs
from api.routes.reading import JsonRoute
from api.schemas.drafts import DraftStateOut
from api.schemas.orders import CheckedOut, IssuedOut, remark
from api.schemas.versions import FormAddedOut, FormAddIn, LineageOut, VersionIn, VersionOut
from certlib.usecases.caller import ISSUE, READ

router = APIRouter(
    prefix="/v1/certificates",
    tags=["换发与文件 Versions and files"],
    route_class=JsonRoute,
    dependencies=[Private],
)


@router.post(
    "/{identifier}/versions",
    operation_id="reviseCertificate",
    summary="换发 Next version",
    status_code=201,
    response_model=IssuedOut,
    openapi_extra=needs(ISSUE),
    responses={
        200: {"model": CheckedOut, "description": "试运行：可以换发。 Dry run: may be issued."},
        201: {"description": "已换发。 Issued.", "headers": LOCATION | ETAG | REPLAYED},
        202: {"model": DraftStateOut, "description": "已制证，待签发。 A draft of it was made."},
    },
)
def revise(  # noqa: PLR0913 - what a request carries
    *,
    identifier: IdentifierDep,
    version: VersionIn,
    key: KeyDep,
    expected_version: ExpectedVersionDep,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
    dry_run: Annotated[
        bool, Query(description="只检查，不换发。 Check only; nothing is stored.")
    ] = False,
    draft: Annotated[
        bool, Query(description="只制证，经审核后签发。 Make a draft, to be reviewed and sealed.")
    ] = False,
) -> IssuedOut | Response:
    """变更、延续、补换、降低资质等级、更正：只写变化的内容，编号缺省沿用。 The next version.

    变更自生效日起；延续接续原有效期，提前换发的，原版本有效至期满；更正自始生效。
    """
    request = version.to_request(identifier, key, expected_version)
    if dry_run:
        cleared = parts.revise.check(caller, request)
        checked = CheckedOut(
            type_code=cleared.version.type_code,
            type_version=cleared.version.version,
            warnings=[remark(item) for item in cleared.warnings],
        )
        return Response(checked.model_dump_json(), media_type="application/json")
    if draft:
        made = DraftStateOut.of(parts.revise.draft(caller, request))
        headers = {
            "Location": f"/v1/drafts/{made.identifier}",
            "ETag": etag(made.row_version),
            "Cache-Control": "no-store",
        }
        return Response(made.model_dump_json(), 202, headers, "application/json")
    answer = parts.revise.revise(caller, request)
    if not answer.replayed:
        metrics.issued.labels(answer.type_code).inc()
    response.headers["Location"] = f"/v1/certificates/{answer.identifier}"
    response.headers["ETag"] = etag(answer.row_version)
    response.headers["Idempotent-Replayed"] = str(answer.replayed).lower()
    return IssuedOut.of(answer)


@router.get(
    "/{identifier}/versions",
    operation_id="listVersions",
    summary="全部版本 Versions",
    openapi_extra=needs(READ),
)
def versions(identifier: IdentifierDep, caller: CallerDep, parts: PartsDep) -> LineageOut:
    """同一证照的全部版本，先后有序，附原因和日期。 The lineage, oldest first."""
    found = parts.read.versions(caller, identifier)
    lines = [VersionOut.of(item.certificate, item.reason) for item in found]
    return LineageOut(identifier=identifier, versions=lines)


@router.post(
    "/{identifier}/forms",
    operation_id="addForm",
    summary="增加副本或附件 Add a file",
    status_code=201,
    openapi_extra=needs(ISSUE),
    responses={201: {"headers": ETAG}},
)
def add_form(acting: ActingDep, identifier: IdentifierDep, form: FormAddIn) -> FormAddedOut:
    """为现行证照增加副本、附页或附图，另行签章。 One more file, sealed now, of the same content."""
    request = form.to_request(identifier, acting.key, acting.expected_version)
    answer = acting.parts.add_form.add(acting.caller, request)
    return acting.told(FormAddedOut.model_validate(dict(answer)))
