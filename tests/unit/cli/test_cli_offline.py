"""`certlib verify` on a machine without a node: what is asked instead of a record, and how old."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api import bootstrap
from api.cli import local, remote_verify
from api.cli.accounts import Credentials
from api.cli.failures import CommandFailure, ServerBusy, ServerRefused, UsageProblem
from api.cli.local import open_local
from api.cli.remote import Answer
from api.cli.remote_verify import RemoteVerifier
from certlib.snapshot import SnapshotHeader
from certlib.usecases.verify import Question
from certlib.verification import FOREIGN
from keys.snapshots import write
from keys.trust import save_trust
from tests.unit.cli.conftest import Run
from tests.unit.keys.keys_world import PLANNING, START, SetClock, found
from tests.unit.keys.test_keys_snapshots import identifier, row

FIRST, ABSENT = identifier(1), identifier(9)


@dataclass
class Away:
    """A machine with a folder of trust and a snapshot of one certificate."""

    folder: Path
    trust: Path
    clock: SetClock
    authority: Any

    def snapshot(self, name: str = "snapshot") -> Path:
        """Of this moment, by its clock."""
        now = self.clock.now()
        header = SnapshotHeader("445200", now, now + timedelta(days=1), 0, frozenset({PLANNING[0]}))
        write(self.folder / name, header, [row(1)], self.authority.snapshot_key())
        return self.folder / name


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Away:
    clock = SetClock(START.replace(microsecond=0))
    authority = found(tmp_path / "node", clock)
    authority.issue_seal(*PLANNING)
    save_trust(tmp_path / "trust", authority.trust_material())
    monkeypatch.setattr(local, "SystemClock", lambda: clock)
    return Away(tmp_path, tmp_path / "trust", clock, authority)


def test_a_snapshot_is_asked_instead_of_a_server(run: Run, away: Away):
    """No credentials, no network: as of then, and never valid for today."""
    out = away.snapshot()
    asked = run("verify", FIRST, ABSENT, "--snapshot", out, "--trust", away.trust, "--json")
    assert asked.code == 2
    assert [line["code"] for line in asked.lines] == ["status-as-of", "newer-than-snapshot"]
    assert [line["identifier"] for line in asked.lines] == [FIRST, ABSENT]
    checks = [item["check"] for item in asked.lines[0]["findings"]]
    assert checks == ["status_now"], "nothing is said of a file"
    assert asked.err == ""
    plain = run("verify", FIRST, "--snapshot", out, "--trust", away.trust).out
    assert "On record as valid in the snapshot as of 2026-03-02" in plain
    assert "Ask online for today" in plain


def test_a_file_is_read_where_a_snapshot_answers_for_identifiers(run: Run, away: Away):
    file = away.folder / "a.pdf"
    file.write_bytes(b"hello")
    out = away.snapshot()
    asked = run("verify", file, FIRST, "--snapshot", out, "--trust", away.trust, "--json")
    first, second = asked.lines
    assert (first["file"], first["code"]) == (str(file), "unreadable")
    assert (second["identifier"], second["code"]) == (FIRST, "status-as-of")


def test_without_a_snapshot_an_identifier_is_asked_of_a_server(run: Run, away: Away):
    """Whether files are read beside it or not."""
    file = away.folder / "a.pdf"
    file.write_bytes(b"")
    for more in ((), (file,)):
        said = run("verify", FIRST, *more, "--trust", away.trust)
        assert (said.code, "CERTLIB_CLIENT_ID" in said.err) == (3, True)


def test_a_snapshot_needs_trust(run: Run, away: Away):
    """Nobody's word is taken for who may sign."""
    said = run("verify", FIRST, "--snapshot", away.snapshot())
    assert said.code == 3
    assert "--snapshot needs --trust" in said.err


