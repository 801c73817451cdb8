"""POST /v1/statuses: the status of many certificates with one question."""

from datetime import datetime

from fastapi import APIRouter

from api import public
from api.catalogue import Catalogue
from api.deps import CallerDep, CatalogueDep, PartsDep, Private
from api.routes.documented import needs
from api.routes.reading import JsonRoute
from api.schemas.status import StatusAnswerOut, StatusesIn, StatusesOut
from certlib import ids
from certlib.calendar import legal_day
from certlib.registry import ReadSession, StatusRow
from certlib.usecases.caller import VERIFY

router = APIRouter(
    prefix="/v1/statuses",
    tags=["核验 Verification"],
    route_class=JsonRoute,
    dependencies=[Private],
)


@router.post(
    "",
    operation_id="readStatuses",
    summary="批量查询状态 Status of many",
    openapi_extra=needs(VERIFY),
)
def read_statuses(
    asked: StatusesIn, caller: CallerDep, parts: PartsDep, catalogue: CatalogueDep
) -> StatusesOut:
    """最多200个标识，按所问顺序逐一作答，内容同公开状态。 Up to 200, answered in their order.

    What is not on record and what is mistyped have answers of their own. All are of one instant.
    """
    caller.need(VERIFY)
    now = parts.clock.now()
    with parts.registry.read() as session:
        rows = session.statuses(asked.identifiers)
        unknown = [item for item in asked.identifiers if item not in rows]
        ours = _departments(session) if unknown else frozenset()
    answers = [
        _known(rows[item], catalogue, now) if item in rows else _unknown(item, ours, now)
        for item in asked.identifiers
    ]
    return StatusesOut(as_of=now, demonstration=parts.settings.demo, statuses=answers)


def _departments(session: ReadSession) -> frozenset[str]:
    return frozenset(item.credit_code for item in session.departments())


def _known(row: StatusRow, catalogue: Catalogue, now: datetime) -> StatusAnswerOut:
    report = public.judged(row, catalogue.known(row.type_code, row.type_version), now)
    return StatusAnswerOut.of(row, public.seen(row, legal_day(now)), report)


def _unknown(text: str, ours: frozenset[str], now: datetime) -> StatusAnswerOut:
    parsed = ids.parse(text)
    if parsed.identifier is None or not parsed.grade.usable:
        part = next((item.field for item in parsed.problems if item.field), "")
        # What is no identifier is not repeated: it may be anything, somebody's number too.
        return StatusAnswerOut.absent("", public.malformed(part, now), parsed.problems)
    report = public.absent(now, ours=parsed.identifier.issuer_code in ours)
    return StatusAnswerOut.absent(text, report, parsed.problems)
