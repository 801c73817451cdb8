"""Halting and rotating in real processes: nobody is told, everybody knows; nobody waits."""

import json
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from api.bootstrap import open_desk
from api.demo.orders import ISSUERS, TRANSPORT
from api.schemas import examples
from certlib.ports import TrustMaterial
from signing.evidence.reader import InProcessEvidenceReader
from tests.acceptance.node_process import NodeProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TWO = ("--operator", "值班甲", "--second", "值班乙")
ISSUER = ISSUERS[TRANSPORT]


@pytest.fixture
def node(stores, tmp_path):
    """A served node, in the larger profile with two processes."""
    more = {"CERTLIB_WORKERS": "2"} if stores else {}
    made = NodeProcess(tmp_path / "var", stores={**stores, **more})
    made.run("init")
    added = made.run("clients", "add", "hall", "--department", ISSUER, "--json")
    made.secret = json.loads(added.stdout)["client_secret"]
    made.start()
    yield made
    made.stop()


def _post(node, path, body, headers):
    request = urllib.request.Request(
        node.url + path, data=body, headers={"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def _token(node):
    form = f"grant_type=client_credentials&client_id=hall&client_secret={node.secret}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _post(node, "/oauth2/token", form, kind)[1]["access_token"]


def _issue(node, token, key):
    order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return _post(node, "/v1/certificates", json.dumps(order).encode(), headers)


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_a_halt_reaches_every_process_and_loses_nothing(node):
    token = _token(node)
    assert _issue(node, token, "before")[0] == 201
    node.run("halt", *TWO, "--reason", "演练")
    halted = time.monotonic()
    answers = [_issue(node, token, f"during-{number}") for number in range(8)]
    assert time.monotonic() - halted < 60
    assert {(status, body["code"]) for status, body in answers} == {(503, "sealing-halted")}
    status, _, ready = node.get("/readyz")
    parts = {part["name"]: part["fault"] for part in json.loads(ready)["parts"]}
    assert (status, parts["sealing"]) == (200, "sealing-halted")
    assert b'certlib_sealing_stops{scope="all"} 1.0' in node.get("/metrics")[2]
    node.run("resume", *TWO)
    again = [_issue(node, token, f"during-{number}") for number in range(8)]
    assert {status for status, _ in again} == {201}
    assert len({body["identifier"] for _, body in again}) == 8
    node.stop()
    assert node.run("audit", "--json", check=False).returncode == 0


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_rotation_makes_nobody_wait(node):
    """While orders come from several sides the seal is followed by another, in another process."""
    token, done, stopping = _token(node), [], threading.Event()

    def keep_issuing(name):
        number = 0
        while not stopping.is_set():
            number += 1
            done.append(_issue(node, token, f"{name}-{number}"))

    threads = [threading.Thread(target=keep_issuing, args=(f"t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        _wait(lambda: len(done) >= 6)
        first = _rotated(node)
        at = len(done)
        _wait(lambda: len(done) >= at + 9)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in done} == {201}, [body for _, body in done][-1]
    seals = _seals_of(node, [body["identifier"] for _, body in done])
    assert set(seals) == first
    _write(node, done[0][1]["identifier"])
    told = json.loads(node.run("verify", node.data_dir / "file.pdf", "--json").stdout)
    assert told["verdict"] == "valid"


def _rotated(node):
    """Both fingerprints, the old seal's and the new one's, made by this process."""
    from dataclasses import replace

    from api.cli.local import own_authority

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
    authority._mint._clock = _Now()
    assert authority.keep_seals(names) == 1
    authority._clock = _Now()
    return {old.fingerprint, authority.seal_info(ISSUER).fingerprint}


class _At:
    def __init__(self, end):
        from datetime import timedelta

        self.moment = end - timedelta(days=1)

    def now(self):
        return self.moment


class _Now:
    def now(self):
        from api.clock import SystemClock

        return SystemClock().now()


def _departments(node):
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        return session.departments()


def _seals_of(node, identifiers):
    """Fingerprint of each certificate's seal, as its file says."""
    return [seal_of(_write(node, identifier)) for identifier in identifiers]


def _write(node, identifier):
    """The certificate's file, in the folder of the node too."""
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        name = session.certificate(identifier).files[0].object_name
    pdf = _object(node, name)
    (node.data_dir / "file.pdf").write_bytes(pdf)
    return pdf


def seal_of(pdf):
    """SHA-256 of the signer's X.509 certificate."""
    facts = InProcessEvidenceReader(TrustMaterial).read(pdf)
    return facts.signatures[0].signer.sha256


def _object(node, name):
    from contextlib import ExitStack

    from api.bootstrap import store_options
    from api.clock import SystemClock, SystemEntropy
    from api.secret_files import key_encryption_key
    from storage.encryption import Cipher
    from storage.profile import open_stores

    settings, entropy = node.settings(), SystemEntropy()
    kek = key_encryption_key(settings.secrets_folder, entropy, create=False)
    with ExitStack() as stack:
        cipher = Cipher(kek, entropy)
        opened = open_stores(store_options(settings), cipher, SystemClock(), entropy, stack)
        return opened.objects.get(name)


def _wait(ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
