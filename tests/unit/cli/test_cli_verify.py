"""`certlib verify`: files here, in order, one JSON object each; the worst verdict is the code."""

import errno
import hashlib
import json
import os
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.cli import contents, local
from api.cli.commands import verify
from api.cli.failures import UsageProblem
from api.cli.local import Desk
from api.cli.reports import report_json
from api.cli.screen import Screen
from api.cli.targets import targets_of
from certlib.certificate import CertificateFile
from certlib.errors import KeyUnusable
from certlib.evidence import FileFacts
from certlib.receipts import Receipt
from certlib.trust import TrustList
from certlib.usecases.report import MakeReports, Origin
from certlib.usecases.verify import Question, VerifyCertificates
from certlib.verification import FOREIGN, OWN, Facts, Report, Verdict, judge
from tests.unit.cli.conftest import Run
from tests.unit.verdicts.offline_situations import receipt

AT = datetime(2026, 3, 2, tzinfo=UTC)
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "pyhanko"
GOOD = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"


class Clock:
    def now(self) -> datetime:
        return AT


class Reader:
    """Facts by what a file says of itself: its octets name the fault."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def read(self, pdf: bytes) -> FileFacts:
        self.seen.append(pdf)
        return FileFacts(sha256="0" * 64, size=len(pdf), readable=False, fault=pdf.decode().strip())


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A desk without a record, whose reader believes the file."""
    found = Reader()

    def opened(*_: object) -> Desk:

        verify = VerifyCertificates(None, found, Clock())
        return Desk(verify, Clock(), online=False, most=100, resources=ExitStack())

    monkeypatch.setattr(local, "open_local", opened)
    return found


def put(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_answers_come_in_the_order_named(run: Run, reader: Reader, tmp_path: Path):
    """Many files in one call, one object a line."""
    paths = [put(tmp_path, f"{number}.pdf", "not-pdf") for number in range(9, 0, -1)]
    said = run("verify", *paths, "--json", "--jobs", 3)
    assert [line["file"] for line in said.lines] == [str(path) for path in paths]
    assert len(reader.seen) == 9


@pytest.mark.parametrize(("jobs", "files", "children"), [(1, 3, 1), (8, 2, 2), (2, 2, 2)])
def test_no_more_readers_than_files_and_no_more_than_were_allowed(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    jobs: int, files: int, children: int,
):  # fmt: skip
    """And none outlives the command."""
    asked: list[int] = []
    ended: list[str] = []
    opened = local.open_local

    def noting(data_dir: Path, trust: Path | None, count: int, *more: Any) -> Desk:
        asked.append(count)
        desk = opened(data_dir, trust, count, *more)
        desk.resources.callback(ended.append, "closed")
        return desk

    monkeypatch.setattr(local, "open_local", noting)
    paths = [put(tmp_path, f"{n}.pdf", "timeout") for n in range(files)]
    run("verify", *paths, "--jobs", jobs)
    assert (asked, ended) == ([children], ["closed"])


def test_identifiers_alone_need_no_reader(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "open_local", lambda *_: pytest.fail("a desk was opened"))
    assert run("verify", GOOD).code == 3


def test_each_object_has_what_the_contract_names(run: Run, reader: Reader, tmp_path: Path):
    """`file`, `verdict`, `code`, `findings`, `sentence`, `milliseconds`."""
    line = run("verify", put(tmp_path, "a.pdf", "truncated"), "--json").line
    assert [item["check"] for item in line["findings"]] == ["integrity", "changes"]
    assert set(line) >= {"file", "verdict", "code", "findings", "sentence", "milliseconds"}
    assert line["sentence"].keys() == {"zh", "en"}
    for finding in line["findings"]:
        assert set(finding) >= {"check", "outcome", "code", "text"}
        assert finding["text"].keys() == {"zh", "en"}


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (["not-pdf"], 1),
        (["timeout"], 2),
        (["timeout", "not-pdf", "timeout"], 1),
        (["crashed", "busy"], 2),
    ],
)
def test_the_worst_verdict_is_the_code(
    run: Run, reader: Reader, tmp_path: Path, faults: list[str], code: int
):
    """Invalid beats indeterminate; a fault of ours is never invalid."""
    paths = [put(tmp_path, f"{n}.pdf", fault) for n, fault in enumerate(faults)]
    assert run("verify", *paths).code == code


def test_integrity_and_changes_are_always_told_of_a_file():
    """Also where trust, or the reading, went no further."""
    facts = Facts(file=FileFacts("0" * 64, 1, readable=False, fault="encrypted"))
    for policy in (OWN, FOREIGN):
        said = report_json(judge(facts, policy, AT), of_file=True)
        checks = {item["check"]: item["outcome"] for item in said["findings"]}
        assert checks == {"integrity": "fail", "changes": "unknown"}


