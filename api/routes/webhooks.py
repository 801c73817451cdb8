"""Webhooks: registered, tested, switched, removed; deliveries looked at and sent again."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.cursors import LENGTH, cursor, place
from api.deps import CallerDep, KeyDep, PartsDep, Private
from api.paging import Limit
from api.routes.documented import header, needs
from api.routes.reading import JsonRoute
from api.schemas.webhooks import (
    DeliveriesOut,
    DeliveryOut,
    ReplayedOut,
    ReplayIn,
    TestedOut,
    WebhookIn,
    WebhookOut,
    WebhookSecretOut,
    WebhooksOut,
)
from certlib.registry.notices import DeliveryQuery, DeliveryStatus
from certlib.usecases.caller import WEBHOOKS

router = APIRouter(
    prefix="/v1/webhooks",
    tags=["通知 Webhooks"],
    route_class=JsonRoute,
    dependencies=[Private],
)

WebhookId = Annotated[
    str, Path(max_length=64, pattern=r"^whk_[0-9a-f]{1,60}$", description="通知地址编号。 Its id.")
]
DeliveryId = Annotated[
    str, Path(max_length=64, pattern=r"^dlv_[0-9a-f]{1,60}$", description="投递编号。 Its id.")
]
_LOCATION = {"Location": header("通知地址。 Where it is.", "/v1/webhooks/whk_0f1e…")}
_NEEDS = needs(WEBHOOKS)


@router.post(
    "",
    operation_id="createWebhook",
    summary="登记通知地址 Register a webhook",
    status_code=201,
    openapi_extra=_NEEDS,
    responses={201: {"headers": _LOCATION}},
)
def create(
    order: WebhookIn, key: KeyDep, caller: CallerDep, parts: PartsDep, response: Response
) -> WebhookSecretOut:
    """此后本单位证照的变更会发往该地址，并按 Standard Webhooks 签名。 From now on, signed.

    The secret is shown in this answer alone.
    """
    caller.need(WEBHOOKS)
    parts.notices.policy.check(order.url)
    answer = parts.notices.webhooks.create(caller, order.to_order(), key)
    response.headers["Location"] = f"/v1/webhooks/{answer['webhook_id']}"
    return WebhookSecretOut.of_answer(answer)


@router.get(
    "", operation_id="listWebhooks", summary="通知地址列表 List webhooks", openapi_extra=_NEEDS
)
def every(caller: CallerDep, parts: PartsDep) -> WebhooksOut:
    """本单位的通知地址，最多20个，故不分页。 At most 20, so there are no pages."""
    found = parts.notices.webhooks.every(caller)
    return WebhooksOut(webhooks=[WebhookOut.of(item) for item in found])


@router.get(
    "/{webhook_id}",
    operation_id="readWebhook",
    summary="查看通知地址 Read a webhook",
    openapi_extra=_NEEDS,
)
def read(webhook_id: WebhookId, caller: CallerDep, parts: PartsDep) -> WebhookOut:
    """通知地址的设置，不含密钥。 Its settings, without its secret."""
    return WebhookOut.of(parts.notices.webhooks.read(caller, webhook_id))


@router.delete(
    "/{webhook_id}",
    operation_id="removeWebhook",
    summary="删除通知地址 Remove a webhook",
    status_code=204,
    openapi_extra=_NEEDS,
)
def remove(webhook_id: WebhookId, caller: CallerDep, parts: PartsDep) -> None:
    """连同投递记录一并删除，留痕仍在。 With its deliveries; the history keeps that it was."""
    parts.notices.webhooks.remove(caller, webhook_id)


@router.post(
    "/{webhook_id}/secret",
    operation_id="rotateWebhookSecret",
    summary="更换密钥 Replace the secret",
    openapi_extra=_NEEDS,
)
def rotate(
    webhook_id: WebhookId, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> WebhookSecretOut:
    """24小时内新旧密钥同时签名，便于切换。 For a day both secrets sign, side by side."""
    return WebhookSecretOut.of_answer(parts.notices.webhooks.rotate(caller, webhook_id, key))


def _add_switch(word: str, zh: str, en: str, *, on: bool) -> None:
    @router.post(
        f"/{{webhook_id}}/{word}",
        operation_id=f"{word}Webhook",
        name=word,
        summary=f"{zh} {word.capitalize()}",
        description=en,
        openapi_extra=_NEEDS,
    )
    def switch(
        webhook_id: WebhookId, key: KeyDep, caller: CallerDep, parts: PartsDep
    ) -> WebhookOut:
        webhooks = parts.notices.webhooks
        return WebhookOut.of_answer(webhooks.switch(caller, webhook_id, key, on=on))


_add_switch(
    "disable",
    "停用",
    "停用后不再排队新的通知，已排队的保留。 Nothing new is queued; what waits is kept.",
    on=False,
)
_add_switch(
    "enable",
    "启用",
    "继续投递已排队的通知；停用期间的可补发。 What waits goes out; replay what was missed.",
    on=True,
)


@router.post(
    "/{webhook_id}/test",
    operation_id="testWebhook",
    summary="发送测试通知 Send a test",
    openapi_extra=_NEEDS,
)
def test(webhook_id: WebhookId, caller: CallerDep, parts: PartsDep) -> TestedOut:
    """立即发送 `webhook.test` 并告知结果，不重试。 Posts a test event now and tells what came."""
    webhook = parts.notices.webhooks.read(caller, webhook_id)
    receipt = parts.notices.deliver.test(webhook)
    good = receipt.status != 0 and not receipt.error
    return TestedOut(status=receipt.status, error=receipt.error, delivered=good)


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listDeliveries",
    summary="投递记录 Deliveries",
    openapi_extra=_NEEDS,
)
def deliveries(
    *,
    webhook_id: WebhookId,
    caller: CallerDep,
    parts: PartsDep,
    status: Annotated[
        DeliveryStatus | None, Query(description="只看该状态；dead 为多次失败已停止。 Status.")
    ] = None,
    after: Annotated[str, Query(max_length=LENGTH, description="上页的 after。 Cursor.")] = "",
    limit: Limit = 50,
) -> DeliveriesOut:
    """新的在前；已了结的保留90天。 The newest first; settled ones are kept for 90 days."""
    before = place(after) if after else None
    query = DeliveryQuery(webhook_id, limit, before, status)
    page = parts.notices.deliveries.page(caller, query)
    further = "" if page.before is None else cursor(page.before)
    return DeliveriesOut(
        deliveries=[DeliveryOut.of(item) for item in page.deliveries],
        after=further,
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    operation_id="replayDelivery",
    summary="重发一次投递 Send one again",
    openapi_extra=_NEEDS,
)
def replay_one(
    webhook_id: WebhookId, delivery_id: DeliveryId, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> ReplayedOut:
    """编号不变，已处理过的接收方可据此忽略。 With the same event id: who has it drops it."""
    return _replayed(parts.notices.deliveries.one(caller, webhook_id, delivery_id, key))


@router.post(
    "/{webhook_id}/replays",
    operation_id="replayDeliveries",
    summary="补发一段时间的通知 Send a stretch again",
    openapi_extra=_NEEDS,
)
def replay_stretch(
    webhook_id: WebhookId, asked: ReplayIn, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> ReplayedOut:
    """含从未发出的（如停用期间的）。每次最多一万条。 Also what was never sent; at most 10,000."""
    replay = parts.notices.deliveries.stretch
    return _replayed(replay(caller, webhook_id, asked.since, asked.until, key))


def _replayed(answer: Any) -> ReplayedOut:  # noqa: ANN401 - a JSON object
    return ReplayedOut(webhook_id=answer["webhook_id"], queued=answer["queued"])
