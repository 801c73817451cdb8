"""Changes of state: one route for each action, all of them one use case."""

from fastapi import APIRouter, Response

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
from api.routes.documented import ETAG, needs
from api.routes.reading import JsonRoute
from api.schemas.decisions import ChangedOut, DecisionIn
from certlib.states import REASONS, Action
from certlib.usecases.caller import MANAGE
from certlib.usecases.change_state import ChangeRequest

router = APIRouter(
    prefix="/v1/certificates",
    tags=["状态变更 Decisions"],
    route_class=JsonRoute,
    dependencies=[Private],
)

ACTIONS = (
    Action.REVOKE,
    Action.ANNUL,
    Action.WITHDRAW,
    Action.DEREGISTER,
    Action.VOID,
    Action.SUSPEND,
    Action.RESTORE,
    Action.TRANSFER_OUT,
)
"""What may be asked for; sealing and superseding have ways of their own."""


def _camel(slug: str) -> str:
    first, *rest = slug.split("-")
    return first + "".join(part.capitalize() for part in rest)


def _add(action: Action) -> None:
    reasons = "；".join(f"`{item.code}` {item.zh} {item.en}" for item in REASONS[action])

    @router.post(
        f"/{{identifier}}/{action.value}",
        operation_id=f"{_camel(action.value)}Certificate",
        name=action.value,
        summary=f"{action.zh} {action.value.capitalize()}",
        description=f"原因代码 reason codes: {reasons}。",
        openapi_extra=needs(MANAGE),
        responses={200: {"headers": ETAG}},
    )
    def change(  # noqa: PLR0913 - what a request carries
        *,
        identifier: IdentifierDep,
        decision: DecisionIn,
        key: KeyDep,
        expected_version: ExpectedVersionDep,
        caller: CallerDep,
        parts: PartsDep,
        metrics: MetricsDep,
        response: Response,
    ) -> ChangedOut:
        request = ChangeRequest(identifier, decision.to_decision(action), key, expected_version)
        answer = ChangedOut.of(parts.change.change(caller, request))
        metrics.changed.labels(action.value).inc()
        response.headers["ETag"] = etag(answer.row_version)
        return answer


for _action in ACTIONS:
    _add(_action)
