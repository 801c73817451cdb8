"""Clients of a node: registered with a secret that is shown once, disabled, on record."""

import hashlib
import json
import subprocess
import sys
from contextlib import closing

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings

DEPARTMENT = "11445200990090139J"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("clients") / "var"
    with closing(open_node(Settings(data_dir=made, demo=True))) as node:
        found(node)
    return made


def _run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments, "--data-dir", str(folder), "--lang", "en"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _client(folder, name):
    settings = Settings(data_dir=folder, demo=True)
    with closing(open_node(settings)) as node, node.registry.read() as session:
        return session.client(name), [record.act for record in session.history_of(name)]


def test_a_client_is_registered_and_disabled(folder):
    """The secret that was shown is the one that counts; both acts stand in the history."""
    said = _run(
        folder,
        "clients",
        "add",
        "transport",
        "--department",
        DEPARTMENT,
        "--json",
        "--scope",
        "certificates:issue",
    )
    assert said.returncode == 0, said.stderr
    shown = json.loads(said.stdout)
    kept, acts = _client(folder, "transport")
    assert (
        kept.secret_hash == "sha256:" + hashlib.sha256(shown["client_secret"].encode()).hexdigest()
    )
    assert kept.scopes == {"certificates:issue"}
    assert kept.department_code == DEPARTMENT
    assert acts == ["add-client"]
    assert _run(folder, "clients", "disable", "transport").returncode == 0
    kept, acts = _client(folder, "transport")
    assert kept.disabled_at is not None
    assert acts == ["add-client", "disable-client"]
    audited = _run(folder, "audit")
    assert audited.returncode == 0, audited.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "x", "--department", "11445200990090000X"), "No department has the code"),
        (("disable", "nobody"), "There is no client nobody"),
    ],
)
def test_what_is_wrong_is_one_sentence(folder, arguments, sentence):
    said = _run(folder, "clients", *arguments)
    assert said.returncode == 3
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_a_name_is_given_once(folder):
    assert _run(folder, "clients", "add", "twice", "--department", DEPARTMENT).returncode == 0
    again = _run(folder, "clients", "add", "twice", "--department", DEPARTMENT)
    assert again.returncode == 3
    assert "already" in again.stderr


def test_no_library_is_founded_by_the_way(tmp_path):
    said = _run(tmp_path / "nothing", "clients", "disable", "x")
    assert said.returncode == 3
    assert "certlib init" in said.stderr
    assert not (tmp_path / "nothing").exists()