def test_a_valid_file_is_zero_and_brief_among_others(
    run: Run, reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Exit code 0; findings are listed only where something is wrong."""
    asked: list[Question] = []

    def by_file(_: VerifyCertificates, pdf: bytes, question: Question) -> Any:
        asked.append(question)
        verdict = Verdict.VALID if pdf == b"good" else Verdict.INVALID
        sentence = judge(Facts(malformed_part="x"), OWN, AT).sentence
        found = judge(Facts(malformed_part="x"), OWN, AT).findings
        report = Report(verdict, verdict.value, sentence, found, AT, {}, OWN)
        return type("Answer", (), {"report": report})()

    monkeypatch.setattr(VerifyCertificates, "by_file", by_file)
    good, bad = put(tmp_path, "good.pdf", "good"), put(tmp_path, "bad.pdf", "bad")
    alone = run("verify", good)
    assert (alone.code, alone.out.count("✗")) == (0, 1)
    assert "targets:" not in alone.out
    said = run("verify", good, bad, "--on", "2026-01-31", "--policy", "foreign")
    assert said.code == 1
    assert said.out.count("✗") == 1
    assert "2 targets: 1 valid, 1 invalid, 0 indeterminate" in said.out
    assert asked[-1] == Question(on=date(2026, 1, 31), policy=FOREIGN)


def test_a_file_beyond_the_limit_is_not_read_whole(run: Run, reader: Reader, tmp_path: Path):
    """Said as unreadable, too large."""
    line = run("verify", put(tmp_path, "big.pdf", "x" * 101), "--json").line
    assert (line["verdict"], line["code"]) == ("invalid", "unreadable")
    assert not reader.seen
    run("verify", put(tmp_path, "just.pdf", "empty".ljust(100)), "--json")
    assert [len(content) for content in reader.seen] == [100]


def test_a_file_that_this_machine_cannot_read_is_no_finding_against_it(
    run: Run, reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """No permission, a dying disk."""
    path = put(tmp_path, "a.pdf", "x")

    def fail(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(verify, "content_of", fail)
    said = run("verify", path, "--json")
    assert (said.line["verdict"], said.line["code"], said.code) == (
        "indeterminate",
        "cannot-tell",
        2,
    )


def test_folders_stand_for_the_pdf_files_below_them(tmp_path: Path):
    """By name, at any depth, whatever the case of the suffix; explicit files whatever their name."""
    put(tmp_path, "f/b.PDF", "")
    put(tmp_path, "f/a/c.pdf", "")
    put(tmp_path, "f/notes.txt", "")
    other = put(tmp_path, "other.bin", "")
    found = [target.path for target in targets_of([str(tmp_path / "f"), str(other)])]
    assert found == [tmp_path / "f/a/c.pdf", tmp_path / "f/b.PDF", other]


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Otherwise a file in it would count among the valid ones."""
    put(tmp_path, "f/a.pdf", "")
    put(tmp_path, "f/closed/b.pdf", "")
    scan = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(UsageProblem, match="closed cannot be read"):
        targets_of([str(tmp_path / "f")])


def test_what_is_no_file_may_be_an_identifier():
    """Also one that is mistyped: the answer says where."""
    assert targets_of([GOOD])[0].path is None
    assert targets_of(["1.2.156.3005"])[0].path is None


@pytest.mark.parametrize("name", ["absent.pdf", "", "x" * 5000, "a\0b", "/absent/folder"])
def test_a_missing_file_is_wrong_usage(name: str):
    """One sentence, and nothing else is answered."""
    put(Path(), "here.pdf", "")  # a name of nothing is not the folder that we are in
    with pytest.raises(UsageProblem):
        targets_of([GOOD, name])


def test_an_empty_folder_is_wrong_usage(tmp_path: Path):
    """Nothing to verify is no verdict."""
    with pytest.raises(UsageProblem):
        targets_of([str(tmp_path)])


def test_a_mistyped_identifier_needs_no_server(run: Run):
    """The part at fault is named."""
    said = run("verify", GOOD[:-1] + "0", "1.2.156.1", "--json", "--lang", "zh")
    first, second = said.lines
    assert said.code == 1
    assert first["identifier"] == GOOD[:-1] + "0"
    assert first["code"] == second["code"] == "identifier-malformed"
    assert "校验位" in first["sentence"]["zh"]
    assert "root" in second["sentence"]["en"]


def test_a_server_that_does_not_answer_is_no_verdict(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Indeterminate, cannot tell; and the command says so with its code."""
    monkeypatch.setenv("CERTLIB_CLIENT_SECRET", "b")
    said = run(
        "verify",
        GOOD,
        "--json",
        "--server",
        "http://127.0.0.1:9",
        "--client-id",
        "a",
    )
    assert (said.line["verdict"], said.line["code"]) == ("indeterminate", "cannot-tell")
    assert said.code == 2


def test_without_credentials_an_identifier_cannot_be_asked_for(run: Run):
    """Wrong usage: the sentence says what to set."""
    said = run("verify", GOOD)
    assert said.code == 3
    assert "CERTLIB_CLIENT_ID" in said.err


def test_a_desk_that_cannot_be_opened_is_no_verdict(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A wrong key-encryption key: could not be told, nothing printed as an answer."""

    def fail(*_: object) -> None:
        raise KeyUnusable(what="kek")

    monkeypatch.setattr(local, "open_local", fail)
    said = run("verify", put(tmp_path, "a.pdf", ""), "--json")
    assert (said.code, said.out) == (2, "")


def test_a_known_file_says_everything(tmp_path: Path):
    """Findings of a file on record stand as they are."""
    del tmp_path
    known = CertificateFile("0" * 64, GOOD, "x.0", 1, "original", 0, "B-T", AT)
    said = report_json(judge(Facts(known_file=known), OWN, AT), of_file=True)
    checks = [item["check"] for item in said["findings"]]
    assert checks.count("integrity") == checks.count("changes") == 1


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not at hand")
def test_files_of_others_are_answered_offline(run: Run):
    """No node, no record, no anchors: integrity and changes apart from trust, by real children."""
    names = ["minimal.pdf", "minimal-two-fields-signed-twice.pdf", "malformed-encrypt-dict2.pdf"]
    said = run("verify", *[CORPUS / name for name in names], "--json", "--policy", "foreign")
    unsigned, signed, broken = said.lines
    assert unsigned["code"] == "not-a-certificate"
    assert broken["verdict"] == "invalid"
    outcome = {item["check"]: item["outcome"] for item in signed["findings"]}
    assert outcome["integrity"] == "pass"
    assert outcome["changes"] in {"pass", "fail"}
    assert outcome["seal"] == "unknown"
    assert json.dumps(said.lines)


def test_without_keys_a_report_is_written_unsealed_and_says_so(
    run: Run, reader: Reader, tmp_path: Path
):
    """A machine without a node proves nothing; a PDF it does not make at all."""
    path, out = put(tmp_path, "a.pdf", "timeout"), tmp_path / "report.json"
    said = run("verify", path, "--report", out, "--json")
    assert said.code == 2
    receipt = said.line["receipt"]
    assert (receipt["file"], receipt["signed"]) == (str(out), False)
    content = json.loads(out.read_text())
    assert (content["number"], content["signed"]) == (receipt["number"], False)
    assert content["report"]["code"] == "cannot-tell"
    assert content["target"]["sha256"] == hashlib.sha256(b"timeout").hexdigest()
    other = tmp_path / "other.json"
    assert "it proves nothing" in run("verify", path, "--report", other).out
    assert run("verify", path, "--report", tmp_path / "report.pdf").code == 3
    assert not (tmp_path / "report.pdf").exists()


def test_a_receipt_is_of_one_file(run: Run, reader: Reader, tmp_path: Path):
    """Not of several, of an identifier, or under a name that tells no form."""
    one, two = put(tmp_path, "1.pdf", "timeout"), put(tmp_path, "2.pdf", "timeout")
    out = tmp_path / "r.json"
    assert run("verify", one, two, "--report", out).code == 3
    said = run("verify", GOOD, "--report", out)
    assert (said.code, "--report takes one file" in said.err) == (3, True)
    assert run("verify", one, "--report", tmp_path / "r.txt").code == 3
    assert run("verify", one, "--report", tmp_path / "no" / "r.json").code == 3
    assert reader.seen == [b"timeout"]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["1.pdf", "2.pdf"]


def test_with_keys_it_is_sealed(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """By whatever makes receipts on this node."""

    class Press:
        def pdf(self, receipt: Receipt) -> bytes:
            return b"%PDF " + receipt.number.encode()

        def json(self, receipt: Receipt) -> bytes:
            return receipt.number.encode()

    class Entropy:
        def octets(self, count: int) -> bytes:
            return bytes(count)

    desk = local.open_local(tmp_path, None, 1, frozenset())
    reports = MakeReports(Press(), Clock(), Entropy(), Origin("445200", "https://zz.example"))
    monkeypatch.setattr(local, "open_local", lambda *_: replace(desk, reports=reports))
    path = put(tmp_path, "a.pdf", "timeout")
    for name in ("r.pdf", "r.json"):
        said = run("verify", path, "--report", tmp_path / name)
        assert "Receipt HY20260302-00000000-00000000" in said.out
    assert (tmp_path / "r.pdf").read_bytes() == b"%PDF HY20260302-00000000-00000000"
    assert (tmp_path / "r.json").read_bytes() == b"HY20260302-00000000-00000000"


@pytest.mark.parametrize("taken", ["a.json", "r.json", "link.json"])
def test_a_receipt_replaces_nothing(run: Run, reader: Reader, tmp_path: Path, taken: str):
    """Neither the file in question nor an earlier receipt."""
    path = put(tmp_path, "a.json", "timeout")
    put(tmp_path, "r.json", "an earlier receipt")
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere")
    said = run("verify", path, "--report", tmp_path / taken)
    assert said.code == 3
    assert "is there already" in said.err
    assert path.read_text() == "timeout"
    assert (tmp_path / "r.json").read_text() == "an earlier receipt"
    assert reader.seen == []


def test_a_name_too_long_for_a_receipt_is_one_sentence(run: Run, reader: Reader, tmp_path: Path):
    """Clearing up behind it fails as well, and is nobody's affair."""
    out = tmp_path / ("r" * 300 + ".json")
    said = run("verify", put(tmp_path, "a.pdf", "timeout"), "--report", out)
    assert said.code == 3
    assert "cannot be written (File name too long)" in said.err


def test_a_receipt_that_holds_is_not_called_a_valid_certificate(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It may well say that the certificate was revoked."""
    said = judge(Facts(file=receipt()), OWN, AT)
    assert (said.verdict, said.code) == (Verdict.VALID, "receipt-holds")
    found = report_json(said, of_file=True)
    monkeypatch.setattr(verify, "_of_file", lambda *_: dict(found))
    out = run("verify", put(tmp_path, "r.pdf", "x")).out
    assert out.startswith("RECEIPT  ")
    assert "VALID" not in out


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It says nothing against anything; one that somebody writes into is read."""
    monkeypatch.setattr(contents, "_PATIENCE", 0.05)
    path = tmp_path / "pipe.pdf"
    os.mkfifo(path)
    said = run("verify", path, "--json")
    assert (said.code, said.line["code"]) == (2, "cannot-tell")
    assert run("verify", tmp_path).code == 3, "a folder stands for its files alone"
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(path, os.O_WRONLY)
    os.write(writing, b"timeout")
    os.close(writing)
    assert run("verify", path, "--json").line["code"] == "cannot-tell"
    os.close(reading)
    assert reader.seen == [b"timeout"]


HOSTILE = "x\n\x1b[2J\x9b32mVALID  real\u202efdp\u2028.pdf"


def test_a_files_name_has_no_power_over_the_terminal(run: Run, reader: Reader, tmp_path: Path):
    """Nor does it write a verdict of its own on a line of its own."""
    path = put(tmp_path, HOSTILE, "timeout")
    out = run("verify", path).out
    assert [line for line in out.splitlines() if line.startswith("INDETERMINATE")] != []
    assert not [line for line in out.splitlines() if line.startswith("VALID")]
    assert not {"\x1b", "\x9b", "\u202e", "\u2028"} & set(out)
    plain = run("verify", path, "--json")
    assert plain.line["file"] == str(path), "a machine gets the name as it is"
    assert not {"\x1b", "\x9b", "\u202e", "\u2028"} & set(plain.out)
    missing = run("verify", str(path) + "-gone")
    assert missing.code == 3
    assert "\x1b" not in missing.err


def test_what_the_system_cannot_write_is_one_sentence(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A disk that is full is no internal error."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Screen, "say", full)
    said = run("verify", put(tmp_path, "a.pdf", "timeout"))
    assert said.code == 2
    assert said.err.strip() == "The system cannot read or write (No space left on device)."


def test_a_newer_trust_list_is_told_of_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old one stays in force: how old it is, people are told beside the answers."""
    trust = TrustList(7, AT - timedelta(days=90), AT - timedelta(days=1), "city", ())

    def opened(*_: object) -> Desk:
        verifying = VerifyCertificates(None, Reader(), Clock(), trust=lambda: trust)
        return Desk(verifying, Clock(), online=False, most=100, resources=ExitStack())

    monkeypatch.setattr(local, "open_local", opened)
    paths = [put(tmp_path, name, "timeout") for name in ("a.pdf", "b.pdf")]
    said = run("verify", *paths)
    assert said.err.count("A newer trust list than version 7 was due on 2026-03-01 08:00") == 1
    trust = replace(trust, next_update=None)
    assert run("verify", *paths).err == ""
