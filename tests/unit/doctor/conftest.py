"""A founded node to look at: made once, copied for each test that spoils it."""

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.bootstrap import open_node
from api.clock import SystemClock, SystemEntropy
from api.doctor.examination import CHECKS, examine
from api.doctor.model import Subject
from api.founding import found
from api.settings import Settings


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CERTLIB_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "var"
    node = open_node(Settings(CERTLIB_DATA_DIR=folder, demo=True))
    found(node)
    node.close()
    return folder


@pytest.fixture
def node(founded: Path, tmp_path: Path) -> Path:
    """`DATA_DIR` of a node of the test's own, with its secrets beside it."""
    shutil.copytree(founded, tmp_path / "var")
    shutil.copytree(founded.with_name("var-secrets"), tmp_path / "var-secrets")
    return tmp_path / "var"


class Later:
    """A clock that is ahead."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self):
        return SystemClock().now() + self._by


def subject(folder: Path, *, ahead: timedelta = timedelta(), **more) -> Subject:
    given = {"public_url": "https://zz.example.gov.cn", **more.pop("settings", {})}
    settings = Settings(CERTLIB_DATA_DIR=folder, **given)
    return replace(Subject(settings, Later(ahead), SystemEntropy()), **more)


def looked(of: Subject, *names: str) -> dict[str, list]:
    """Findings of these checks and of what they need, by check."""
    wanted = set(names)
    for check in reversed(CHECKS):
        if check.name in wanted:
            wanted |= set(check.needs)
    assert wanted <= {check.name for check in CHECKS}
    result: dict[str, list] = {}
    for finding in examine(of, [check for check in CHECKS if check.name in wanted]):
        assert finding.zh
        assert finding.en.isascii() or "“" in finding.en or "…" in finding.en
        result.setdefault(finding.check, []).append(finding)
    return result


def states(of: Subject, name: str) -> list[str]:
    return [finding.state.value for finding in looked(of, name).get(name, [])]


def words(of: Subject, name: str) -> str:
    return " ".join(finding.en for finding in looked(of, name)[name])
