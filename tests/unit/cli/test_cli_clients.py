"""Clients of a node: registered with a secret that is shown once, disabled, on record."""

import hashlib
from contextlib import closing

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from tests.unit.cli.conftest import Run

DEPARTMENT = "11445200990090139J"
ENGLISH = ("--lang", "en")


@pytest.fixture
def at(folder):
    """Where the command shall look, and in which language it shall speak."""
    return "--data-dir", folder, *ENGLISH


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("clients") / "var"
    with closing(open_node(Settings(data_dir=made, demo=True))) as node:
        found(node)
    return made


def _client(folder, name):
    settings = Settings(data_dir=folder, demo=True)
    with closing(open_node(settings)) as node, node.registry.read() as session:
        return session.client(name), [record.act for record in session.history_of(name)]


def test_a_client_is_registered_and_disabled(run: Run, folder, at):
    """The secret that was shown is the one that counts; both acts stand in the history."""
    adding = ("add", "transport", "--department", DEPARTMENT, "--scope", "certificates:issue")
    shown = run("clients", *adding, "--json", *at)
    assert shown.code == 0, shown.err
    kept, acts = _client(folder, "transport")
    secret = shown.line["client_secret"]
    assert kept.secret_hash == "sha256:" + hashlib.sha256(secret.encode()).hexdigest()
    assert kept.scopes == {"certificates:issue"}
    assert kept.department_code == DEPARTMENT
    assert acts == ["add-client"]
    assert run("clients", "disable", "transport", *at).code == 0
    kept, acts = _client(folder, "transport")
    assert kept.disabled_at is not None
    assert acts == ["add-client", "disable-client"]
    audited = run("audit", *at)
    assert audited.code == 0, audited.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "x", "--department", "11445200990090000X"), "No department has the code"),
        (("disable", "nobody"), "There is no client nobody"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Run, at, arguments, sentence):
    said = run("clients", *arguments, *at)
    assert said.code == 3
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_name_is_given_once(run: Run, at):
    assert run("clients", "add", "twice", "--department", DEPARTMENT, *at).code == 0
    again = run("clients", "add", "twice", "--department", DEPARTMENT, *at)
    assert again.code == 3
    assert "already" in again.err


def test_no_library_is_founded_by_the_way(run: Run, tmp_path):
    nothing = tmp_path / "nothing"
    said = run("clients", "disable", "x", "--data-dir", nothing, *ENGLISH)
    assert said.code == 3
    assert "certlib init" in said.err
    assert not nothing.exists()
