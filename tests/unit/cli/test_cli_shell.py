"""What every command shares: languages, exit codes, one sentence for every failure."""

import json
import subprocess
import sys

import click
import pytest

from api.cli import app
from api.cli.bilingual import Language
from api.cli.commands import change, show
from api.cli.failures import code_of
from api.cli.reports import CHECKS
from api.cli.screen import Screen
from certlib import errors
from certlib.verification import Check
from tests.unit.cli.conftest import Run

COMMANDS = tuple(app.program.list_commands(click.Context(app.program)))


def test_every_command_of_the_architecture_is_there():
    """Local ones, HTTP clients, and the seven changes of state."""
    assert set(COMMANDS) >= {"init", "demo", "serve", "keys", "audit", "identifier", "verify"}
    assert set(COMMANDS) >= {"issue", "revoke", "show"}
    assert set(COMMANDS) >= {"annul", "withdraw", "deregister", "void", "suspend", "restore"}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_in_both_languages(run: Run, name: str):
    """`--help` loads the command, answers 0, and follows the language."""
    english, chinese = run(name, "--help"), run("--lang", "zh", name, "--help")
    assert english.code == chinese.code == 0
    assert english.out != chinese.out
    assert english.out.isascii()


def test_the_overview_follows_the_locale(run: Run, monkeypatch: pytest.MonkeyPatch):
    """LC_ALL before LANG, as everywhere."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "电子证照库" in run("--help").out
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert "电子证照库" not in run("--help").out
    assert "电子证照库" in run("--lang", "zh", "--help").out


@pytest.mark.parametrize(
    "line", ["init --help --lang zh", "--help --lang zh", "clients add -h --lang zh"]
)
def test_help_is_all_in_the_language_that_stands_behind_it(run: Run, line: str):
    shown = run(*line.split()).out
    assert "选项" in shown
    assert "用法" in shown
    assert not [
        word for word in ("Usage", "Options", "Show this", "default", "required") if word in shown
    ]


def test_every_check_has_a_name_for_people():
    assert {item.value for item in Check} == set(CHECKS)


def test_the_option_outranks_the_locale_before_and_after_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    """A command without `--lang` speaks as its group does."""
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert "格式错误" in run("--lang", "zh", "identifier", "x").out
    assert "格式错误" in run("identifier", "x", "--lang", "zh").out
    assert "格式错误" not in run("--lang", "zh", "identifier", "x", "--lang", "en").out


def test_the_version_is_told(run: Run):
    """One line."""
    said = run("--version")
    assert said.code == 0
    assert said.out.startswith("certlib ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("identifier",),
        ("identifier", "a", "b"),
        ("verify",),
        ("verify", "--policy", "other", "x"),
        ("verify", "--on", "tomorrow", "x"),
        ("issue", "absent.csv"),
        ("--nothing",),
        ("suspend", "x", "--reason", "none"),
    ],
)
def test_wrong_usage_is_three_and_one_sentence(run: Run, arguments: tuple[str, ...]):
    """On standard error, never a traceback."""
    said = run(*arguments)
    assert said.code == 3
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_no_command_at_all_shows_the_overview(run: Run):
    """Help, and the code of wrong usage."""
    said = run()
    assert said.code == 3
    assert "Commands:" in said.err


@pytest.mark.parametrize(
    ("raised", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (errors.StoreUnavailable(what="disk"), 2, "store is unavailable"),
        (errors.KeyUnusable(what="kek"), 2, "key cannot be used"),
        (errors.CertificateNotFound(), 1, "No such certificate"),
        (errors.Invalid(), 3, "input has errors"),
        (ZeroDivisionError(), 2, "Internal error (ZeroDivisionError)."),
    ],
)
def test_whatever_happens_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, sentence: str
):
    """Library errors, interrupts, and faults of ours."""

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(Screen, "json", fail)
    said = run("identifier", "x", "--json")
    assert said.code == code
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_library_error_lists_its_problems(run: Run, monkeypatch: pytest.MonkeyPatch):
    """One line for each field, in the language of the call."""
    problem = errors.Problem("/number", "number-missing", "证照编号为空。", "No number.")

    def fail(*_: object) -> None:
        raise errors.Invalid(problems=(problem,))

    monkeypatch.setattr(Screen, "json", fail)
    said = run("identifier", "x", "--json", "--lang", "zh")
    assert said.err.splitlines()[1].strip() == "/number：证照编号为空。"


def test_codes_of_the_families():
    """Ours and a dependency's faults are never an answer."""
    assert code_of(errors.Overloaded()) == 2
    assert code_of(errors.Corrupt(what="object")) == 2
    assert code_of(errors.DateOrder(later="", earlier="", later_en="", earlier_en="")) == 3
    assert code_of(errors.Conflict()) == 1


def test_a_reader_that_goes_away_is_no_traceback():
    """`certlib … | head -0`, in a process of its own."""
    command = f"{sys.executable} -m api.cli identifier x --json"
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | true"], capture_output=True, check=False
    )
    assert b"Traceback" not in ended.stderr


def test_json_is_utf8_whatever_the_locale_says():
    """A terminal that cannot show Chinese is no reason to write something else."""
    ended = subprocess.run(
        [sys.executable, "-m", "api.cli", "identifier", "x", "--json"],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        cwd=app.__file__.rsplit("/api/", 1)[0],
    )
    assert "缺少" in json.loads(ended.stdout.decode("utf-8"))["problems"][0]["zh"]


def test_what_is_remarkable_about_an_act_is_said(capsys: pytest.CaptureFixture[str]):
    said = {
        "identifier": "1.2", "state": "REVOKED", "row_version": 2, "effective_from": "2026-11-22",
        "warnings": [{"field": "", "code": "other-version-counts", "zh": "其他版本", "en": "Other"}],
    }  # fmt: skip
    change._show(Screen(Language.ZH), said, as_json=False)
    assert "其他版本" in capsys.readouterr().out


def test_acts_of_the_history_are_said_in_chinese(capsys: pytest.CaptureFixture[str]):
    named = ["reserve", "issue", "paper-lose", "transfer-out", "something-new"]
    acts = [{"sequence": n, "at": "", "actor": "", "act": act} for n, act in enumerate(named)]
    show._show_acts(Screen(Language.ZH), {"acts": acts})
    said = capsys.readouterr().out
    for word in ("受理并预留标识", "签发入库", "挂失", "转出", "something-new"):
        assert word in said
