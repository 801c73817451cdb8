"""The clock that tokens are made by: what the worker, the health check and the kernel say of it."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from api.clock import SystemClock
from api.machine_clock import MachineClock
from api.settings import Settings
from api.stamping import stamp_clock
from api.worker import Worker
from certlib.clock_errors import jumped, set_back


@pytest.fixture
def worker(world):
    return Worker(world.parts, world.site.metrics)


def metric(world, name):
    (line,) = [
        line for line in world.browser.get("/metrics").text.splitlines() if line.startswith(name)
    ]
    return float(line.split()[-1])


def test_a_clock_that_is_not_believed_is_told_once(world, worker, caplog):
    caplog.set_level("INFO")
    clock = world.parts.stamp_clock
    worker._look_at_clock()
    assert metric(world, "certlib_clock_trusted ") == 1
    clock.problem, clock.jump, clock.behind = jumped(-7.5), -7.5, 3.0
    for _ in range(3):
        worker._look_at_clock()
    assert metric(world, "certlib_clock_trusted ") == 0
    clock.problem = None
    worker._look_at_clock()
    said = [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    assert said == ["clock not trusted", "clock trusted again"]


@pytest.mark.parametrize(("kept", "alone"), [(True, 0), (False, 1), (None, 0)])
def test_the_kernels_word_is_counted(world, worker, kept, alone):
    world.parts.stamp_clock.synchronised = kept
    worker._look_at_clock()
    assert metric(world, "certlib_clock_unsynchronised ") == alone


def test_what_is_left_of_the_last_timestamp_key_is_counted(world, worker):
    worker._look_at_clock()
    end, now = world.parts.authority.timestamps_end(), world.house.clock.now()
    assert metric(world, "certlib_timestamp_key_seconds_left ") == (end - now).total_seconds()


def test_the_next_timestamp_key_is_made_by_a_good_clock_only(world, worker, monkeypatch):
    made = []
    monkeypatch.setattr(
        world.parts.authority, "keep_timestamp_key", lambda: made.append(1) or True, raising=False
    )
    worker._keep_timestamp_key()
    world.parts.stamp_clock.problem = set_back(1.0)
    worker._attempt("timestamp-key", worker._keep_timestamp_key)
    assert made == [1]
    assert metric(world, 'certlib_worker_faults_total{work="timestamp-key"}') == 1


def test_keys_of_the_authority_are_followed_by_a_good_clock_only(world, worker, monkeypatch):
    made = []
    monkeypatch.setattr(
        world.parts.authority, "keep_own_keys", lambda: made.append(1) or True, raising=False
    )
    worker._keep_own_keys()
    world.parts.stamp_clock.problem = jumped(400 * 86400.0)
    worker._attempt("own-keys", worker._keep_own_keys)
    assert made == [1]
    assert metric(world, 'certlib_worker_faults_total{work="own-keys"}') == 1
    world.parts.stamp_clock.problem = None
    monkeypatch.setattr(world.parts.authority, "keep_own_keys", lambda: False)
    worker._keep_own_keys()


def test_lists_and_responders_are_signed_by_a_good_clock_only(world, worker):
    authority = world.parts.authority
    before = authority.refreshed, authority.appointed
    world.parts.stamp_clock.problem = jumped(400 * 86400.0)
    worker._attempt("crls", worker._refresh_crls)
    assert (authority.refreshed, authority.appointed) == before
    world.parts.stamp_clock.problem = None
    worker._attempt("crls", worker._refresh_crls)
    assert (authority.refreshed, authority.appointed) == (before[0] + 1, before[1] + 1)


def test_the_machine_tells_its_time():
    machine = MachineClock()
    assert abs(machine.wall() / 1e9 - datetime.now(UTC).timestamp()) < 60
    first = machine.steady()
    assert machine.steady() >= first
    assert machine.steady() >= time.monotonic_ns() - 10**9  # sleep counts
    assert machine.boot() == MachineClock().boot()
    assert machine.synchronised() in {True, False, None}


@pytest.mark.parametrize(("status", "kept"), [(0x0040, False), (0x2041, False), (0x2001, True)])
def test_the_kernels_status_is_read(monkeypatch, status, kept):
    machine = MachineClock()

    def asked(found):
        assert found._obj.modes == 0  # nothing is changed by asking
        found._obj.status = status
        return 5 if status & 0x0040 else 0

    monkeypatch.setattr(machine, "_adjtimex", asked)
    assert machine.synchronised() is kept


@pytest.mark.parametrize("call", [None, lambda _found: -1])
def test_a_system_that_does_not_say_is_no_fault(monkeypatch, call):
    machine = MachineClock()
    monkeypatch.setattr(machine, "_adjtimex", call)
    assert machine.synchronised() is None


def test_a_machine_without_names_for_its_runs(monkeypatch, tmp_path):
    monkeypatch.setattr("api.machine_clock._BOOT", tmp_path / "boot_id")
    assert MachineClock().boot() == ""


def test_the_settings_choose_how_strict_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(MachineClock, "synchronised", lambda _self: False)
    given = {"data_dir": tmp_path, "demo": True}
    watched = stamp_clock(Settings(**given), SystemClock())
    required = stamp_clock(Settings(**given, clock_sync="required"), SystemClock())
    assert watched.standing().problem is None
    assert required.standing().problem.values["reason"] == "unsynchronised"
    assert abs(watched.now() - datetime.now(UTC)) < timedelta(minutes=1)
