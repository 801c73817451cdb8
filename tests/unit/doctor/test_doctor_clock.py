"""The doctor on the clock: whether it may stamp, and who keeps it."""

from dataclasses import replace
from datetime import timedelta

from api.clock import SystemClock
from api.machine_clock import MachineClock
from api.stamping import stamp_clock
from tests.unit.doctor.conftest import states, subject, words


def of_this_machine(folder, **settings):
    return replace(subject(folder, settings=settings), clock=SystemClock())


def test_a_clock_set_back_is_named_with_what_to_do(node):
    of = subject(node)
    stamp_clock(of.settings, subject(node, ahead=timedelta(days=2)).clock).now()
    assert states(of, "clock") == ["failed"]
    assert "accept-clock" in words(of, "clock")


def test_a_damaged_record_is_named(node):
    (node / "keys" / "clock").mkdir(exist_ok=True)
    (node / "keys" / "clock" / "mark").write_bytes(b"junk")
    assert states(subject(node), "clock") == ["failed"]


def test_a_clock_that_nobody_keeps_is_a_warning_outside_of_demonstrations(node, monkeypatch):
    monkeypatch.setattr(MachineClock, "synchronised", lambda _self: False)
    assert states(of_this_machine(node, demo=True), "clock") == ["ok"]
    assert states(of_this_machine(node), "clock") == ["warning"]
    assert states(of_this_machine(node, clock_sync="required"), "clock") == ["failed"]
    monkeypatch.setattr(MachineClock, "synchronised", lambda _self: True)
    assert states(of_this_machine(node, clock_sync="required"), "clock") == ["ok"]


def test_authorities_elsewhere_are_asked(node):
    """One that does not answer is named, with what it said; our own needs no asking."""
    path = node.parent / "sources.toml"
    path.write_text(
        'networks = ["127.0.0.0/8"]\n[[source]]\nname = "province"\nurl = "http://127.0.0.1:1/"\n'
        'seconds = 0.5\n[[source]]\nname = "own"\n'
    )
    of = subject(node, settings={"timestamp_sources": path})
    assert states(of, "timestamp-sources") == ["warning"]
    assert "province" in words(of, "timestamp-sources")
    path.write_text('[[source]]\nname = "own"\n')
    assert states(of, "timestamp-sources") == []
