"""Files to be examined: who is let in, before a body is read, and who is read when."""

import asyncio
import json
import logging

import pytest

from api.middleware import uploads
from api.middleware.limits import Bodies
from api.middleware.uploads import Examinations, Uploads, is_upload
from api.readings import Incidents, Readings
from certlib.evidence import FileFacts
from signing.evidence import bounds, watching

ADDRESS, OTHER = "198.51.100.7", "198.51.100.8"


def _scope(path="/v1/verifications", who="transport", kind="application/pdf", method="POST"):
    headers = [(b"content-type", kind.encode())]
    state = {"request_id": "r", "who": who}
    return {"type": "http", "method": method, "path": path, "headers": headers, "state": state}


async def _unread():
    raise AssertionError("nobody asked for the body")


class House:
    """What stands behind the door; who is inside waits until `release` is set."""

    def __init__(self, children=1, seconds=0.05):
        self.seen = []
        self.release = asyncio.Event()
        self.figures = Readings()
        self.now = self.most = 0
        inner = Examinations(self.read, children, self.figures, seconds)
        self.door = Uploads(inner, children, lambda scope: scope["state"]["who"], self.figures)

    async def read(self, scope, receive, send):
        self.now += 1
        self.most = max(self.most, self.now)
        await self.release.wait()
        self.now -= 1
        self.seen.append(scope["state"]["who"])

    async def say(self, message):
        if "status" in message:
            headers = dict(message["headers"])
            self.seen.append(message["status"])
            assert headers[b"retry-after"] == b"5"

    def ask(self, **what):
        return asyncio.create_task(self.door(_scope(**what), self.body, self.say))

    async def body(self):
        return {"type": "http.disconnect"}

    def refused(self, who):
        return self.figures.refused.labels(who)._value.get()


@pytest.mark.parametrize(
    ("changes", "is_one"),
    [
        ({}, True),
        ({"kind": "multipart/form-data; boundary=x"}, True),
        ({"kind": "application/json"}, False),
        ({"kind": "Application/JSON; charset=utf-8"}, False),
        ({"method": "GET"}, False),
        ({"path": "/v"}, True),
        ({"path": "/v", "kind": "application/json"}, True),
        ({"path": "/v", "method": "GET"}, False),
        ({"path": "/v1/certificates"}, False),
    ],
)
def test_what_is_an_upload(changes, is_one):
    assert is_upload(_scope(**changes)) is is_one
    assert is_upload({"type": "lifespan"}) is False


def test_the_house_is_full_and_says_so_before_the_body_is_read():
    async def case():
        house = House(children=1, seconds=60)
        tasks = [house.ask(who=f"client-{n}") for n in range(uploads.PLACES)]
        await asyncio.sleep(0.01)
        assert house.figures.uploads._value.get() == uploads.PLACES
        expecting = _scope()
        expecting["headers"].append((b"expect", b"100-continue"))
        await house.door(expecting, _unread, house.say)
        assert house.seen == [503]
        assert house.refused("client") == 1
        question = asyncio.create_task(
            house.door(_scope(kind="application/json"), _unread, house.say)
        )
        house.release.set()
        await asyncio.gather(*tasks, question)
        assert house.seen.count(503) == 1
        assert len(house.seen) == uploads.PLACES + 2
        assert house.figures.uploads._value.get() == 0
        assert not house.door._clients, "nothing is kept of who has gone"
        return house

    assert asyncio.run(case()).most == 2, "one file and one question"


def test_strangers_leave_half_and_one_address_leaves_some_to_others():
    async def case():
        house = House(children=1, seconds=60)
        tasks = [house.ask(path="/v", who=ADDRESS) for _ in range(4)]
        await asyncio.sleep(0.01)
        assert (house.seen, house.refused("stranger")) == ([503], 1)
        tasks += [house.ask(path="/v", who=OTHER), house.ask(path="/v", who="third")]
        await asyncio.sleep(0.01)
        assert house.seen == [503, 503], "half of eight"
        tasks += [house.ask(who="transport") for _ in range(4)]
        await asyncio.sleep(0.01)
        assert house.seen == [503, 503], "counters find a place"
        house.release.set()
        await asyncio.gather(*tasks)
        assert not house.door._strangers
        assert not house.door._clients

    asyncio.run(case())


def test_one_client_leaves_half_to_others():
    async def case():
        house = House(children=1, seconds=60)
        assert house.figures.most_uploads._value.get() == uploads.PLACES
        tasks = [house.ask(who="transport") for _ in range(5)]
        await asyncio.sleep(0.01)
        assert house.seen == [503]
        tasks.append(house.ask(who="counter"))
        await asyncio.sleep(0.01)
        assert house.seen == [503]
        house.release.set()
        await asyncio.gather(*tasks)

    asyncio.run(case())


def test_who_leaves_gives_back_one_place_and_not_all_of_its_own():
    """Four files of one client are its half: when one has gone there is room for one more."""

    async def case():
        house = House(children=1, seconds=60)
        leave = asyncio.Event()

        async def first(scope, receive, send):
            await leave.wait()

        inner = house.door._app
        house.door._app = first
        early = house.ask(who="transport")
        await asyncio.sleep(0.01)
        house.door._app = inner
        tasks = [house.ask(who="transport") for _ in range(3)]
        await asyncio.sleep(0.01)
        leave.set()
        await early
        assert house.door._clients["transport"] == 3
        tasks += [house.ask(who="transport") for _ in range(2)]
        await asyncio.sleep(0.01)
        assert house.seen == [503]
        house.release.set()
        await asyncio.gather(*tasks)

    asyncio.run(case())


