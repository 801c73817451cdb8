"""How it is with the clock of the timestamp authority and its keys, as Prometheus sees it."""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.stamping_parts import ClockState, SourceState

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

        self._up = Gauge(
            "certlib_timestamp_source_up",
            "Whether an authority that stamps seals is asked",
            ("source",),
            registry=registry,
        )
        self._tokens = Counter(
            "certlib_timestamp_source_tokens",
            "Tokens asked of the authorities that stamp seals",
            ("source", "outcome"),
            registry=registry,
        )
        self._told: Tally[tuple[str, str]] = Tally()

    def tell_sources(self, standing: Sequence[SourceState]) -> None:
        """Sets how it is with each, and adds what was asked of it since the last time."""
        for one in standing:
            self._up.labels(one.name).set(one.works)
            for outcome, number in (("stamped", one.tokens), ("failed", one.failures)):
                self._tokens.labels(one.name, outcome).inc(number - self._told[one.name, outcome])
                self._told[one.name, outcome] = number

    def tell(self, clock: ClockState, end: datetime, now: datetime) -> None:
        """Sets all of them."""
        self._trusted.set(clock.problem is None)
        self._alone.set(clock.synchronised is False)
        self._left.set((end - now).total_seconds())
