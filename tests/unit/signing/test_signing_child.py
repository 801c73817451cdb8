"""Promises of the reading child: it can be killed, it gives up its rights, it leaves nothing."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing_files import signed, update

from certlib.evidence import (
    CertificateFacts,
    ChainFacts,
    ChangeFacts,
    ChangeGrade,
    ChangeKind,
    FileFacts,
    MessageFacts,
    PathFacts,
    RevocationFacts,
    SignatureFacts,
    TimestampFacts,
)
from certlib.ports import TrustMaterial
from signing.evidence import wire, worker
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.process import ChildGoneError, ChildLimits, ReadingChild
from signing.evidence.reader import InProcessEvidenceReader

CATALOG_WITH_STORE = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R /DSS 11 0 R >>"


@pytest.fixture(scope="module")
def reader(pki):
    trust = pki.trust
    made = ChildEvidenceReader(lambda: trust)
    made.warm()
    yield made
    made.close()


@pytest.fixture
def lonely(pki):
    """A pool of one child that waits for nobody."""
    trust = pki.trust
    options = ChildOptions(children=1, queue_seconds=0.05, limits=ChildLimits(wall_seconds=1.0))
    made = ChildEvidenceReader(lambda: trust, options)
    made.warm()
    yield made
    made.close()


def _pid(reader) -> int:
    return reader._pool.idle.waiting[-1]._process.pid


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _until(condition) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_child_says_what_this_process_says(reader, pki, sealed):
    trust = pki.trust
    for pdf in (sealed, sealed + b"x", sealed[:-200], b"%PDF-1.7 nothing", b"hello"):
        expected = InProcessEvidenceReader(lambda: trust).read(pdf)
        assert reader.read(pdf) == expected


def test_child_draws_what_was_changed_later(reader):
    """PDFium finds its fonts and all it needs in the sandbox."""
    permitted = update(signed(b"0"), {1: CATALOG_WITH_STORE, 11: b"<< /Certs [] >>"})
    assert reader.read(permitted).changes.grade is ChangeGrade.PERMITTED
    assert reader.read(permitted + b"x").changes.grade is ChangeGrade.UNEXPLAINED


def test_a_large_parent_does_not_wear_its_children_out(pki, sealed):
    """The child's memory is its own: a parent of 500 MB may still keep it."""
    ballast = bytearray(500 * 1024 * 1024)
    ballast[::4096] = b"x" * len(ballast[::4096])
    reader = ChildEvidenceReader(lambda: pki.trust)
    try:
        reader.read(sealed)
        assert 0 < reader._pool.idle.waiting[0].memory < 300 * 1024 * 1024
    finally:
        reader.close()
    assert ballast


def test_child_is_reused_and_learns_new_trust(pki, sealed):
    lists = [pki.trust]
    reader = ChildEvidenceReader(lambda: lists[0])
    try:
        assert reader.read(sealed).signatures[0].message.chain.paths
        pid = _pid(reader)
        lists[0] = TrustMaterial()
        assert reader.read(sealed).signatures[0].message.chain.problem == "no-anchors"
        assert _pid(reader) == pid
    finally:
        reader.close()


@pytest.mark.parametrize(("pdf", "fault"), [(b"", "empty"), (bytes(2_000_000), "too-large")])
def test_hopeless_files_need_no_child(pki, pdf, fault):
    options = ChildOptions(limits=ChildLimits(most=1_000_000))
    reader = ChildEvidenceReader(TrustMaterial, options)
    facts = reader.read(pdf)
    assert (facts.readable, facts.fault, facts.size) == (False, fault, len(pdf))
    assert not reader._pool.idle.waiting


def test_slow_child_is_killed_and_replaced(lonely, sealed):
    pid = _pid(lonely)
    os.kill(pid, signal.SIGSTOP)
    facts = lonely.read(sealed)
    assert (facts.fault, facts.readable, facts.changes.grade) == (
        "timeout",
        False,
        ChangeGrade.UNEXPLAINED,
    )
    assert not _runs(pid)
    assert lonely.read(sealed).readable


@pytest.mark.parametrize(
    ("death", "fault"),
    [(signal.SIGSEGV, "crashed"), (signal.SIGKILL, "memory"), (signal.SIGXCPU, "timeout")],
)
def test_child_that_dies_over_a_file_is_a_fault_of_ours(lonely, sealed, death, fault):
    pid = _pid(lonely)
    os.kill(pid, signal.SIGSTOP)
    found = []
    thread = threading.Thread(target=lambda: found.append(lonely.read(sealed)))
    thread.start()
    assert _until(lambda: not lonely._pool.idle.waiting)
    time.sleep(0.5)  # until the question is on its way: a child that died before is just replaced
    os.kill(pid, death)
    os.kill(pid, signal.SIGCONT)
    thread.join()
    assert found[0].fault == fault
    assert lonely.read(sealed).readable


