"""What operators ask: is the process alive, does every part work, what has been counted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.deps import MetricsDep
from api.health import Health
from api.schemas.operation import AliveOut, PartOut, ReadyOut

router = APIRouter(tags=["运行 Operation"])
_UNREADY = 503


async def _health(request: Request) -> Health:
    found: Health = request.app.state.health
    return found


@router.get("/healthz", operation_id="healthz", summary="进程是否存活 Alive")
async def healthz() -> AliveOut:
    """进程在应答即为存活。 The process answers; nothing more is claimed."""
    return AliveOut(status="ok")


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="各部件是否可用 Ready",
    responses={503: {"model": ReadyOut, "description": "有部件不可用。 A part does not work."}},
)
def readyz(health: Annotated[Health, Depends(_health)], response: Response) -> ReadyOut:
    """实际读库、存取对象、签名、取时间戳后作答，结果保留数秒。 Real work, kept for seconds."""
    found = health.check()
    parts = [PartOut(name=item.name, fault=item.fault, ms=item.ms) for item in found]
    ready = not any(item.unready for item in found)
    if not ready:
        response.status_code = _UNREADY
        response.headers["Retry-After"] = "5"
    response.headers["Cache-Control"] = "no-store"
    return ReadyOut(ready=ready, parts=parts)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="运行指标 Metrics",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "description": "Prometheus 文本。 Prometheus text.",
        }
    },
)
def metrics(metrics: MetricsDep) -> Response:
    """Prometheus 指标，不含个人信息。 Prometheus metrics; nothing personal."""
    return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
