"""How this node cares for its seals, by its settings."""

from datetime import timedelta

from api.settings import Settings
from certlib.ports import Clock
from certlib.preservation import CarePlan
from certlib.registry import Registry
from certlib.usecases.lower import Lowering

__all__ = ["lowering", "plan_of"]


def plan_of(settings: Settings) -> CarePlan:
    """When a file is due."""
    return CarePlan(timedelta(days=settings.seal_care_days))


def lowering(settings: Settings, registry: Registry, clock: Clock) -> Lowering:
    """What is done without timestamps."""
    return Lowering(registry, clock, timedelta(hours=settings.timestamp_outage_hours))
