"""Changes of holders: record, find, declare void."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import CallerDep, KeyDep, PartsDep, Private
from api.routes.documented import needs
from api.routes.reading import JsonRoute
from api.schemas.holders import (
    HolderChangeIn,
    HolderChangeKept,
    HolderChangeOut,
    HolderChangesOut,
    HolderKeyIn,
    VoidedOut,
    VoidIn,
)
from certlib.usecases.caller import HOLDERS

router = APIRouter(
    prefix="/v1/holder-changes",
    tags=["持证主体 Holders"],
    route_class=JsonRoute,
    dependencies=[Private],
)

EventPath = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="变更记录编号。 The change's id.")
]


@router.post(
    "",
    operation_id="recordHolderChange",
    summary="登记变更 Record a change",
    status_code=201,
    openapi_extra=needs(HOLDERS),
)
def record(
    body: HolderChangeIn, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> HolderChangeKept:
    """更名、换码、合并、分立、死亡或终止；证照保持原样。 Certificates stay as they were sealed."""
    return HolderChangeKept.of(parts.holders.record(caller, body.to_request(key)))


@router.post(
    "/search",
    operation_id="searchHolderChanges",
    summary="查询变更 Find changes",
    openapi_extra=needs(HOLDERS),
)
def search(body: HolderKeyIn, caller: CallerDep, parts: PartsDep) -> HolderChangesOut:
    """按代码查询，新旧代码均可，含已作废的记录。 By any of a holder's codes, void ones included."""
    found = parts.holders.changes(caller, body.to_key())
    return HolderChangesOut(changes=[HolderChangeOut.of(item) for item in found])


@router.post(
    "/{event_id}/void",
    operation_id="voidHolderChange",
    summary="作废变更记录 Declare void",
    openapi_extra=needs(HOLDERS),
)
def void(
    event_id: EventPath, body: VoidIn, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> VoidedOut:
    """登记有误时使用；原记录与作废记录都保留。 Both the error and its voiding stay on record."""
    return VoidedOut.model_validate(parts.holders.void(caller, body.to_request(event_id, key)))
