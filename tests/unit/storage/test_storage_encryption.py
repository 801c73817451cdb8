"""Encryption at rest: what is sealed opens only in its place, with its key, unchanged."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from certlib.errors import Corrupt, KeyUnusable
from storage.encryption import Cipher, Place
from tests.fakes.world import CountingEntropy

KEY = bytes(range(32))
PLACE = Place("table", "column", "row")


def _cipher(key: bytes = KEY, former: tuple[bytes, ...] = ()) -> Cipher:
    return Cipher(key, CountingEntropy(), former)


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens(clear: bytes) -> None:
    cipher = _cipher()
    assert cipher.open(cipher.seal(clear, PLACE), PLACE) == clear
    assert cipher.open_object(cipher.seal_object(clear, "name"), "name") == clear


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_survives(clear: str) -> None:
    cipher = _cipher()
    assert cipher.open_text(cipher.seal_text(clear, PLACE), PLACE) == clear


@pytest.mark.parametrize("other", [
    Place("other", "column", "row"), Place("table", "other", "row"), Place("table", "column", "o"),
    Place("tablecolumn", "", "row"), Place("table", "column\0row", ""),
])  # fmt: skip
def test_another_place_is_refused(other: Place) -> None:
    cipher = _cipher()
    sealed = cipher.seal(b"clear", PLACE)
    with pytest.raises(Corrupt) as caught:
        cipher.open(sealed, other)
    assert caught.value.values == {"what": f"{other.table}.{other.column}"}


def test_a_column_is_no_object_and_an_object_no_column() -> None:
    cipher = _cipher()
    with pytest.raises(Corrupt):
        cipher.open_object(cipher.seal(b"clear", PLACE), "row")
    with pytest.raises(Corrupt):
        cipher.open(cipher.seal_object(b"clear", "row"), PLACE)


@given(st.data())
def test_any_changed_octet_is_refused(data: st.DataObject) -> None:
    cipher = _cipher()
    sealed = bytearray(cipher.seal(b"clear text", PLACE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupt):
        cipher.open(bytes(sealed), PLACE)


@given(st.binary(max_size=80))
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(Corrupt):
        _cipher().open(octets, PLACE)


def test_the_format_is_the_documented_one() -> None:
    """docs/storage.md, recomputed with the primitives alone."""

    def derived(purpose: str, length: int = 32) -> bytes:
        info = b"certlib/storage/" + purpose.encode() + b"/1"
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(KEY)

    sealed = _cipher().seal(b"clear", PLACE)
    assert sealed[0] == 1
    assert sealed[1:5] == derived("key-id", 4)
    associated = b"column\0table\0column\0row"
    assert AESGCM(derived("column")).decrypt(sealed[5:17], sealed[17:], associated) == b"clear"

    stored = _cipher().seal_object(b"clear", "name.0")
    opened = AESGCM(derived("object")).decrypt(stored[5:17], stored[17:], b"object\0name.0")
    assert opened == b"clear"

    expected = hmac.new(derived("index"), b"purpose\0text", hashlib.sha256).hexdigest()
    assert _cipher().keyed_hash("purpose", "text") == expected


def test_one_text_is_never_sealed_alike() -> None:
    cipher = _cipher()
    assert len({cipher.seal(b"clear", PLACE) for _ in range(100)}) == 100


def test_keyed_hashes_depend_on_key_purpose_and_text() -> None:
    hashes = {
        _cipher().keyed_hash("a", "b"),
        _cipher().keyed_hash("a", "c"),
        _cipher().keyed_hash("b", "b"),
        _cipher(bytes(32)).keyed_hash("a", "b"),
    }
    assert len(hashes) == 4
    assert _cipher().keyed_hash("a", "b") in hashes


def test_a_rotated_key_reads_the_old_and_writes_with_the_new() -> None:
    old, new = _cipher(), _cipher(bytes(32), former=(KEY,))
    assert new.open(old.seal(b"clear", PLACE), PLACE) == b"clear"
    assert new.keyed_hash("a", "b") == old.keyed_hash("a", "b")
    with pytest.raises(Corrupt):
        old.open(new.seal(b"clear", PLACE), PLACE)
    newest = _cipher(bytes([7]) * 32, former=(bytes(32), KEY))
    assert newest.keyed_hash("a", "b") == old.keyed_hash("a", "b")
    assert newest.open(new.seal(b"clear", PLACE), PLACE) == b"clear"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyUnusable):
        _cipher(bytes(length))
    with pytest.raises(KeyUnusable):
        _cipher(former=(bytes(length),))


def test_the_cipher_does_not_show_its_keys() -> None:
    assert KEY.hex() not in repr(vars(_cipher()))
    assert repr(KEY) not in repr(vars(_cipher()))
