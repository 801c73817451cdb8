"""Figures that alerts and the dashboard ask for: ages, ends of keys, timings, what works."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.health import Health
from api.metrics import Metrics
from api.metrics_record import Keys
from api.timings import TimedRenderer, TimedSealer, Timings
from api.watch import Watch
from certlib.errors import SigningUnavailable


def _value(text, name):
    found = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    assert len(found) == 1, name
    return float(found[0].rsplit(" ", 1)[1])


def _figures(world):
    return world.browser.get("/metrics").text


def test_an_order_under_way_has_an_age(world):
    text = _figures(world)
    assert _value(text, "certlib_record_up") == 1
    assert _value(text, "certlib_pending_intents_seconds") == 0
    world.house.sealer.error = SigningUnavailable(what="tsa")
    assert world.issue().status_code == 503
    world.house.clock.pass_time(seconds=120)
    text = _figures(world)
    assert _value(text, "certlib_pending_intents") == 1
    assert _value(text, "certlib_pending_intents_seconds") == 120


def test_events_that_wait_have_an_age(world):
    world.issued()
    world.house.clock.pass_time(seconds=60)
    text = _figures(world)
    assert _value(text, 'certlib_webhook_queue{status="outbox"}') == 1
    assert _value(text, 'certlib_webhook_queue_seconds{status="outbox"}') == 60
    assert _value(text, 'certlib_webhook_queue{status="dead"}') == 0


def test_series_of_alerts_begin_at_nothing(world):
    """An increase from a series that was not there would be none."""
    text = _figures(world)
    for name in (
        'certlib_problems_total{code="corrupt"}',
        'certlib_problems_total{code="seal-mismatch"}',
        'certlib_reconciled_total{outcome="burned"}',
        'certlib_webhook_deliveries_total{outcome="dead"}',
    ):
        assert _value(text, name) == 0


def test_requests_under_way_and_their_limit(world):
    text = _figures(world)
    assert _value(text, "certlib_requests_under_way") == 0
    assert _value(text, "certlib_requests_limit") == world.parts.settings.concurrency


@dataclass
class Key:
    purpose: str
    state: str
    issuer_code: str
    not_after: datetime


def test_days_left_of_what_signs(world):
    """The first to end by purpose; a seal that has its successor does not count any more."""
    now = world.house.clock.now()
    days = timedelta(days=1)
    world.parts.authority.keys = [
        Key("root", "current", "", now + 3000 * days),
        Key("timestamp", "expired", "", now - 2 * days),
        Key("seal", "current", "A", now + 400 * days),
        Key("seal", "current", "B", now + 30 * days),
        Key("seal", "expired", "A", now - 100 * days),
        Key("seal", "expired", "C", now - 5 * days),
        Key("seal", "superseded", "B", now + 1 * days),
        Key("seal", "revoked", "D", now + 1 * days),
        Key("seal", "requested", "E", now - 9 * days),
        Key("ocsp", "current", "", now + 2 * days),
        Key("ocsp", "current", "", now + 3 * days),
    ]
    text = _figures(world)
    assert _value(text, 'certlib_key_days_left{purpose="root"}') == 3000
    assert _value(text, 'certlib_key_days_left{purpose="timestamp"}') == -2
    assert _value(text, 'certlib_key_days_left{purpose="seal"}') == -5
    assert _value(text, "certlib_seal_requests") == 1
    assert 'purpose="ocsp"' not in text  # lives for days, and is no reason to call anybody
    assert _value(text, "certlib_ocsp_responder_seconds_left") == (2 * days).total_seconds()
    end = world.parts.authority.crls_end()
    assert _value(text, "certlib_crl_seconds_left") == (end - now).total_seconds()


def test_keys_that_cannot_be_read_do_not_stop_a_scrape(world):
    class Broken:
        def list_keys(self):
            raise SigningUnavailable(what="register")

        def crls_end(self):
            raise SigningUnavailable(what="register")

    registry = CollectorRegistry()
    registry.register(Keys(Broken(), world.house.clock))
    assert generate_latest(registry) == b""


class Slow:
    def render(self, order):
        return b"page"

    def unprintable(self, text):
        return text[:1]

    def problems(self, fields, version):
        return [fields, version]

    def digests(self, design):
        return design

    def seal(self, pdf, content, level="B-T"):
        raise SigningUnavailable(what=level)


def test_pages_and_seals_are_timed_and_nothing_else_changes(world):
    timings = Timings()
    renderer, sealer = TimedRenderer(Slow(), timings), TimedSealer(Slow(), timings)
    assert renderer.render(None) == b"page"
    assert renderer.unprintable("字x") == "字"
    assert renderer.problems(1, 2) == [1, 2]
    assert renderer.digests("d") == "d"
    with pytest.raises(SigningUnavailable, match="B-LT"):
        sealer.seal(b"", None, "B-LT")
    text = Metrics(world.house.registry, world.house.clock, timings).text().decode()
    assert _value(text, "certlib_render_seconds_count") == 1
    assert _value(text, "certlib_seal_seconds_count") == 1


def test_somebody_always_watches(world):
    """Nobody needs to ask /readyz for an alert to come."""
    looked = threading.Event()

    class Looking(Health):
        def check(self):
            found = super().check()
            looked.set()
            return found

    watch = Watch(Looking(world.parts, world.site.metrics), seconds=0.01)
    watch.start()
    assert looked.wait(10)
    watch.stop()
    assert _value(_figures(world), 'certlib_ready{part="database"}') == 1
