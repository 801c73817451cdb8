"""Reading strangers' files, as figures and as incidents in the log."""

import logging
import re
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.registry import Collector

from api import logs
from certlib.evidence import FileFacts

_log = logs.logger("reader")
_INCIDENTS: Final = ("timeout", "memory", "crashed")
FAULTS: Final = (*_INCIDENTS, "busy")
"""Faults of ours, not of the file; all but the last cost a child."""
_CAUSES: Final = (*_INCIDENTS, "lied", "worn", "idle", "gone", "closed")
_OUTCOMES: Final = frozenset(
    {"read", "empty", "not-pdf", "truncated", "encrypted", "malformed", "too-large", *FAULTS}
)
_WAITS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_SECONDS: Final = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.0, 3.0)
_MOST_LINES, _PERIOD = 10, 60.0
_LONGEST_DETAIL: Final = 60
_ODD: Final = re.compile(r"[^A-Za-z0-9 .:_-]")


class Outcome(Protocol):
    """What is counted of one file (`signing.evidence.watching.Reading`)."""

    @property
    def size(self) -> int:
        """Octets."""
        ...

    @property
    def outcome(self) -> str:
        """`read`, or the fault."""
        ...

    @property
    def waited(self) -> float:
        """Seconds until a child was free."""
        ...

    @property
    def seconds(self) -> float:
        """With the child."""
        ...


class Readings:
    """Figures of one process; it watches the pool of reading children."""

    def __init__(self) -> None:
        self.files = Counter(
            "certlib_reader_files", "Files given to readers", ("outcome",), registry=None
        )
        self.octets = Counter("certlib_reader_octets", "Their octets", registry=None)
        self.wait = Histogram(
            "certlib_reader_wait_seconds", "Waiting for a reader", buckets=_WAITS, registry=None
        )
        self.seconds = Histogram(
            "certlib_reader_seconds", "Reading a file", buckets=_SECONDS, registry=None
        )
        self.children = Gauge("certlib_reader_children", "Readers alive", registry=None)
        self.most_children = Gauge(
            "certlib_reader_children_limit", "Readers there should be", registry=None
        )
        self.begun = Counter("certlib_reader_children_started", "Readers started", registry=None)
        self.lost = Counter(
            "certlib_reader_children_ended", "Readers ended", ("cause",), registry=None
        )
        self.uploads = Gauge(
            "certlib_uploads_under_way", "Files in the house, received or read", registry=None
        )
        self.most_uploads = Gauge(
            "certlib_uploads_limit", "Files in the house beyond which 503 is said", registry=None
        )
        self.refused = Counter(
            "certlib_uploads_refused", "Files sent away with 503", ("who",), registry=None
        )
        # Alerts ask for increases: one from nothing is none (Prometheus).
        for cause in _CAUSES:
            self.lost.labels(cause)
        for who in ("stranger", "client", "late"):
            self.refused.labels(who)

    def collectors(self) -> tuple[Collector, ...]:
        """All of them, for a registry."""
        counters = (self.files, self.octets, self.begun, self.lost, self.refused)
        gauges = (self.children, self.most_children, self.uploads, self.most_uploads)
        return (*counters, *gauges, self.wait, self.seconds)

    def started(self, measures: tuple[str, ...]) -> None:
        """A child has come up."""
        self.children.inc()
        self.begun.inc()
        logs.event(_log, logging.DEBUG, "reader started", measures=list(measures))

    def ended(self, cause: str) -> None:
        """A child has gone."""
        self.children.dec()
        self.lost.labels(cause).inc()

    def read(self, reading: Outcome) -> None:
        """A file has been answered for."""
        known = reading.outcome if reading.outcome in _OUTCOMES else "other"
        self.files.labels(known).inc()
        self.octets.inc(reading.size)
        self.wait.observe(reading.waited)
        if reading.outcome != "busy":
            self.seconds.observe(reading.seconds)


class Incidents:
    """Tells in the log which file has cost a child, so that it can be found: by its SHA-256.

    Neither its content nor its name; the request's own line says who sent it. A flood of such
    files must not become one of lines: beyond a few a minute they are counted only.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._lines = 0
        self._left_out = 0

    def note(self, file: FileFacts, request_id: str) -> None:
        """Logs the file, if it has cost a child."""
        if file.fault not in _INCIDENTS:
            return
        left_out = self._turn()
        if left_out is None:
            return
        logs.event(
            _log,
            logging.WARNING,
            "file incident",
            request_id=request_id,
            sha256=file.sha256,
            size=file.size,
            fault=file.fault,
            # Some of it is the child's own word, and the child has been in a stranger's hands.
            detail=_ODD.sub("?", file.fault_detail[:_LONGEST_DETAIL]),
            ms=file.milliseconds,
            left_out=left_out,
        )

    def _turn(self) -> int | None:
        """How many lines were left out before this one; None where it is left out, too."""
        with self._lock:
            if self._clock() - self._since >= _PERIOD:
                self._since, self._lines = self._clock(), 0
            if self._lines >= _MOST_LINES:
                self._left_out += 1
                return None
            self._lines += 1
            left_out, self._left_out = self._left_out, 0
            return left_out
