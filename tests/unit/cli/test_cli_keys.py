"""`certlib keys`: what it lists, and how a seal moves into a token."""

from pathlib import Path

import pytest

from tests.fakes.tokens import LABEL
from tests.unit.cli.conftest import Run

CODE = "11445200990090139J"


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    assert run("init", "--demo", "--data-dir", tmp_path / "var").code == 0
    return tmp_path / "var"


def test_a_seal_is_replaced_in_the_vault(run: Run, folder: Path):
    said = run("keys", "replace", CODE, "--data-dir", folder, "--lang", "en")
    assert said.code == 0
    assert f"seal-{CODE}-002-p256 is in use (the vault)" in said.out
    lines = run("keys", "show", CODE, "--json", "--data-dir", folder).lines
    assert [(line["state"], line["token"]) for line in lines] == [
        ("current", ""),
        ("superseded", ""),
    ]


def test_a_seal_moves_into_the_token(
    run: Run, folder: Path, soft_token, monkeypatch: pytest.MonkeyPatch
):
    for name, value in soft_token.environment().items():
        monkeypatch.setenv(name, value)
    at = ("--data-dir", folder)
    made = run("keys", "replace", CODE, "--hardware", "--json", *at).line
    assert (made["name"], made["token"]) == (f"seal-{CODE}-002-p256-hsm", LABEL)
    assert LABEL in run("keys", "list", *at).out
    assert LABEL in run("keys", "replace", CODE, *at).out


def test_without_a_token_nothing_is_replaced(run: Run, folder: Path):
    said = run("keys", "replace", CODE, "--hardware", "--data-dir", folder)
    assert said.code != 0
    assert len(said.err.splitlines()) == 1
    assert len(run("keys", "show", CODE, "--json", "--data-dir", folder).lines) == 1


def test_a_department_without_a_seal_is_told(run: Run, folder: Path):
    said = run("keys", "replace", "11445200990090000X", "--data-dir", folder)
    assert said.code == 3
    assert "certlib keys list" in said.err
