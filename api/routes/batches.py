"""Many certificates in one call: each row is judged, issued and answered by itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from api import problems, strict_json, validation
from api.deps import CallerDep, MetricsDep, PartsDep, Private, sane_key
from api.metrics import Metrics
from api.routes.documented import needs
from api.routes.reading import RowsRoute
from api.schemas.base import ProblemDocument
from api.schemas.orders import BatchIn, BatchOut, BatchRow, IssuedOut, RowOut
from certlib.errors import CertlibError, Invalid, Problem
from certlib.usecases.caller import ISSUE, Caller
from certlib.usecases.issue import Outcome
from certlib.usecases.order import IssueRequest

router = APIRouter(
    prefix="/v1/certificate-batches",
    tags=["证照 Certificates"],
    route_class=RowsRoute,
    dependencies=[Private],
)
_KEY_SHOWN = 128


@router.post(
    "",
    operation_id="issueBatch",
    summary="批量签发 Issue a batch",
    openapi_extra=needs(ISSUE),
    responses={
        200: {"description": "全部签发。 Every row was issued."},
        207: {"model": BatchOut, "description": "至少一行未签发。 At least one row failed."},
    },
)
def issue_batch(
    batch: BatchIn, caller: CallerDep, parts: PartsDep, metrics: MetricsDep, response: Response
) -> BatchOut:
    """按行签发：每行自带幂等键，互不影响，可整批重试。 Rows do not hang on one another.

    重试同一批只补签未成功的行。 A retry of the batch issues what is missing and nothing twice.
    """
    caller.need(ISSUE)
    check_size(batch.rows, parts.settings.batch_limit)
    read = [_read(row, caller) for row in batch.rows]
    requests = [item for item in read if isinstance(item, IssueRequest)]
    outcomes = iter(parts.issue.issue(caller, requests))
    rows = list(_rows(batch.rows, read, outcomes, caller))
    failed = sum(row.problem is not None for row in rows)
    _count(metrics, rows)
    response.status_code = 207 if failed else 200
    return BatchOut(issued=len(rows) - failed, failed=failed, rows=rows)


def check_size(rows: Sequence[object], limit: int) -> None:
    """Raises `Invalid` unless a batch has between one row and `limit`."""
    if not 1 <= len(rows) <= limit:
        problem = Problem(
            "/rows",
            "row-count",
            f"每批应为1至{limit}行，请分批提交。",
            f"A batch has 1 to {limit} rows: send several.",
        )
        raise Invalid(problems=(problem,))


def _read(row: dict[str, Any], caller: Caller) -> IssueRequest | CertlibError:
    try:
        strict_json.check_strings({name: item for name, item in row.items() if name != "order"})
        strict_json.check_strings(row.get("order"))
        read = BatchRow.model_validate(row)
        order = read.order.to_order(caller.department_code)
        return IssueRequest(order, sane_key(read.key))
    except ValidationError as error:
        return validation.invalid(
            _in_the_order(item) for item in error.errors(include_url=False, include_input=False)
        )
    except CertlibError as error:
        return error


def _in_the_order(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Pointers lead into the order, as those of the rules that are looked at after its shape."""
    first, *rest = error["loc"]
    return {**error, "loc": tuple(rest)} if first == "order" and rest else error


def _rows(
    given: Sequence[dict[str, Any]],
    read: Sequence[IssueRequest | CertlibError],
    outcomes: Iterator[Outcome],
    caller: Caller,
) -> Iterator[RowOut]:
    for row, item in zip(given, read, strict=True):
        outcome = next(outcomes) if isinstance(item, IssueRequest) else item
        key = item.key if isinstance(item, IssueRequest) else shown_key(row.get("key"))
        if isinstance(outcome, CertlibError):
            document = problems.document(outcome, caller.request_id)
            status = document["status"]
            yield RowOut(key=key, status=status, problem=ProblemDocument(**document))
        else:
            yield RowOut(key=key, status=201, answer=IssuedOut.of(outcome))


def shown_key(key: object) -> str:
    """A malformed row's key, so that its sender finds the row; never anybody's number."""
    try:
        return sane_key(key[:_KEY_SHOWN]) if isinstance(key, str) else ""
    except CertlibError:
        return ""


def _count(metrics: Metrics, rows: Sequence[RowOut]) -> None:
    for row in rows:
        if row.answer is not None and not row.answer.replayed:
            metrics.issued.labels(row.answer.type_code).inc()
        if row.problem is not None:
            metrics.problems.labels(row.problem.code).inc()