def test_how_old_it_is_is_told_before_anything_else(run: Run, away: Away):
    """Overdue by what it promised itself, or older than one that was used here."""
    first = away.snapshot("first")
    ask = ("verify", FIRST, "--trust", away.trust, "--snapshot")
    away.clock.forward(days=1)
    assert run(*ask, first).err == "", "to the second"
    away.clock.forward(seconds=1)
    assert "A newer snapshot was due on" in run(*ask, first).err
    second = away.snapshot("second")
    assert run(*ask, second).err == ""
    for _ in range(2):
        assert "this one is older" in run(*ask, first).err
    assert run(*ask, second).err == ""


def test_a_snapshot_that_is_not_believed_answers_nothing(run: Run, away: Away):
    out = away.snapshot()
    out.write_bytes(out.read_bytes()[:-1])
    said = run("verify", FIRST, "--snapshot", out, "--trust", away.trust, "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err
    stranger = found(away.folder / "stranger", away.clock, seed="stranger")
    save_trust(away.folder / "others", stranger.trust_material())
    good = away.snapshot("good")
    said = run("verify", FIRST, "--snapshot", good, "--trust", away.folder / "others", "--json")
    assert (said.code, said.out) == (2, "")


def test_trust_that_cannot_be_read_answers_nothing(run: Run, away: Away):
    """An empty folder believes nobody, and is no reason to go on without."""
    (away.folder / "empty").mkdir()
    file = away.folder / "a.pdf"
    file.write_bytes(b"x")
    said = run("verify", file, "--trust", away.folder / "empty", "--json")
    assert said.out == ""
    assert said.code != 0


def test_who_names_a_snapshot_asks_no_record(away: Away, monkeypatch: pytest.MonkeyPatch):
    """Though there is one at hand: the answer is as of then, for everybody alike."""
    monkeypatch.setattr(local, "_has_record", lambda _: True)
    monkeypatch.setattr(bootstrap, "open_desk", lambda _: pytest.fail("the record was opened"))
    desk = open_local(away.folder, away.trust, 1, frozenset(), away.snapshot())
    assert not desk.online
    assert desk.snapshot is not None
    desk.close()
    with pytest.raises(ValueError, match="closed file"):
        desk.verify.by_identifier(FIRST, Question())  # its snapshot went with it


class Node:
    """What `open_desk` gives where there is a record."""

    def __init__(self) -> None:
        self.registry, self.reader, self.reports = object(), object(), object()
        self.trust = SimpleNamespace(trust_list=lambda: None)
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("with_trust", [False, True])
def test_with_a_record_its_own_reader_is_asked_unless_another_trust_is_named(
    away: Away, monkeypatch: pytest.MonkeyPatch, *, with_trust: bool
):
    """Named trust replaces what the node believes, and its reader with it; the record stays."""
    node = Node()
    monkeypatch.setattr(local, "_has_record", lambda _: True)
    monkeypatch.setattr(bootstrap, "open_desk", lambda _: node)
    desk = open_local(away.folder, away.trust if with_trust else None, 1)
    assert (desk.online, desk.reports is node.reports) == (True, True)
    assert (desk.verify._reader is node.reader) is not with_trust
    assert (desk.verify._trust is node.trust.trust_list) is not with_trust
    desk.close()
    assert node.closed == 1


def test_without_trust_and_without_a_record_nobody_is_believed(away: Away):
    desk = open_local(away.folder / "nowhere", None, 1)
    assert (desk.online, desk.snapshot, desk.reports) == (False, None, None)
    desk.close()


@pytest.mark.parametrize(
    ("there", "url", "expected"),
    [
        (("certlib.sqlite", "keys/register", "secrets/kek"), "", True),
        (("keys/register", "secrets/kek"), "postgresql://x", True),
        (("keys/register", "secrets/kek"), "", False),
        (("certlib.sqlite", "secrets/kek"), "", False),
        (("certlib.sqlite", "keys/register"), "", False),
    ],
)
def test_what_makes_a_record(tmp_path: Path, there: tuple[str, ...], url: str, *, expected: bool):
    """Without all of it no record is at hand, and none is made by looking."""
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    settings = SimpleNamespace(
        data_dir=tmp_path, secrets_folder=tmp_path / "secrets", database_url=url, signers=""
    )
    assert local._has_record(settings) is expected


@pytest.mark.parametrize("name", ["kek", "data-keys"])
def test_what_makes_a_record_where_signers_have_the_keys(tmp_path: Path, name: str):
    """The keys for data, and not those of the signers."""
    (tmp_path / "certlib.sqlite").write_text("")
    (tmp_path / name).write_text("")
    settings = SimpleNamespace(
        data_dir=tmp_path, secrets_folder=tmp_path, database_url="", signers="/run/s.sock"
    )
    assert local._has_record(settings) is (name == "data-keys")


def test_a_machine_without_keys_lists_none(tmp_path: Path):
    with pytest.raises(UsageProblem):
        local.own_authority(tmp_path)


# --- asked of a server ----------------------------------------------------------------------------

SAID = {
    "verdict": "valid",
    "code": "valid",
    "findings": [],
    "sentence": {},
    "next_step": {},
    "as_of": "2026-03-02T00:00:00Z",
    "subject": {"holder": "欧阳明远"},
}


class Server:
    """Answers the same to everybody."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.asked, self.closed = answer, [], 0

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        self.asked.append((path, body))
        return self.answer

    def close(self) -> None:
        self.closed += 1


def asking(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> tuple[RemoteVerifier, Server]:
    server, opened = Server(answer), []
    monkeypatch.setattr(remote_verify, "open_server", lambda *_: opened.append(1) or server)
    server.opened = opened
    return RemoteVerifier(Credentials(), Path()), server


def test_the_question_is_asked_as_it_was_put(monkeypatch: pytest.MonkeyPatch):
    """With its day where there is one; by one connection, closed at the end."""
    verifier, server = asking(monkeypatch, Answer(200, SAID))
    verifier.close()
    assert server.closed == 0, "nobody has asked yet"
    day = Question(on=START.date(), policy=FOREIGN)
    assert verifier.by_identifier(FIRST, Question())["verdict"] == "valid"
    said = verifier.by_identifier(FIRST, day)
    assert [body for _, body in server.asked] == [
        {"identifier": FIRST, "policy": "own"},
        {"identifier": FIRST, "policy": "foreign", "on": "2026-03-02"},
    ]
    assert "subject" not in said, "what this command does not promise it does not repeat"
    assert said["as_of"] == SAID["as_of"]
    verifier.close()
    assert (server.opened, server.closed) == ([1], 1)


def test_a_mistyped_identifier_is_not_asked_about(monkeypatch: pytest.MonkeyPatch):
    verifier, server = asking(monkeypatch, Answer(200, SAID))
    said = verifier.by_identifier(FIRST[:-1] + "!", Question())
    assert (said["verdict"], said["code"], server.asked) == ("invalid", "identifier-malformed", [])
    assert [item["check"] for item in said["findings"]] == ["status_now"]


def test_a_refusal_is_no_verdict(monkeypatch: pytest.MonkeyPatch):
    """Whoever may not ask learns that; whoever asks a busy server learns nothing of the paper."""
    verifier, _ = asking(monkeypatch, Answer(403, {"code": "scope-missing", "detail": "无权"}))
    with pytest.raises(ServerRefused, match="无权"):
        verifier.by_identifier(FIRST, Question())
    assert issubclass(ServerBusy, ServerRefused)
    verifier, _ = asking(monkeypatch, Answer(503, {}))
    said = verifier.by_identifier(FIRST, Question())
    assert (said["verdict"], said["code"]) == ("indeterminate", "cannot-tell")


@pytest.mark.parametrize("body", [{}, [], {"verdict": "valid", "code": "valid"}, None])
def test_an_answer_that_is_none_is_no_verdict(monkeypatch: pytest.MonkeyPatch, body: Any):
    verifier, _ = asking(monkeypatch, Answer(200, body))
    with pytest.raises(CommandFailure):
        verifier.by_identifier(FIRST, Question())
