"""`certlib snapshot` and `certlib verify --snapshot`, on a node and on a machine without one."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from api.cli import snapshots
from api.cli.local import own_authority
from api.clock import SystemClock
from certlib.calendar import legal_day
from keys.trust import save_trust
from tests.unit.cli.cli_server import RunningServer, orders
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.slow


class Shifted:
    """This machine's clock, and so much."""

    def __init__(self, span: timedelta) -> None:
        self._span = span

    def now(self) -> datetime:
        return SystemClock().now() + self._span


@pytest.fixture(scope="module")
def node(server: RunningServer) -> RunningServer:
    return server


def test_from_the_node_to_a_machine_without_one(
    run: Run, node: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Exported here, checked there; files and identifiers are answered as of then."""
    source, out, trust = tmp_path / "orders.jsonl", tmp_path / "snapshot", tmp_path / "trust"
    source.write_text("\n".join(json.dumps(item) for item in orders(900, 2)))
    issued = run("issue", source, "--data-dir", node.data_dir, "--json").lines
    identifiers = [line["identifier"] for line in issued if "identifier" in line]
    said = run("snapshot", "export", out, "--data-dir", node.data_dir, "--json").line
    assert said["count"] >= 2
    assert run("snapshot", "check", out, "--data-dir", node.data_dir).code == 0
    save_trust(trust, own_authority(node.data_dir).trust_material())

    away = ["--data-dir", tmp_path / "nowhere", "--trust", trust]
    checked = run("snapshot", "check", out, *away, "--json").line
    assert (checked["good"], checked["overdue"], checked["node"]) == (True, False, "445200")
    asked = run("verify", identifiers[0], "--snapshot", out, *away, "--json")
    assert (asked.code, asked.line["code"]) == (2, "status-as-of")
    today = legal_day(SystemClock().now()).isoformat()
    then = run("verify", identifiers[0], "--snapshot", out, *away, "--on", today, "--json")
    assert (then.code, then.line["code"]) == (2, "status-as-of")

    old = tmp_path / "old"
    with monkeypatch.context() as earlier:
        earlier.setattr(snapshots, "SystemClock", lambda: Shifted(timedelta(seconds=-90)))
        run("snapshot", "export", old, "--data-dir", node.data_dir)
    older = run("verify", identifiers[0], "--snapshot", old, *away)
    assert "this one is older" in older.err

    later = snapshots._now() + timedelta(days=3)
    monkeypatch.setattr(snapshots, "_now", lambda: later)
    assert run("snapshot", "check", out, *away, "--json").line["overdue"] is True
    assert "A newer one is due" in run("snapshot", "check", out, *away).err

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place, words in (
        (pipe, "is no ordinary file"),
        (tmp_path / "no" / "snapshot", "cannot be written (No such file or directory)"),
        (tmp_path / ("s" * 300), "cannot be written (File name too long)"),
    ):
        kept = run("snapshot", "export", place, "--data-dir", node.data_dir)
        assert kept.code == 3
        assert words in kept.err
    assert pipe.is_fifo(), "what is no file is replaced by none"

    out.write_bytes(out.read_bytes()[:-1])
    refused = run("snapshot", "check", out, *away, "--json")
    assert (refused.code, refused.line["reason"]) == (1, "truncated")
    assert run("snapshot", "check", out, *away).code == 1
    assert run("verify", identifiers[0], "--snapshot", out, *away).code != 0


def test_a_snapshot_needs_trust(run: Run, tmp_path: Path):
    """Nobody's word is taken for who may sign."""
    path = tmp_path / "snapshot"
    path.write_text("")
    assert run("verify", path, "--snapshot", path, "--data-dir", tmp_path).code == 3
