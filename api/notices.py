"""Notices: what leaves the house by itself. Built from settings; `api.courier` carries."""

from dataclasses import dataclass
from typing import Self

from api.egress.addresses import AddressPolicy, networks
from api.egress.client import EgressOptions, HttpsSender
from api.settings import Settings
from certlib.ports import Clock, Entropy, NoticeSender
from certlib.registry import Registry
from certlib.usecases.deliver import DeliverNotices
from certlib.usecases.manage_webhooks import ManageWebhooks
from certlib.usecases.replay_deliveries import ReplayDeliveries


@dataclass(frozen=True, slots=True)
class Notices:
    """Webhooks with everything that concerns them.

    Attributes:
        policy: which addresses may be registered, and called.
        webhooks: keeps where departments' systems are told.
        deliveries: what became of deliveries, and what is sent again.
        deliver: queues, signs and posts.
    """

    policy: AddressPolicy
    webhooks: ManageWebhooks
    deliveries: ReplayDeliveries
    deliver: DeliverNotices

    @classmethod
    def over(
        cls,
        registry: Registry,
        sender: NoticeSender,
        policy: AddressPolicy,
        clock: Clock,
        entropy: Entropy,
    ) -> Self:
        """All of it over one registry and one way out."""
        webhooks = ManageWebhooks(registry, clock, entropy)
        return cls(
            policy=policy,
            webhooks=webhooks,
            deliveries=ReplayDeliveries(registry, clock, webhooks),
            deliver=DeliverNotices(registry, sender, clock, entropy),
        )


def open_notices(settings: Settings, registry: Registry, clock: Clock, entropy: Entropy) -> Notices:
    """Notices that go out over HTTPS, to where the settings allow."""
    ports = frozenset(int(port) for port in settings.webhook_ports.split(","))
    policy = AddressPolicy(networks(settings.webhook_networks.split(",")), ports)
    sender = HttpsSender(EgressOptions(policy, ca_file=settings.webhook_ca_file))
    return Notices.over(registry, sender, policy, clock, entropy)
