"""Servers without keys and signers of their own, killed under load: every order, once, and no loss."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.demo.orders import ISSUERS, TRANSPORT
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


def _back(node, folder):
    """The auditor looks where the keys are."""
    (folder / "signer-var" / "keys").rename(node.data_dir / "keys")
    node.environment["CERTLIB_SECRETS_DIR"] = str(folder / "signer-secrets")
    del node.environment["CERTLIB_SIGNERS"]
