"""The clock of a node's processes, moved without theirs noticing: libfaketime below Python.

Only the wall clock is moved. The steady counters are the kernel's own, so a node sees what it would
see on a machine whose clock was set: its timestamps stop until an operator accepts the clock.
"""

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

CLOCK = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "PYTHONPATH")
"""What moves it, in the environment of a process."""
_PYTHON = Path(__file__).with_name("moved_python")


def moved(node, by):
    """From now on every process of the node lives `by` later, and an operator has accepted that."""
    values = _library(), f"+{int(by.total_seconds())}", "1", str(_PYTHON)
    node.environment |= dict(zip(CLOCK, values, strict=True))
    node.run("timestamps", "accept-clock")


@cache
def _library():
    """Where Debian, and where others put it."""
    places = ("lib/*/faketime", "lib64/faketime", "lib/faketime")
    found = [path for at in places for path in Path("/usr").glob(f"{at}/libfaketime.so.1")]
    if not found:
        told = "install faketime (scripts/system_packages.sh test)"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    return str(found[0])


def away(node):
    """No timestamp authority answers the node from its next start on; it seals at B-B meanwhile."""
    path = node.data_dir.with_name("sources.toml")
    path.write_text(
        'seconds = 2.0\nnetworks = ["127.0.0.0/8"]\n\n'
        '[[source]]\nname = "away"\nurl = "http://127.0.0.1:9/tsa"\nseconds = 1.0\n'
    )
    node.environment["CERTLIB_TIMESTAMP_SOURCES"] = str(path)


def back(node):
    """Its own timestamp authority stamps again, from the next start on."""
    del node.environment["CERTLIB_TIMESTAMP_SOURCES"]


def neglected(node, folder):
    """A copy of a node that does not run; nobody ever serves it."""
    from tests.acceptance.node_process import NodeProcess

    for name in (node.data_dir.name, f"{node.data_dir.name}-secrets"):
        shutil.copytree(node.data_dir.with_name(name), folder / name)
    return NodeProcess(folder / node.data_dir.name)
