"""Opens what lies encrypted at rest, from the format's description alone.

    0x01, key id (4 octets), nonce (12), AES-256-GCM ciphertext with its tag

Keys are HKDF-SHA-256 (RFC 5869, no salt) of the key-encryption key with the info
`certlib/storage/PURPOSE/1`; the associated data is `column`, table, column, row, or `object`, name,
separated by zero octets.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.audit.report import CannotAudit

_KEY = 32
_ID = slice(1, 5)
_NONCE = slice(5, 17)
_BODY = slice(17, None)
_SHORTEST = 17 + 16


class DoesNotOpen(Exception):
    """Damaged, moved from another place, or of an unknown key."""


@dataclass(frozen=True, slots=True)
class _Keys:
    columns: AESGCM
    objects: AESGCM


class Opener:
    """Opens columns and objects with every key-encryption key at hand."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {
            _derived(key, "key-id", 4): _Keys(
                AESGCM(_derived(key, "column", _KEY)), AESGCM(_derived(key, "object", _KEY))
            )
            for key in keys
        }
        self._index = [_derived(key, "index", _KEY) for key in keys]

    def keyed(self, purpose: str, text: str) -> frozenset[str]:
        """The keyed hash of a text; one for each key, as the oldest one counts."""
        message = f"{purpose}\0{text}".encode()
        return frozenset(hmac.digest(key, message, "sha256").hex() for key in self._index)

    def column(self, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """The clear octets of a column; `row` is its primary key, parts joined by U+001F.

        Raises:
            DoesNotOpen: not sealed for this place.
        """
        place = f"column\0{table}\0{column}\0{row}".encode()
        return _opened(self._of(sealed).columns, sealed, place)

    def object(self, sealed: bytes, name: str) -> bytes:
        """The clear octets of an object.

        Raises:
            DoesNotOpen: not sealed under this name.
        """
        return _opened(self._of(sealed).objects, sealed, f"object\0{name}".encode())

    def stored(self, octets: bytes, name: str, *, sealed: bool) -> bytes:
        """The clear octets of what lies in a store, sealed or not.

        Raises:
            DoesNotOpen: sealed, and not under this name.
        """
        return self.object(octets, name) if sealed else octets

    def _of(self, sealed: bytes) -> _Keys:
        if len(sealed) < _SHORTEST or sealed[0] != 1 or sealed[_ID] not in self._keys:
            raise DoesNotOpen
        return self._keys[sealed[_ID]]


def key_from(path: Path) -> bytes:
    """The key-encryption key: 64 hex digits in a file.

    Raises:
        CannotAudit: absent or of another form.
    """
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise _no_key() from error
    if len(key) != _KEY:
        raise _no_key()
    return key


def _no_key() -> CannotAudit:
    return CannotAudit(
        "无法读取密钥加密密钥，不能审计加密内容。",
        "The key-encryption key cannot be read: what is encrypted cannot be audited.",
    )


def _derived(key: bytes, purpose: str, length: int) -> bytes:
    """HKDF of RFC 5869 for at most one block of output."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, f"certlib/storage/{purpose}/1".encode() + b"\x01", "sha256")[
        :length
    ]


def _opened(key: AESGCM, sealed: bytes, place: bytes) -> bytes:
    try:
        return key.decrypt(sealed[_NONCE], sealed[_BODY], place)
    except InvalidTag as error:
        raise DoesNotOpen from error
