"""Look at deliveries, and send them again: one, or all of a stretch of time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.errors import Invalid, NotFound, Problem
from certlib.ports import Clock
from certlib.registry import Registry, UnitOfWork
from certlib.registry.notices import Change, ChangeQuery, Delivery, DeliveryQuery, Webhook
from certlib.usecases.access import access_of
from certlib.usecases.addressees import Addressees
from certlib.usecases.caller import Caller
from certlib.usecases.manage_webhooks import ManageWebhooks
from certlib.usecases.once import Done, Once, once

MOST: Final = 10_000
"""Changes of one replay."""

_Lines = Callable[[UnitOfWork], Sequence[Change]]
_TOO_MANY: Final = Problem(
    "/from",
    "replay-too-long",
    f"该时段变更超过{MOST}条，请缩短时段分次补发。",
    f"More than {MOST} changes lie in this time: replay shorter stretches.",
)
_BACKWARDS: Final = Problem(
    "/until", "date-order", "止于不能早于起于。", "`until` cannot lie before `from`."
)


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Deliveries, the newest events first; `before` is where the next page begins, or None."""

    deliveries: Sequence[Delivery]
    before: int | None


class ReplayDeliveries:
    """What became of deliveries, and what is sent again. A department sees its own."""

    def __init__(self, registry: Registry, clock: Clock, webhooks: ManageWebhooks) -> None:
        self._registry = registry
        self._clock = clock
        self._webhooks = webhooks

    def page(self, caller: Caller, query: DeliveryQuery) -> DeliveryPage:
        """One page of the deliveries of a webhook.

        Raises:
            ScopeMissing, NotFound: as `ManageWebhooks.read`.
        """
        self._webhooks.read(caller, query.webhook_id)
        with self._registry.read() as session:
            more = DeliveryQuery(query.webhook_id, query.limit + 1, query.before, query.status)
            found = session.deliveries(more)
        shown = found[: query.limit]
        before = shown[-1].change.sequence if len(found) > query.limit else None
        return DeliveryPage(shown, before)

    def one(self, caller: Caller, webhook_id: str, delivery_id: str, key: str) -> Mapping[str, Any]:
        """Sends one delivery again, whatever became of it.

        Raises:
            ScopeMissing, NotFound: no such delivery of a webhook of the department.
        """
        webhook = self._webhooks.read(caller, webhook_id)

        def lines(uow: UnitOfWork) -> Sequence[Change]:
            found = uow.delivery(delivery_id)
            if found is None or found.webhook_id != webhook_id:
                raise NotFound
            return [found.change]

        return self._replay(caller, webhook, key, {"delivery_id": delivery_id}, lines)

    def stretch(
        self, caller: Caller, webhook_id: str, since: datetime, until: datetime, key: str
    ) -> Mapping[str, Any]:
        """Sends every event recorded from `since` to `until` again, or for the first time.

        Raises:
            ScopeMissing, NotFound: as `ManageWebhooks.read`.
            Invalid: the stretch ends before it begins, or holds too much.
        """
        webhook = self._webhooks.read(caller, webhook_id)
        if until < since:
            raise Invalid(problems=(_BACKWARDS,))
        query = ChangeQuery(
            limit=MOST + 1,
            type_codes=frozenset(webhook.type_codes),
            since=since,
            until=until,
        )

        def lines(uow: UnitOfWork) -> Sequence[Change]:
            day = legal_day(self._clock.now())
            within = access_of(uow, caller, day).jurisdiction.holdings(caller.department_code, day)
            found = uow.changes(replace(query, within=within))
            if len(found) > MOST:
                raise Invalid(problems=(_TOO_MANY,))
            return found

        asked = {"from": since.isoformat(), "until": until.isoformat()}
        return self._replay(caller, webhook, key, asked, lines)

    def _replay(
        self,
        caller: Caller,
        webhook: Webhook,
        key: str,
        request: Mapping[str, str],
        lines: _Lines,
    ) -> Mapping[str, Any]:
        now = self._clock.now()
        asked = digest({"webhook_id": webhook.webhook_id, **request})

        def do(uow: UnitOfWork) -> Done:
            events = uow.events_of(lines(uow))
            queued = list(Addressees(uow, now).deliveries(events, [webhook]))
            uow.requeue(queued)
            answer = {"webhook_id": webhook.webhook_id, "queued": len(queued)}
            return Done(webhook.webhook_id, answer, {**request, "queued": len(queued)})

        return once(self._registry, Once(caller, "replay-webhook", key, asked, now), do)
