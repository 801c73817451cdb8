"""Catalogue management: draft, review, publish with a cut-over day, withdraw."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Response

from api.deps import CallerDep, KeyDep, PartsDep, Private, etag
from api.routes.acting import Acting, ActingDep
from api.routes.documented import ETAG, needs
from api.routes.reading import JsonRoute
from api.schemas.base import TypeCode
from api.schemas.type_lifecycle import (
    DifferenceOut,
    DifferencesOut,
    DraftTypeIn,
    PublishIn,
    ReturnIn,
    TypeRecordFull,
    TypeRecordOut,
    TypeRecordsOut,
    WithdrawTypeIn,
)
from certlib.usecases.caller import MANAGE_TYPES, TYPES
from certlib.usecases.manage_types import TypeAct, as_json

router = APIRouter(
    prefix="/v1/types",
    tags=["证照目录 Catalogue"],
    route_class=JsonRoute,
    dependencies=[Private],
)

TypeCodePath = Annotated[TypeCode, Path(description="证照类型代码，21位。 Type code.")]
VersionPath = Annotated[
    str, Path(max_length=32, pattern=r"^[0-9A-Za-z.-]+$", description="版本。 The version.")
]
_OF_VERSION = "/{type_code}/versions/{version}"


_Route = TypeVar("_Route", bound=Callable[..., Any])


class _Managing:
    """One act on a version that is there."""

    def __init__(self, acting: Acting, type_code: str, version: str) -> None:
        self._acting = acting
        self._version = (type_code, version)

    def do(self, act: str, **said: Any) -> TypeRecordOut:
        """Does it, and tells the version's place in the catalogue."""
        acting = self._acting
        asked = TypeAct(act, *self._version, acting.key, expected_version=acting.expected_version)
        answer = acting.parts.types.act(acting.caller, replace(asked, **said))
        return acting.told(TypeRecordOut.model_validate(answer, strict=False))


async def _managing(acting: ActingDep, type_code: TypeCodePath, version: VersionPath) -> _Managing:
    return _Managing(acting, type_code, version)


ManagingDep = Annotated[_Managing, Depends(_managing)]


def _act(path: str, operation_id: str, summary: str) -> Callable[[_Route], _Route]:
    """A route below the version; all of them are documented alike."""
    return router.post(
        f"{_OF_VERSION}/{path}",
        operation_id=operation_id,
        summary=summary,
        openapi_extra=needs(MANAGE_TYPES),
        responses={200: {"headers": ETAG}},
    )


@router.get(
    "/{type_code}/versions",
    operation_id="listTypeVersions",
    summary="类型的全部版本 Versions of a type",
    openapi_extra=needs(TYPES),
)
def list_versions(type_code: TypeCodePath, caller: CallerDep, parts: PartsDep) -> TypeRecordsOut:
    """含草稿（仅限管理者）。 Drafts are for those who manage the type."""
    found = parts.types.records(caller, type_code)
    versions = [TypeRecordOut.model_validate(as_json(item), strict=False) for item in found]
    return TypeRecordsOut(versions=versions)


@router.get(
    "/{type_code}/differences",
    operation_id="compareTypeVersions",
    summary="版本差异 Differences",
    openapi_extra=needs(TYPES),
)
def compare(
    type_code: TypeCodePath,
    before: Annotated[str, Query(max_length=32, description="旧版本。 The earlier version.")],
    after: Annotated[str, Query(max_length=32, description="新版本。 The later version.")],
    caller: CallerDep,
    parts: PartsDep,
) -> DifferencesOut:
    """两个版本逐项比较，并指出是否收窄。 Value by value, and whether data may be refused now."""
    found = parts.types.differences(caller, type_code, before, after)
    told = [DifferenceOut.of(item) for item in found]
    return DifferencesOut(type_code=type_code, before=before, after=after, differences=told)


@router.get(
    _OF_VERSION,
    operation_id="readTypeVersion",
    summary="一个版本 One version",
    openapi_extra=needs(TYPES),
    responses={200: {"headers": ETAG}},
)
def read_version(
    type_code: TypeCodePath,
    version: VersionPath,
    caller: CallerDep,
    parts: PartsDep,
    response: Response,
) -> TypeRecordFull:
    """版本的定义及其在目录中的状态。 What it says, and its place in the catalogue."""
    record = parts.types.record(caller, type_code, version)
    response.headers["ETag"] = etag(record.row_version)
    return TypeRecordFull.of(record)


@router.post(
    _OF_VERSION,
    operation_id="draftTypeVersion",
    summary="起草 Draft",
    status_code=201,
    openapi_extra=needs(MANAGE_TYPES),
    responses={201: {"headers": ETAG}},
)
def draft(  # noqa: PLR0913 - what a request carries
    *,
    type_code: TypeCodePath,
    version: VersionPath,
    body: DraftTypeIn,
    key: KeyDep,
    caller: CallerDep,
    parts: PartsDep,
    response: Response,
) -> TypeRecordOut:
    """新类型或新版本的草稿。 A draft of a new type or of a new version."""
    act = TypeAct("draft", type_code, version, key, definition=body.definition)
    answer = TypeRecordOut.model_validate(parts.types.act(caller, act), strict=False)
    response.headers["ETag"] = etag(answer.row_version)
    return answer


@_act("rewrite", "rewriteTypeVersion", "修改草稿 Rewrite a draft")
def rewrite(managing: ManagingDep, body: DraftTypeIn) -> TypeRecordOut:
    """整体替换草稿的定义。 The whole definition anew."""
    return managing.do("rewrite", definition=body.definition)


@_act("review", "reviewTypeVersion", "审核通过 Review")
def review(managing: ManagingDep) -> TypeRecordOut:
    """由未参与起草的人员审核。 By somebody who did not write at it."""
    return managing.do("review")


@_act("return", "returnTypeVersion", "退回 Return")
def send_back(managing: ManagingDep, body: ReturnIn) -> TypeRecordOut:
    """退回起草人，注明原因。 Back to its authors, with what is to be done."""
    return managing.do("return", remark=body.remark)


@_act("publish", "publishTypeVersion", "发布 Publish")
def publish(managing: ManagingDep, body: PublishIn) -> TypeRecordOut:
    """自启用日起生效；旧版可继续使用至指定日期。 In force from the cut-over day."""
    return managing.do("publish", day=body.published_from, earlier_until=body.earlier_usable_until)


@_act("withdraw", "withdrawTypeVersion", "停用 Withdraw")
def withdraw(managing: ManagingDep, body: WithdrawTypeIn) -> TypeRecordOut:
    """停用后不再签发，已签发的证照不受影响。 No new ones; those that were issued stay."""
    return managing.do("withdraw", remark=body.remark, day=body.last_day)
