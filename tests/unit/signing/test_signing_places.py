"""Each rule of the pool and of its reader, with children that do as they are told."""

import threading
import time
from dataclasses import replace
from typing import ClassVar

import pytest
from signing_watching import Notes

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from signing.evidence import pool as pools
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.pool import ChildPool, PoolBusyError
from signing.evidence.process import ChildGoneError, ChildLimits, ChildSlowError
from signing.evidence.watching import NobodyWatches

TRUST = TrustMaterial()
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
GOOD = FileFacts(sha256=ABC, size=3, readable=True, identifier="its own")


class Child:
    """Answers what `says` holds for it, in order, and then that all is well."""

    says: ClassVar[list] = []
    measures = ("limits", "landlock")
    starts = True
    made: ClassVar[list] = []

    def __init__(self, limits):
        if not self.starts:
            raise OSError
        self.limits, self.alive, self.ends = limits, True, []
        self.files = self.memory = 0
        self.idle_since = 0.0
        self.read_files = []
        Child.made.append(self)

    def read(self, pdf, trust):
        self.read_files.append((pdf, trust))
        answer = Child.says.pop(0) if Child.says else GOOD
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def end(self):
        self.ends.append("end")

    def kill(self):
        self.ends.append("kill")


@pytest.fixture(autouse=True)
def _children(monkeypatch):
    monkeypatch.setattr(pools, "ReadingChild", Child)
    monkeypatch.setattr(Child, "says", [])
    monkeypatch.setattr(Child, "made", [])


@pytest.fixture
def notes():
    return Notes()


def pool(notes, **options):
    return ChildPool(ChildOptions(**options), notes)


def reader(notes, **options):
    return ChildEvidenceReader(lambda: TRUST, ChildOptions(queue_seconds=0.01, **options), notes)


def soon(seconds=0.01):
    return time.monotonic() + seconds


