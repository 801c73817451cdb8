"""Killed at any write, fsync, link or commit: the same command again, each certificate once."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings

DRIVER = Path(__file__).with_name("crash_driver.py")
SAMPLES = 40

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash") / "var"
    node = open_node(Settings(data_dir=folder, demo=True))
    found(node)
    node.close()
    return folder


def _copy(founded, folder):
    shutil.copytree(founded, folder / "var")
    shutil.copytree(founded.with_name("var-secrets"), folder / "var-secrets")
    return folder / "var"


def _drive(data_dir, fatal=None):
    arguments = [sys.executable, str(DRIVER), str(data_dir)]
    if fatal is not None:
        arguments.append(str(fatal))
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)


def _audit(data_dir):
    environment = {"DATA_DIR": str(data_dir), "CERTLIB_DEMO": "1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "api.cli", "audit", "--json"]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )


def test_killed_at_sampled_boundaries(founded, tmp_path):
    """40 boundaries spread over a whole run; each is crossed by a process that dies there."""
    whole = _drive(_copy(founded, tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    total = json.loads(whole.stdout)["boundaries"]
    assert total >= SAMPLES, "fewer boundaries than samples: is the driver still watching?"
    chosen = sorted({1 + step * (total - 1) // (SAMPLES - 1) for step in range(SAMPLES)})
    with ThreadPoolExecutor(2) as pool:
        failures = [
            line for line in pool.map(lambda n: _life(founded, tmp_path, n), chosen) if line
        ]
    assert not failures


def _life(founded, tmp_path, fatal):
    """ "" when all is well after a death at boundary `fatal`; what is wrong otherwise."""
    folder = tmp_path / f"killed-{fatal}"
    data_dir = _copy(founded, folder)
    killed = _drive(data_dir, fatal)
    # Rows are made side by side, so that a run may cross a boundary or two fewer than the first.
    finished = killed.returncode == 0 and json.loads(killed.stdout)["boundaries"] < fatal
    if killed.returncode != -9 and not finished:
        return f"{fatal}: not killed: {killed.stderr[-300:]}"
    again = _drive(data_dir)
    if again.returncode != 0:
        return f"{fatal}: second run failed: {again.stderr[-300:]}"
    identifiers = json.loads(again.stdout)["identifiers"]
    if len(set(identifiers)) != 4:
        return f"{fatal}: {identifiers}"
    audit = _audit(data_dir)
    if audit.returncode != 0:
        return f"{fatal}: audit: {audit.stdout[-600:]} {audit.stderr[-300:]}"
    left = [path.name for path in (data_dir / "objects").rglob("*") if path.is_file()]
    shutil.rmtree(folder)
    return "" if len(left) == 4 else f"{fatal}: objects {left}"
