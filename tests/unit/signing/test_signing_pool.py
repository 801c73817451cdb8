"""Promises of the pool: children wait warm, a hostile file costs one of them and nobody waits."""

import gzip
import json
import threading
import time
from dataclasses import replace

import pytest
import signing_pki
from signing_possessed import order, possess
from signing_watching import Notes

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from signing.evidence import landlock, process, sandbox, wire, worker
from signing.evidence.bounds import MOST_ANSWER, check_facts
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.process import ChildGoneError, ChildLimits, ReadingChild
from signing.evidence.reader import read_facts
from signing.idle import IdleChildren

# A loaded machine takes its time to refuse memory, too.
_LIMITS = ChildLimits(wall_seconds=2.5, processor_seconds=3)


def _until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def _reader(pki, watch=None, **options):
    trust = pki.trust
    return ChildEvidenceReader(lambda: trust, ChildOptions(**options), watch)


@pytest.fixture(scope="module")
def pool(pki):
    notes = Notes()
    made = _reader(pki, notes, children=1, queue_seconds=20.0, limits=_LIMITS)
    yield made, notes
    made.close()


@pytest.fixture
def haunted(pool, monkeypatch):
    """A warm pool of one child that obeys, and what it told."""
    possess(monkeypatch)
    pool[0].keep_warm()
    assert _until(lambda: _stands(pool[0]))
    yield pool
    assert _until(lambda: _stands(pool[0])), "one started later would not obey the next test"


def _stands(reader):
    """Whether a child waits that will be there for the next question."""
    waiting = reader._pool.idle.waiting
    return bool(waiting) and all(child.alive for child in waiting)


# --- warm ---------------------------------------------------------------------------------------


def test_all_children_are_there_before_anybody_asks(pki, sealed):
    notes = Notes()
    made = _reader(pki, notes, children=2)
    made.keep_warm()
    made.keep_warm()  # once is enough
    try:
        assert _until(lambda: len(made._pool.idle.waiting) == 2)
        assert made.alive == 2
        assert made.measures == sandbox.MEASURES, "this kernel or container forbids some"
        known = [child._trust for child in made._pool.idle.waiting]
        assert known == [made._trust()] * 2, "authorities are known before the first file"
        assert made.read(sealed).readable
        [reading] = notes.readings
        assert (reading.outcome, reading.incident, reading.size) == ("read", "", len(sealed))
    finally:
        made.close()
    assert (made.alive, notes.causes) == (0, ["closed", "closed"])
    assert len(notes.begun) == 2


def test_warm_children_outlive_idleness(pki):
    made = _reader(pki, children=1, idle_seconds=0.01)
    made.keep_warm()
    try:
        assert _until(lambda: made._pool.idle.waiting)
        [child] = made._pool.idle.waiting
        time.sleep(0.1)
        assert child.alive
        assert made._pool.idle._sweeper is None
    finally:
        made.close()


def test_a_child_that_dies_while_idle_is_replaced_before_anybody_asks(pki, monkeypatch):
    monkeypatch.setattr("signing.evidence.pool._LOOK_SECONDS", 0.05)
    notes = Notes()
    made = _reader(pki, notes, children=1)
    made.keep_warm()
    try:
        assert _until(lambda: made._pool.idle.waiting)
        [child] = made._pool.idle.waiting
        child._process.kill()
        assert _until(lambda: made._pool.idle.waiting not in ((), (child,)))
        assert notes.causes == ["gone"]
    finally:
        made.close()


def test_a_worn_child_is_followed_by_another_unasked(pki, sealed):
    notes = Notes()
    made = _reader(pki, notes, children=1, files=2, queue_seconds=20.0)
    made.keep_warm()
    try:
        assert [made.read(sealed).fault for _ in range(4)] == [""] * 4
        assert _until(lambda: len(notes.begun) >= 3)
        assert notes.causes[:2] == ["worn", "worn"] or notes.causes[0] == "worn"
        assert {reading.incident for reading in notes.readings} == {""}
    finally:
        made.close()


def test_a_machine_that_starts_no_process_is_asked_again_and_not_all_the_time(
    pki, sealed, monkeypatch
):
    tried, real = [], ReadingChild.__init__

    def start(self, limits):
        tried.append(time.monotonic())
        if len(tried) < 2:
            raise OSError
        real(self, limits)

    monkeypatch.setattr(ReadingChild, "__init__", start)
    made = _reader(pki, children=1, queue_seconds=20.0)
    made.keep_warm()
    try:
        assert made.read(sealed).readable
        assert len(tried) == 2
        assert tried[1] - tried[0] >= 0.5
    finally:
        made.close()