def until(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


# --- places ---------------------------------------------------------------------------------------


def test_a_child_that_starts_is_told_and_counted(notes, monkeypatch):
    made = pool(notes)
    made.start()
    assert (made.alive, notes.begun) == (1, [("limits", "landlock")])
    monkeypatch.setattr(Child, "starts", False)
    with pytest.raises(OSError, match=r".*"):
        made.start()
    assert (made.alive, len(notes.begun)) == (1, 1)


def test_a_place_is_given_back_in_every_way(notes, monkeypatch):
    """By an answer, by a loss, and where no child could be started at all."""
    made = pool(notes, children=1)
    child = made.take(soon())
    with pytest.raises(PoolBusyError):
        made.take(soon())
    made.give_back(child)
    again = made.take(soon())
    assert again is child
    made.lose(again, "timeout")
    assert (again.ends, notes.causes, made.alive) == (["kill"], ["timeout"], 0)
    monkeypatch.setattr(Child, "starts", False)
    with pytest.raises(OSError, match=r".*"):
        made.take(soon())
    monkeypatch.setattr(Child, "starts", True)
    assert made.take(soon()).alive


def test_a_place_that_becomes_free_in_time_is_taken(notes):
    made = pool(notes, children=1)
    child = made.take(soon())
    leaving = threading.Timer(0.05, made.give_back, (child,))
    leaving.start()
    assert made.take(soon(20)) is child
    leaving.join()


def test_a_deadline_that_is_over_finds_what_is_free(notes):
    """And waits for nothing."""
    made = pool(notes, children=1)
    made.idle.keep(made.start())
    assert made.take(time.monotonic() - 5).alive
    with pytest.raises(PoolBusyError):
        made.take(time.monotonic() - 5)


@pytest.mark.parametrize(
    ("files", "memory", "worn"), [(4, 0, False), (5, 0, True), (0, 100, False), (0, 101, True)]
)
def test_a_worn_child_does_not_come_back(notes, files, memory, worn):
    made = pool(notes, children=1, files=5, resident=100)
    child = made.take(soon())
    child.files, child.memory = files, memory
    made.give_back(child)
    assert made.idle.waiting == (() if worn else (child,))
    assert (child.ends, notes.causes) == ((["end"], ["worn"]) if worn else ([], []))
    assert made.take(soon()) is not (child if worn else None), "its place is free"


def test_a_child_that_died_while_idle_is_passed_over(notes):
    made = pool(notes, children=2)
    first, second = made.start(), made.start()
    made.idle.keep(first)
    made.idle.keep(second)
    second.alive = False  # the last one is taken first
    assert made.take(soon()) is first
    assert (second.ends, notes.causes, made.alive) == (["end"], ["gone"], 1)


def test_a_closed_pool_gives_nothing_and_ends_what_waits(notes):
    made = pool(notes)
    child = made.start()
    made.idle.keep(child)
    made.close()
    assert (child.ends, notes.causes, made.alive) == (["end"], ["closed"], 0)
    with pytest.raises(PoolBusyError):
        made.take(soon())
    made.keep_warm(lambda _: None)
    assert made._keeper is None


def test_idle_children_end_with_their_cause(notes):
    made = pool(notes, idle_seconds=0.01)
    made.idle.keep(made.start())
    assert until(lambda: notes.causes)
    assert notes.causes == ["idle"]


# --- warm -----------------------------------------------------------------------------------------


def test_one_keeper_keeps_as_many_as_there_should_be(notes, monkeypatch):
    monkeypatch.setattr(pools, "_LOOK_SECONDS", 60.0)
    prepared = []
    made = pool(notes, children=3)
    made.keep_warm(prepared.append)
    made.keep_warm(prepared.append)
    try:
        assert until(lambda: len(made.idle.waiting) == 3)
        keepers = [item for item in threading.enumerate() if item is made._keeper]
        assert (len(keepers), keepers[0].daemon, made.idle.least) == (1, True, 3)
        assert [item for item in threading.enumerate() if item.name == "readers"].count(
            made._keeper
        ) == 1
        assert prepared == Child.made
    finally:
        made.close()
    assert not made._keeper.is_alive(), "it was waited for"
    assert made.alive == 0


def test_who_asks_a_kept_pool_waits_for_its_keeper_and_starts_nothing(notes, monkeypatch):
    """Asleep until there is a child, not looking round for one; and no longer than it may."""
    monkeypatch.setattr(Child, "starts", False)
    monkeypatch.setattr(pools, "_FIRST_PAUSE", 0.01)
    looked, found = [], []
    made = pool(notes, children=1)
    take = made.idle.take
    monkeypatch.setattr(made.idle, "take", lambda: looked.append(1) or take())
    made.keep_warm(lambda _: None)
    try:
        with pytest.raises(PoolBusyError):
            made.take(soon(0.1))
        assert len(looked) < 9
        asking = threading.Thread(target=lambda: found.append(made.take(soon(600))))
        asking.start()
        monkeypatch.setattr(Child, "starts", True)
        asking.join(20)
        assert [child.alive for child in found] == [True]
    finally:
        made.close()


def test_a_child_that_is_lost_or_dead_is_followed_by_another_unasked(notes, monkeypatch):
    """At once where it was lost; where it died while idle, at the next look."""
    monkeypatch.setattr(pools, "_LOOK_SECONDS", 600.0)
    looked = []
    made = pool(notes, children=1)
    sorted_out = made.idle.sorted_out
    monkeypatch.setattr(made.idle, "sorted_out", lambda gone: looked.append(1) or sorted_out(gone))
    made.keep_warm(lambda _: None)
    try:
        assert until(lambda: made.idle.waiting)
        made.lose(made.take(soon()), "timeout")
        assert until(lambda: made.idle.waiting)
        time.sleep(0.05)
        assert (len(Child.made), notes.causes) == (2, ["timeout"])
        assert len(looked) < 20, "between two looks it sleeps"
        monkeypatch.setattr(pools, "_LOOK_SECONDS", 0.01)
        Child.made[1].alive = False
        made._wanted.set()
        assert until(lambda: len(Child.made) == 3 and made.idle.waiting)
        assert (notes.causes, Child.made[1].ends) == (["timeout", "gone"], ["end"])
    finally:
        made.close()


def test_who_waits_for_a_child_is_woken_by_the_end(notes, monkeypatch):
    monkeypatch.setattr(Child, "starts", False)
    made = pool(notes, children=1)
    made.keep_warm(lambda _: None)
    told = []

    def ask():
        try:
            made.take(soon(60))
        except PoolBusyError:
            told.append("busy")

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.02)
    made.close()
    asking.join(10)
    assert told == ["busy"]


def test_pauses_grow_and_end(notes):
    pause, seen = 0.0, []
    for _ in range(9):
        pause = pools._longer(pause)
        seen.append(pause)
    assert seen == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_a_child_that_cannot_be_prepared_is_killed_and_told(notes, monkeypatch):
    monkeypatch.setattr(pools, "_FIRST_PAUSE", 0.01)
    failing = [ChildSlowError(), ChildGoneError("exit"), OSError()]

    def prepare(_):
        if failing:
            raise failing.pop(0)

    made = pool(notes, children=1)
    made.keep_warm(prepare)
    try:
        assert until(lambda: made.idle.waiting)
        assert (notes.causes, made.alive) == (["crashed"] * 3, 1)
        assert [child.ends for child in Child.made] == [["kill"]] * 3 + [[]]
    finally:
        made.close()


# --- the reader -----------------------------------------------------------------------------------


def test_what_is_told_of_a_file_bears_its_digest(notes):
    made = reader(notes)
    facts = made.read(b"abc")
    assert (facts.sha256, facts.size, facts.identifier) == (ABC, 3, "its own")
    (told,) = notes.readings
    assert (told.sha256, told.size, told.outcome, told.incident) == (ABC, 3, "read", "")


