"""`certlib timestamps`: a line for the clock, one for each key, and an operator's word."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.bootstrap import open_node
from api.clock import SystemClock
from api.settings import Settings
from api.stamping import stamp_clock
from tests.unit.cli.conftest import Run


class Ahead:
    """A clock that was set two days ahead."""

    def now(self):
        return SystemClock().now() + timedelta(days=2)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(CERTLIB_DATA_DIR=tmp_path / "var", demo=True)
    open_node(made).close()
    return made


def test_clock_and_keys_are_told(run: Run, settings: Settings):
    said = run("timestamps", "status", "--data-dir", settings.data_dir, "--json")
    assert said.code == 0
    assert said.line["clock"]["believed"] is True
    (key,) = said.line["keys"]
    assert (key["name"], key["state"]) == ("timestamp", "current")
    assert key["signs_until"] < key["not_after"]
    told = run("timestamps", "status", "--data-dir", settings.data_dir)
    assert "The clock is believed" in told.out
    assert key["signs_until"][:10] in told.out


def test_an_operator_lets_stamping_go_on(run: Run, settings: Settings):
    stamp_clock(settings, Ahead()).now()
    where = ("--data-dir", settings.data_dir)
    said = run("timestamps", "status", *where, "--json")
    assert said.code == 1
    assert said.line["clock"]["reason"] == "set-back"
    assert said.line["clock"]["behind_seconds"] > 170_000
    assert "last token on record" in run("timestamps", "status", *where).out
    accepted = run("timestamps", "accept-clock", *where)
    assert accepted.code == 0
    assert "last token on record" in accepted.out
    assert run("timestamps", "status", *where).code == 0
    assert "last token" not in run("timestamps", "accept-clock", *where).out


def test_without_keys_it_says_so(run: Run, tmp_path: Path):
    for act in ("status", "accept-clock"):
        said = run("timestamps", act, "--data-dir", tmp_path / "none")
        assert said.code == 3
        assert "certlib init" in said.err


def test_authorities_elsewhere_are_told(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """How each answers now, without a running server."""
    path = tmp_path / "sources.toml"
    path.write_text('[[source]]\nname = "province"\nurl = "http://127.0.0.1:1/"\nseconds = 0.5\n')
    monkeypatch.setenv("CERTLIB_TIMESTAMP_SOURCES", str(path))
    where = ("--data-dir", settings.data_dir)
    (one,) = run("timestamps", "status", *where, "--json").line["sources"]
    assert (one["name"], one["fault"]) == ("province", "timestamp authority: address refused")
    assert "province" in run("timestamps", "status", *where).out
    path.write_text("[[source]]\nname = 'own'\nurl = 'http://x'\n")
    said = run("timestamps", "status", *where)
    assert said.code == 3
    assert "CERTLIB_TIMESTAMP_SOURCES" in said.err
