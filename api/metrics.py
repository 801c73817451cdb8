"""Prometheus metrics; labels hold route templates, codes and types, never anybody's data."""

from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.metrics_shared import Shared
from certlib.errors import CertlibError
from certlib.ports import Clock
from certlib.registry import HistoryTail, Registry

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_INTENT = "INTENT"


class Metrics:
    """Everything that is counted in one process.

    Attributes:
        collected: what this process has counted itself; `record` asks the database.
        shared: the figures of the other processes of this server, where there are several.
        status_answers: answers of the public status path by (HTTP status, code), counted without
            a lock: it runs on the event loop alone.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self.collected, self.record = CollectorRegistry(), CollectorRegistry()
        self.shared: Shared | None = None
        own = self.collected
        ProcessCollector(registry=own)
        self.requests = Counter(
            "certlib_requests", "Requests", ("method", "route", "status"), registry=own
        )
        self.seconds = Histogram(
            "certlib_request_seconds", "Duration", ("route",), buckets=_BUCKETS, registry=own
        )
        self.issued = Counter("certlib_issued", "Certificates issued", ("type",), registry=own)
        self.changed = Counter("certlib_changed", "Changes of state", ("action",), registry=own)
        self.verdicts = Counter("certlib_verdicts", "Verdicts", ("verdict", "code"), registry=own)
        self.token_refused = Counter(
            "certlib_token_failures", "Refused credentials", ("kind",), registry=own
        )
        self.problems = Counter("certlib_problems", "Problem documents", ("code",), registry=own)
        self.reader_faults = Counter(
            "certlib_reader_incidents", "Verifying children lost", ("fault",), registry=own
        )
        self.reconciled = Counter(
            "certlib_reconciled", "Intents taken over", ("outcome",), registry=own
        )
        self.worker_faults = Counter(
            "certlib_worker_faults", "Failed rounds of background work", ("job",), registry=own
        )
        self.limited = Counter(
            "certlib_rate_limited", "Requests over a client's rate", ("kind",), registry=own
        )
        self.deliveries = Counter(
            "certlib_webhook_deliveries", "Deliveries tried", ("outcome",), registry=own
        )
        self.ready = Gauge("certlib_ready", "Whether a part works", ("part",), registry=own)
        self.status_answers: Tally[tuple[int, str]] = Tally()
        own.register(_Answers(self.status_answers))
        self.record.register(_Record(registry, clock))

    def leave(self) -> None:
        """Tells the other processes of this server what this one has counted."""
        if self.shared is not None:
            self.shared.leave(self.collected)

    def text(self) -> bytes:
        """Prometheus text: of every process of this server, and of the record once."""
        own = self.collected
        counted = generate_latest(own) if self.shared is None else self.shared.text(own)
        return counted + generate_latest(self.record)


class _Answers(Collector):
    """What the fast path has answered."""

    def __init__(self, answers: Tally[tuple[int, str]]) -> None:
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        """Public answers by status and code."""
        answers = CounterMetricFamily(
            "certlib_status_answers", "Public status answers", labels=("status", "code")
        )
        for (status, code), number in list(self._answers.items()):
            answers.add_metric((str(status), code), number)
        yield answers


class _Record(Collector):
    """What is asked of the record when somebody scrapes."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Nothing: or registering would already ask the record."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Certificates by state, pending intents, the unsealed history."""
        yield from self._counts()

    def _counts(self) -> Iterator[Metric]:
        try:
            with self._registry.read() as session:
                counts, tail = session.counts(), session.history_tail()
                notices = session.delivery_counts()
        except CertlibError:
            # A scrape must work just when the database does not; /readyz names the fault.
            return
        pending = GaugeMetricFamily("certlib_pending_intents", "Intents not finished yet")
        pending.add_metric((), counts.get(_INTENT, 0))
        yield pending
        states = GaugeMetricFamily("certlib_certificates", "Certificates", labels=("state",))
        for state, number in sorted(counts.items()):
            if state != _INTENT:
                states.add_metric((state,), number)
        yield states
        yield from self._history(tail)
        waiting = GaugeMetricFamily(
            "certlib_webhook_queue",
            "Deliveries that wait or are dead, events not queued yet",
            labels=("status",),
        )
        for status in ("waiting", "dead", "outbox"):
            waiting.add_metric((status,), notices.get(status, 0))
        yield waiting

    def _history(self, tail: HistoryTail) -> Iterator[Metric]:
        age = 0.0 if tail.since is None else (self._clock.now() - tail.since).total_seconds()
        for name, text, value in (
            ("certlib_history_batches", "Sealed batches of the audit history", tail.batches),
            ("certlib_history_unsealed_records", "Audit records not sealed yet", tail.records),
            ("certlib_history_unsealed_seconds", "Age of the oldest of them", max(0.0, age)),
        ):
            gauge = GaugeMetricFamily(name, text)
            gauge.add_metric((), value)
            yield gauge
