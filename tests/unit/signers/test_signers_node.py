"""A node's secrets and settings, with keys and without; what the doctor says of signers."""

import os
import stat

import keys_world
import pytest
import signer_world

from api.cli.app import main
from api.clock import SystemEntropy
from api.custody import open_custody, own_authority
from api.node_secrets import NodeSecrets, node_secrets, prepare, shared_secret
from api.settings import Settings
from api.signer_process import _door, serve_signer
from api.signing_figures import SigningFigures
from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from keys.signer.remote import RemoteAuthority
from storage.encryption import Cipher, DataKeys, Place
from tests.unit.doctor.conftest import states, subject, words

KEK = bytes(range(32))


def settings(folder, **more):
    return Settings(CERTLIB_DATA_DIR=folder / "var", demo=True, **more)


@pytest.fixture
def founded(tmp_path):
    """A folder with a key-encryption key, and beside it what a node without keys is given."""
    secrets = tmp_path / "var-secrets"
    secrets.mkdir()
    (secrets / "kek").write_text(KEK.hex())
    prepare(settings(tmp_path), tmp_path / "given", SystemEntropy())
    return tmp_path


def away(folder, *sockets):
    return settings(
        folder,
        secrets_dir=folder / "given",
        signers=",".join(map(str, sockets)) or str(folder / "none.sock"),
    )


def test_what_a_node_without_keys_is_given(founded):
    assert {path.name for path in (founded / "given").iterdir()} == {"data-keys", "signer"}
    for path in (founded / "given").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert KEK.hex() not in path.read_text()


def test_both_sides_share_one_secret(founded):
    assert shared_secret(settings(founded)) == shared_secret(away(founded))


def test_data_are_read_with_data_keys_alone(founded):
    full, given = node_secrets(settings(founded), None), node_secrets(away(founded), None)
    assert given.kek is None
    assert full == NodeSecrets.of(KEK)
    assert (given.data, given.token_key) == (full.data, full.token_key)
    place = Place("t", "c", "r")
    sealed = Cipher(KEK, SystemEntropy()).seal(b"clear", place)
    assert Cipher(given.data, SystemEntropy()).open(sealed, place) == b"clear"
    theirs, ours = (Cipher(item, SystemEntropy()) for item in (KEK, given.data))
    assert theirs.keyed_hash("a", "b") == ours.keyed_hash("a", "b")


def test_data_keys_of_another_length_are_none():
    for octets in (b"", bytes(DataKeys.length() + 1)):
        with pytest.raises(KeyUnusable):
            DataKeys.from_octets(octets)


def test_no_secret_is_shown(founded):
    for given in (node_secrets(settings(founded), None), DataKeys.of(KEK)):
        assert KEK.hex() not in repr(given)
        assert DataKeys.of(KEK).columns.hex() not in repr(given)
        assert str(DataKeys.of(KEK).columns) not in repr(given)


def test_preparing_again_changes_nothing_and_never_mixes_keys(founded):
    before = {path: path.read_text() for path in (founded / "given").iterdir()}
    prepare(settings(founded), founded / "given", SystemEntropy())
    assert {path: path.read_text() for path in (founded / "given").iterdir()} == before
    (founded / "var-secrets" / "kek").write_text(bytes(32).hex())
    with pytest.raises(KeyUnusable):
        prepare(settings(founded), founded / "given", SystemEntropy())


def test_a_node_without_keys_opens_none(founded):
    """Not even where the vault lies at hand."""
    own = away(founded)
    clock = keys_world.SetClock()
    with pytest.raises(KeyUnusable):
        own_authority(own, node_secrets(own, None), clock, SystemEntropy())


