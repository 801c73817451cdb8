"""The courier: threads that carry deliveries to webhooks, one batch to one webhook at a time.

A receiver that is slow holds one thread and no other receiver; one that does not answer is left
alone for a while, ever longer, and what waits for it counts no attempts meanwhile.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Final

from api import logs
from api.metrics import Metrics
from certlib.errors import CertlibError
from certlib.registry.notices import Batch
from certlib.usecases.deliver import DeliverNotices, Sent

_log = logs.logger("courier")
_MOST_ROUNDS: Final = 50
_FIRST_REST: Final = 5.0
_LONGEST_REST: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Rest:
    """How often a receiver gave no answer, and until when it is left alone."""

    failures: int
    until: float


class Courier:
    """Fans events out and carries what is due; safe beside couriers of other processes.

    Args:
        threads: receivers that are called at once.
    """

    def __init__(self, deliver: DeliverNotices, metrics: Metrics, threads: int = 4) -> None:
        self._deliver = deliver
        self._metrics = metrics
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "courier")
        self._stopping = Event()
        self._lock = Lock()
        self._busy: set[str] = set()
        self._resting: dict[str, _Rest] = {}

    def round(self) -> None:
        """Queues what has happened, and sets threads to work while something is due."""
        for _ in range(_MOST_ROUNDS):
            if self._deliver.fan_out() == 0:
                break
        while len(self._busy) < self._threads and not self._stopping.is_set():
            batch = self._take()
            if batch is None:
                return
            self._pool.submit(self._carry, batch)

    def forget(self) -> None:
        """Removes deliveries that were settled long ago."""
        for _ in range(_MOST_ROUNDS):
            if self._deliver.forget() == 0:
                return

    def stop(self) -> None:
        """Lets requests under way come to their end; what was not tried is put back."""
        self._stopping.set()
        self._pool.shutdown(wait=True)

    def _carry(self, batch: Batch | None) -> None:
        """One batch after the other, until nothing is due."""
        while batch is not None:
            with self._occupied(batch.webhook.webhook_id):
                sent = self._deliver.send(batch, self._stopping.is_set)
                self._note(batch, sent)
            batch = None
            if not self._stopping.is_set():
                with self._guarded():
                    batch = self._take()

    def _take(self) -> Batch | None:
        with self._lock:
            now = monotonic()
            resting = {name for name, rest in self._resting.items() if rest.until > now}
            batch = self._deliver.lease(self._busy | resting)
            if batch is not None:
                self._busy.add(batch.webhook.webhook_id)
            return batch

    @contextmanager
    def _occupied(self, webhook_id: str) -> Iterator[None]:
        try:
            with self._guarded():
                yield
        finally:
            with self._lock:
                self._busy.discard(webhook_id)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong must not end the thread: what was leased comes back by itself."""
        try:
            yield
        except CertlibError as error:
            logs.event(_log, logging.WARNING, "batch failed", code=error.code)
            self._metrics.worker_faults.labels("deliver").inc()
        except Exception as error:  # noqa: BLE001 - an unforeseen fault of one batch
            logs.event(_log, logging.ERROR, "unforeseen", fault=logs.faults(error))
            self._metrics.worker_faults.labels("deliver").inc()

    def _note(self, batch: Batch, sent: Sent) -> None:
        webhook_id = batch.webhook.webhook_id
        for outcome in ("delivered", "failed", "dead"):
            number = getattr(sent, outcome)
            if number:
                self._metrics.deliveries.labels(outcome).inc(number)
        if sent.dead:
            logs.event(_log, logging.WARNING, "dead letters", webhook=webhook_id, number=sent.dead)
        with self._lock:
            before = self._resting.pop(webhook_id, _Rest(0, 0.0))
            if not sent.reachable:
                seconds = min(_FIRST_REST * 2**before.failures, _LONGEST_REST)
                self._resting[webhook_id] = _Rest(before.failures + 1, monotonic() + seconds)
