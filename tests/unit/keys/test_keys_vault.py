import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys_world import KEK, CountedEntropy

from certlib.errors import KeyUnusable, SigningUnavailable
from keys.vault import Vault

SECRET = b"0\x81\x87 not really PKCS#8, but as secret"


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "private", KEK, CountedEntropy())


def stored(vault, name="root"):
    return vault._folder / f"{name}.key"


def test_what_was_put_is_got(vault):
    vault.put("root", SECRET)
    assert vault.get("root") == SECRET
    assert vault.names() == {"root"}
    assert vault.has("root")
    assert not vault.has("other")


def test_the_secret_is_not_in_the_file(vault):
    vault.put("root", SECRET)
    content = stored(vault).read_bytes()
    assert SECRET not in content
    assert SECRET[:4] not in content


def test_two_files_of_one_secret_differ(vault):
    """Each encryption has its own nonce."""
    vault.put("a", SECRET)
    vault.put("b", SECRET)
    assert stored(vault, "a").read_bytes()[4:16] != stored(vault, "b").read_bytes()[4:16]


def test_another_key_encryption_key_is_refused(vault):
    vault.put("root", SECRET)
    other = Vault(vault._folder, bytes(32), CountedEntropy())
    with pytest.raises(KeyUnusable):
        other.get("root")


@pytest.mark.parametrize("kek", [b"", bytes(16), bytes(31), bytes(33)])
def test_a_key_encryption_key_has_32_octets(tmp_path, kek):
    with pytest.raises(KeyUnusable):
        Vault(tmp_path, kek, CountedEntropy())


def test_every_flipped_bit_is_noticed(vault):
    vault.put("root", SECRET)
    path = stored(vault)
    good = path.read_bytes()
    for position in range(len(good) * 8):
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        path.write_bytes(bad)
        with pytest.raises(KeyUnusable):
            vault.get("root")


def test_every_truncation_is_noticed(vault):
    vault.put("root", SECRET)
    path = stored(vault)
    good = path.read_bytes()
    for size in range(len(good)):
        path.write_bytes(good[:size])
        with pytest.raises(KeyUnusable):
            vault.get("root")


def test_one_keys_file_cannot_stand_in_for_another(vault):
    """The name is authenticated with the content."""
    vault.put("root", SECRET)
    stored(vault).rename(stored(vault, "issuing"))
    with pytest.raises(KeyUnusable):
        vault.get("issuing")


def test_a_missing_key_is_named(vault):
    with pytest.raises(KeyUnusable, match="seal-x: missing"):
        vault.get("seal-x")


def test_a_key_is_never_replaced(vault):
    vault.put("root", SECRET)
    with pytest.raises(KeyUnusable):
        vault.put("root", b"other")
    assert vault.get("root") == SECRET


@pytest.mark.parametrize("name", ["", "../root", "a/b", "a\0b", ".hidden", "印章", "a" * 101])
def test_names_cannot_leave_the_folder(vault, name):
    with pytest.raises(KeyUnusable):
        vault.put(name, SECRET)
    with pytest.raises(KeyUnusable):
        vault.get(name)


def test_only_the_owner_gets_in(tmp_path):
    """Folder 0700, files 0600, whatever the umask and the folder were."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        vault = Vault(folder, KEK, CountedEntropy())
        vault.put("root", SECRET)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(stored(vault).stat().st_mode) == 0o600


def test_a_file_that_cannot_be_read_is_our_fault_not_damage(vault):
    stored(vault).mkdir()
    with pytest.raises(SigningUnavailable) as caught:
        vault.get("root")
    assert str(vault._folder) not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SigningUnavailable):
        Vault(tmp_path / "file" / "private", KEK, CountedEntropy())


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_failed_write_stores_nothing(vault, monkeypatch, call):
    def fails(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(SigningUnavailable):
        vault.put("root", SECRET)
    assert list(vault._folder.iterdir()) == []


def test_content_is_on_disk_before_its_name_and_the_name_before_the_answer(vault, monkeypatch):
    events = []
    for call in ("fsync", "link"):
        real = getattr(os, call)

        def noted(*args, real=real, call=call, **kwargs):
            is_folder = call == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode)
            events.append("fsync folder" if is_folder else call)
            return real(*args, **kwargs)

        monkeypatch.setattr(os, call, noted)
    vault.put("root", SECRET)
    assert events == ["fsync", "link", "fsync folder"]


def test_leftovers_of_a_killed_writer_are_swept(vault):
    (vault._folder / ".tmp-abc").write_bytes(b"half")
    vault.put("root", SECRET)
    vault.sweep()
    assert [path.name for path in vault._folder.iterdir()] == ["root.key"]


@settings(deadline=None)
@given(content=st.binary(), other=st.binary())
def test_a_stamp_holds_for_its_content_only(tmp_path_factory, content, other):
    vault = Vault(tmp_path_factory.getbasetemp() / "stamps", KEK, CountedEntropy())
    stamp = vault.stamp("register", content)
    vault.check_stamp("register", content, stamp)
    for label, checked in (("register", other), ("other", content)):
        if (label, checked) != ("register", content):
            with pytest.raises(KeyUnusable):
                vault.check_stamp(label, checked, stamp)


@pytest.mark.parametrize("stamp", [b"", b"x", bytes(27), bytes(28)])
def test_a_malformed_stamp_is_refused(vault, stamp):
    with pytest.raises(KeyUnusable):
        vault.check_stamp("register", b"content", stamp)
