"""Webhooks and their deliveries on the wire."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from api.paging import After
from api.schemas import examples
from api.schemas.base import Instant, Wire, instant_from
from certlib.registry.notices import Delivery, Webhook
from certlib.usecases.manage_webhooks import WebhookOrder, as_json
from certlib.webhooks import TOPICS

Topic = Literal[
    "certificate.*",
    "certificate.issued",
    "certificate.state-changed",
    "certificate.paper-changed",
    "certificate.changed",
]
_TOPICS = "；".join(f"`{topic}` {zh} {en}" for topic, (zh, en) in TOPICS.items())


class WebhookIn(Wire):
    """登记一个通知地址。 Where a system of your department wants to be told."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "url": "https://banjian.example.cn/certlib/hook",
                    "topics": ["certificate.*"],
                    "type_codes": [examples.TYPE],
                    "description": "办件系统",
                }
            ]
        }
    }

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)] = Field(
        description="https 地址，不得为内部地址。 https, no address inside."
    )
    topics: Annotated[list[Topic], Field(min_length=1, max_length=5, description=_TOPICS)]
    type_codes: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=32)]],
        Field(
            default_factory=list,
            max_length=100,
            description="只通知这些证照类型，空为全部。 These types; empty: all.",
        ),
    ]
    description: Annotated[str, StringConstraints(max_length=200)] = ""

    def to_order(self) -> WebhookOrder:
        """What the use case takes."""
        topics = tuple(dict.fromkeys(self.topics))
        types = tuple(dict.fromkeys(self.type_codes))
        return WebhookOrder(self.url, topics, types, self.description)


class WebhookOut(Wire):
    """一个通知地址，不含密钥。 A webhook without its secrets."""

    webhook_id: str
    url: str
    topics: list[str]
    type_codes: list[str]
    description: str
    created_at: Instant
    created_by: str
    disabled_at: Instant | None
    disabled_reason: str = Field(
        description="`asked` 自行停用，`gone` 对方答复410。 Why it is off, or empty."
    )
    former_secret_until: Instant | None = Field(
        description="更换密钥后，旧密钥继续签名至此时。 Until when the former secret signs too."
    )

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """The wire shape."""
        return cls.of_answer(as_json(webhook))

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of an answer that was kept."""
        instants = ("created_at", "disabled_at", "former_secret_until")
        made = {name: answer[name] and instant_from(answer[name]) for name in instants}
        return cls(**{**answer, **made})


class WebhookSecretOut(WebhookOut):
    """通知地址及其密钥；密钥只在此时显示。 With its secret, which is shown this once."""

    secret: str = Field(
        description="签名密钥（Standard Webhooks），请妥善保存。 Signs deliveries: keep it safe."
    )


class WebhooksOut(Wire):
    """本单位的全部通知地址。 All of your department."""

    webhooks: list[WebhookOut]


class DeliveryOut(Wire):
    """一次通知的投递情况。 One event on its way to one webhook."""

    delivery_id: str
    event_id: str = Field(description="即 webhook-id，按此去重。 The `webhook-id`: drop repeats.")
    topic: str
    identifier: str
    act: str
    row_version: int
    status: Literal["waiting", "delivered", "dead"]
    attempts: int
    created_at: Instant
    next_at: Instant | None = Field(description="下次尝试的时间。 When it is tried next.")
    last_at: Instant | None
    last_status: int = Field(description="最近一次答复的HTTP状态，0为无答复。 0: no answer.")
    last_error: str = Field(description="最近一次失败的代码。 Why the last attempt failed.")
    delivered_at: Instant | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """The wire shape."""
        waiting = delivery.status.value == "waiting"
        return cls(
            delivery_id=delivery.delivery_id,
            event_id=delivery.event_id,
            topic=delivery.topic,
            identifier=delivery.change.identifier,
            act=delivery.change.act,
            row_version=delivery.change.row_version,
            status=delivery.status.value,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            next_at=delivery.next_at if waiting else None,
            last_at=delivery.last_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
            delivered_at=delivery.delivered_at,
        )


class DeliveriesOut(Wire):
    """投递记录的一页，新的在前。 A page of deliveries, the newest events first."""

    deliveries: list[DeliveryOut]
    after: After


class ReplayIn(Wire):
    """补发一段时间内的全部通知。 Everything recorded in a stretch of time, sent again."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [{"from": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}]
        }
    }

    since: Instant = Field(alias="from")
    until: Instant


class ReplayedOut(Wire):
    """已排队补发的条数。 How many are queued again."""

    webhook_id: str
    queued: int


class TestedOut(Wire):
    """测试通知的结果。 What came back of a test event."""

    status: int = Field(description="对方答复的HTTP状态，0为无答复。 HTTP status; 0: no answer.")
    error: str = Field(description="失败的代码，成功时为空。 Why it failed, or empty.")
    delivered: bool