def test_child_that_died_while_idle_is_replaced_unnoticed(lonely, sealed):
    os.kill(_pid(lonely), signal.SIGKILL)
    os.waitid(os.P_PID, _pid(lonely), os.WEXITED | os.WNOWAIT)
    assert lonely.read(sealed).readable


def test_more_questions_than_children_are_turned_away(lonely, sealed):
    os.kill(_pid(lonely), signal.SIGSTOP)
    thread = threading.Thread(target=lambda: lonely.read(sealed))
    thread.start()
    assert _until(lambda: not lonely._pool.idle.waiting)
    assert lonely.read(sealed).fault == "busy"
    thread.join()


def test_threads_share_the_pool(reader, sealed):
    found = []
    threads = [threading.Thread(target=lambda: found.append(reader.read(sealed))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {facts.fault for facts in found} <= {"", "busy"}
    assert len(reader._pool.idle.waiting) <= 2


def test_idle_child_ends(pki, sealed):
    reader = ChildEvidenceReader(TrustMaterial, ChildOptions(idle_seconds=0.1))
    reader.warm()
    pid = _pid(reader)
    assert _until(lambda: not _runs(pid))
    assert reader.read(sealed).readable
    reader.close()


@pytest.mark.parametrize("change", [{"files": 1}, {"resident": 1}])
def test_worn_child_is_replaced(sealed, change):
    reader = ChildEvidenceReader(TrustMaterial, ChildOptions(**change))
    assert reader.read(sealed).readable
    assert not reader._pool.idle.waiting
    reader.close()


def test_closed_reader_starts_nothing(sealed):
    reader = ChildEvidenceReader(TrustMaterial)
    reader.warm()
    pid = _pid(reader)
    reader.close()
    assert not _runs(pid)
    assert reader.read(sealed).fault == "busy"
    reader.warm()
    assert not reader._pool.idle.waiting


def test_child_does_not_outlive_its_parent():
    program = (
        "import os; from certlib.ports import TrustMaterial;"
        "from signing.evidence.child import ChildEvidenceReader;"
        "reader = ChildEvidenceReader(TrustMaterial); reader.warm();"
        "print(reader._pool.idle.waiting[0]._process.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    pid = int(done.stdout)
    assert _until(lambda: not _runs(pid))


def test_child_inherits_neither_environment_nor_files(monkeypatch):
    monkeypatch.setenv("CERTLIB_SECRET", "x")
    with Path(os.devnull).open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        child = ReadingChild(ChildLimits())
        try:
            own = Path(f"/proc/{child._process.pid}")
            assert b"SECRET" not in (own / "environ").read_bytes()
            held = [str(entry.readlink()) for entry in (own / "fd").iterdir()]
            assert all(name.startswith("pipe:") or name == os.devnull for name in held), held
            assert sum(name.startswith("pipe:") for name in held) == 2
        finally:
            child.end()


def test_memory_limit_stops_a_file_that_needs_more(pki):
    limits = ChildLimits(memory=16 * 1024 * 1024)
    reader = ChildEvidenceReader(TrustMaterial, ChildOptions(limits=limits))
    facts = reader.read(b"%PDF-1.7\n" + bytes(19_000_000))
    assert facts.fault == "memory"
    reader.close()


def test_program_that_does_not_come_up_is_a_fault_of_ours(sealed):
    limits = ChildLimits(start_seconds=0.0)
    facts = ChildEvidenceReader(TrustMaterial, ChildOptions(limits=limits)).read(sealed)
    assert facts.fault in ("timeout", "crashed")


def test_no_process_to_be_had_is_a_fault_of_ours(sealed, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert ChildEvidenceReader(TrustMaterial).read(sealed).fault == "crashed"


_SANDBOX = """
import json, os, socket, subprocess, sys
from signing.evidence import sandbox
measures = sandbox.enter(64 << 20)
def attempt(act):
    try:
        act()
    except (PermissionError, BlockingIOError):
        return "refused"
    except OSError as error:
        return type(error).__name__
    except MemoryError:
        return "memory"
    return "done"
import _socket
print(json.dumps({
    "measures": measures,
    "python socket": attempt(lambda: socket.socket()),
    "connection": attempt(lambda: socket.create_connection(("127.0.0.1", 9))),
    "raw socket": attempt(lambda: _socket.socket()),
    "socket pair": attempt(lambda: _socket.socketpair()),
    "fork": attempt(os.fork),
    "program": attempt(lambda: os.execv("/bin/true", ["true"])),
    "signal": attempt(lambda: os.kill(os.getppid(), 0)),
    "new file": attempt(lambda: open(sys.argv[1] + "/x", "w")),
    "open to write": attempt(lambda: os.open("/dev/null", os.O_RDWR)),
    "remove": attempt(lambda: os.unlink(sys.argv[1] + "/kept")),
    "folder": attempt(lambda: os.mkdir(sys.argv[1] + "/folder")),
    "read": attempt(lambda: open("/dev/null", "rb").read()),
    "memory": attempt(lambda: bytearray(256 << 20)),
}))
"""


def test_sandbox_refuses_network_processes_and_writing(tmp_path):
    (tmp_path / "kept").write_text("x")
    done = subprocess.run(
        [sys.executable, "-c", _SANDBOX, str(tmp_path)], capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    measures = found.pop("measures")
    assert found.pop("read") == "done"
    assert found.pop("memory") == "memory"
    assert (found["python socket"], found["connection"]) == ("refused", "refused")
    assert (tmp_path / "kept").exists()
    assert "seccomp" in measures, "this kernel or container forbids the filter"
    assert set(found.values()) == {"refused"}, found


def test_worker_answers_until_its_input_ends(pki, sealed, monkeypatch):
    monkeypatch.setattr("signing.evidence.sandbox.limit_processor_time", lambda seconds: None)
    source = io.BytesIO(
        wire.frame(wire.TRUST, wire.trust_to_bytes(pki.trust))
        + wire.frame(wire.QUESTION, b"question" + sealed)
        + wire.frame(wire.QUESTION, b"another.")
    )
    sink = io.BytesIO()
    assert worker.serve(source, sink, worker.WorkerOptions(1 << 29, 3)) == 0
    sink.seek(0)
    answers, named = [], []
    while encoded := sink.read(wire.HEAD):
        kind, length = wire.head(encoded)
        assert kind == wire.ANSWER
        named.append(sink.read(wire.NONCE))
        answers.append(wire.answer_from_bytes(sink.read(length - wire.NONCE)).facts)
    assert named == [b"question", b"another."]
    assert [facts.fault for facts in answers] == ["", "empty"]
    assert answers[0].signatures[0].message.chain.paths


def test_nonsense_from_a_child_is_no_answer(lonely, sealed, monkeypatch):
    monkeypatch.setattr(ReadingChild, "_exchange", lambda *_: b'{"facts": {}, "memory": 1}')
    assert lonely.read(sealed).fault == "crashed"


def test_frame_of_another_kind_is_no_answer(lonely, sealed):
    child = lonely._pool.idle.take()
    with pytest.raises(ChildGoneError):
        child._exchange(wire.frame(wire.QUESTION, b""), b"Z", 5.0)
    child.kill()


_MOMENTS = st.datetimes(min_value=datetime(1950, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_REVOCATIONS = st.builds(RevocationFacts, _MOMENTS, st.none() | _MOMENTS, st.none() | _MOMENTS)
_CERTIFICATES = st.builds(
    CertificateFacts,
    sha256=_WORDS,
    subject=_WORDS,
    issuer=_WORDS,
    serial=_WORDS,
    not_before=_MOMENTS,
    not_after=_MOMENTS,
    usages=st.none() | st.lists(_WORDS, max_size=2).map(tuple),
    revocation=st.none() | _REVOCATIONS,
)
_PATHS = st.builds(PathFacts, st.lists(_CERTIFICATES, max_size=2).map(tuple), _WORDS)
_CHAINS = st.builds(
    ChainFacts, st.none() | _CERTIFICATES, st.lists(_PATHS, max_size=2).map(tuple), _WORDS
)
_MESSAGES = st.builds(MessageFacts, st.booleans(), st.booleans(), _WORDS, chain=_CHAINS)
_STAMPS = st.builds(TimestampFacts, st.none() | _MESSAGES, st.booleans(), time=st.none() | _MOMENTS)
_SIGNATURES = st.builds(
    SignatureFacts,
    kind=st.sampled_from(["signature", "document_timestamp"]),
    field_name=_WORDS,
    message=st.none() | _MESSAGES,
    certified=st.none() | st.integers(1, 3),
    claimed_time=st.none() | _MOMENTS,
    timestamp=st.none() | _STAMPS,
)
_CHANGES = st.builds(
    ChangeFacts,
    st.sampled_from(ChangeGrade),
    st.lists(st.sampled_from(ChangeKind), max_size=2).map(tuple),
)
_FACTS = st.builds(
    FileFacts,
    sha256=_WORDS,
    changes=_CHANGES,
    content=_WORDS,
    signatures=st.lists(_SIGNATURES, max_size=2).map(tuple),
)


@given(_FACTS, st.integers(0, 1 << 40))
def test_facts_travel_unchanged(facts, memory):
    answer = wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(facts, memory)))
    assert answer == wire.Answer(facts, memory)
    assert answer.facts.milliseconds == facts.milliseconds


def test_trust_travels_unchanged(pki):
    trust = pki.trust
    assert wire.trust_from_bytes(wire.trust_to_bytes(trust)) == trust


def test_facts_with_a_lone_surrogate_do_not_break_the_pipe():
    facts = FileFacts(sha256="", size=0, readable=True, identifier="\ud800")
    assert wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(facts, 1))).facts.size == 0
    assert dataclasses.asdict(facts)
