"""A fetched list takes its place only if its authority has signed it and nothing goes back."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from keys_world import START, TRANSPORT, SetClock, found

from keys import files
from keys.outside_lists import ListRefusedError, due_of, file_of, keep
from keys.trust_crls import CrlFolder

URL = "http://crl.example/issuing.crl"


@pytest.fixture
def other(tmp_path):
    clock = SetClock()
    authority = found(tmp_path / "other", clock, seed="other")
    authority.issue_seal(*TRANSPORT)
    authority.clock = clock
    return authority


@pytest.fixture
def path(tmp_path):
    return file_of(tmp_path / "crls", URL)


def authorities(other):
    material = other.trust_material()
    return (*material.seal_anchors, *material.issuers)


def test_a_list_of_a_believed_authority_is_laid_beside_the_rest(other, path):
    crl = other.crls()["issuing.crl"]
    assert keep(path, crl, authorities(other), START)
    assert not keep(path, crl, authorities(other), START)
    assert CrlFolder(path.parent).load().lists == (crl,)
    assert due_of(path) == START + timedelta(days=15)
    pem = x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM)
    assert not keep(path, pem, authorities(other), START)


def test_a_newer_list_takes_the_place_of_an_older_one_and_never_the_other_way(other, path):
    old = other.crls()["issuing.crl"]
    other.clock.forward(minutes=1)
    other.revoke_seal(other.seal_key(TRANSPORT[0]).name)
    new = other.crls()["issuing.crl"]
    now = other.clock.now()
    assert keep(path, old, authorities(other), now)
    assert keep(path, new, authorities(other), now)
    with pytest.raises(ListRefusedError, match="older"):
        keep(path, old, authorities(other), now)
    assert path.read_bytes() == new


def test_no_other_list_is_a_step_back_while_one_is_in_force(other, path):
    """Of another issuer, or of the same one about other certificates."""
    lists, now = other.crls(), other.clock.now()
    assert keep(path, lists["issuing.crl"], authorities(other), now)
    for name in ("root.crl", "issuing.0001.crl"):
        with pytest.raises(ListRefusedError, match="another"):
            keep(path, lists[name], authorities(other), now)
    assert path.read_bytes() == lists["issuing.crl"]
    other.clock.forward(days=31)
    later = other.crls()["root.crl"]
    assert keep(path, later, authorities(other), other.clock.now()), "nothing is lost with its end"


@pytest.mark.parametrize(
    ("changed", "at", "fault"),
    [
        (lambda crl: b"<html>", START, "no-list"),
        (lambda crl: b"", START, "no-list"),
        (lambda crl: crl[:-1] + bytes((crl[-1] ^ 1,)), START, "signer"),
        (lambda crl: crl, START + timedelta(days=30), "ended"),
        (lambda crl: crl, START - timedelta(minutes=6), "not-yet"),
    ],
)
def test_what_is_no_good_list_changes_nothing(other, path, changed, at, fault):
    crl = other.crls()["issuing.crl"]
    with pytest.raises(ListRefusedError, match=fault):
        keep(path, changed(crl), authorities(other), at)
    assert not path.exists()


def test_a_list_by_a_stranger_in_the_name_of_an_authority_is_refused(other, path, tmp_path):
    forged = found(tmp_path / "forged", seed="forged").crls()["root.crl"]
    with pytest.raises(ListRefusedError, match="signer"):
        keep(path, forged, authorities(other), START)
    with pytest.raises(ListRefusedError, match="signer"):
        keep(path, other.crls()["root.crl"], (b"no certificate",), START)


def test_what_lies_there_and_is_no_list_is_replaced(other, path):
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    assert due_of(path) is None
    assert keep(path, other.crls()["issuing.crl"], authorities(other), START)


def test_a_folder_reads_again_only_what_has_changed(other, path, monkeypatch):
    old, read = other.crls()["issuing.crl"], []
    keep(path, old, authorities(other), START)
    (path.parent / "root.crl").write_bytes(other.crls()["root.crl"])
    whole = files.read
    monkeypatch.setattr(
        "keys.trust_crls.files.read", lambda path, most: read.append(path.name) or whole(path, most)
    )
    folder = CrlFolder(path.parent)
    assert folder.load() == folder.load()
    assert sorted(read) == sorted([path.name, "root.crl"])
    (path.parent / "root.crl").write_bytes(b"damaged")
    assert [len(found) for found in (folder.load().lists, folder.load().bad)] == [2, 1]
    files.replace(path.parent / "root.crl", old)
    assert folder.load().lists == (old, old)
