"""Departments over time, and the issue list."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.deps import CallerDep, ExpectedVersionDep, PartsDep, Private, etag
from api.paging import MOST, Limit
from api.routes.acting import ActingDep
from api.routes.documented import ETAG, needs
from api.routes.holders import EventPath
from api.routes.reading import JsonRoute
from api.schemas.departments import (
    DatedOut,
    DepartmentFull,
    DepartmentIn,
    DepartmentOut,
    DepartmentsOut,
    DepartmentVoidIn,
    EntriesOut,
    EntryIn,
    EntryOut,
    NameIn,
    SuccessionIn,
)
from certlib.usecases.caller import DEPARTMENTS, TYPES
from certlib.usecases.manage_issue_list import EntriesAsk, EntryRequest

router = APIRouter(
    prefix="/v1", tags=["单位 Departments"], route_class=JsonRoute, dependencies=[Private]
)

CodePath = Annotated[
    str,
    Path(pattern=r"^[0-9A-Z]{18}$", description="统一社会信用代码。 The body's credit code."),
]
_ONE = "/departments/{credit_code}"


@router.get(
    "/departments",
    operation_id="listDepartments",
    summary="单位清单 Departments",
    openapi_extra=needs(TYPES),
)
def list_departments(
    caller: CallerDep,
    parts: PartsDep,
    after: Annotated[
        str, Query(max_length=18, description="上页的 after。 `after` of the page before.")
    ] = "",
    limit: Limit = MOST,
) -> DepartmentsOut:
    """全部单位，名称为今日名称。 All of them, with the names they bear today."""
    found = [item for item in parts.departments.departments(caller) if item.credit_code > after]
    further = found[limit - 1].credit_code if len(found) > limit else ""
    shown = [DepartmentOut.of(item) for item in found[:limit]]
    return DepartmentsOut(departments=shown, after=further)


@router.get(
    _ONE,
    operation_id="readDepartment",
    summary="一个单位 One department",
    openapi_extra=needs(TYPES),
    responses={200: {"headers": ETAG}},
)
def read(
    credit_code: CodePath, caller: CallerDep, parts: PartsDep, response: Response
) -> DepartmentFull:
    """历次名称和承接关系，含已作废的记录。 Its names and successions, void ones included."""
    dossier = parts.departments.dossier(caller, credit_code)
    response.headers["ETag"] = etag(dossier.department.row_version)
    return DepartmentFull.full(dossier)


@router.put(
    _ONE,
    operation_id="putDepartment",
    summary="登记或修改单位 Register or change",
    openapi_extra=needs(DEPARTMENTS),
    responses={200: {"headers": ETAG}},
)
def put(
    *,
    credit_code: CodePath,
    body: DepartmentIn,
    expected_version: ExpectedVersionDep,
    caller: CallerDep,
    parts: PartsDep,
    response: Response,
) -> DepartmentOut:
    """新单位直接登记；修改须带 If-Match。 To change a registered body, send If-Match."""
    kept = parts.departments.put(caller, body.to_department(credit_code), expected_version)
    response.headers["ETag"] = etag(kept.row_version)
    return DepartmentOut.of(kept)


@router.post(
    _ONE + "/names",
    operation_id="renameDepartment",
    summary="更名 Another name",
    status_code=201,
    openapi_extra=needs(DEPARTMENTS),
    responses={201: {"headers": ETAG}},
)
def rename(acting: ActingDep, credit_code: CodePath, body: NameIn) -> DatedOut:
    """自某日起更名；原印章和证照继续有效。 Old seals and certificates stay valid."""
    request = body.to_request(credit_code, acting.key, acting.expected_version)
    return acting.told(DatedOut(**acting.parts.departments.name(acting.caller, request)))


@router.post(
    _ONE + "/successions",
    operation_id="succeedDepartment",
    summary="承接 Succession",
    status_code=201,
    openapi_extra=needs(DEPARTMENTS),
    responses={201: {"headers": ETAG}},
)
def succeed(acting: ActingDep, credit_code: CodePath, body: SuccessionIn) -> DatedOut:
    """合并、更名换码或职能划转：承接单位自该日起管理原单位的证照。 The successor manages them."""
    request = body.to_request(credit_code, acting.key, acting.expected_version)
    return acting.told(DatedOut(**acting.parts.departments.succeed(acting.caller, request)))


@router.post(
    _ONE + "/events/{event_id}/void",
    operation_id="voidDepartmentEvent",
    summary="作废名称或承接记录 Declare void",
    openapi_extra=needs(DEPARTMENTS),
    responses={200: {"headers": ETAG}},
)
def void(
    acting: ActingDep, credit_code: CodePath, event_id: EventPath, body: DepartmentVoidIn
) -> DatedOut:
    """发证清单不随之变更，请另行核对。 The issue list stays as it is: look at it as well."""
    request = body.to_request((credit_code, event_id), acting.key, acting.expected_version)
    return acting.told(DatedOut(**acting.parts.departments.void(acting.caller, request)))


@router.get(
    "/issue-list",
    operation_id="readIssueList",
    summary="发证清单 The issue list",
    openapi_extra=needs(TYPES),
)
def read_issue_list(
    caller: CallerDep,
    parts: PartsDep,
    type_code: Annotated[
        str, Query(max_length=32, description="某类型的条目。 Of this type.")
    ] = "",
    issuer_code: Annotated[
        str, Query(max_length=18, description="某单位的条目。 Of this body.")
    ] = "",
    after: Annotated[
        str, Query(max_length=128, description="上页的 after。 `after` of the page before.")
    ] = "",
    limit: Limit = MOST,
) -> EntriesOut:
    """谁在何期间以何资格签发何类证照。 Who may issue what, when, and as what."""
    ask = EntriesAsk(limit, type_code, issuer_code, after)
    page = parts.issue_list.entries(caller, ask)
    return EntriesOut(entries=[EntryOut.of(item) for item in page.entries], after=page.after)


@router.post(
    "/issue-list",
    operation_id="enterIssueList",
    summary="列入发证清单或设定到期日 Enter, or end",
    openapi_extra=needs(DEPARTMENTS),
    responses={200: {"headers": ETAG}},
)
def enter(acting: ActingDep, body: EntryIn) -> EntryOut:
    """同一起始日的条目已存在时，只变更其截止日期。 An entry that is there changes its end only."""
    request = EntryRequest(body.to_entry(), acting.key, acting.expected_version)
    return acting.told(EntryOut(**acting.parts.issue_list.enter(acting.caller, request)))
