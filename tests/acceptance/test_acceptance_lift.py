"""kill -9 in the middle of a lift, several times: every file is lifted, once, and nothing is lost."""

import json
import os
import re
import signal
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import PROFILES
from tests.acceptance.hall import acts_on, files_of, issue, objects_of, token_of, wait, write_files
from tests.acceptance.moved_clock import away, back, moved

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KEPT = 16
"""Fewer than one round takes: its record is one commit, after the last file was stored."""
KILLS = 3
LATER = timedelta(minutes=3)
"""Longer than a killed process keeps its files; all kills within the quarter of an hour that S3 allows."""


def _lifted(objects):
    """How many objects are a second revision, on record or not."""
    return sum(name.endswith(".1") for name in objects.names())


def _waiting(node):
    found = re.search(
        r"^certlib_seals_below_target (\S+)$", node.get("/metrics")[2].decode(), re.MULTILINE
    )
    return -1 if found is None else float(found[1])


def _killed_at_the_next_object(node, objects):
    """The service runs until it has stored one revision more, and dies; how many there are then."""
    before = _lifted(objects)
    node.start()
    wait(lambda: _lifted(objects) > before, every=0.005)
    # A process whose parent dies brings its round to an end: here nobody may.
    serving = _below(node.pid)
    node.kill()
    for pid in serving:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)  # the port is free again
    return _lifted(objects)


def _below(pid):
    """Processes that this one has started, and theirs."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    started = [int(child) for task in tasks for child in task.read_text().split()]
    return started + [child for found in started for child in _below(found)]


@pytest.mark.parametrize("stores", PROFILES, indirect=True)
def test_killed_in_the_middle_of_a_lift(hall, tmp_path):
    node = hall
    node.stop()
    away(node)
    node.start()
    token = token_of(node)
    answers = [issue(node, token, f"lowered-{number}") for number in range(KEPT)]
    assert {(status, body.get("level")) for status, body in answers} == {(201, "B-B")}
    identifiers = [body["identifier"] for _, body in answers]
    node.stop()
    back(node)
    first = write_files(node, identifiers, tmp_path / "first")

    stored = []
    with objects_of(node) as objects:
        for kill in range(1, KILLS + 1):
            moved(node, LATER * kill)
            stored.append(_killed_at_the_next_object(node, objects))
    published = sum(len(files) - 1 for files in files_of(node, identifiers))
    assert published < stored[-1], "never in the middle: stored, and not on record"
    moved(node, LATER * (KILLS + 1))
    node.start()
    wait(lambda: _waiting(node) == 0)
    node.stop()

    for files in files_of(node, identifiers):
        assert [(file.revision, file.level) for file in files] == [(0, "B-B"), (1, "B-LTA")]
    assert [acts.count("lift-seal") for acts in acts_on(node, identifiers)] == [1] * KEPT
    # Nothing lies about: of each certificate what was served first, and what is served now.
    with objects_of(node) as objects:
        assert (_lifted(objects), len(objects.names())) == (KEPT, 2 * KEPT)
    newest = write_files(node, identifiers, tmp_path / "newest")
    for earlier, later in zip(first, newest, strict=True):
        assert later.read_bytes().startswith(earlier.read_bytes())
    told = node.run("verify", "--json", *map(str, [*first, *newest]), check=False)
    verdicts = {json.loads(line)["verdict"] for line in told.stdout.splitlines()}
    assert (told.returncode, verdicts) == (0, {"valid"})
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]
