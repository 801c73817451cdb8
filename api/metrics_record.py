"""What is asked of the record and of the keys when somebody scrapes."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from certlib.errors import CertlibError
from certlib.ports import Clock
from certlib.registry import Backlog, CareBacklog, HistoryTail, Registry, SealingStop
from certlib.registry.stops import ALL

__all__ = ["KeyState", "Keys", "KeysSource", "Record"]

_INTENT: Final = "INTENT"
_DAY: Final = 86_400.0
_USED: Final = frozenset({"current", "expired"})
_RESPONDER: Final = "ocsp"


class Record(Collector):
    """Certificates by state, what waits, the unsealed history; and whether the record answers."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Nothing: or registering would already ask the record."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What the record says; only that it is down when it is."""
        try:
            with self._registry.read() as session:
                counts, tail, backlog = session.counts(), session.history_tail(), session.backlog()
                stops = session.sealing_stops()
                care = session.care_backlog(self._clock.now())
        except CertlibError:
            # A scrape must work just when the database does not; /readyz names the fault.
            yield _gauge("certlib_record_up", "Whether the record answered this scrape", 0)
            return
        yield _gauge("certlib_record_up", "Whether the record answered this scrape", 1)
        yield _by(
            "certlib_certificates",
            "Certificates",
            "state",
            ((state, number) for state, number in sorted(counts.items()) if state != _INTENT),
        )
        yield from self._backlog(backlog)
        yield from self._history(tail)
        yield _stopped(stops)
        yield from self._care(care)

    def _backlog(self, backlog: Backlog) -> Iterator[Metric]:
        now = self._clock.now()
        for name, text, queue in (
            ("certlib_pending_intents", "Intents not finished yet", backlog.intents),
            ("certlib_object_locks_due", "Published files not locked yet", backlog.locks),
        ):
            yield _gauge(name, text, queue.number)
            yield _gauge(f"{name}_seconds", "Age of the oldest of them", queue.seconds(now))
        yield _by(
            "certlib_webhook_queue",
            "Deliveries that wait or are dead, events not queued yet",
            "status",
            (
                ("waiting", backlog.deliveries.number),
                ("dead", backlog.dead),
                ("outbox", backlog.events.number),
            ),
        )
        yield _by(
            "certlib_webhook_queue_seconds",
            "Age of the oldest of them",
            "status",
            (
                ("waiting", backlog.deliveries.seconds(now)),
                ("outbox", backlog.events.seconds(now)),
            ),
        )

    def _history(self, tail: HistoryTail) -> Iterator[Metric]:
        age = 0.0 if tail.since is None else (self._clock.now() - tail.since).total_seconds()
        for name, text, value in (
            ("certlib_history_batches", "Sealed batches of the audit history", tail.batches),
            ("certlib_history_unsealed_records", "Audit records not sealed yet", tail.records),
            ("certlib_history_unsealed_seconds", "Age of the oldest of them", max(0.0, age)),
        ):
            yield _gauge(name, text, value)

    def _care(self, care: CareBacklog) -> Iterator[Metric]:
        now = self._clock.now()
        for name, text, queue in (
            ("certlib_seals_below_target", "Files below their target level", care.below),
            ("certlib_seals_due", "Files whose seal is to be lifted or renewed", care.due),
        ):
            yield _gauge(name, text, queue.number)
            yield _gauge(f"{name}_seconds", "Age of the oldest of them", queue.seconds(now))
        text = "Files that can no longer be judged by themselves"
        yield _gauge("certlib_seals_ended", text, care.ended)


def _stopped(stops: Sequence[SealingStop]) -> Metric:
    whole = sum(item.scope == ALL for item in stops)
    return _by(
        "certlib_sealing_stops",
        "Stops of sealing in force: of everything, and of single keys",
        "scope",
        (("all", whole), ("key", len(stops) - whole)),
    )


class KeyState(Protocol):
    """A key as an authority lists it."""

    @property
    def purpose(self) -> str:
        """`root`, `issuing`, `timestamp`, `history`, `trust` or `seal`."""
        ...

    @property
    def state(self) -> str:
        """`current`, `superseded`, `expired`, `revoked` or `requested`."""
        ...

    @property
    def issuer_code(self) -> str:
        """The department's code, "" for the authority's own keys."""
        ...

    @property
    def not_after(self) -> datetime:
        """The end of its certificate."""
        ...


class KeysSource(Protocol):
    """Who lists keys and revocation lists without making new ones."""

    def list_keys(self) -> Iterable[KeyState]:
        """Every key."""
        ...

    def crls_end(self) -> datetime:
        """Until when both revocation lists hold."""
        ...


class Keys(Collector):
    """Days left of what signs."""

    def __init__(self, source: KeysSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Nothing: or registering would already read the keys."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The certificate that ends first, by purpose; negative when it has ended."""
        now = self._clock.now()
        try:
            keys, end = list(self._source.list_keys()), self._source.crls_end()
        except CertlibError:
            return
        replaced = {key.issuer_code for key in keys if key.issuer_code and key.state == "current"}
        left: dict[str, float] = {}
        for key in keys:
            if key.purpose == _RESPONDER:  # lives for days, and the worker renews it
                continue
            if key.state in _USED and not (key.state == "expired" and key.issuer_code in replaced):
                days = (key.not_after - now).total_seconds() / _DAY
                left[key.purpose] = min(left.get(key.purpose, days), days)
        yield _by(
            "certlib_key_days_left",
            "Days until the first certificate in use ends",
            "purpose",
            sorted(left.items()),
        )
        asked = sum(key.state == "requested" for key in keys)
        yield _gauge("certlib_seal_requests", "Seals asked for outside, not imported yet", asked)
        ends = [key.not_after for key in keys if key.purpose == _RESPONDER]
        if ends:
            yield _gauge(
                "certlib_ocsp_responder_seconds_left",
                "Until when OCSP answers are signed",
                (min(ends) - now).total_seconds(),
            )
        seconds = (end - now).total_seconds()
        yield _gauge("certlib_crl_seconds_left", "Until when the revocation lists hold", seconds)


def _gauge(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric((), value)
    return family


def _by(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for of, value in values:
        family.add_metric((of,), value)
    return family
