"""Commands that work on this machine: settings, founding, demonstration, serving."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import server as server_module
from api.cli.configuration import reading_settings, settings_for
from api.cli.failures import UsageProblem
from api.settings import Settings
from api.shipped import type_files
from tests.unit.cli.conftest import Run


def test_a_missing_public_address_is_named(run: Run, tmp_path: Path):
    """Sealed in for decades: never guessed."""
    for command in ("init", "serve"):
        said = run(command, "--data-dir", tmp_path / "var")
        assert said.code == 3
        assert "CERTLIB_PUBLIC_URL" in said.err
        assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "var").exists()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """By the variable to set."""
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(UsageProblem, match="CERTLIB_PORT"):
        settings_for(tmp_path, demo=True)
    monkeypatch.delenv("PORT")
    monkeypatch.setenv("CERTLIB_THREADS", "some")
    with pytest.raises(UsageProblem, match="CERTLIB_THREADS"):
        settings_for(tmp_path, demo=True)


def test_the_folder_of_the_option_outranks_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """And reading needs no public address."""
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    assert reading_settings(tmp_path).data_dir == tmp_path.resolve()


def test_init_founds_a_node_and_again_changes_nothing(run: Run, tmp_path: Path):
    """Departments, types, seals; the secrets lie beside the data, not inside."""
    given = ("init", "--demo", "--data-dir", tmp_path / "var", "--json")
    first, second = run(*given), run(*given)
    assert first.code == second.code == 0
    assert first.line == second.line
    assert first.line["types"] == len(type_files())
    assert first.line["departments"] > 30
    assert Path(first.line["secrets_dir"]).parent == tmp_path
    assert "Back up" in run(*given[:-1]).out
    assert run("audit", "--json", "--data-dir", tmp_path / "var").line["green"]


def test_demo_tells_what_to_try_and_no_secret_in_json(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """The load itself is tried elsewhere; here its report is enough."""
    report = {
        "server": "http://localhost:8000",
        "clients": [{"client_id": "c", "client_secret": "s"}],
        "identifiers": {"VALID": ["1.2"]},
        "files": [{"identifier": "1.2", "path": "a.pdf"}],
        "certificates": 2,
    }

    def load(_node: object, progress: Callable[[int, int], None]) -> dict[str, Any]:
        progress(1, 2)
        return report

    monkeypatch.setattr("api.demo.load", load)
    given = ("demo", "--data-dir", tmp_path / "var")
    assert "http://localhost:8000" in run(*given).out
    assert "clients" not in run(*given, "--json").line


def test_serve_gets_the_settings_of_the_call(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Folder by option, demo by option or environment."""
    seen: list[Settings] = []
    monkeypatch.setattr(server_module, "serve", seen.append)
    monkeypatch.setenv("CERTLIB_DEMO", "1")
    monkeypatch.setenv("PORT", "8123")
    assert run("serve", "--data-dir", tmp_path).code == 0
    assert (seen[0].data_dir, seen[0].port, seen[0].demo) == (tmp_path.resolve(), 8123, True)
