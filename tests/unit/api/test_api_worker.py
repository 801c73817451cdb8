"""Background work: what a crash left is finished, and a failing round never ends the thread."""

import threading
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import pytest

from api.health import Health
from api.metrics import Metrics
from api.worker import Worker
from certlib.departments import DatedName
from certlib.errors import SigningUnavailable, StoreUnavailable
from certlib.sources import Source
from certlib.trust_errors import refused
from certlib.usecases.lock_files import Locked
from certlib.usecases.preserve import Preserved
from certlib.usecases.reconcile import Reconciled
from tests.unit.api.api_world import PaperCare
from tests.unit.usecases.house import ISSUER


@pytest.fixture
def worker(world):
    return Worker(world.parts, world.site.metrics, reconcile_seconds=0.01)


def _left_behind(world, key="k-1", number="n-1"):
    """An intent whose sealing failed, as a crash would leave it."""
    world.house.sealer.error = SigningUnavailable(what="key")
    assert world.issue(key, number=number).status_code == 503
    world.house.sealer.error = None


def test_taking_over_finishes_everything_before_anything_new(world, worker):
    for number in range(3):
        _left_behind(world, f"k-{number}", f"n-{number}")
    worker.take_over()
    assert world.house.counts() == {"ISSUED": 3, "INTENT": 0}
    assert 'certlib_reconciled_total{outcome="published"} 3.0' in world.browser.get("/metrics").text


def test_taking_over_ends_when_nothing_helps(world, worker):
    _left_behind(world)
    world.house.sealer.error = SigningUnavailable(what="key")
    worker.take_over()
    assert world.house.counts()["INTENT"] == 1


def test_the_thread_reconciles_refreshes_and_sweeps(world, worker, monkeypatch):
    done = {"reconcile": threading.Event(), "sweep": threading.Event()}
    run = world.house.reconcile.run
    monkeypatch.setattr(world.house.reconcile, "run", lambda: (run(), done["reconcile"].set())[0])
    monkeypatch.setattr(
        world.house.objects, "sweep_temporaries", lambda _before: done["sweep"].set() or 1
    )
    worker.start()
    assert all(event.wait(20) for event in done.values())
    worker.stop()
    assert world.parts.authority.refreshed == 1


def test_a_failing_round_is_counted_and_tried_again(world, worker, monkeypatch):
    again = threading.Event()
    rounds = []

    def failing():
        rounds.append(1)
        if len(rounds) > 2:
            again.set()
        raise RuntimeError("secret") if len(rounds) % 2 else SigningUnavailable(what="key")

    monkeypatch.setattr(world.house.reconcile, "run", failing)
    worker.start()
    assert again.wait(20)
    worker.stop()
    assert 'certlib_worker_faults_total{work="reconcile"}' in world.browser.get("/metrics").text


def test_stopping_before_starting_is_no_fault(world):
    Worker(world.parts, Metrics(world.house.registry, world.house.clock)).stop()


def test_an_outage_does_not_use_up_an_intents_attempts(world, worker, monkeypatch):
    """Rounds that only fail come ever later, up to some four minutes; one success resets that."""
    results = iter([Reconciled(failed=1)] * 10 + [Reconciled(failed=1, published=1)])
    monkeypatch.setattr(world.house.reconcile, "run", lambda: next(results))
    waits = []
    for _ in range(11):
        worker._reconcile()
        waits.append(worker._jobs[0].seconds / 0.01)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 1]


def test_the_history_is_sealed_while_it_grows_and_whole_when_the_node_stops(world, worker):
    """The metric tells what no seal covers yet."""
    for number in range(3):
        assert world.issue(f"k-{number}", number=f"n-{number}").status_code == 201
    grown = world.browser.get("/metrics").text
    assert "certlib_history_batches 0.0" in grown
    assert "certlib_history_unsealed_records 0.0" not in grown
    world.house.clock.pass_time(seconds=61)
    assert "certlib_history_unsealed_seconds 61.0" in world.browser.get("/metrics").text
    worker._seal_history()
    assert world.issue("k-9", number="n-9").status_code == 201
    worker.stop()
    stopped = world.browser.get("/metrics").text
    assert "certlib_history_unsealed_records 0.0" in stopped
    assert "certlib_history_unsealed_seconds 0.0" in stopped


def test_a_timestamp_authority_that_is_down_leaves_the_tail_for_later(world, worker):
    world.house.history.error = SigningUnavailable(what="tsa")
    assert world.issue().status_code == 201
    worker.stop()
    text = world.browser.get("/metrics").text
    assert 'certlib_worker_faults_total{work="seal-history"} 1.0' in text
    assert "certlib_history_unsealed_records 0.0" not in text