def test_strangers_leave_a_reader_and_who_waits_too_long_is_told():
    async def case():
        house = House(children=2, seconds=0.05)
        strangers = [house.ask(path="/v", who=ADDRESS) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert (house.now, house.seen) == (1, [503]), "one reader of two, and the second waited"
        assert house.refused("late") == 1
        counter = house.ask(who="transport")
        await asyncio.sleep(0.01)
        assert house.now == 2
        house.release.set()
        await asyncio.gather(*strangers, counter)
        assert house.most == 2

    asyncio.run(case())


def test_strangers_have_half_of_the_readers():
    async def case():
        house = House(children=4, seconds=60)
        strangers = [house.ask(path="/v", who=f"{ADDRESS}{n}") for n in range(4)]
        await asyncio.sleep(0.01)
        assert house.now == 2
        house.release.set()
        await asyncio.gather(*strangers)
        assert house.most == 2

    asyncio.run(case())


def test_who_sends_slowly_holds_no_reader():
    """A body on its way for ever, and another file is read meanwhile."""

    async def case():
        figures, read = Readings(), []

        async def reader(scope, receive, send):
            read.append(scope["state"]["who"])

        inner = Examinations(reader, 1, figures)
        bodies = Bodies(inner, lambda _scope: 100, 60)
        door = Uploads(bodies, 1, lambda scope: scope["state"]["who"], figures)
        never = asyncio.Event()

        async def slow():
            await never.wait()
            return {"type": "http.disconnect"}

        async def quick():
            return {"type": "http.request", "body": b"x", "more_body": False}

        hanging = [
            asyncio.create_task(door(_scope(path="/v", who=f"slow {n}"), slow, None))
            for n in range(4)
        ]
        await asyncio.sleep(0.01)
        await door(_scope(), quick, None)
        assert read == ["transport"]
        never.set()
        await asyncio.gather(*hanging)
        assert read == ["transport"], "who has gone is not read"

    asyncio.run(case())


def test_not_everybody_who_is_sent_away_is_heard_out(monkeypatch):
    monkeypatch.setattr(uploads, "_MOST_LINGERING", 1)
    monkeypatch.setattr(uploads, "PLACES", 0)

    async def case():
        house = House(children=1)
        going_on = asyncio.Event()

        async def endless():
            await going_on.wait()
            return {"type": "http.disconnect"}

        first = asyncio.create_task(house.door(_scope(), endless, house.say))
        await asyncio.sleep(0.01)
        assert house.door._lingering == 1
        await house.door(_scope(), _unread, house.say)
        assert house.seen == [503, 503]
        going_on.set()
        await first
        assert house.door._lingering == 0

    asyncio.run(case())


# --- figures and incidents --------------------------------------------------------------------------


def test_the_figures_of_a_reading():
    figures = Readings()
    figures.started(("limits",))
    reading = watching.Reading("a" * 64, 7, "read", "", "", 0.01, 0.02)
    figures.read(reading)
    figures.read(watching.Reading("a" * 64, 5, "never heard of", "", "", 0.01, 0.02))
    figures.read(watching.Reading("a" * 64, 5, "busy", "", "", 2.0, 0.0))
    figures.ended("timeout")
    assert figures.children._value.get() == 0
    assert figures.octets._value.get() == 17
    assert figures.files.labels("other")._value.get() == 1
    assert figures.lost.labels("timeout")._value.get() == 1
    counts = [
        sample.value
        for metric in figures.seconds.collect()
        for sample in metric.samples
        if sample.name.endswith("_count")
    ]
    assert counts == [2], "one that nobody read took no reader's time"


def test_figures_know_every_cause_and_every_outcome():
    from api.readings import _CAUSES, _OUTCOMES

    assert set(_CAUSES) == set(watching.CAUSES)
    assert set(_OUTCOMES) == (bounds.FAULTS | {"read", "timeout", "busy"}) - {""}


def _lines(caplog):
    return [item.fields for item in caplog.records if item.getMessage() == "file incident"]


def test_an_incident_names_the_file_by_its_digest_and_not_all_the_time(caplog):
    caplog.set_level(logging.INFO)
    now = [0.0]
    incidents = Incidents(lambda: now[0])
    facts = FileFacts(
        sha256="ab" * 32, size=9, readable=False, fault="crashed", fault_detail="a\nb" + "x" * 99
    )
    for _ in range(15):
        incidents.note(facts, "request-1")
    assert len(_lines(caplog)) == 10
    first = _lines(caplog)[0]
    assert (first["sha256"], first["request_id"]) == ("ab" * 32, "request-1")
    assert first["detail"] == "a?b" + "x" * 57
    now[0] = 61.0
    incidents.note(facts, "request-2")
    assert _lines(caplog)[-1]["left_out"] == 5
    for fault in ("busy", "malformed", ""):
        incidents.note(FileFacts(sha256="", size=1, readable=not fault, fault=fault), "r")
    assert len(_lines(caplog)) == 11
    json.dumps(_lines(caplog))
