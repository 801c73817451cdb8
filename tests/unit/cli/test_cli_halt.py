"""`certlib halt` and `resume`: two persons, beside a server that runs."""

from contextlib import closing

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from tests.unit.cli.conftest import Run

TWO = ("--operator", "甲", "--second", "乙")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """An open node: the commands work beside it."""
    made = tmp_path_factory.mktemp("halt") / "var"
    with closing(open_node(Settings(data_dir=made, demo=True))) as opened:
        found(opened)
        yield opened


def test_sealing_is_halted_and_resumed_beside_a_node(run: Run, node):
    """The running node sees it in its record; health and metrics say so from there."""
    at = ("--data-dir", str(node.settings.data_dir), "--lang", "en")
    halted = run("halt", *TWO, "--reason", "演练", "--json", *at)
    assert halted.code == 0, halted.err
    assert (halted.line["halted"], halted.line["scope"]) == (True, "*")
    with node.registry.read() as session:
        (stop,) = session.sealing_stops()
    assert (stop.stopped_by, stop.confirmed_by, stop.reason) == ("甲", "乙", "演练")
    assert "halted since" in run("halt", *TWO, *at).out
    assert run("resume", *TWO, "--json", *at).line["halted"] is False
    refused = run("resume", *TWO, *at)
    assert refused.code == 1
    assert "not halted" in refused.err
    key = next(item.name for item in node.authority.list_keys() if item.purpose == "seal")
    assert run("halt", *TWO, "--key", key, "--json", *at).line["scope"] == key
    assert "goes on" in run("resume", *TWO, "--key", key, *at).out
    mistyped = run("halt", *TWO, "--key", f"{key}x", *at)
    assert (mistyped.code, "There is no key" in mistyped.err) == (3, True)


def test_one_person_is_refused_and_no_node_is_said_so(run: Run, node, tmp_path):
    at = ("--data-dir", str(node.settings.data_dir), "--lang", "en")
    alone = run("halt", "--operator", "甲", "--second", " 甲", *at)
    assert alone.code == 1
    assert "two different persons" in alone.err
    missing = run("halt", "--operator", "甲", *at)
    assert missing.code == 3
    nowhere = run("halt", *TWO, "--data-dir", str(tmp_path), "--lang", "en")
    assert (nowhere.code, list(tmp_path.iterdir())) == (3, [])
