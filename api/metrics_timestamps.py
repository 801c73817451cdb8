"""How it is with the clock of the timestamp authority and its keys, as Prometheus sees it."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from api.stamping_parts import ClockState

__all__ = ["TimestampFigures"]


class TimestampFigures:
    """Told together by the worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._trusted = Gauge(
            "certlib_clock_trusted", "Whether the clock may stamp", registry=registry
        )
        self._alone = Gauge(
            "certlib_clock_unsynchronised",
            "Whether the kernel says that no time source keeps the clock",
            registry=registry,
        )
        self._left = Gauge(
            "certlib_timestamp_key_seconds_left",
            "Until when there is a timestamp key that may sign",
            registry=registry,
        )

    def tell(self, clock: ClockState, end: datetime, now: datetime) -> None:
        """Sets all of them."""
        self._trusted.set(clock.problem is None)
        self._alone.set(clock.synchronised is False)
        self._left.set((end - now).total_seconds())
