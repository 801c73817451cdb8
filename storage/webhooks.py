"""Webhooks: where departments' systems are told. Addresses and secrets are sealed."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, bindparam, delete, select

from certlib.canonical import canonical_bytes
from certlib.registry.notices import Webhook
from storage.encryption import Place
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import WebhookDeliveryRow, WebhookRow, table

_WEBHOOKS = table(WebhookRow)
_DELIVERIES = table(WebhookDeliveryRow)
_ALL = select(_WEBHOOKS).order_by(_WEBHOOKS.c.webhook_id)
_ONE = Prepared(select(_WEBHOOKS).where(_WEBHOOKS.c.webhook_id == bindparam("webhook_id")))
_OF_DEPARTMENT = Prepared(_ALL.where(_WEBHOOKS.c.department_code == bindparam("department_code")))
_ACTIVE = Prepared(_ALL.where(_WEBHOOKS.c.disabled_at.is_(None)))
_FORGET_DELIVERIES = delete(_DELIVERIES).where(_DELIVERIES.c.webhook_id == bindparam("b_id"))
_REMOVE = delete(_WEBHOOKS).where(_WEBHOOKS.c.webhook_id == bindparam("b_id"))


def find(link: Link, webhook_id: str) -> Webhook | None:
    """The webhook, disabled or not."""
    row = link.first(_ONE, webhook_id=webhook_id)
    return None if row is None else _webhook(link, row)


def of_department(link: Link, department_code: str) -> Sequence[Webhook]:
    """All of a department, by id."""
    rows = link.fetch(_OF_DEPARTMENT, department_code=department_code)
    return [_webhook(link, row) for row in rows]


def active(link: Link) -> Sequence[Webhook]:
    """Every webhook that is told of what happens."""
    return [_webhook(link, row) for row in link.fetch(_ACTIVE)]


def put(link: Link, webhook: Webhook) -> None:
    """Keeps a webhook, or its changes."""
    former = webhook.former_secret if webhook.former_until is not None else ""
    row = {
        "webhook_id": webhook.webhook_id,
        "department_code": webhook.department_code,
        "topics": canonical_bytes(list(webhook.topics)).decode(),
        "type_codes": canonical_bytes(list(webhook.type_codes)).decode(),
        "description": webhook.description,
        "created_at": webhook.created_at,
        "created_by": webhook.created_by,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason,
        "former_until": webhook.former_until,
        "url": link.cipher.seal_text(webhook.url, _place(webhook.webhook_id, "url")),
        "secret": link.cipher.seal_text(webhook.secret, _place(webhook.webhook_id, "secret")),
        "former_secret": link.cipher.seal_text(former, _place(webhook.webhook_id, "former_secret"))
        if webhook.former_until is not None
        else None,
    }
    link.change(_putting(link.dialect), row)


def remove(link: Link, webhook_id: str) -> None:
    """Forgets a webhook and its deliveries."""
    link.change(_FORGET_DELIVERIES, {"b_id": webhook_id})
    link.change(_REMOVE, {"b_id": webhook_id})


@cache
def _putting(dialect: str) -> Executable:
    inserted = inserting(_WEBHOOKS, dialect)
    changed: Iterable[str] = (
        "topics",
        "type_codes",
        "description",
        "disabled_at",
        "disabled_reason",
        "former_until",
        "url",
        "secret",
        "former_secret",
    )
    return inserted.on_conflict_do_update(
        index_elements=list(_WEBHOOKS.primary_key),
        set_={name: inserted.excluded[name] for name in changed},
    )


def _place(webhook_id: str, column: str) -> Place:
    return Place(_WEBHOOKS.name, column, webhook_id)


def _webhook(link: Link, row: Row[Any]) -> Webhook:
    def opened(column: str, sealed: bytes) -> str:
        return link.cipher.open_text(bytes(sealed), _place(row.webhook_id, column))

    former = row.former_secret
    return Webhook(
        webhook_id=row.webhook_id,
        department_code=row.department_code,
        url=opened("url", row.url),
        topics=tuple(json.loads(row.topics)),
        type_codes=tuple(json.loads(row.type_codes)),
        description=row.description,
        secret=opened("secret", row.secret),
        created_at=row.created_at,
        created_by=row.created_by,
        former_secret="" if former is None else opened("former_secret", former),
        former_until=row.former_until,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
    )
