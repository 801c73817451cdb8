"""The command line in this process: arguments in; exit code, output and errors out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from tests.unit.cli.cli_server import RunningServer

_VARIABLES = (
    "CERTLIB_LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "LANG",
    "CERTLIB_DATA_DIR",
    "DATA_DIR",
    "CERTLIB_PORT",
    "PORT",
    "CERTLIB_DEMO",
    "CERTLIB_PUBLIC_URL",
    "CERTLIB_DATABASE_URL",
    "CERTLIB_SECRETS_DIR",
    "CERTLIB_SERVER",
    "CERTLIB_CLIENT_ID",
    "CERTLIB_CLIENT_SECRET",
    "CERTLIB_CLIENT_SECRET_FILE",
    "CERTLIB_ACT",
    "CERTLIB_TRUST",
    "CERTLIB_TRUST_LIST",
    "CERTLIB_TRUST_SIGNER",
    "CERTLIB_TIMESTAMP_SOURCES",
    "CERTLIB_PKCS11_MODULE",
    "CERTLIB_PKCS11_TOKEN",
    "CERTLIB_PKCS11_PIN_FILE",
    "COLUMNS",
)


@dataclass(frozen=True)
class Said:
    """What one call said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects of the output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        (only,) = self.lines
        return only


Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine reaches a command; its own folder is the working one."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Said:
        capfd.readouterr()
        code = main([str(item) for item in arguments])
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server in a process of its own, on a small node."""
    running = RunningServer(tmp_path_factory.mktemp("cli-server"))
    try:
        running.start()
        yield running
    finally:
        running.kill()
