"""Halting and rotating in real processes: nobody is told, everybody knows; nobody waits."""

import json
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from api.bootstrap import open_desk
from api.cli.local import own_authority
from api.clock import SystemClock
from tests.acceptance.hall import ISSUER, TWO, issue, seal_of, token_of, wait, write_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_a_halt_reaches_every_process_and_loses_nothing(hall):
    node = hall
    token = token_of(node)
    assert issue(node, token, "before")[0] == 201
    node.run("halt", *TWO, "--reason", "演练")
    halted = time.monotonic()
    answers = [issue(node, token, f"during-{number}") for number in range(8)]
    assert time.monotonic() - halted < 60
    assert {(status, body["code"]) for status, body in answers} == {(503, "sealing-halted")}
    wait(lambda: _readiness(node) == (200, "sealing-halted"))  # its answer is kept for a while
    assert b'certlib_sealing_stops{scope="all"} 1.0' in node.get("/metrics")[2]
    node.run("resume", *TWO)
    again = [issue(node, token, f"during-{number}") for number in range(8)]
    assert {status for status, _ in again} == {201}
    assert len({body["identifier"] for _, body in again}) == 8
    node.stop()
    done = node.run("audit", "--json", check=False)
    assert done.returncode == 0, done.stdout


def _readiness(node):
    status, _, ready = node.get("/readyz")
    return status, {part["name"]: part["fault"] for part in json.loads(ready)["parts"]}["sealing"]


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_rotation_makes_nobody_wait(hall):
    """While orders come from several sides the seal is followed by another, in another process."""
    node = hall
    token, done, stopping = token_of(node), [], threading.Event()

    def keep_issuing(name):
        number = 0
        while not stopping.is_set():
            number += 1
            done.append(issue(node, token, f"{name}-{number}"))

    threads = [threading.Thread(target=keep_issuing, args=(f"t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait(lambda: len(done) >= 6)
        first = _rotated(node)
        at = len(done)
        wait(lambda: len(done) >= at + 9)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in done} == {201}, [body for _, body in done][-1]
    seals = _seals_of(node, [body["identifier"] for _, body in done])
    assert set(seals) == first
    write_file(node, done[0][1]["identifier"])
    told = json.loads(node.run("verify", node.data_dir / "file.pdf", "--json").stdout)
    assert told["verdict"] == "valid"


def _rotated(node):
    """Both fingerprints, the old seal's and the new one's, made by this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in node.environment.items():
            if name.startswith("CERTLIB_"):
                patch.setenv(name, value)
        authority = own_authority(node.data_dir)
    old = authority.seal_info(ISSUER)
    names = {ISSUER: next(item for item in _departments(node) if item.credit_code == ISSUER).name}
    authority._rotation = replace(authority._rotation, lead=old.not_after - old.not_before)
    # A third of its life is the longest lead: the clock of this process is put near the end.
    authority._clock = _At(old.not_after)
    authority._mint._clock = SystemClock()
    assert authority.keep_seals(names) == 1
    authority._clock = SystemClock()
    return {old.fingerprint, authority.seal_info(ISSUER).fingerprint}


class _At:
    def __init__(self, end):
        self.moment = end - timedelta(days=1)

    def now(self):
        return self.moment


def _departments(node):
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        return session.departments()


def _seals_of(node, identifiers):
    """Fingerprint of each certificate's seal, as its file says."""
    return [seal_of(write_file(node, identifier)) for identifier in identifiers]