def test_a_node_asks_the_signers_of_its_settings(founded, world, tmp_path):
    from contextlib import ExitStack

    door = signer_world.Door(world, tmp_path / "a.sock", secret=shared_secret(settings(founded)))
    own, figures = away(founded, tmp_path / "gone.sock", door.path), SigningFigures()
    with ExitStack() as stack:
        custody = open_custody(
            own,
            node_secrets(own, None),
            None,
            world.clock,
            SystemEntropy(),
            watch=figures,
            stack=stack,
        )
        assert isinstance(custody.authority, RemoteAuthority)
        assert custody.keys is custody.authority
        custody.authority.check_keys()
        assert custody.timestamps.token(signer_world.DIGEST)
        counted = figures.answers.labels("stamp", "ok")._value.get()
        assert counted == 1
        assert not (own.data_dir / "keys").exists()
    door.close()


def test_without_a_signer_no_node_starts(founded):
    from contextlib import ExitStack

    own = away(founded)
    with ExitStack() as stack, pytest.raises(SigningUnavailable):
        open_custody(
            own,
            node_secrets(own, None),
            None,
            keys_world.SetClock(),
            SystemEntropy(),
            watch=SigningFigures(),
            stack=stack,
        )


# --- who may ask -----------------------------------------------------------------------------


def test_users_and_group_by_name_and_number(tmp_path):
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    found = _door(settings(tmp_path, signer_users=f"{me}, 4711", signer_group="42"), bytes(32))
    assert found.users == {os.getuid(), 4711}
    assert found.group == 42
    assert found.path == tmp_path / "var" / "signer.sock"
    alone = _door(settings(tmp_path), bytes(32))
    assert (alone.users, alone.group) == ({os.getuid()}, None)


@pytest.mark.parametrize("wrong", ["signer_users", "signer_group"])
def test_an_unknown_user_or_group_is_named(tmp_path, wrong):
    with pytest.raises(Unsupported) as caught:
        _door(settings(tmp_path, **{wrong: "nobody-of-that-name"}), bytes(32))
    assert caught.value.values["what"] == f"CERTLIB_{wrong.upper()}"


def test_a_node_that_asks_signers_is_none(founded):
    with pytest.raises(Unsupported):
        serve_signer(away(founded))


def test_the_command_prepares(founded, capsys, monkeypatch):
    monkeypatch.setenv("CERTLIB_DEMO", "1")
    more = founded / "more"
    command = ["signer", "--prepare", str(more), "--data-dir", str(founded / "var")]
    assert main([*command, "--lang", "en"]) == 0
    assert "key-encryption key is not among it" in " ".join(capsys.readouterr().out.split())
    assert (more / "data-keys").read_text() == (founded / "given" / "data-keys").read_text()


# --- the doctor ------------------------------------------------------------------------------


def asked(founded, *sockets):
    (founded / "var").mkdir(mode=0o700, exist_ok=True)
    given = {"secrets_dir": founded / "given", "signers": ",".join(map(str, sockets))}
    return subject(founded / "var", settings=given)


def test_all_signers_answer(founded, world, tmp_path):
    door = signer_world.Door(world, tmp_path / "a.sock", secret=shared_secret(settings(founded)))
    assert states(asked(founded, door.path), "signers") == ["ok"]
    door.close()


def test_one_of_two_is_a_warning_and_none_a_failure(founded, world, tmp_path):
    door = signer_world.Door(world, tmp_path / "a.sock", secret=shared_secret(settings(founded)))
    gone = tmp_path / "gone.sock"
    of = asked(founded, door.path, gone)
    assert states(of, "signers") == ["warning"]
    assert str(gone) in words(of, "signers")
    door.close()
    assert states(asked(founded, gone), "signers") == ["failed"]


def test_a_key_left_behind_is_named(founded, world, tmp_path):
    door = signer_world.Door(world, tmp_path / "a.sock", secret=shared_secret(settings(founded)))
    (founded / "given" / "kek").write_text(KEK.hex())
    of = asked(founded, door.path)
    assert "warning" in states(of, "signers")
    assert "kek" in words(of, "signers")
    door.close()


def test_keys_of_signers_are_looked_at(founded, world, tmp_path):
    door = signer_world.Door(world, tmp_path / "a.sock", secret=shared_secret(settings(founded)))
    of = asked(founded, door.path)
    for check in ("keys", "timestamps"):
        assert states(of, check) == ["ok"], words(of, check)
    door.close()
