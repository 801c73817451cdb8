import json

import pytest
from keys_world import found, pem

from certlib.errors import Corrupt, SigningUnavailable
from certlib.ports import TrustMaterial
from certlib.trust_errors import TrustListRefused
from keys.trust import load_trust, open_trust, save_trust


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return found(tmp_path_factory.mktemp("other"), seed="other").trust_material()


@pytest.fixture
def folder(tmp_path, settled):
    save_trust(tmp_path / "trust", settled.trust_material())
    return tmp_path / "trust"


def test_what_was_saved_is_loaded(folder, settled):
    assert load_trust(folder) == settled.trust_material()


def test_each_anchor_keeps_its_own_purpose(folder, settled, other):
    """A root for timestamps does not vouch for seals."""
    root, crls = settled.trust_material().seal_anchors[0], settled.trust_material().crls
    material = TrustMaterial((root,), other.timestamp_anchors, crls + other.crls)
    save_trust(folder, material)
    assert load_trust(folder) == material


def test_nothing_is_trusted_when_nothing_was_saved(folder):
    save_trust(folder, TrustMaterial())
    assert load_trust(folder) == TrustMaterial()


def test_an_anchor_that_is_not_named_is_not_believed(folder, other):
    bundle = folder / "trust.pem"
    bundle.write_bytes(bundle.read_bytes() + pem(other.seal_anchors[0]))
    assert other.seal_anchors[0] not in load_trust(folder).seal_anchors


def test_the_names_are_readable(folder):
    names = json.loads((folder / "trust.json").read_text("utf-8"))
    (anchor,) = names["anchors"]
    assert anchor["purposes"] == ["seal", "timestamp"]
    assert "信任根（演示）" in anchor["subject"]


def test_openssl_style_comments_between_the_blocks_are_allowed(folder, settled):
    bundle = folder / "trust.pem"
    bundle.write_bytes(b"subject=CN = test\n" + bundle.read_bytes().replace(b"\n", b"\r\n"))
    assert load_trust(folder) == settled.trust_material()


@pytest.mark.parametrize("name", ["trust.pem", "trust.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(Corrupt, match=name):
        load_trust(folder)


def test_a_file_that_cannot_be_read_is_not_called_corrupt(folder):
    (folder / "trust.pem").unlink()
    (folder / "trust.pem").mkdir()
    with pytest.raises(SigningUnavailable):
        load_trust(folder)


@pytest.mark.parametrize(
    "pem_text",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_damaged_bundle_is_refused(folder, pem_text):
    (folder / "trust.pem").write_bytes(pem_text)
    with pytest.raises(Corrupt):
        load_trust(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"format": 1}',
        '{"format": 2, "anchors": []}',
        '{"format": 1, "anchors": [{"sha256": "00", "purposes": ["seal"]}]}',
        '{"format": 1, "anchors": [{"sha256": "00", "purposes": ["everything"]}]}',
        '{"format": 1, "anchors": [{"purposes": ["seal"]}]}',
        '{"format": 1, "anchors": [{"sha256": "00", "purposes": [[]]}]}',
        '{"format": 1, "anchors": 7}',
        "[" * 100_000,
        "\ufeff{}",
    ],
)
def test_damaged_names_are_refused(folder, text):
    (folder / "trust.json").write_text(text, "utf-8")
    with pytest.raises(Corrupt):
        load_trust(folder)


@pytest.mark.parametrize(
    "material",
    [TrustMaterial((b"rubbish",)), TrustMaterial(crls=(b"rubbish",))],
)
def test_rubbish_is_not_saved(folder, settled, material):
    with pytest.raises(Corrupt):
        save_trust(folder, material)
    assert load_trust(folder) == settled.trust_material()


@pytest.mark.parametrize("name", ["trust-list.json", "trust.pem", "trust.json"])
def test_a_folder_that_cannot_be_read_is_no_matter_of_sealing(folder, name):
    """Whoever verifies is told of the trust, not of keys that are not here."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    signers = frozenset({"ab" * 32}) if name == "trust-list.json" else frozenset()
    with pytest.raises(TrustListRefused) as caught:
        open_trust(folder, signers)
    assert caught.value.values["reason"] == "unreadable"
