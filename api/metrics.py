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
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.metrics_record import Keys, KeysSource, Record
from api.metrics_shared import Shared
from api.metrics_timestamps import TimestampFigures
from api.metrics_trust import TrustFigures
from api.readings import FAULTS, Incidents
from api.timings import Timings
from certlib.errors import Corrupt, KeyUnusable, SealMismatch
from certlib.evidence import FileFacts
from certlib.ports import Clock
from certlib.registry import Registry

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Everything that is counted in one process.

    Attributes:
        collected: what this process has counted itself; `record` asks the database.
        shared: the figures of the other processes of this server, where there are several.
        status_answers: answers of the public status path by (HTTP status, code), counted without
            a lock: it runs on the event loop alone.
    """

    shared: Shared | None = None

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        timings: Timings | None = None,
        keys: KeysSource | None = None,
    ) -> None:
        self.collected, self.record = CollectorRegistry(), CollectorRegistry()
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
            "certlib_worker_faults", "Failed rounds of background work", ("work",), registry=own
        )
        self.limited = Counter(
            "certlib_rate_limited", "Requests over a client's rate", ("kind",), registry=own
        )
        self.deliveries, self.preserved = _deliveries(own), _preserved(own)
        self.ocsp = Counter("certlib_ocsp_answers", "OCSP answers", ("status",), registry=own)
        self._watch(own)
        self.trust, self.timestamps = TrustFigures(own), TimestampFigures(own)
        self.status_answers: Tally[tuple[int, str]] = Tally()
        own.register(_Answers(self.status_answers))
        if timings is not None:
            for collector in _collectors(timings):
                own.register(collector)
        self._incidents = Incidents()
        self._from_the_first()
        self.record.register(Record(registry, clock))
        if keys is not None:
            self.record.register(Keys(keys, clock))

    def _watch(self, own: CollectorRegistry) -> None:
        """How it is now, in contrast to what has been counted."""
        self.ready = Gauge("certlib_ready", "Whether a part works", ("part",), registry=own)
        self.under_way = Gauge(
            "certlib_requests_under_way", "Requests being answered", registry=own
        )
        self.most = Gauge(
            "certlib_requests_limit", "Requests under way beyond which 503 is said", registry=own
        )
        self.round = Gauge(
            "certlib_worker_round_timestamp_seconds", "Last round of background work", registry=own
        )
        self.sources_failing = Gauge(
            "certlib_crl_sources_failing",
            "Addresses of others' lists whose last question failed",
            registry=own,
        )
        self.responders_failing = Gauge(
            "certlib_ocsp_sources_failing",
            "Addresses of others' OCSP responders whose last question failed",
            registry=own,
        )
        self.contradicted = Gauge(
            "certlib_history_contradicted",
            "Whether kept seals stand against the history on record",
            registry=own,
        )

    def _from_the_first(self) -> None:
        """Series that alerts ask for begin at 0: an increase from nothing is none (Prometheus)."""
        for outcome in ("published", "failed", "burned"):
            self.reconciled.labels(outcome)
        for outcome in ("lifted", "failed"):
            self.preserved.labels(outcome)
        for outcome in ("delivered", "failed", "dead"):
            self.deliveries.labels(outcome)
        for fault in FAULTS:
            self.reader_faults.labels(fault)
        for word in ("try-later", "internal-error"):
            self.ocsp.labels(word)
        for error in (Corrupt, KeyUnusable, SealMismatch):
            self.problems.labels(error.code)

    def note_file(self, file: FileFacts | None, request_id: str) -> None:
        """Counts a reading that failed by a fault of ours, and logs a file that cost a child."""
        if file is not None and file.fault in FAULTS:
            self.reader_faults.labels(file.fault).inc()
            self._incidents.note(file, request_id)

    def leave(self) -> None:
        """Tells the other processes of this server what this one has counted."""
        if self.shared is not None:
            self.shared.leave(self.collected)

    def text(self) -> bytes:
        """Prometheus text: of every process of this server, and of the record once."""
        own = self.collected
        counted = generate_latest(own) if self.shared is None else self.shared.text(own)
        return counted + generate_latest(self.record)


def _collectors(timings: Timings) -> Iterator[Collector]:
    yield from (timings.render, timings.seal, timings.signing.answers)
    yield from timings.readings.collectors()


def _deliveries(own: CollectorRegistry) -> Counter:
    return Counter("certlib_webhook_deliveries", "Deliveries tried", ("outcome",), registry=own)


def _preserved(own: CollectorRegistry) -> Counter:
    return Counter("certlib_seals_lifted", "Files lifted or renewed", ("outcome",), registry=own)


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
