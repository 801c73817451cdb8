"""Manage webhooks: register, replace the secret, switch off and on, remove."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from certlib.access import owns
from certlib.canonical import digest
from certlib.errors import Invalid, NotFound, Problem
from certlib.ports import Clock, Entropy
from certlib.registry import AuditRecord, Registry, UnitOfWork
from certlib.registry.notices import Webhook
from certlib.usecases.caller import WEBHOOKS, Caller
from certlib.usecases.once import Done, Once, once
from certlib.webhooks import SECRET_OCTETS, secret_from

MOST: Final = 20
"""Webhooks of one department."""
CHANGE_OVER: Final = timedelta(hours=24)
"""How long a replaced secret goes on signing beside the new one."""

_ID_OCTETS: Final = 12
_FULL: Final = Problem(
    "",
    "webhooks-too-many",
    f"本单位已有{MOST}个通知地址，请先删除不用的。",
    f"The department has {MOST} webhooks already: remove one first.",
)


@dataclass(frozen=True, slots=True)
class WebhookOrder:
    """Where somebody wants to be told of what; `url` has been checked for its form."""

    url: str
    topics: tuple[str, ...]
    type_codes: tuple[str, ...] = ()
    description: str = ""


class ManageWebhooks:
    """Keeps where departments' systems are told."""

    def __init__(self, registry: Registry, clock: Clock, entropy: Entropy) -> None:
        self._registry = registry
        self._clock = clock
        self._entropy = entropy

    def create(self, caller: Caller, order: WebhookOrder, key: str) -> Mapping[str, Any]:
        """The new webhook with its secret, which no other answer shows.

        Raises:
            ScopeMissing: the caller may not manage webhooks.
            Invalid: the department has as many as it may.
        """
        request = {"url": order.url, "topics": list(order.topics)}
        request |= {"type_codes": list(order.type_codes), "description": order.description}

        def act(uow: UnitOfWork, now: datetime) -> tuple[Webhook, dict[str, Any]]:
            if len(uow.webhooks(caller.department_code)) >= MOST:
                raise Invalid(problems=(_FULL,))
            made = Webhook(
                webhook_id="whk_" + self._entropy.octets(_ID_OCTETS).hex(),
                department_code=caller.department_code,
                url=order.url,
                topics=order.topics,
                type_codes=order.type_codes,
                description=order.description,
                secret=self._secret(),
                created_at=now,
                created_by=caller.actor,
            )
            return made, {**as_json(made), "secret": made.secret}

        return self._act(caller, "add-webhook", key, request, act)

    def rotate(self, caller: Caller, webhook_id: str, key: str) -> Mapping[str, Any]:
        """The webhook with a new secret; the former one signs beside it for a day.

        Raises:
            ScopeMissing, NotFound: as `read`.
        """

        def act(uow: UnitOfWork, now: datetime) -> tuple[Webhook, dict[str, Any]]:
            found = _own(uow.webhook(webhook_id), caller)
            made = replace(
                found,
                secret=self._secret(),
                former_secret=found.secret,
                former_until=now + CHANGE_OVER,
            )
            return made, {**as_json(made), "secret": made.secret}

        return self._act(caller, "rotate-webhook", key, {"webhook_id": webhook_id}, act)

    def switch(self, caller: Caller, webhook_id: str, key: str, *, on: bool) -> Mapping[str, Any]:
        """The webhook, switched off or on; what waits goes out when it is on again.

        Raises:
            ScopeMissing, NotFound: as `read`.
        """

        def act(uow: UnitOfWork, now: datetime) -> tuple[Webhook, dict[str, Any]]:
            found = _own(uow.webhook(webhook_id), caller)
            if on:
                made = replace(found, disabled_at=None, disabled_reason="")
            elif found.disabled_at is None:
                made = replace(found, disabled_at=now, disabled_reason="asked")
            else:
                made = found
            return made, as_json(made)

        name = "enable-webhook" if on else "disable-webhook"
        return self._act(caller, name, key, {"webhook_id": webhook_id}, act)

    def remove(self, caller: Caller, webhook_id: str) -> None:
        """Forgets a webhook with its deliveries; the history keeps that it was there.

        Raises:
            ScopeMissing, NotFound: as `read`.
        """
        caller.need(WEBHOOKS)
        with self._registry.begin() as uow:
            found = _own(uow.webhook(webhook_id), caller)
            uow.remove_webhook(webhook_id)
            details = {"topics": list(found.topics), "request_id": caller.request_id}
            now = self._clock.now()
            uow.append_audit(
                [AuditRecord(now, caller.actor, "remove-webhook", webhook_id, details)]
            )
            uow.commit()

    def read(self, caller: Caller, webhook_id: str) -> Webhook:
        """A webhook of the department.

        Raises:
            ScopeMissing: the caller may not manage webhooks.
            NotFound: there is none, or it is another department's.
        """
        caller.need(WEBHOOKS)
        with self._registry.read() as session:
            return _own(session.webhook(webhook_id), caller)

    def every(self, caller: Caller) -> Sequence[Webhook]:
        """All webhooks of the department, by id.

        Raises:
            ScopeMissing: the caller may not manage webhooks.
        """
        caller.need(WEBHOOKS)
        with self._registry.read() as session:
            return session.webhooks(caller.department_code)

    def _secret(self) -> str:
        return secret_from(self._entropy.octets(SECRET_OCTETS))

    def _act(
        self,
        caller: Caller,
        name: str,
        key: str,
        request: Mapping[str, Any],
        act: Callable[[UnitOfWork, datetime], tuple[Webhook, dict[str, Any]]],
    ) -> Mapping[str, Any]:
        """One act in one commit: the webhook, its record in the history, the key's answer."""
        caller.need(WEBHOOKS)
        now = self._clock.now()

        def do(uow: UnitOfWork) -> Done:
            webhook, answer = act(uow, now)
            uow.put_webhook(webhook)
            # The address may hold a key: the history names the webhook by its id alone.
            return Done(webhook.webhook_id, answer, {"topics": list(webhook.topics)})

        return once(self._registry, Once(caller, name, key, digest(dict(request)), now), do)


def as_json(webhook: Webhook) -> dict[str, Any]:
    """What its department sees of a webhook: everything but its secrets."""

    def text(moment: datetime | None) -> str | None:
        return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "topics": list(webhook.topics),
        "type_codes": list(webhook.type_codes),
        "description": webhook.description,
        "created_at": text(webhook.created_at),
        "created_by": webhook.created_by,
        "disabled_at": text(webhook.disabled_at),
        "disabled_reason": webhook.disabled_reason,
        "former_secret_until": text(webhook.former_until),
    }


def _own(webhook: Webhook | None, caller: Caller) -> Webhook:
    if webhook is None or not owns(caller.department_code, webhook.department_code):
        raise NotFound
    return webhook
