"""Periodic duties: results in batches, and lists of what is overdue or was delivered late."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from api import problems, strict_json, validation
from api.deps import CallerDep, MetricsDep, PartsDep, Private, sane_key
from api.persons import masked_numbers
from api.routes.batches import check_size, shown_key
from api.routes.documented import needs
from api.routes.reading import JsonRoute, RowsRoute
from api.schemas.base import ProblemDocument
from api.schemas.beside import LatesOut
from api.schemas.duties import (
    OverdueOut,
    OverduesOut,
    PeriodicResultRow,
    PeriodicResultsIn,
    PeriodicResultsOut,
    RecordedResultOut,
    ResultRowOut,
)
from certlib.errors import CertlibError
from certlib.usecases.caller import MANAGE, READ, Caller
from certlib.usecases.due_lists import DueAsk, LateAsk
from certlib.usecases.record_results import Outcome, ResultRow

TAG = "状态之外 Beside the state"
batches = APIRouter(
    prefix="/v1/periodic-results", tags=[TAG], route_class=RowsRoute, dependencies=[Private]
)
lists = APIRouter(prefix="/v1", tags=[TAG], route_class=JsonRoute, dependencies=[Private])

Limit = Annotated[int, Query(ge=1, le=200, description="每页行数。 Rows a page.")]
After = Annotated[
    str, Query(max_length=128, description="上一页的 after。 `after` of the page before.")
]


@batches.post(
    "",
    operation_id="recordPeriodicResults",
    summary="批量登记定期结果 Record periodic results",
    openapi_extra=needs(MANAGE),
    responses={
        200: {"description": "全部登记。 Every row was recorded."},
        207: {
            "model": PeriodicResultsOut,
            "description": "至少一行未登记。 At least one row failed.",
        },
    },
)
def record(
    batch: PeriodicResultsIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> PeriodicResultsOut:
    """年审、定期检验、年度考核、年报公示的结果。 Results of inspections, assessments, reports.

    每行自带幂等键，互不影响，可整批重试。 Rows do not hang on one another.
    """
    caller.need(MANAGE)
    check_size(batch.rows, parts.settings.batch_limit)
    read = [_read(row) for row in batch.rows]
    outcomes = iter(
        parts.results.record(caller, [item for item in read if isinstance(item, ResultRow)])
    )
    rows = list(_rows(batch.rows, read, outcomes, caller))
    failed = sum(row.problem is not None for row in rows)
    for row in rows:
        if row.problem is not None:
            metrics.problems.labels(row.problem.code).inc()
    response.status_code = 207 if failed else 200
    return PeriodicResultsOut(recorded=len(rows) - failed, failed=failed, rows=rows)


@lists.get(
    "/overdue-duties",
    operation_id="listOverdueDuties",
    summary="逾期未履行定期义务的证照 Overdue in a duty",
    openapi_extra=needs(READ),
)
def overdue(  # noqa: PLR0913 - what a request carries
    *,
    caller: CallerDep,
    parts: PartsDep,
    type_code: Annotated[str, Query(min_length=1, max_length=32)],
    duty_code: Annotated[str, Query(min_length=1, max_length=64)],
    within_days: Annotated[
        int, Query(ge=0, le=366, description="包括其后若干日内将逾期的。 And those soon to be.")
    ] = 0,
    limit: Limit = 50,
    after: After = "",
) -> OverduesOut:
    """本单位在有效期内的证照，按标识排序。 Your own that are in their term, by identifier."""
    ask = DueAsk(type_code, duty_code, within_days, limit, after)
    page = parts.due_lists.overdue(caller, ask)
    lines = [
        OverdueOut.of(item, masked_numbers(item.certificate.content.number)) for item in page.lines
    ]
    return OverduesOut.of(page, type_code, lines)


@lists.get(
    "/late-deliveries",
    operation_id="listLateDeliveries",
    summary="逾期送达的证照 Late deliveries",
    openapi_extra=needs(READ),
)
def late_deliveries(
    *,
    caller: CallerDep,
    parts: PartsDep,
    type_code: Annotated[str, Query(max_length=32)] = "",
    undelivered: Annotated[
        bool, Query(description="只列尚未送达的。 Only those that are still missing.")
    ] = False,
    limit: Limit = 50,
    after: After = "",
) -> LatesOut:
    """决定之日起超过十个工作日送达或仍未送达的。 Later than ten working days, or still missing."""
    ask = LateAsk(type_code, undelivered, limit, after)
    return LatesOut.of(parts.due_lists.late_deliveries(caller, ask))


def _read(row: dict[str, Any]) -> ResultRow | CertlibError:
    try:
        strict_json.check_strings(row)
        read = PeriodicResultRow.model_validate(row)
        return read.to_row(sane_key(read.key))
    except ValidationError as error:
        return validation.invalid(error.errors(include_url=False, include_input=False))
    except CertlibError as error:
        return error


def _rows(
    given: Sequence[dict[str, Any]],
    read: Sequence[ResultRow | CertlibError],
    outcomes: Iterator[Outcome],
    caller: Caller,
) -> Iterator[ResultRowOut]:
    for row, item in zip(given, read, strict=True):
        outcome = next(outcomes) if isinstance(item, ResultRow) else item
        key = item.key if isinstance(item, ResultRow) else shown_key(row.get("key"))
        if isinstance(outcome, CertlibError):
            document = problems.document(outcome, caller.request_id)
            problem = ProblemDocument(**document)
            yield ResultRowOut(key=key, status=document["status"], problem=problem)
        else:
            yield ResultRowOut(key=key, status=200, answer=RecordedResultOut.of(outcome))
