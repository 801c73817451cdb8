"""Killed at any write, fsync, link, request or commit: the same again, each certificate once."""

import json
import multiprocessing
import multiprocessing.connection
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from tests.acceptance import crash_driver
from tests.fakes.profiles import Servers

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([crash_driver.__name__])
ONE_AT_A_TIME = threading.Lock()
SAMPLES = {"embedded": 40, "servers": 12}
CERTIFICATES = 4
FILES = 3 + (1 + 1) + 2 + 3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass
class Life:
    """A founded node of its own, to be killed."""

    data_dir: Path
    stores: dict[str, str] = field(default_factory=dict)

    def drive(self, fatal=0):
        return self._run("drive", str(self.data_dir), fatal)

    def audit(self):
        return self._run("audit", "--json")

    def _run(self, *arguments):
        environment = {
            **{name: os.environ[name] for name in os.environ if not name.startswith("CERTLIB_")},
            "DATA_DIR": str(self.data_dir),
            "CERTLIB_DEMO": "1",
            **self.stores,
        }
        said = self.data_dir.parent
        process = PROCESSES.Process(target=crash_driver.live, args=(arguments, environment, said))
        with ONE_AT_A_TIME:  # to start one asks after all the others, and takes their exit codes
            process.start()
        if not multiprocessing.connection.wait([process.sentinel], 120):
            process.kill()
            raise TimeoutError(arguments, (said / "err").read_text()[-300:])
        with ONE_AT_A_TIME:
            process.join()
        return Ended(process.exitcode, (said / "out").read_text(), (said / "err").read_text())


class Ended(NamedTuple):
    """How a run ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Ground:
    """A founded node of one profile, and copies of it."""

    def __init__(self, folder: Path, servers: Servers | None) -> None:
        self.name = "embedded" if servers is None else "servers"
        self._servers = servers
        self._founded = folder / "var"
        self._database = ""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._stores(folder / "secrets").items():
                patch.setenv(name, value)
            node = open_node(Settings(data_dir=self._founded, demo=True))
        found(node)
        node.close()

    def life(self, folder: Path) -> Life:
        shutil.copytree(self._founded, folder / "var")
        shutil.copytree(self._founded.with_name("var-secrets"), folder / "var-secrets")
        return Life(folder / "var", self._stores(folder / "secrets"))

    def objects(self, life: Life) -> list[str]:
        """Every object there is, and every version of it."""
        if self._servers is None:
            return [item.name for item in (life.data_dir / "objects").rglob("*") if item.is_file()]
        listed = self._servers.seaweed.client().list_objects(
            life.stores["CERTLIB_S3_BUCKET"], include_version=True
        )
        return [item.object_name for item in listed if not item.object_name.startswith("probe/")]

    def _stores(self, secrets: Path) -> dict[str, str]:
        if self._servers is None:
            return {}
        database = self._servers.database(self._database)
        self._database = self._database or database
        return self._servers.environment(secrets, database, self._servers.bucket())


@pytest.fixture(params=SAMPLES)
def ground(request, tmp_path_factory):
    servers = request.getfixturevalue("servers") if request.param == "servers" else None
    return Ground(tmp_path_factory.mktemp("crash"), servers)


def test_killed_at_sampled_boundaries(ground, tmp_path):
    """Boundaries spread over a whole run; each is crossed by a process that dies there."""
    samples = SAMPLES[ground.name]
    whole = ground.life(tmp_path / "whole").drive()
    assert whole.returncode == 0, whole.stderr
    total = json.loads(whole.stdout)["boundaries"]
    assert total >= samples, "fewer boundaries than samples: is the driver still watching?"
    chosen = sorted({1 + step * (total - 1) // (samples - 1) for step in range(samples)})
    with ThreadPoolExecutor(2) as pool:
        failures = [line for line in pool.map(lambda n: _life(ground, tmp_path, n), chosen) if line]
    assert not failures


def _life(ground, tmp_path, fatal):
    """ "" when all is well after a death at boundary `fatal`; what is wrong otherwise."""
    folder = tmp_path / f"killed-{fatal}"
    life = ground.life(folder)
    killed = life.drive(fatal)
    # Rows are made side by side, so that a run may cross a boundary or two fewer than the first.
    finished = killed.returncode == 0 and json.loads(killed.stdout)["boundaries"] < fatal
    if killed.returncode != -9 and not finished:
        return f"{fatal}: not killed: {killed.stderr[-300:]}"
    again = life.drive()
    if again.returncode != 0:
        return f"{fatal}: second run failed: {again.stderr[-300:]}"
    told = json.loads(again.stdout)
    if len(set(told["identifiers"])) != CERTIFICATES or told["files"] != FILES:
        return f"{fatal}: {told}"
    audit = life.audit()
    if audit.returncode != 0:
        return f"{fatal}: audit: {audit.stdout[-600:]} {audit.stderr[-300:]}"
    left = ground.objects(life)
    shutil.rmtree(folder)
    return "" if len(left) == FILES else f"{fatal}: objects {left}"
