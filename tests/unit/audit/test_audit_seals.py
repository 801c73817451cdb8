"""The auditor's own reading of seals, held against files that we seal and then spoil."""

from pathlib import Path

import pytest
from asn1crypto import cms

from api.audit import CannotAudit
from api.audit.objects import ObjectFolder
from api.audit.seal import BadSeal, checked_seal
from tests.unit.audit.audit_store import Store


def container(pdf: bytes) -> tuple[int, int]:
    """Where the hole of a sealed file begins and ends."""
    start = pdf.index(b"/Contents <") + len(b"/Contents ")
    return start, pdf.index(b">", start) + 1


@pytest.fixture
def sealed(store: Store) -> bytes:
    return store.file_of("valid")


def with_cms(pdf: bytes, made: cms.ContentInfo) -> bytes:
    """The file with another CMS in its hole."""
    start, end = container(pdf)
    text = made.dump().hex().encode()
    return pdf[:start] + b"<" + text.ljust(end - start - 2, b"0") + b">" + pdf[end:]


def cms_of(pdf: bytes) -> cms.ContentInfo:
    start, end = container(pdf)
    return cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()), strict=False)


@pytest.mark.parametrize("name", ["valid", "planning"])
def test_both_algorithms_of_the_seals_hold(store: Store, name: str):
    """ECDSA P-256 and RSA-3072; the issuer's code stands in the signer's subject."""
    assert checked_seal(store.file_of(name)).organisation.startswith("NTRCN-11445200990090")


@pytest.mark.parametrize("place", [0.01, 0.2, 0.5, 0.8, 0.999])
def test_one_changed_bit_outside_the_hole_is_seen(sealed: bytes, place: float):
    """Wherever it is."""
    at = int(len(sealed) * place)
    start, end = container(sealed)
    assert not start <= at < end
    with pytest.raises(BadSeal):
        checked_seal(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])


def test_octets_behind_the_cms_are_seen(sealed: bytes):
    """Padding is zeros and nothing else."""
    _, end = container(sealed)
    with pytest.raises(BadSeal, match="padding"):
        checked_seal(sealed[: end - 2] + b"1" + sealed[end - 1 :])


def test_a_signature_by_nobody_is_seen(sealed: bytes):
    """The digest fits, the signature does not."""
    made = cms_of(sealed)
    signer = made["content"]["signer_infos"][0]
    signature = signer["signature"].native
    signer["signature"] = signature[:-1] + bytes([signature[-1] ^ 1])
    with pytest.raises(BadSeal, match="signature"):
        checked_seal(with_cms(sealed, made))


def test_a_cms_without_the_signers_certificate_is_seen(sealed: bytes):
    """There is nobody whose signature it could be."""
    made = cms_of(sealed)
    del made["content"]["certificates"]
    with pytest.raises(BadSeal):
        checked_seal(with_cms(sealed, made))


def test_a_seal_of_another_file_is_seen(store: Store, sealed: bytes):
    """A good CMS in the wrong hole."""
    other = cms_of(store.file_of("restored"))
    with pytest.raises(BadSeal, match="digest"):
        checked_seal(with_cms(sealed, other))


def test_an_empty_hole_is_seen(sealed: bytes):
    """A page that was prepared and never sealed."""
    start, end = container(sealed)
    with pytest.raises(BadSeal):
        checked_seal(sealed[:start] + b"<" + b"0" * (end - start - 2) + b">" + sealed[end:])


def test_a_symbolic_link_in_the_store_is_no_object(tmp_path: Path):
    """It could point anywhere."""
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "ab").symlink_to(tmp_path)
    names, strange = ObjectFolder(tmp_path / "objects").names()
    assert (names, strange) == (frozenset(), ("ab",))


def test_an_object_that_is_a_folder_is_no_object(tmp_path: Path):
    """And reading it is a fault of ours, not a violation."""
    name = "ab" * 16 + ".0"
    (tmp_path / "ab" / name).mkdir(parents=True)
    folder = ObjectFolder(tmp_path)
    assert folder.names() == (frozenset(), (f"ab/{name}",))
    with pytest.raises(CannotAudit):
        folder.read(name)
    assert folder.read("../etc/passwd") is None
