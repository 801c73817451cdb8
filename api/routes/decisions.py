"""Changes of state: one route for each action, all of them one use case."""

from fastapi import APIRouter

from api.deps import IdentifierDep, Private
from api.routes.acting import ActingDep
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
    def change(acting: ActingDep, identifier: IdentifierDep, decision: DecisionIn) -> ChangedOut:
        asked = decision.to_decision(action)
        request = ChangeRequest(identifier, asked, acting.key, acting.expected_version)
        answer = ChangedOut.of(acting.parts.change.change(acting.caller, request))
        acting.metrics.changed.labels(action.value).inc()
        return acting.told(answer)


for _action in ACTIONS:
    _add(_action)
