"""Servers without keys and signers of their own, killed under load: every order, once, and no loss."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.cli.local import own_authority
from api.demo.orders import BIRTH, ISSUERS, TRANSPORT
from tests.acceptance import hall
from tests.acceptance.conftest import PROFILES
from tests.acceptance.node_process import NodeProcess
from tests.acceptance.signer_process import apart
from tests.acceptance.test_acceptance_kill import orders  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROWS = 60


def _as_signer(signers, stores):
    """On PostgreSQL signers have a login of their own, with least rights."""
    if not stores:
        return
    theirs = signers[0].environment
    path = Path(theirs["CERTLIB_DATABASE_URL_FILE"])
    own = path.with_name("signers-url")
    own.write_text(path.read_text().replace("//service@", "//signers@"))
    assert own.read_text() != path.read_text()
    for each in signers:
        each.environment["CERTLIB_DATABASE_URL_FILE"] = str(own)


@pytest.mark.parametrize("stores", PROFILES, indirect=True)
def test_signers_killed_under_load(tmp_path, request, stores):
    rows = request.getfixturevalue("orders")
    lines = rows.read_text("utf-8").splitlines(keepends=True)[:ROWS]
    rows.write_text("".join(lines), "utf-8")
    node = NodeProcess(tmp_path / "var", stores=stores)
    node.run("init")
    added = node.run("clients", "add", "killer", "--department", ISSUERS[TRANSPORT], "--json")
    secret = json.loads(added.stdout)["client_secret"]
    node.environment |= {"CERTLIB_CLIENT_ID": "killer", "CERTLIB_CLIENT_SECRET": secret}
    signers = apart(node, tmp_path)
    _as_signer(signers, stores)
    assert not list(tmp_path.joinpath("server-secrets").glob("kek"))
    assert not (node.data_dir / "keys").exists()
    try:
        for each in signers:
            each.start()
        node.start()
        command = ["issue", str(rows), "--json", "--server", node.url, "--patience", "300"]
        client = subprocess.Popen(
            [sys.executable, "-m", "api.cli", *command],
            env=node.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4):
            time.sleep(1.5)
            signers[number % 2].kill()
            signers[number % 2].start()
        for each in signers:  # none at all for some seconds
            each.kill()
        time.sleep(3)
        for each in signers:
            each.start()
        client.communicate(timeout=400)
        again = node.run(*command, timeout=400)
        told = [json.loads(line) for line in again.stdout.splitlines()]
        assert {row["status"] for row in told} <= {"issued", "replayed"}
        assert len({row["identifier"] for row in told}) == ROWS
        doctor = node.run("doctor", "--json", check=False)
        found = [json.loads(line) for line in doctor.stdout.splitlines()]
        assert not [item for item in found if item.get("state") == "failed"], doctor.stdout[-2000:]
    finally:
        node.stop()
        for each in signers:
            each.stop()
    _back(node, tmp_path)
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]


@pytest.mark.parametrize("stores", PROFILES, indirect=True)
def test_signers_with_their_keys_in_a_token(tmp_path, stores, soft_token):
    """The token is away while orders come, and there again: each order once, each signature told."""
    node = NodeProcess(tmp_path / "var", stores=stores)
    theirs = soft_token.environment() | {"CERTLIB_SEAL_KEYS": "token"}
    node.environment |= theirs
    node.run("init")
    added = node.run("clients", "add", "hall", "--department", ISSUERS[TRANSPORT], "--json")
    node.secret = json.loads(added.stdout)["client_secret"]
    signers = apart(node, tmp_path)
    _as_signer(signers, stores)
    for name in theirs:  # of the token, too, the server knows nothing
        del node.environment[name]
    assert not list((tmp_path / "signer-var" / "keys" / "private").glob("seal-*-p256.key"))
    try:
        for each in signers:
            each.start()
        node.start()
        by_order = _issued_while(
            node, lambda issued, seen: _away_and_back(soft_token, issued, seen)
        )
    finally:
        node.stop()
        for each in signers:
            each.stop()
    told = [answer for answers in by_order.values() for answer in answers]
    refused = {body["code"] for status, body in told if status != 201}
    assert "signing-unavailable" in refused
    assert {status for status, _ in told} <= {201, 409, 503}, refused
    issued = [answers[-1][1]["identifier"] for answers in by_order.values()]
    assert len(set(issued)) == len(by_order)
    _back(node, tmp_path)
    node.environment |= theirs
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]
    _planted(node)
    found = node.run("audit", "--json", check=False)
    assert (found.returncode, "signature-unexplained" in found.stdout) == (1, True)


@pytest.mark.parametrize("stores", PROFILES, indirect=True)
def test_a_lost_key_is_given_up_by_both_sides(tmp_path, stores):
    """A server ends no key, a signer's login writes no record: the drill goes there and back."""
    node = NodeProcess(tmp_path / "var", stores=stores)
    node.run("init")
    added = node.run("clients", "add", "hall", "--department", ISSUERS[TRANSPORT], "--json")
    node.secret = json.loads(added.stdout)["client_secret"]
    signers = apart(node, tmp_path)
    _as_signer(signers, stores)
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    try:
        for each in signers:
            each.start()
        node.start()
        token = hall.token_of(node)
        lost = [hall.issue(node, token, f"late-{n}")[1]["identifier"] for n in range(3)]
        name = _current(node)
        drill = ("keys", "compromise", name, "--since", since, *hall.TWO, "--reissue", "--json")
        halted = node.run(*drill, check=False)
        assert (halted.returncode, "keys give-up" in halted.stderr) == (1, True), halted.stderr
        given_up = subprocess.run(
            [sys.executable, "-m", "api.cli", "keys", "give-up", name, "--since", since],
            env=signers[0].environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert given_up.returncode == 0, given_up.stderr
        done = node.run(*drill)
        assert json.loads(done.stdout.splitlines()[-1])["counts"] == {"reissued": len(lost)}
        assert _current(node) != name
        assert hall.issue(node, token, "fresh")[0] == 201
    finally:
        node.stop()
        for each in signers:
            each.stop()
    _back(node, tmp_path)
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]