def test_a_pool_that_cannot_start_children_is_busy_and_closes(sealed, pki, monkeypatch):
    def start(self, limits):
        raise OSError

    monkeypatch.setattr(ReadingChild, "__init__", start)
    made = _reader(pki, children=1, queue_seconds=0.05)
    made.keep_warm()
    assert made.read(sealed).fault == "busy"
    made.close()
    assert made.read(sealed).fault == "busy"
    assert (made.alive, made.measures) == (0, ())
    made.keep_warm()  # a closed one starts nothing


def test_a_child_that_cannot_be_prepared_is_no_child(pki, sealed, monkeypatch):
    asked, real = [], ReadingChild.read

    def read(self, pdf, trust):
        asked.append(pdf)
        if len(asked) == 1:
            raise ChildGoneError("exit 1", 1)
        return real(self, pdf, trust)

    monkeypatch.setattr(ReadingChild, "read", read)
    notes = Notes()
    made = _reader(pki, notes, children=1, queue_seconds=20.0)
    made.keep_warm()
    try:
        assert made.read(sealed).readable
        assert notes.causes == ["crashed"]
    finally:
        made.close()


def test_idle_children_beyond_the_least_end():
    class Child:
        idle_since = 0.0

    ended = []
    idle = IdleChildren(0.01, ended.append)
    idle.least = 1
    first, second = Child(), Child()
    idle.keep(first)
    idle.keep(second)
    assert _until(lambda: ended)
    assert (ended, idle.waiting) == ([first], (second,))
    idle.close()
    idle.keep(first)
    assert ended == [first, second, first]


# --- a hostile file costs one child ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "fault", "incident"),
    [
        ("loop", "timeout", "timeout"),
        ("sleep", "timeout", "timeout"),
        ("eat", "memory", "memory"),
        ("deep", "crashed", "crashed"),
        ("crash", "crashed", "crashed"),
        ("leave", "crashed", "crashed"),
        ("garbage", "crashed", "lied"),
        ("half", "timeout", "timeout"),
        ("huge", "crashed", "lied"),
    ],
)
def test_each_costs_one_child_and_the_next_file_is_answered(haunted, sealed, act, fault, incident):
    reader, notes = haunted
    assert reader.read(sealed).readable
    lost, read = len(notes.causes), len(notes.readings)
    facts = reader.read(order(act))
    assert (facts.fault, facts.readable) == (fault, False)
    assert reader.read(sealed).readable
    assert notes.causes[lost:] == [incident]
    first, second = notes.readings[read:]
    assert (first.incident, first.sha256, first.size) == (incident, facts.sha256, facts.size)
    assert (second.incident, second.outcome) == ("", "read")
    assert first.seconds < 3.0


def test_an_answer_given_in_advance_is_not_taken_for_the_next_file(haunted, sealed):
    """Whether the second answer comes with the first, before the next question or behind it."""
    reader, notes = haunted
    lost = len(notes.causes)
    reader.read(order("twice"))
    facts = reader.read(sealed)
    if not facts.readable:
        assert facts.fault == "crashed"
        facts = reader.read(sealed)
    assert facts.identifier == read_facts(sealed, TrustMaterial()).identifier
    assert notes.causes[lost:] == ["lied"]


def test_an_answer_that_does_not_name_its_question_is_none(haunted, sealed):
    """Written while the question is under way, as if it had been waiting in the pipe."""
    reader, notes = haunted
    lost, read = len(notes.causes), len(notes.readings)
    reader.read(order("later"))
    assert (reader.read(sealed).fault, notes.causes[lost:]) == ("crashed", ["lied"])
    assert notes.readings[read + 1].detail == "stale"
    assert reader.read(sealed).readable  # its successor is there, and obeys the next test


_TRUE = json.loads(
    wire.answer_to_bytes(wire.Answer(FileFacts(sha256="", size=0, readable=True), 1))
)["facts"]
_TEXT = "2026-01-01T00:00:00"
_RIDDEN = {"this_update": _TEXT, "next_update": None, "revoked_at": None, "reason": ""}
_CERTIFICATE = {
    "sha256": "", "subject": "", "issuer": "", "serial": "", "not_before": _TEXT,
    "not_after": _TEXT, "name": "", "code": "", "authority": False, "usages": None,
    "purposes": None, "purposes_critical": False, "key": "", "signed_with": "", "problem": "",
    "revocation": None,
}  # fmt: skip
_MESSAGE = {
    "digest_ok": True, "signature_ok": True, "digest": "", "mechanism": "", "unchecked": "",
    "chain": {"signer": _CERTIFICATE, "paths": [], "problem": "no-path"},
}  # fmt: skip
_SIGNATURE = {
    "kind": "signature", "field_name": "", "message": None, "covers_file": True, "end": 0,
    "layout_problem": "contents", "form_problem": "", "certified": None, "claimed_time": None,
    "timestamp": None,
}  # fmt: skip


