"""Background work of a node: reconciler, CRLs, sweep, seal of the history, webhooks."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic

from api import logs
from api.courier import Courier
from api.metrics import Metrics
from api.parts import Parts
from api.trust_parts import TrustStanding
from api.trust_record import recorded
from certlib.errors import CertlibError, StoreUnavailable
from certlib.history_errors import HistoryRolledBack
from certlib.usecases.reconcile import Reconciled

_log = logs.logger("worker")
_TURN_SECONDS = 0.2
_MOST_ROUNDS = 100
_MOST_DOUBLINGS = 8
_IMPRINT = hashlib.sha256(b"certlib timestamp sources").digest()
_ABANDONED = timedelta(minutes=2)


@dataclass(slots=True)
class _Job:
    """Something to do again and again; `seconds` between two rounds.

    Attributes:
        alone: by one process at a time, where several share the record.
    """

    name: str
    seconds: float
    run: Callable[[], None]
    alone: bool = False
    due: float = 0.0


class Worker:
    """One thread beside the server. A round that fails is logged, counted and tried again.

    Args:
        parts: the node.
        metrics: where rounds are counted.
        reconcile_seconds: between two rounds of the reconciler.
    """

    def __init__(self, parts: Parts, metrics: Metrics, reconcile_seconds: float = 1.0) -> None:
        self._parts = parts
        self._metrics = metrics
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self._reconcile_seconds = reconcile_seconds
        self._failing = 0
        self._contradicted = ""
        self._trust: tuple[int, str] = (0, "")
        self._clock_fault = ""
        self._away: frozenset[str] = frozenset()
        self._in_force: Mapping[str, str | int] | None = None
        self._courier = Courier(parts.notices.deliver, metrics)
        self._jobs = (
            _Job("reconcile", reconcile_seconds, self._reconcile),
            _Job("crls", 600.0, self._refresh_crls, alone=True),
            _Job("seals", 30.0, self._keep_seals, alone=True),
            _Job("sweep", 60.0, self._sweep),
            _Job("seal-history", 1.0, self._seal_history, alone=True),
            _Job("metrics", 2.0, metrics.leave),
            _Job("trust", 15.0, self._look_at_trust),
            _Job("outside-lists", 60.0, self._fetch_lists, alone=True),
            _Job("outside-answers", 60.0, self._ask_responders, alone=True),
            _Job("clock", 15.0, self._look_at_clock),
            _Job("timestamp-sources", 15.0, self._look_at_sources),
            _Job("timestamp-key", 600.0, self._keep_timestamp_key, alone=True),
            _Job("own-keys", 600.0, self._keep_own_keys, alone=True),
            _Job("locks", 1.0, self._lock_files, alone=True),
            _Job("seal-care", 2.0, self._care_for_seals, alone=True),
            _Job("notices", 1.0, self._courier.round),
            _Job("forget-deliveries", 3600.0, self._courier.forget),
        )

    def take_over(self) -> None:
        """Finishes what an earlier process left, before anything new is accepted.

        The embedded profile has one process, and this is its start: whatever lies about was left,
        and leases are ignored. In the larger one other processes are at work, and the worker's
        ordinary rounds take over what their leases let go.
        """
        if not self._parts.settings.embedded:
            return
        self._attempt("sweep", self._parts.objects.sweep_temporaries)
        for _ in range(_MOST_ROUNDS):
            done = self._attempt("reconcile", self._take_over_round)
            if not done:
                return

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Lets the round under way come to its end, seals the rest of the history, and stops."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._courier.stop()
        if not self._thread.is_alive():
            self._attempt("seal-history", self._seal_the_rest)

    def _work(self) -> None:
        while not self._stopping.is_set():
            now = monotonic()
            self._metrics.round.set(self._parts.clock.now().timestamp())
            for job in self._jobs:
                if job.due <= now and not self._stopping.is_set():
                    self._attempt(job.name, partial(self._turn, job))
                    job.due = monotonic() + job.seconds
            self._stopping.wait(_TURN_SECONDS)

    def _turn(self, job: _Job) -> None:
        if not job.alone:
            job.run()
            return
        with self._parts.registry.alone(job.name) as mine:
            if mine:
                job.run()

    def _attempt(self, name: str, run: Callable[[], object]) -> object:
        """Runs one round; whatever it raises must not end the thread."""
        try:
            return run()
        except CertlibError as error:
            logs.event(_log, logging.WARNING, "round failed", job=name, code=error.code)
        except Exception as error:  # noqa: BLE001 - an unforeseen fault of one round
            fault = logs.faults(error)
            logs.event(_log, logging.ERROR, "unforeseen", job=name, fault=fault)
        self._metrics.worker_faults.labels(name).inc()
        return None

    def _reconcile(self) -> None:
        result = self._parts.reconcile.run()
        self._note(result)
        # An intent has a few attempts before it is burned: an outage must not use them up in
        # seconds, so rounds that only fail come after 1, 2, 4 … seconds.
        failing = result.failed > 0 and result.published == 0
        self._failing = min(self._failing + 1, _MOST_DOUBLINGS) if failing else 0
        self._jobs[0].seconds = self._reconcile_seconds * 2**self._failing

    def _take_over_round(self) -> bool:
        result = self._parts.reconcile.run(take_over=True)
        self._note(result)
        return result.published + result.burned > 0

    def _note(self, result: Reconciled) -> None:
        outcomes = {
            "published": result.published,
            "failed": result.failed,
            "burned": result.burned,
        }
        for outcome, number in outcomes.items():
            if number:
                self._metrics.reconciled.labels(outcome).inc(number)
        if any(outcomes.values()):
            level = logging.WARNING if result.failed or result.burned else logging.INFO
            logs.event(_log, level, "reconciled", **outcomes)

    def _care_for_seals(self) -> None:
        result = self._parts.preserve.run()
        outcomes = {"lifted": result.lifted, "failed": result.failed}
        for outcome, number in outcomes.items():
            if number:
                self._metrics.preserved.labels(outcome).inc(number)
        if any((result.looked, *outcomes.values())):
            level = logging.WARNING if result.failed else logging.INFO
            codes = sorted(result.codes)
            logs.event(_log, level, "seal-care", looked=result.looked, codes=codes, **outcomes)

    def _lock_files(self) -> None:
        if self._parts.lock_files is None:
            return
        result = self._parts.lock_files.run()
        if result.failed:
            raise StoreUnavailable(what="object lock")
        if result.locked:
            logs.event(_log, logging.INFO, "locked files", files=result.locked)

    def _refresh_crls(self) -> None:
        self._need_clock()
        if self._parts.authority.refresh_crls():
            logs.event(_log, logging.INFO, "new revocation lists")
        if self._parts.authority.keep_responders():
            logs.event(_log, logging.INFO, "new OCSP responders")

    def _look_at_clock(self) -> None:
        """A clock that is not believed stops stamping: somebody has to know, once."""
        standing, now = self._parts.stamp_clock.standing(), self._parts.clock.now()
        self._metrics.timestamps.tell(standing, self._parts.authority.timestamps_end(), now)
        problem = standing.problem
        fault = "" if problem is None else str(problem.values["reason"])
        if fault != self._clock_fault:
            level = logging.ERROR if fault else logging.INFO
            event = "clock not trusted" if fault else "clock trusted again"
            logs.event(_log, level, event, reason=fault, jump=standing.jump, behind=standing.behind)
        self._clock_fault = fault

    def _look_at_sources(self) -> None:
        """Asks authorities that were away whether they are back, so that no request has to."""
        sources = self._parts.timestamp_sources
        if sources is None:
            return
        sources.probe(_IMPRINT)
        standing = sources.standing()
        self._metrics.timestamps.tell_sources(standing)
        away = {one.name: one.fault for one in standing if not one.works}
        for name in away.keys() - self._away:
            fault = away[name]
            logs.event(_log, logging.WARNING, "timestamp source away", source=name, fault=fault)
        for name in self._away - away.keys():
            logs.event(_log, logging.INFO, "timestamp source back", source=name)
        self._away = frozenset(away)

    def _keep_timestamp_key(self) -> None:
        """The next key is made ahead."""
        self._need_clock()
        if self._parts.authority.keep_timestamp_key():
            logs.event(_log, logging.INFO, "new timestamp key")

    def _keep_own_keys(self) -> None:
        """Keys of history, trust lists, receipts and snapshots are followed ahead, too."""
        self._need_clock()
        if self._parts.authority.keep_own_keys():
            logs.event(_log, logging.INFO, "new key of the authority")

    def _need_clock(self) -> None:
        """What a wrong clock signs would begin in years: nothing is signed by it."""
        problem = self._parts.stamp_clock.standing().problem
        if problem is not None:
            raise problem

    def _fetch_lists(self) -> None:
        """Lists of others are here before anybody asks; a source that fails is told once."""
        lists = self._parts.outside_lists
        known = set(lists.failing)
        for found in lists.round(self._parts.clock.now()):
            if found.fault and found.place not in known:
                named = {"source": found.place, "fault": found.fault}
                logs.event(_log, logging.WARNING, "revocation list not fetched", **named)
            elif found.fresh:
                logs.event(_log, logging.INFO, "revocation list fetched", source=found.place)
        self._metrics.sources_failing.set(len(lists.failing))

    def _ask_responders(self) -> None:
        """OCSP answers of others, as the lists: here before anybody asks."""
        answers = self._parts.outside_answers
        known = set(answers.failing)
        for found in answers.round(self._parts.clock.now()):
            if found.fault and found.place not in known:
                known.add(found.place)
                named = {"source": found.place, "fault": found.fault}
                logs.event(_log, logging.WARNING, "OCSP answer not fetched", **named)
            elif found.fresh:
                logs.event(_log, logging.INFO, "OCSP answer fetched", source=found.place)
        self._metrics.responders_failing.set(len(answers.failing))

    def _look_at_trust(self) -> None:
        """A list that is not believed changes nothing, and somebody has to know; a new one, too."""
        standing, now = self._parts.trust.standing(), self._parts.clock.now()
        self._metrics.trust.tell(standing, now)
        self._tell_trust(standing)
        named = standing.named
        if named != self._in_force and recorded(self._parts.registry, self._parts.clock, named):
            self._in_force = named

    def _tell_trust(self, standing: TrustStanding) -> None:
        problem, version = standing.problem, standing.version
        reason = "" if standing.remembered else "not-remembered"
        if problem is not None:
            reason = str(problem.values.get("reason", problem.code))
        if (version, reason) == self._trust:  # once, not at every look
            return
        self._trust = (version, reason)
        if not reason:
            logs.event(_log, logging.INFO, "trust list in force", version=version)
        elif problem is None:
            logs.event(_log, logging.ERROR, "trust list not remembered", version=version)
        else:
            logs.event(_log, logging.ERROR, "trust list refused", reason=reason, in_force=version)

    def _keep_seals(self) -> None:
        """A department needs a seal that is new to it, bears another name, or whose seal ends."""
        with self._parts.registry.read() as session:
            names = {item.credit_code: item.name for item in session.departments()}
        issued = self._parts.authority.keep_seals(names)
        if issued:
            logs.event(_log, logging.INFO, "seals issued", seals=issued)
        asked = self._parts.authority.ask_seals(names)
        if asked:
            logs.event(_log, logging.WARNING, "seals to be asked for", requests=asked)

    def _seal_the_rest(self) -> None:
        with self._parts.registry.alone("seal-history") as mine:
            if mine:
                self._seal_history(everything=True)

    def _seal_history(self, *, everything: bool = False) -> None:
        try:
            batches = self._parts.seal_history.run(everything=everything)
        except HistoryRolledBack as error:
            self._metrics.contradicted.set(1)
            what = str(error.values["what"])
            if what != self._contradicted:  # once, not every second
                logs.event(_log, logging.ERROR, "history contradicted", code=error.code, kept=what)
            self._contradicted = what
            return
        self._contradicted = ""
        self._metrics.contradicted.set(0)
        if batches:
            logs.event(_log, logging.INFO, "history sealed", batches=batches)

    def _sweep(self) -> None:
        before = self._parts.clock.now() - _ABANDONED
        swept = self._parts.objects.sweep_temporaries(before)
        if swept:
            logs.event(_log, logging.INFO, "swept temporaries", files=swept)
