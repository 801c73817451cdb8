"""The drill of a lost key with real processes: a server at work, the command killed and run again."""

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from api.bootstrap import open_desk
from api.demo.orders import TRANSPORT
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions
from signing.evidence.reader import InProcessEvidenceReader
from tests.acceptance.hall import ISSUER, TWO, issue, seal_of, token_of, wait, write_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
AFTER = 12


def _seal(node):
    """Name and fingerprint of the department's current seal."""
    listed = node.run("keys", "list", "--json").stdout
    (found,) = [
        item
        for item in map(json.loads, listed.splitlines())
        if item["issuer_code"] == ISSUER and item["state"] == "current"
    ]
    return found["name"], found["fingerprint"]


def _state(node, identifier):
    return json.loads(node.get(f"/v1/status/{identifier}")[2])


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_a_lost_key_is_given_up_and_everything_it_sealed_since_is_issued_anew(hall, tmp_path):
    node = hall
    token = token_of(node)
    early = [issue(node, token, f"early-{n}")[1]["identifier"] for n in range(3)]
    # A token is rounded to a second and may be off by one; `since` is cut to a second, too.
    time.sleep(4)
    since = datetime.now(UTC).replace(microsecond=0)
    late = [issue(node, token, f"late-{n}")[1]["identifier"] for n in range(AFTER)]
    name, fingerprint = _seal(node)
    listing = tmp_path / "affected.csv"
    told = ("keys", "compromise", name, "--since", since.isoformat(), *TWO, "--json")
    dry = node.run(*told, "--reissue", "--dry-run", "--list", str(listing))
    rows = [json.loads(line) for line in dry.stdout.splitlines()]
    assert [row for row in rows[:-1] if row["identifier"] not in late] == []
    assert {row["identifier"] for row in rows[:-1]} == set(late)
    assert rows[-1]["counts"] == {"listed": AFTER}
    assert len(listing.read_text("utf-8").splitlines()) == AFTER + 1
    assert _seal(node)[1] == fingerprint  # nothing was changed

    killed = _killed_in_the_middle(node, [*told, "--reissue"])
    done = node.run(*told, "--reissue", "--list", str(listing))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[-1]["open"] == 0, rows[-1]
    assert {row["identifier"] for row in rows[:-1]} == set(late)
    assert 0 < killed < AFTER

    # Each late one has one successor, under another seal; early ones are as they were.
    assert {_state(node, identifier)["code"] for identifier in late} == {"superseded"}
    assert {_state(node, identifier)["code"] for identifier in early} == {"valid"}
    successors = _successors(node, late)
    assert len(set(successors)) == AFTER
    assert _seal(node)[1] != fingerprint
    seals = {seal_of(write_file(node, identifier)) for identifier in successors}
    assert seals == {_seal(node)[1]}

    # What a timestamp proves to be older stands; what is not is told apart, by whoever looks.
    assert {_problem(node, identifier) for identifier in early} == {""}
    assert {_problem(node, identifier) for identifier in late} == {"revoked"}
    assert {_problem(node, identifier) for identifier in successors} == {""}

    # Issuing goes on, in every process, and never by the lost key again.
    fresh = [issue(node, token, f"fresh-{n}") for n in range(6)]
    assert {status for status, _ in fresh} == {201}
    assert {seal_of(write_file(node, body["identifier"])) for _, body in fresh} == seals
    refused = node.run("resume", *TWO, "--key", name, check=False)
    assert refused.returncode == 1

    third = node.run(*told, "--reissue")
    counts = json.loads(third.stdout.splitlines()[-1])["counts"]
    assert counts == {"ended": AFTER}
    node.stop()
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]


def _killed_in_the_middle(node, arguments):
    """Starts the command, kills it after three certificates; how many it had told of."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        env=node.environment,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    ) as process:
        for line in process.stdout:
            lines.append(line)
            if len(lines) == 3:
                break
        process.send_signal(signal.SIGKILL)
    return len(lines)


def _problem(node, identifier):
    """What is concluded on the seal of a file by whoever has no record, but the lists."""
    pdf = write_file(node, identifier)
    with closing(open_desk(node.settings())) as desk:
        facts = InProcessEvidenceReader(desk.trust.material).read(pdf)
    (concluded,) = conclusions(facts.signatures, OWN, datetime.now(UTC), TRANSPORT)
    return concluded.problem


def _successors(node, identifiers):
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        return [session.certificate(item).superseded_by for item in identifiers]


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_within_ten_seconds_no_process_seals_with_a_lost_key(hall):
    """While orders come in; those of before are found and voided, none is missed."""
    node = hall
    token, done, stopping = token_of(node), [], threading.Event()

    def keep_issuing(name):
        number = 0
        while not stopping.is_set():
            number += 1
            status, body = issue(node, token, f"{name}-{number}")
            done.append((time.monotonic(), status, body))

    threads = [threading.Thread(target=keep_issuing, args=(f"t{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        wait(lambda: len(done) >= 4)
        name, fingerprint = _seal(node)
        since = datetime.now(UTC) - timedelta(hours=1)
        told = ("keys", "compromise", name, "--since", since.isoformat(), *TWO, "--json")
        result = node.run(*told, "--revoke")
        listed = time.monotonic()
        at = len(done)
        wait(lambda: len(done) >= at + 4)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows[-1]["open"] == 0
    issued = [(when, body["identifier"]) for when, status, body in done if status == 201]
    by_old = [
        (when, found) for when, found in issued if seal_of(write_file(node, found)) == fingerprint
    ]
    assert by_old
    assert all(when < listed for when, _ in by_old)
    assert {found for _, found in by_old} == {row["identifier"] for row in rows[:-1]}
    assert {_state(node, found)["code"] for _, found in by_old} == {"voided"}
    assert {status for _, status, _ in done} <= {201, 503}