def _current(node):
    """The key of the department's current seal."""
    listed = node.run("keys", "list", "--json").stdout
    (found,) = [
        item["name"]
        for item in map(json.loads, listed.splitlines())
        if item["issuer_code"] == ISSUERS[TRANSPORT] and item["state"] == "current"
    ]
    return found


def _issued_while(node, happens):
    """Answers of orders by key while something happens; each is repeated until it is issued."""
    token, stopping, told, seen = hall.token_of(node), threading.Event(), {}, []

    def keep_issuing(name):
        number = 0
        while not stopping.is_set():
            number += 1
            key = f"{name}-{number}"
            told[key] = answers = []
            while not answers or answers[-1][0] in {409, 503}:
                answers.append(hall.issue(node, token, key))
                seen.append(answers[-1][0])
                if answers[-1][0] != 201:
                    time.sleep(0.3)

    threads = [threading.Thread(target=keep_issuing, args=(f"t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        happens(lambda: seen.count(201), lambda: seen.count(503))
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    return told


def _away_and_back(soft_token, issued, refused):
    hall.wait(lambda: issued() >= 6)
    soft_token.taken_out()
    try:
        hall.wait(lambda: refused() >= 3)
    finally:
        soft_token.put_back()
    before = issued()
    hall.wait(lambda: issued() >= before + 9)


def _planted(node):
    """One signature by a key in the token that no file on record explains."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in node.environment.items():
            if name.startswith("CERTLIB_"):
                patch.setenv(name, value)
        own_authority(node.data_dir).seal_key(ISSUERS[BIRTH]).sign(b"a page of nobody's")


def _back(node, folder):
    """The auditor looks where the keys are."""
    (folder / "signer-var" / "keys").rename(node.data_dir / "keys")
    node.environment["CERTLIB_SECRETS_DIR"] = str(folder / "signer-secrets")
    del node.environment["CERTLIB_SIGNERS"]
