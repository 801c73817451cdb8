"""The drill of a lost key where keys lie with signers: two commands, each where its rights are."""

import os
import threading
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from api.bootstrap import open_node
from api.clock import SystemClock, SystemEntropy
from api.custody import own_authority, signing_service
from api.founding import found
from api.node_secrets import node_secrets, prepare, shared_secret
from api.settings import Settings
from api.signer_process import signers_record
from api.stamping import stamp_clock
from keys.signer.server import DoorOptions, SignerDoor
from keys.timestamps import TimestampAuthority
from tests.unit.cli.conftest import Run

CODE = "11445200990090139J"
TWO = ("--operator", "甲", "--second", "乙")
ENGLISH = ("--lang", "en")
SINCE = "2026-01-02T00:00:00Z"


@contextmanager
def signing(settings, path):
    """A signer with the keys of a node, at a socket."""
    clock, entropy = SystemClock(), SystemEntropy()
    with ExitStack() as stack:
        registry = stack.enter_context(signers_record(settings, clock, entropy))
        authority = own_authority(settings, node_secrets(settings, entropy), clock, entropy)
        tokens = TimestampAuthority(authority.timestamp_key, stamp_clock(settings, clock), entropy)
        service = signing_service(settings, authority, registry, tokens, clock, stack)
        options = DoorOptions(path, shared_secret(settings, entropy), frozenset({os.getuid()}))
        door = SignerDoor(service, options, entropy, lambda asked, error: None)
        thread = threading.Thread(target=door.serve, daemon=True)
        thread.start()
        yield authority
        door.close()
        thread.join(timeout=10)


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A founded node, its keys with a signer; what tells a command that it runs on the server."""
    settings = Settings(data_dir=tmp_path / "var", demo=True)
    with closing(open_node(settings)) as node:
        found(node)
    prepare(settings, tmp_path / "given", SystemEntropy())
    path = tmp_path / "signer.sock"
    monkeypatch.setattr("api.cli.compromise._EVERYWHERE_SECONDS", 0)

    @contextmanager
    def server():
        with monkeypatch.context() as there:
            there.setenv("CERTLIB_SIGNERS", str(path))
            there.setenv("CERTLIB_SECRETS_DIR", str(tmp_path / "given"))
            yield

    with signing(settings, path) as authority:
        yield authority, server, ("--data-dir", str(settings.data_dir), *ENGLISH)


def seal(authority):
    return next(item for item in authority.list_keys() if item.issuer_code == CODE)


def test_the_drill_goes_from_the_server_to_the_signers_and_back(run: Run, apart):
    authority, server, at = apart
    lost = seal(authority)
    drill = ("keys", "compromise", lost.name, "--since", SINCE, *TWO, "--json", *at)
    give_up = ("keys", "give-up", lost.name, "--since", SINCE)
    early = run(*give_up, *at)
    assert (early.code, "not halted for ever, nothing was changed" in early.err) == (3, True)
    with server():
        assert run(*drill, "--dry-run").code == 0
        halted = run(*drill)
    assert (halted.code, f"keys give-up {lost.name} --since {SINCE}" in halted.err) == (1, True)
    assert seal(authority).fingerprint == lost.fingerprint
    done = run(*give_up, "--json", *at)
    assert done.line == {"key": lost.name, "state": "revoked", "issuer_code": CODE}
    assert "at the server again" in run(*give_up, *at).out  # twice is once
    assert authority.seal_info(CODE).fingerprint != lost.fingerprint
    with server():
        ended = run(*drill, "--revoke").line
        assert (ended["counts"], ended["open"]) == ({}, 0)
        # Of a day before, the signers have not been told yet.
        earlier = run(*drill, "--since", "2026-01-01T00:00:00Z")
    assert (earlier.code, "give-up" in earlier.err) == (1, True)


def test_what_the_signers_part_is_not_begun_with(run: Run, apart):
    authority, _, at = apart
    name, later = seal(authority).name, (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for key, since, sentence in (
        ("nobody", SINCE, "No seal has a key"),
        (name, later, "in the future"),
        (name, "soon", "no time"),
    ):
        said = run("keys", "give-up", key, "--since", since, *at)
        assert (said.code, sentence in said.err) == (3, True)
    assert seal(authority).state == "current"