def _said(**changes):
    return json.dumps({"facts": _TRUE | changes, "memory": 1}).encode()


_LIES = {
    "nothing": b"",
    "no JSON": b"\xff",
    "no object": b"[]",
    "facts are a list": b'{"facts": [], "memory": 1}',
    "depth": b"[" * 200_000,
    "depth inside": b'{"facts": {"a": ' + b"[" * 100_000,
    "endless number": b'{"facts": 1e999, "memory": 1e999}',
    "memory without end": json.dumps({"facts": _TRUE, "memory": float("inf")}).encode(),
    "half a surrogate pair": _said(identifier="\ud800"),
    "a long identifier": _said(identifier="x" * 70_000),
    "a long content": _said(content="x" * (2 * 1024 * 1024 + 1)),
    "a time without a zone": _said(signatures=[_SIGNATURE | {"claimed_time": _TEXT}]),
    "such a time in a certificate": _said(signatures=[_SIGNATURE | {"message": _MESSAGE}]),
    "a time that is none": _said(signatures=[_SIGNATURE | {"claimed_time": 1}]),
    "another kind of signature": _said(signatures=[_SIGNATURE | {"kind": "seal"}]),
    "a number as text": _said(signatures=[_SIGNATURE | {"end": "1"}]),
    "a number without end": _said(signatures=[_SIGNATURE | {"end": 1 << 70}]),
    "text for a list": _said(signatures="abc"),
    "an object for a list": _said(signatures={}),
    "too many": _said(structure={"revisions": 1, "notes": ["x"] * 10_001}),
    "readable with a fault": _said(fault="malformed"),
    "neither": _said(readable=False),
    "a fault of ours": _said(readable=False, fault="busy"),
    "another kind of file": _said(kind="better"),
    "another grade": _said(changes={"grade": "good", "kinds": [], "objects": [], "detail": ""}),
    "no number": _said(milliseconds=float("nan")),
    "more than there is": _said(valid=True),
    "less than there is": json.dumps({"facts": {}, "memory": 1}).encode(),
    "too much": b" " * (MOST_ANSWER + 1),
}


def test_the_truth_would_pass():
    check_facts(wire.answer_from_bytes(_said(identifier="x")).facts)


@pytest.mark.parametrize("lie", _LIES)
def test_what_no_child_says_reaches_nobody(lie, monkeypatch):
    child = object.__new__(ReadingChild)
    child._process, child._trust = _Still(), TrustMaterial()
    child._limits = ChildLimits()
    nonce = b"question"
    monkeypatch.setattr(process.os, "urandom", lambda size: nonce[:size])
    said = wire.frame(wire.ANSWER, nonce + _LIES[lie])
    monkeypatch.setattr(ReadingChild, "_exchange", _saying(said))
    with pytest.raises(ChildGoneError) as caught:
        child.read(b"x", TrustMaterial())
    assert caught.value.lied
    assert caught.value.fault == "crashed"


def test_what_we_know_ourselves_is_not_believed_of_a_child(monkeypatch):
    """Digest and size: they are reckoned here, while the child reads."""
    child = object.__new__(ReadingChild)
    child._process, child._trust, child._limits = _Still(), TrustMaterial(), ChildLimits()
    child.files = child._told = child.memory = 0
    nonce = b"question"
    monkeypatch.setattr(process.os, "urandom", lambda size: nonce[:size])
    said = wire.frame(wire.ANSWER, nonce + _said(sha256="said", size=7, identifier="its own"))
    exchange = _saying(said)

    def reading(*arguments):
        arguments[-1]()
        return exchange(*arguments)

    monkeypatch.setattr(ReadingChild, "_exchange", reading)
    facts = child.read(b"abc", TrustMaterial())
    assert facts.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (facts.size, facts.identifier) == (3, "its own")


def test_the_most_that_a_child_needed_is_asked_for_when_it_grows_and_now_and_then(monkeypatch):
    """Its own word alone would keep one that has been taken over for good."""
    asked = []
    child = object.__new__(ReadingChild)
    child._process, child._trust, child._limits = _Still(), TrustMaterial(), ChildLimits()
    child.files = child._told = child.memory = 0
    monkeypatch.setattr(process, "_peak", lambda _pid, told: asked.append(child.files) or told)
    memory = iter([5, 5, 9, 4] + [1] * 20)

    def reading(_child, message, *_):
        answer = wire.Answer(FileFacts(sha256="", size=0, readable=True), next(memory))
        begin = wire.HEAD
        return message[begin : begin + wire.NONCE] + wire.answer_to_bytes(answer)

    monkeypatch.setattr(ReadingChild, "_exchange", reading)
    for _ in range(24):
        child.read(b"x", TrustMaterial())
    assert asked == [0, 2, 16]


class _Still:
    pid = 1

    def poll(self):
        return None


