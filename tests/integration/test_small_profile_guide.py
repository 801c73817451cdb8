"""docs/operations.md, the small profile, tried: its commands in its order, on a folder of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.http_process import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_from_nothing_to_a_restored_node(tmp_path):
    settings, backup, restoring = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
    exports = "".join(line for line in settings.splitlines(True) if line.startswith("export"))

    def run(block):
        text = re.sub(r"/(srv|etc|backup|opt)\b", rf"{tmp_path}/\1", f"set -eu\n{block}")
        # The checkout's own commands, installed or not.
        text = re.sub(r"(^|\n)certlib ", rf"\1{sys.executable} -m api.cli ", text)
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "CERTLIB_LANG": "en",
            "PORT": str(free_port()),
        }
        done = subprocess.run(
            ["bash", "-c", text], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        return done.stdout

    for name in ("backup", "srv", "etc"):
        (tmp_path / name).mkdir()
    said = run(settings)
    assert "Registered transport" in said
    assert "FAILED" not in said
    assert "Proved." in run(exports + backup)
    shutil.rmtree(tmp_path / "srv" / "certlib")
    shutil.rmtree(tmp_path / "etc" / "certlib")
    for name in ("srv", "etc"):
        (tmp_path / name / "certlib").mkdir()
    assert "Everything holds." in run(exports + restoring)
