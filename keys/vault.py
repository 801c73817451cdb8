"""Private keys at rest: one file each, AES-256-GCM under a key-encryption key from outside.

A file is `CLK1`, a 96-bit nonce, and the PKCS#8 DER encrypted with the key's name as additional
data, so that one key's file cannot stand in for another's. Files are written once and never
replaced. The key-encryption key never lies in the folder.
"""

import hmac
import re
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certlib.errors import KeyUnusable
from certlib.ports import Entropy
from keys import files

__all__ = ["Vault"]

_MAGIC = b"CLK1"
_NONCE = 12
_KEK = 32
_COUNTER = b"certlib/keys/signatures/1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Vault:
    """Encrypted keys in a folder.

    Attributes:
        counter_key: key of the MACs of `keys.counters`, derived from the key-encryption key.
    """

    def __init__(self, folder: Path, kek: bytes, entropy: Entropy, *, make: bool = True) -> None:
        """Opens the folder, making it when absent.

        Args:
            folder: only this process's user gets in (0700; files 0600).
            kek: key-encryption key, 32 octets.
            entropy: source of nonces.
            make: makes the folder, and lets nobody else in; without it nothing is touched.

        Raises:
            KeyUnusable: `kek` has another length.
            SigningUnavailable: the folder cannot be made.
        """
        if len(kek) != _KEK:
            raise KeyUnusable(what="key-encryption key: 32 octets expected")
        self._folder = folder
        self._cipher = AESGCM(kek)
        self.counter_key = hmac.digest(kek, _COUNTER, "sha256")
        self._entropy = entropy
        if make:
            files.private_folder(folder)

    def put(self, name: str, secret: bytes) -> None:
        """Stores a key once; durable on return.

        Raises:
            KeyUnusable: the name is malformed or taken.
            SigningUnavailable: the folder cannot be written.
        """
        path = self._path(name)
        try:
            files.write_new(path, _MAGIC + self._encrypt(secret, name.encode()))
        except FileExistsError as error:
            raise KeyUnusable(what=f"{name}: stored already") from error

    def get(self, name: str) -> bytes:
        """The key stored under `name`.

        Raises:
            KeyUnusable: no such key, wrong key-encryption key, or a damaged file.
            SigningUnavailable: the file cannot be read.
        """
        stored = files.read(self._path(name))
        if stored is None:
            raise KeyUnusable(what=f"{name}: missing")
        if not stored.startswith(_MAGIC):
            raise KeyUnusable(what=f"{name}: not a key file")
        return self._decrypt(stored[len(_MAGIC) :], name.encode(), name)

    def has(self, name: str) -> bool:
        """Whether a key is stored under `name`."""
        return self._path(name).exists()

    def names(self) -> frozenset[str]:
        """Names of all stored keys."""
        return frozenset(path.stem for path in self._folder.glob("*.key"))

    def sweep(self) -> None:
        """Removes what killed writers left; the caller holds the lock of the authority."""
        files.sweep(self._folder)

    def stamp(self, label: str, content: bytes) -> bytes:
        """A proof (GMAC) that a holder of the key-encryption key wrote `content`."""
        return self._encrypt(b"", _stamped(label, content))

    def check_stamp(self, label: str, content: bytes, stamp: bytes) -> None:
        """Accepts what `stamp` made for the same label and content.

        Raises:
            KeyUnusable: wrong key-encryption key, or changed content.
        """
        self._decrypt(stamp, _stamped(label, content), label)

    def _encrypt(self, secret: bytes, context: bytes) -> bytes:
        nonce = self._entropy.octets(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, context)

    def _decrypt(self, stored: bytes, context: bytes, what: str) -> bytes:
        try:
            return self._cipher.decrypt(stored[:_NONCE], stored[_NONCE:], context)
        except (InvalidTag, ValueError) as error:
            message = f"{what}: damaged, or another key-encryption key"
            raise KeyUnusable(what=message) from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise KeyUnusable(what="key name: letters, digits, dot, hyphen, underscore expected")
        return self._folder / f"{name}.key"


def _stamped(label: str, content: bytes) -> bytes:
    """Additional data that no key name can equal: names hold no zero octet."""
    return label.encode() + b"\0" + content