def _saying(said):
    def exchange(_child, _message, kind, _seconds, _meanwhile):
        received = bytearray(said)
        assert process._is_whole(received, kind)
        return bytes(received[wire.HEAD :])

    return exchange


def test_a_lie_travels_through_the_real_pipe_and_costs_the_child(haunted, sealed):
    reader, notes = haunted
    lost = len(notes.causes)
    facts = reader.read(order("say", _said(identifier="\ud800")))
    assert (facts.fault, facts.identifier) == ("crashed", "")
    assert notes.causes[lost:] == ["lied"]
    assert reader.read(sealed).readable


def test_what_a_child_says_of_size_and_digest_is_not_believed(haunted, sealed):
    reader, notes = haunted
    lost, told = (
        len(notes.causes),
        order("say", _said(sha256="0" * 64, size=7, identifier="of another")),
    )
    facts = reader.read(told)
    assert (facts.identifier, facts.size) == ("of another", len(told))
    assert facts.sha256 != "0" * 64
    assert _until(lambda: notes.causes[lost:] == ["gone"])  # it leaves when it has said that


def test_facts_beyond_all_bounds_are_the_files_own_fault(pki, monkeypatch):
    """An honest child never looks like a liar, whatever the file says."""
    monkeypatch.setattr("signing.evidence.sandbox.limit_processor_time", lambda seconds: None)
    much = FileFacts(sha256="a", size=1, readable=True, identifier="x" * 70_000)
    wide = replace(much, identifier="", fault_detail="", content="\0" * 1_000_000)
    strange = replace(much, identifier="\ud800")
    for facts, fault in ((much, "malformed"), (wide, "malformed"), (strange, "")):
        monkeypatch.setattr(worker, "unhashed_facts", lambda *_, found=facts: found)
        answer = wire.answer_from_bytes(worker._answer(b"x", pki.trust, 10))
        check_facts(answer.facts)
        assert answer.facts.fault == fault


# --- what a child may not do ---------------------------------------------------------------------


def test_a_child_that_obeys_a_file_gets_nowhere(haunted, tmp_path):
    """All of it tried in the real child, after the real start, by the kernel's own answers."""
    (tmp_path / "kept").write_text("x")
    reader, _ = haunted
    facts = reader.read(order(f"escape {tmp_path}"))
    assert (facts.fault, facts.fault_detail) == ("", "")
    found = json.loads(facts.content)
    assert found.pop("own code") == "done"
    assert found.pop("memory") == "memory"
    assert set(found.values()) == {"refused"}, found
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_text() == "x"


def test_where_the_kernel_has_no_landlock_the_child_says_so(monkeypatch, tmp_path):
    class Refusing:
        def __init__(self, answers):
            self.answers = list(answers)

        def syscall(self, *_):
            return self.answers.pop(0)

        def prctl(self, *_):
            return -1

    for answers in ([-1], [7, -1]):
        monkeypatch.setattr(landlock.ctypes, "CDLL", lambda *_, a=answers, **__: Refusing(a))
        assert landlock.restrict([tmp_path]) is False
    assert tmp_path not in landlock.code_folders(tmp_path)
    packages = tmp_path / "site-packages"
    packages.mkdir()
    assert packages in landlock.code_folders(packages)


# --- nothing of a file stays behind ----------------------------------------------------------------


def test_what_one_file_says_changes_no_answer_about_another(pki, sealed):
    """Caches are keyed by the octets that they were made of, so there is nothing to poison.

    The stranger's certificates bear the very names and numbers of ours, under other keys.
    """
    signed_by_stranger = signing_pki.seal_one(signing_pki.make_pki())
    fresh = read_facts(sealed, pki.trust)
    made = _reader(pki, children=1)
    try:
        hostile = [signed_by_stranger, sealed + b"x", sealed.replace(b"/Contents", b"/contents")]
        for pdf in (*hostile, sealed, *reversed(hostile)):
            expected = read_facts(pdf, pki.trust)
            assert made.read(pdf) == expected
        assert made.read(sealed) == fresh
        assert made.alive == 1, "all by the same child"
    finally:
        made.close()


def test_memory_of_a_file_does_not_stay_with_the_child(pki, sealed):
    made = _reader(pki, children=1)
    try:
        before = made.read(sealed)
        bomb = b"%PDF-1.7\n" + gzip.compress(bytes(1_000_000)) * 100 + b"\n%%EOF\n"
        assert made.read(bomb).fault == "malformed"
        assert made.read(sealed) == before
    finally:
        made.close()


def test_many_threads_are_answered_or_told_to_wait(pki, sealed):
    made = _reader(pki, children=2, queue_seconds=20.0)
    made.keep_warm()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(made.read(sealed).fault)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [""] * 12
    assert made.alive == 2
    made.close()
