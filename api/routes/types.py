"""The catalogue: certificate types with their field dictionaries."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import CallerDep, CatalogueDep, PartsDep, Private
from api.paging import MOST, Limit
from api.routes.documented import needs
from api.routes.reading import JsonRoute
from api.schemas.catalogue import TypeOut, TypesOut, TypeSummary
from certlib.usecases.caller import TYPES

router = APIRouter(
    prefix="/v1/types",
    tags=["证照目录 Catalogue"],
    route_class=JsonRoute,
    dependencies=[Private],
)


@router.get(
    "",
    operation_id="listTypes",
    summary="证照类型列表 List types",
    openapi_extra=needs(TYPES),
)
def list_types(
    caller: CallerDep,
    catalogue: CatalogueDep,
    after: Annotated[
        str, Query(max_length=32, description="上页的 after。 `after` of the page before.")
    ] = "",
    limit: Limit = MOST,
) -> TypesOut:
    """每个类型的最新版本，按代码排列。 The newest version of each type, by code."""
    found = [item for item in catalogue.types(caller) if item.type_code > after]
    further = found[limit - 1].type_code if len(found) > limit else ""
    return TypesOut(types=[TypeSummary.of(item) for item in found[:limit]], after=further)


@router.get(
    "/{type_code}",
    operation_id="readType",
    summary="证照类型及字段字典 A type and its dictionary",
    openapi_extra=needs(TYPES),
)
def read_type(
    caller: CallerDep,
    catalogue: CatalogueDep,
    parts: PartsDep,
    type_code: Annotated[str, Path(description="证照类型代码，21位。 Type code.")],
) -> TypeOut:
    """一个类型的全部版本及其字段字典（JSON Schema 2020-12）。 All versions of a type."""
    return TypeOut.of(catalogue.versions(caller, type_code), parts.samples)