class _Locks:
    def __init__(self, *results):
        self.results = list(results)

    def run(self):
        return self.results.pop(0)


def test_published_files_are_locked_where_the_store_can(world, worker):
    worker._lock_files()
    world.parts.lock_files = _Locks(Locked(2, 0), Locked(0, 1), Locked())
    worker._lock_files()
    with pytest.raises(StoreUnavailable):
        worker._lock_files()
    worker._lock_files()
    assert world.parts.lock_files.results == []


def test_in_the_larger_profile_nothing_is_taken_from_processes_that_live(world, monkeypatch):
    """Leases are kept, and no unfinished write is swept: somebody may be at it."""
    _left_behind(world)
    larger = world.again(database_url="postgresql://db/certlib")
    monkeypatch.setattr(world.house.reconcile, "run", lambda **_: pytest.fail("taken over"))
    Worker(larger.parts, larger.site.metrics).take_over()


def test_what_another_process_does_is_left_to_it(world, worker, monkeypatch):
    @contextmanager
    def busy(_name):
        yield False

    monkeypatch.setattr(world.house.registry, "alone", busy)
    monkeypatch.setattr(world.house.seal_history, "run", lambda **_: pytest.fail("not alone"))
    for job in worker._jobs:
        if job.alone:
            worker._turn(job)
    worker._seal_the_rest()


def test_a_department_gets_a_seal_in_the_name_that_it_bears_today(world, worker):
    worker._keep_seals()
    assert world.parts.authority.sealed[ISSUER] == "揭阳市交通运输局"
    source = Source("更名批复", "", world.house.clock.now(), "operator")
    with world.house.registry.begin() as uow:
        named = DatedName("n", ISSUER, "揭阳市交通局", "市交通局", date(2026, 11, 23), source)
        uow.add_department_name(named)
        uow.commit()
    worker._keep_seals()
    assert world.parts.authority.sealed[ISSUER] == "揭阳市交通运输局"
    world.house.clock.pass_time(hours=24)
    worker._keep_seals()
    assert world.parts.authority.sealed[ISSUER] == "揭阳市交通局"


def test_a_history_that_was_set_back_is_told_and_not_sealed(world, worker, tmp_path, caplog):
    """In the log once, in the metrics, in the readiness; and all of it ends when it is mended."""
    objects, health = world.house.objects, Health(world.parts, world.site.metrics, seconds=0)

    def told():
        worker._seal_history()
        figures = world.browser.get("/metrics").text
        faults = {part.name: part.fault for part in health.check()}
        return "certlib_history_contradicted 1.0" in figures, faults["history"]

    assert world.issue("k-1", number="n-1").status_code == 201
    world.house.clock.pass_time(seconds=61)
    assert told() == (False, "")
    kept = objects.batches()
    beyond = f"history/{len(kept) + 1:010d}.json"
    objects.put_once(beyond, b"{}")
    assert world.issue("k-2", number="n-2").status_code == 201
    world.house.clock.pass_time(seconds=61)
    with caplog.at_level("ERROR"):
        assert [told(), told()] == [(True, "history-rolled-back")] * 2
    assert [record.message for record in caplog.records] == ["history contradicted"]
    (tmp_path / "objects" / beyond).unlink()
    assert told() == (False, "")
    assert len(objects.batches()) > len(kept)


def test_a_trust_list_that_is_refused_is_told_once(world, worker, monkeypatch):
    """By log and metric; the list before stays in force."""
    said = []
    monkeypatch.setattr(
        "api.worker.logs.event", lambda _log, _level, text, **values: said.append((text, values))
    )
    standing = world.parts.trust.now
    standing.version = 3
    worker._look_at_trust()
    worker._look_at_trust()
    assert said == [("trust list in force", {"version": 3})]
    standing.problem, standing.seconds, standing.crls = refused("signature"), 60.0, 2
    worker._look_at_trust()
    worker._look_at_trust()
    assert said[1:] == [("trust list refused", {"reason": "signature", "in_force": 3})]
    standing.problem = SigningUnavailable(what="I/O")
    worker._look_at_trust()
    assert said[2][1]["reason"] == "signing-unavailable"
    standing.problem, standing.remembered = None, False
    worker._look_at_trust()
    assert said[3] == ("trust list not remembered", {"version": 3})


def _trust_trail(world):
    return [
        (item.actor, item.details)
        for item in world.house.trail()
        if (item.act, item.target) == ("trust-list-in-force", "trust-list")
    ]


