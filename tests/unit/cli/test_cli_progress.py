"""The progress bar: rate and time left on a terminal, nothing at all elsewhere."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from api.cli import app
from api.cli.batch.progress import progress
from api.cli.bilingual import Language
from api.cli.commands import issue
from api.cli.screen import Screen


class Terminal(Screen):
    """A screen whose standard error is a terminal that remembers."""

    def __init__(self, language: Language, *, terminal: bool = True) -> None:
        super().__init__(language)
        self.shown = io.StringIO()
        self._consoles[True] = Console(
            file=self.shown, force_terminal=terminal, width=120, color_system=None
        )


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.ZH, ("签发", "剩余", "失败 1", "3/3")), (Language.EN, ("left", "1 failed", "3/3"))],
)
def test_rate_time_left_and_failures_are_shown(language: Language, words: tuple[str, ...]):
    """In the language of the call."""
    screen = Terminal(language)
    with progress(screen, 3) as bar:
        bar.advance(failed=False)
        bar.advance(failed=True)
        bar.advance(failed=False)
    for word in words:
        assert word in screen.shown.getvalue()


def test_a_loader_that_knows_how_far_it_is_sets_the_bar():
    """For the demo, which counts by itself."""
    screen = Terminal(Language.EN)
    with progress(screen, None) as bar:
        bar.reach(20, 300)
    assert "20/300" in screen.shown.getvalue()


def test_nothing_is_shown_where_nobody_looks():
    """A file or a pipe gets no bar."""
    screen = Terminal(Language.EN, terminal=False)
    with progress(screen, 3) as bar:
        bar.advance(failed=True)
        bar.reach(1, 2)
    assert screen.shown.getvalue() == ""


def test_problems_stand_below_their_row(capsys: pytest.CaptureFixture[str]):
    """The sentence, then each field."""
    problem = {
        "zh": "输入有误",
        "en": "wrong",
        "problems": [{"field": "/number", "zh": "缺少", "en": "missing"}],
    }
    results = iter([issue.Result(7, "failed", problem=problem)])
    issue._as_table(Screen(Language.EN), results)
    shown = capsys.readouterr().out
    assert "wrong" in shown
    assert "/number missing" in shown


def test_failures_stand_last(capsys: pytest.CaptureFixture[str]):
    """After thousands of rows that went well, what needs somebody is on the screen."""
    problem = {"zh": "输入有误", "en": "wrong", "problems": []}
    results = [issue.Result(1, "failed", problem=problem), issue.Result(2, "issued", "id-2")]
    issue._as_table(Screen(Language.EN), iter(results))
    shown = capsys.readouterr().out
    assert shown.index("id-2") < shown.index("wrong")


def test_what_was_issued_is_said_after_an_interrupt(capsys: pytest.CaptureFixture[str]):
    """Ctrl-C in the middle: the table of what was settled comes all the same."""

    def results():
        yield issue.Result(1, "issued", "id-1", "0" * 64)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        issue._as_table(Screen(Language.EN), results())
    assert "id-1" in capsys.readouterr().out


def test_the_module_runs_as_a_program(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """`python -m api.cli`, arguments from the command line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["certlib", "identifier", "x", "--json"])
    assert app.main() == 1
    assert json.loads(capfd.readouterr().out)["grade"] == "MALFORMED"