@pytest.mark.parametrize(
    ("size", "fault", "started"), [(0, "empty", 0), (10, "", 1), (11, "too-large", 0)]
)
def test_files_that_need_no_child(notes, size, fault, started):
    made = reader(notes, limits=ChildLimits(most=10))
    facts = made.read(b"x" * size)
    assert (facts.fault, facts.readable, len(Child.made)) == (fault, not fault, started)
    assert notes.readings[0].outcome == (fault or "read")
    made.close()


@pytest.mark.parametrize(
    ("answer", "fault", "cause", "detail"),
    [
        (ChildSlowError(), "timeout", "timeout", ""),
        (ChildGoneError("exit 9", -9), "memory", "memory", "exit 9"),
        (ChildGoneError("exit 1", 1), "crashed", "crashed", "exit 1"),
        (ChildGoneError("answer", lied=True), "crashed", "lied", "answer"),
        (
            replace(GOOD, readable=False, fault="memory", fault_detail="deep"),
            "memory",
            "memory",
            "deep",
        ),
        (
            replace(GOOD, readable=False, fault="crashed", fault_detail="deep"),
            "crashed",
            "crashed",
            "deep",
        ),
    ],
)
def test_a_file_that_costs_a_child(notes, answer, fault, cause, detail):
    """Said as our fault, told as an incident, and the child is never asked again."""
    Child.says[:] = [answer]
    made = reader(notes, children=1)
    facts = made.read(b"x")
    assert (facts.fault, facts.readable) == (fault, False)
    assert (notes.causes, Child.made[0].ends) == ([cause], ["kill"])
    (told,) = notes.readings
    assert (told.outcome, told.incident, told.detail) == (fault, cause, detail)
    assert made.read(b"y").readable
    assert len(Child.made) == 2
    made.close()


def test_a_fault_of_the_file_costs_nobody(notes):
    Child.says[:] = [replace(GOOD, readable=False, fault="malformed", fault_detail="x")]
    made = reader(notes, children=1)
    assert made.read(b"x").fault == "malformed"
    assert (notes.causes, notes.readings[0].incident, notes.readings[0].detail) == ([], "", "")
    assert made.read(b"y").readable
    assert len(Child.made) == 1
    made.close()


def test_a_child_that_never_saw_the_file_is_followed_by_another(notes):
    Child.says[:] = [ChildGoneError("ended", 0, unseen=True)]
    made = reader(notes, children=1)
    assert made.read(b"x").readable
    assert (notes.causes, len(Child.made)) == (["gone"], 2)
    assert [item.incident for item in notes.readings] == [""]
    made.close()


def test_whatever_else_happens_leaves_no_child_behind(notes):
    """An interrupt in the middle of a file: nobody knows what the child is about."""
    Child.says[:] = [KeyboardInterrupt()]
    made = reader(notes, children=1)
    with pytest.raises(KeyboardInterrupt):
        made.read(b"x")
    assert (notes.causes, Child.made[0].ends) == (["crashed"], ["kill"])
    assert made.read(b"y").readable
    made.close()


def test_where_no_child_can_be_had_it_is_our_fault_and_no_incident(notes, monkeypatch):
    made = reader(notes, children=1)
    monkeypatch.setattr(Child, "starts", False)
    facts = made.read(b"x")
    assert (facts.fault, facts.fault_detail) == ("crashed", "start: OSError")
    assert notes.readings[0].incident == ""
    made.close()
    assert made.read(b"x").fault == "busy"
    assert notes.readings[-1].outcome == "busy"


def test_one_child_is_warm_and_no_more_for_asking_twice(notes):
    made = reader(notes)
    made.warm()
    made.warm()
    assert (made.alive, len(Child.made)) == (1, 1)
    made.close()


def test_children_that_are_kept_warm_know_whom_to_trust(notes):
    made = reader(notes, children=1)
    made.keep_warm()
    try:
        assert until(lambda: Child.made and Child.made[0].read_files)
        ((pdf, trust),) = Child.made[0].read_files
        assert (pdf.startswith(b"%PDF-"), trust is TRUST) == (True, True)
        assert notes.readings == [], "nobody has sent it"
    finally:
        made.close()


def test_measures_are_those_that_hold_for_every_child(notes):
    made = reader(notes, children=2)
    assert made.measures == ()
    first, second = made._pool.start(), made._pool.start()
    first.measures, second.measures = ("limits", "sockets", "landlock"), ("limits", "landlock")
    made._pool.idle.keep(first)
    made._pool.idle.keep(second)
    assert made.measures == ("limits", "landlock")
    made.close()


def test_nobody_has_to_watch():
    made = ChildEvidenceReader(lambda: TRUST)
    assert made.read(b"x").readable
    assert isinstance(made._watch, NobodyWatches)
    made.close()