def test_the_history_tells_which_trust_list_came_into_force(world, worker):
    """Once for each change, whatever process looks and however often it is started."""
    standing = world.parts.trust.now
    worker._look_at_trust()
    assert _trust_trail(world) == []
    third = {"version": 3, "sha256": "ab" * 32, "signer": "CN=x", "key": "cd" * 32}
    standing.version, standing.named = 3, third
    worker._look_at_trust()
    worker._look_at_trust()
    Worker(world.parts, Metrics(world.house.registry, world.house.clock))._look_at_trust()
    assert _trust_trail(world) == [("node", third)]
    # An older one is a deliberate act, and so is to do without: both are told.
    second = {**third, "version": 2, "sha256": "ef" * 32}
    for version, named in ((2, second), (0, {}), (3, third)):
        standing.version, standing.named = version, named
        worker._look_at_trust()
    told = [details for _, details in _trust_trail(world)]
    assert told == [third, second, {"version": 0}, third]


def test_a_list_that_is_refused_is_not_told_as_in_force(world, worker):
    standing = world.parts.trust.now
    standing.problem = refused("signature")
    worker._look_at_trust()
    assert _trust_trail(world) == []


def test_a_list_that_could_not_be_recorded_is_recorded_at_the_next_look(world, worker, monkeypatch):
    """The record may be down, or another process may be writing; the log has told it meanwhile."""
    standing = world.parts.trust.now
    standing.version, standing.named = 3, {"version": 3, "sha256": "ab" * 32}

    def down():
        raise StoreUnavailable(what="x")

    @contextmanager
    def taken(_name):
        yield False

    with monkeypatch.context() as patched:
        patched.setattr(world.house.registry, "begin", down)
        with pytest.raises(StoreUnavailable):
            worker._look_at_trust()
    with monkeypatch.context() as patched:
        patched.setattr(world.house.registry, "alone", taken)
        worker._look_at_trust()
    assert _trust_trail(world) == []
    worker._look_at_trust()
    assert [details["version"] for _, details in _trust_trail(world)] == [3]


def test_the_metrics_tell_how_it_is_with_the_trust_list(world):
    metrics = Metrics(world.house.registry, world.house.clock)
    standing = world.parts.trust.now
    standing.version, standing.problem = 3, refused("signature")
    standing.seconds, standing.crls = 60.0, 2
    Worker(world.parts, metrics)._look_at_trust()
    told = metrics.text().decode()
    for name, value in (
        ("list_version", 3),
        ("list_refused", 1),
        ("list_overdue_seconds", 60),
        ("crls_faulty", 2),
    ):
        assert f"certlib_trust_{name} {value}.0" in told


def test_the_care_of_seals_is_counted_and_told(world, worker, capsys):
    world.parts.preserve = PaperCare(
        Preserved(looked=1, lifted=2), Preserved(failed=3, codes=frozenset({"corrupt"}))
    )
    for _ in range(3):
        worker._care_for_seals()
    text = world.browser.get("/metrics").text
    assert 'certlib_seals_lifted_total{outcome="lifted"} 2.0' in text
    assert 'certlib_seals_lifted_total{outcome="failed"} 3.0' in text
    assert "certlib_seals_below_target 0.0" in text
    assert "certlib_seals_ended 0.0" in text


def test_lists_of_others_are_fetched_and_failures_told_once(world, worker, monkeypatch):
    said, lists = [], world.parts.lists
    monkeypatch.setattr(
        "api.worker.logs.event", lambda _log, _level, text, **values: said.append((text, values))
    )
    lists.found = [
        SimpleNamespace(place=1, fault="unreachable", fresh=False),
        SimpleNamespace(place=2, fault="", fresh=True),
    ]
    worker._fetch_lists()
    lists.failing, lists.found = {1}, lists.found[:1]
    worker._fetch_lists()
    assert said == [
        ("revocation list not fetched", {"source": 1, "fault": "unreachable"}),
        ("revocation list fetched", {"source": 2}),
    ]
    assert "certlib_crl_sources_failing 1.0" in world.site.metrics.text().decode()


def test_responders_of_others_are_asked_and_failures_told_once(world, worker, monkeypatch):
    said, answers = [], world.parts.answers
    monkeypatch.setattr(
        "api.worker.logs.event", lambda _log, _level, text, **values: said.append((text, values))
    )
    failed = SimpleNamespace(place=1, fault="signer", fresh=False)
    answers.found = [failed, failed, SimpleNamespace(place=2, fault="", fresh=True)]
    worker._ask_responders()
    answers.failing, answers.found = {1}, [failed]
    worker._ask_responders()
    assert said == [
        ("OCSP answer not fetched", {"source": 1, "fault": "signer"}),
        ("OCSP answer fetched", {"source": 2}),
    ]
    assert "certlib_ocsp_sources_failing 1.0" in world.site.metrics.text().decode()
