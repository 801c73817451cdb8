"""Encryption at rest: AES-256-GCM for columns and objects, keyed hashes for look-up.

The key-encryption key never leaves this object; data keys are derived from it (HKDF-SHA-256,
RFC 5869), one for columns, one for objects, one for keyed hashes. A node without private keys is
given those (`DataKeys`) in its place: nothing leads from them back to it. A ciphertext is

    0x01 ‖ key id (4 octets) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag

and is bound to its place by the associated data, so two ciphertexts cannot be exchanged.
Rotation: give the new key as `key` and the old ones as `former`. Old ciphertexts stay readable;
keyed hashes go on being made with the oldest key, or nothing old would be found.
Nonces are random (NIST SP 800-38D 8.2.2): rotate before 2^32 ciphertexts.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certlib.errors import Corrupt, KeyUnusable
from certlib.ports import Entropy

KEY_LENGTH = 32
"""Octets of a key-encryption key."""

_VERSION = b"\x01"
_ID_LENGTH = 4
_NONCE_LENGTH = 12
_TAG_LENGTH = 16
_HEADER = len(_VERSION) + _ID_LENGTH + _NONCE_LENGTH


def _derived(key: bytes, purpose: str, length: int = KEY_LENGTH) -> bytes:
    info = f"certlib/storage/{purpose}/1".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column's ciphertext belongs: it decrypts there and nowhere else.

    Attributes:
        row: the primary key, its parts joined by U+001F.
    """

    table: str
    column: str
    row: str

    def associated(self) -> bytes:
        """The associated data: `column`, table, column, row, separated by a zero octet."""
        return f"column\0{self.table}\0{self.column}\0{self.row}".encode()


@dataclass(frozen=True, slots=True, repr=False)
class DataKeys:
    """What is derived from a key-encryption key to seal data with, and nothing else of it.

    Attributes:
        key_id: tells its ciphertexts from those of other keys, 4 octets.
        columns, objects, index: 32 octets each.
    """

    key_id: bytes
    columns: bytes
    objects: bytes
    index: bytes

    @classmethod
    def of(cls, key: bytes) -> "DataKeys":
        """Those of a key-encryption key; raises `KeyUnusable` when it has the wrong length."""
        if len(key) != KEY_LENGTH:
            raise KeyUnusable(what="key-encryption key length")
        return cls(
            key_id=_derived(key, "key-id", _ID_LENGTH),
            columns=_derived(key, "column"),
            objects=_derived(key, "object"),
            index=_derived(key, "index"),
        )

    @classmethod
    def from_octets(cls, octets: bytes) -> "DataKeys":
        """The keys behind `octets`; raises `KeyUnusable` when they have the wrong length."""
        if len(octets) != cls.length():
            raise KeyUnusable(what="data keys length")
        ends = [_ID_LENGTH + number * KEY_LENGTH for number in range(4)]
        columns, objects, index = (octets[end : end + KEY_LENGTH] for end in ends[:3])
        return cls(octets[:_ID_LENGTH], columns, objects, index)

    @staticmethod
    def length() -> int:
        """How many octets they have together."""
        return _ID_LENGTH + 3 * KEY_LENGTH

    def octets(self) -> bytes:
        """All of them, for the secrets of a node without private keys."""
        return self.key_id + self.columns + self.objects + self.index


@dataclass(frozen=True, slots=True, repr=False)
class _Ciphers:
    key_id: bytes
    columns: AESGCM
    objects: AESGCM

    @classmethod
    def of(cls, keys: DataKeys) -> "_Ciphers":
        return cls(keys.key_id, AESGCM(keys.columns), AESGCM(keys.objects))


class Cipher:
    """Seals and opens what lies at rest.

    Args:
        key: the current key-encryption key, 32 octets, or what is derived from it.
        entropy: where nonces come from.
        former: earlier keys, newest first; needed as long as anything is sealed with them.

    Raises:
        KeyUnusable: a key has the wrong length.
    """

    def __init__(
        self, key: bytes | DataKeys, entropy: Entropy, former: Sequence[bytes] = ()
    ) -> None:
        current = key if isinstance(key, DataKeys) else DataKeys.of(key)
        keys = (current, *map(DataKeys.of, former))
        self._entropy = entropy
        self._current = _Ciphers.of(current)
        self._known = {made.key_id: made for made in map(_Ciphers.of, keys)}
        self._index_key = keys[-1].index

    def seal(self, clear: bytes, place: Place) -> bytes:
        """Ciphertext of `clear` for this place only."""
        return self._sealed(self._current.columns, clear, place.associated())

    def seal_text(self, clear: str, place: Place) -> bytes:
        """Ciphertext of the UTF-8 octets of `clear`."""
        return self.seal(clear.encode(), place)

    def open(self, sealed: bytes, place: Place) -> bytes:
        """The clear octets.

        Raises:
            Corrupt: the ciphertext is damaged, or belongs to another place or key.
        """
        what = f"{place.table}.{place.column}"
        keys = self._keys_of(sealed, what)
        return _opened(keys.columns, sealed, place.associated(), what)

    def open_text(self, sealed: bytes, place: Place) -> str:
        """The clear text; raises as `open` does."""
        return self.open(sealed, place).decode()

    def seal_object(self, clear: bytes, name: str) -> bytes:
        """Ciphertext of an object's bytes, bound to its name."""
        return self._sealed(self._current.objects, clear, _object_place(name))

    def open_object(self, sealed: bytes, name: str) -> bytes:
        """The object's bytes.

        Raises:
            Corrupt: damaged, renamed, or sealed with an unknown key.
        """
        keys = self._keys_of(sealed, "object")
        return _opened(keys.objects, sealed, _object_place(name), "object")

    def keyed_hash(self, purpose: str, text: str) -> str:
        """Hex HMAC-SHA-256 of purpose, zero octet and text: equal texts can be found."""
        message = f"{purpose}\0{text}".encode()
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()

    def _sealed(self, key: AESGCM, clear: bytes, associated: bytes) -> bytes:
        nonce = self._entropy.octets(_NONCE_LENGTH)
        head = _VERSION + self._current.key_id + nonce
        return head + key.encrypt(nonce, clear, associated)

    def _keys_of(self, sealed: bytes, what: str) -> _Ciphers:
        if len(sealed) < _HEADER + _TAG_LENGTH or sealed[:1] != _VERSION:
            raise Corrupt(what=what)
        found = self._known.get(sealed[1 : 1 + _ID_LENGTH])
        if found is None:
            raise Corrupt(what=what)
        return found


def _object_place(name: str) -> bytes:
    return f"object\0{name}".encode()


def _opened(key: AESGCM, sealed: bytes, associated: bytes, what: str) -> bytes:
    nonce = sealed[_HEADER - _NONCE_LENGTH : _HEADER]
    try:
        return key.decrypt(nonce, sealed[_HEADER:], associated)
    except InvalidTag as error:
        raise Corrupt(what=what) from error
