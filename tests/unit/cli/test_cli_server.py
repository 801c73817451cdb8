"""The whole command line against a real server in a process of its own, killed and restarted."""

import csv
import json
import shutil
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from api.bootstrap import open_desk
from api.cli.configuration import reading_settings
from api.demo.orders import BIRTH, PLANNING, TRANSPORT
from api.secret_files import key_encryption_key
from certlib.ids import check_character
from storage.encryption import Cipher
from tests.fakes.world import CountingEntropy
from tests.unit.cli.cli_server import DAY, RunningServer, orders
from tests.unit.cli.conftest import Run

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


def jsonl(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def at(server: RunningServer) -> tuple[str, str]:
    return "--data-dir", str(server.data_dir)


def test_issue_show_verify_and_change_one_certificate(
    run: Run, server: RunningServer, tmp_path: Path
):
    """The main job, by command line alone."""
    path = jsonl(tmp_path / "one.jsonl", *orders(100, 1))
    issued = run("issue", path, "--json", *at(server))
    assert (issued.code, issued.line["status"]) == (0, "issued")
    identifier = issued.line["identifier"]

    again = run("issue", path, "--json", *at(server))
    assert again.line == {**issued.line, "status": "replayed"}

    shown = run("show", identifier, "--json", "--history", *at(server))
    assert shown.line["state"] == "ISSUED"
    assert shown.line["files"][0]["sha256"] == issued.line["sha256"]
    assert [act["act"] for act in shown.line["acts"]] == ["reserve", "issue"]

    asked = run("verify", identifier, "--json", *at(server))
    assert (asked.line["verdict"], asked.code) == ("valid", 0)

    refused = run("suspend", identifier, "--reason", "withheld", *at(server))
    assert refused.code == 1
    assert "/legal_basis" in refused.err

    decision = ("--legal-basis", "law", "--document", "1", "--authority", "bureau")
    period = ("--until", "2099-12-31", "--automatic")
    suspended = run(
        "suspend", identifier, "--reason", "withheld", *decision, *period, "--json", *at(server)
    )
    assert (suspended.code, suspended.line["state"]) == (0, "SUSPENDED")
    held = run("show", identifier, "--json", *at(server)).line["history"][-1]
    assert (held["until"], held["automatic"]) == ("2099-12-31", True)
    assert run("restore", identifier, "--reason", "decision-lifted", *at(server)).code == 0

    stale = run("revoke", identifier, *decision, "--if-match", 1, *at(server))
    assert stale.code == 1
    nowhere = ("--receiver", "汕头市交通运输局", "--receiver-division", "999999")
    moved = run("transfer-out", identifier, *decision, *nowhere, *at(server))
    assert moved.code == 1
    assert "999999" in moved.err
    revoked = run("revoke", identifier, *decision, "--json", *at(server))
    assert (revoked.code, revoked.line["state"]) == (0, "REVOKED")
    twice = run("revoke", identifier, *decision, "--json", *at(server))
    assert twice.line == revoked.line

    asked = run("verify", identifier, "--json", *at(server))
    assert (asked.line["verdict"], asked.line["code"], asked.code) == ("invalid", "revoked", 1)
    before = run("verify", identifier, "--on", DAY.isoformat(), "--json", *at(server))
    assert {item["check"] for item in before.line["findings"]} >= {"status_now", "status_on"}


def test_what_is_shown_to_people(run: Run, server: RunningServer, tmp_path: Path):
    """Tables with the titles of the type's fields, in the language of the call."""
    path = jsonl(tmp_path / "people.jsonl", *orders(110, 2))
    said = run("issue", path, "--lang", "zh", *at(server))
    assert "共 2 行：已签发 2" in said.out
    identifier = said.out.split()[said.out.split().index("已签发") + 1]
    chinese = run("show", identifier, "--lang", "zh", "--history", *at(server))
    english = run("show", identifier, *at(server))
    assert "经营范围" in chinese.out
    assert "已签发" in chinese.out
    assert "Scope of business" in english.out
    assert "Valid" in english.out


@pytest.mark.parametrize("type_code", [TRANSPORT, BIRTH, PLANNING])
def test_every_type_of_the_demo_may_be_tried_without_being_issued(
    run: Run, server: RunningServer, tmp_path: Path, type_code: str
):
    """A dry run says yes, and nothing is there afterwards."""
    lines = orders(120, 1, type_code)
    if type_code != TRANSPORT:
        lines = [{**line, "valid_to": None} for line in lines]
    path = jsonl(tmp_path / "dry.jsonl", *lines)
    given = ("issue", path, "--dry-run", "--json", "--act", "demo-officer", *at(server))
    said = run(*given)
    assert (said.code, said.line["status"]) == (0, "checked")
    said = run(*given)
    assert said.line["identifier"] is None


@pytest.mark.parametrize("name", ["transport.csv", "transport.jsonl", "transport.xlsx"])
def test_the_examples_of_the_guide_work(run: Run, server: RunningServer, name: str):
    """As printed in docs/cli.md."""
    said = run("issue", EXAMPLES / name, "--json", *at(server))
    assert said.code == 0
    assert len(said.lines) == 5


def test_rows_that_fail_say_why_and_the_others_are_issued(
    run: Run, server: RunningServer, tmp_path: Path
):
    """All problems of a row at once, each with its field; code 1."""
    good, bad = orders(130, 2)
    bad = {**bad, "division_code": "000000", "holders": [{**bad["holders"][0], "code": "X"}]}
    path = jsonl(tmp_path / "mixed.jsonl", good, bad, {**good, "unknown": 1}, [1])
    said = run("issue", path, "--json", *at(server))
    results = {line["row"]: line for line in said.lines}
    assert said.code == 1
    assert results[1]["status"] == "issued"
    fields = {item["field"] for item in results[2]["problem"]["problems"]}
    assert {"/division_code", "/holders/0/code"} <= fields
    assert results[3]["status"] == results[4]["status"] == "failed"


def test_a_table_of_one_type_needs_no_column_for_it(
    run: Run, server: RunningServer, tmp_path: Path
):
    """`--type` and `--issuer` stand for every row; a wrong title is said by name."""
    with (EXAMPLES / "transport.csv").open(encoding="utf-8") as stream:
        header, first, *_ = csv.reader(stream)
    path = tmp_path / "short.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header[2:], ["粤交运管许可揭字 140 号", *first[3:]]])
    given = ("--type", first[0], "--issuer", first[1])
    assert run("issue", path, "--json", *given, *at(server)).line["status"] == "issued"
    path.write_text(path.read_text(encoding="utf-8").replace("地址", "地止"), encoding="utf-8")
    said = run("issue", path, "--json", *given, *at(server))
    assert said.line["problem"]["code"] == "column-unknown"
    assert "地止" in said.line["problem"]["zh"]


def test_an_empty_table_is_wrong_usage(run: Run, server: RunningServer, tmp_path: Path):
    """A header alone issues nothing."""
    path = tmp_path / "empty.csv"
    path.write_text("number,holder_name\n")
    assert run("issue", path, *at(server)).code == 3


def test_files_are_verified_beside_the_running_server(
    run: Run, server: RunningServer, tmp_path: Path
):
    """The record is read while the server writes: valid, altered, stranger."""
    issued = run("issue", jsonl(tmp_path / "v.jsonl", *orders(150, 1)), "--json", *at(server))
    settings = reading_settings(server.data_dir)
    with closing(open_desk(settings)) as desk, desk.registry.read() as session:
        file = session.file(issued.line["sha256"])
    assert file is not None
    kek = key_encryption_key(settings.secrets_folder, CountingEntropy(), create=False)
    stored = server.data_dir / "objects" / file.object_name[:2] / file.object_name
    pdf = Cipher(kek, CountingEntropy()).open_object(stored.read_bytes(), file.object_name)
    good, altered = tmp_path / "good.pdf", tmp_path / "altered.pdf"
    good.write_bytes(pdf)
    at_byte = pdf.index(b"endobj") - 2
    altered.write_bytes(pdf[:at_byte] + bytes([pdf[at_byte] ^ 1]) + pdf[at_byte + 1 :])

    said = run("verify", good, altered, "--json", *at(server))
    first, second = said.lines
    assert (first["verdict"], first["code"]) == ("valid", "valid")
    assert (second["verdict"], second["code"]) == ("invalid", "altered")
    assert said.code == 1
    # The same bytes, on a machine that has no record: the file alone is never enough.
    alone = run("verify", good, "--json", "--data-dir", tmp_path)
    assert alone.line["verdict"] != "valid"
    assert {item["check"]: item["outcome"] for item in alone.line["findings"]}[
        "integrity"
    ] == "pass"


def test_keys_are_listed_beside_the_running_server(run: Run, server: RunningServer):
    """Public facts only; by name or by the department's code."""
    said = run("keys", "list", "--json", *at(server))
    assert {line["purpose"] for line in said.lines} == {
        "root",
        "issuing",
        "ocsp",
        "timestamp",
        "history",
        "seal",
    }
    name = said.lines[-1]["name"]
    assert run("keys", "show", name, "--json", *at(server)).line == said.lines[-1]
    assert name in run("keys", "list", *at(server)).out
    assert run("keys", "show", "absent", *at(server)).code == 3
    assert run("keys", "list", "--data-dir", "absent").code == 3


def test_a_second_writer_of_the_same_folder_is_refused(run: Run, server: RunningServer):
    """`init` beside a running server: one sentence, nothing is touched."""
    said = run("init", "--demo", *at(server))
    assert said.code != 0
    assert len(said.err.splitlines()) == 1


def test_the_acting_person_stands_in_the_history(run: Run, server: RunningServer, tmp_path: Path):
    """`--act`, and an identity number in its place is refused."""
    path = jsonl(tmp_path / "act.jsonl", *orders(160, 1))
    issued = run("issue", path, "--json", "--act", "officer-7", *at(server))
    shown = run("show", issued.line["identifier"], "--json", "--history", *at(server))
    assert {act["actor"].rpartition("/")[2] for act in shown.line["acts"]} == {"officer-7"}
    wrong = run("issue", path, "--act", "445221198501010019", *at(server))
    assert wrong.code == 3


def test_a_certificate_that_is_not_there_and_one_of_another_department(
    run: Run, server: RunningServer
):
    """The server's own words; nobody learns more."""
    absent = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.00000000000000000000.001."
    body = "11100000000019713D008" + "11445200990090139J" + "0" * 20 + "001"
    said = run("show", absent + check_character(body), *at(server))
    assert said.code == 1
    assert "No such certificate" in said.err
    assert run("show", "not-an-identifier", *at(server)).code == 3


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_server_killed_in_the_middle_issues_each_row_once(
    run: Run, server: RunningServer, tmp_path: Path
):
    """`kill -9` several times while one command issues; the audit is green afterwards."""
    path = jsonl(tmp_path / "many.jsonl", *orders(1000, 100))
    stop = threading.Event()

    def murder() -> None:
        for _ in range(3):
            if stop.wait(1.5):
                return
            server.kill()
            time.sleep(0.3)
            server.start()

    killer = threading.Thread(target=murder)
    killer.start()
    try:
        said = run("issue", path, "--json", *at(server))
    finally:
        stop.set()
        killer.join()
    assert said.code == 0
    assert {line["status"] for line in said.lines} <= {"issued", "replayed"}
    assert sorted(line["row"] for line in said.lines) == list(range(1, 101))
    assert len({line["identifier"] for line in said.lines}) == 100

    audited = run("audit", "--json", *at(server))
    assert audited.line["green"], audited.line
    assert audited.code == 0
    again = run("issue", path, "--json", *at(server))
    assert {line["status"] for line in again.lines} == {"replayed"}


def test_the_audit_is_readable_and_red_when_something_is_missing(
    run: Run, server: RunningServer, tmp_path: Path
):
    """A table for people; code 1 with the identifier of what is broken; 2 without the key."""
    issued = jsonl(tmp_path / "audited.jsonl", *orders(400, 1))
    assert run("issue", issued, *at(server)).code == 0
    folder = tmp_path / "copy"
    shutil.copytree(server.data_dir, folder / "var")
    shutil.copytree(server.data_dir.with_name("var-secrets"), folder / "var-secrets")
    given = ("--data-dir", folder / "var")
    sound = run("audit", *given)
    assert sound.code == 0, sound.out
    assert "全部符合" in run("audit", "--quick", "--lang", "zh", *given).out
    victim = next((folder / "var" / "objects").glob("??/*.0"))
    victim.unlink()
    said = run("audit", *given)
    assert said.code == 1
    assert "the recorded object does not exist" in said.out
    shutil.rmtree(folder / "var-secrets")
    assert run("audit", *given).code == 2
    assert run("audit", "--data-dir", tmp_path / "nothing").code == 3
