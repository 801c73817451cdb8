"""The secrets of a node: the key-encryption key, or what a node without private keys has instead.

A node without private keys never sees the key-encryption key. `certlib signer --prepare` gives it
`data-keys` (what seals columns and objects, and what signs access tokens, all derived and leading
nowhere back) and `signer`, the secret that it shares with the signers.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.secret_files import key_encryption_key, secret_octets, write_once
from api.settings import Settings
from certlib.errors import KeyUnusable, StoreUnavailable
from certlib.ports import Entropy
from storage.encryption import DataKeys

__all__ = ["DATA_KEYS", "SHARED", "NodeSecrets", "node_secrets", "prepare", "shared_secret"]

DATA_KEYS: Final = "data-keys"
SHARED: Final = "signer"
_TOKEN_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class NodeSecrets:
    """What a node was given.

    Attributes:
        data: seals columns and objects.
        token_key: signs access tokens, 32 octets.
        kek: the key-encryption key; None on a node without private keys.
    """

    data: DataKeys = field(repr=False)
    token_key: bytes = field(repr=False)
    kek: bytes | None = field(repr=False, default=None)

    @classmethod
    def of(cls, kek: bytes) -> "NodeSecrets":
        """Everything of a node with private keys."""
        token_key = hmac.digest(kek, b"certlib access token key", hashlib.sha256)
        return cls(DataKeys.of(kek), token_key, kek)


def node_secrets(settings: Settings, entropy: Entropy, *, create: bool = False) -> NodeSecrets:
    """The secrets in the settings' folder; `create` makes a key-encryption key where none is.

    Raises:
        KeyUnusable: a secret is absent or damaged.
        StoreUnavailable: the folder cannot be read or written.
    """
    folder = settings.secrets_folder
    if not settings.signers:
        return NodeSecrets.of(key_encryption_key(folder, entropy, create=create))
    octets = secret_octets(folder / DATA_KEYS, length=DataKeys.length() + _TOKEN_KEY)
    data, token_key = octets[: DataKeys.length()], octets[DataKeys.length() :]
    return NodeSecrets(DataKeys.from_octets(data), token_key)


def shared_secret(settings: Settings, entropy: Entropy | None = None) -> bytes:
    """What nodes and signers share; made with `entropy` where there is none.

    Raises:
        KeyUnusable, StoreUnavailable: as `node_secrets`.
    """
    return secret_octets(settings.secrets_folder / SHARED, entropy)


def prepare(settings: Settings, folder: Path, entropy: Entropy) -> None:
    """Writes into `folder` what a node without private keys needs; again changes nothing.

    Raises:
        KeyUnusable: there is no key-encryption key here, or `folder` belongs to other keys.
        StoreUnavailable: a folder cannot be read or written.
    """
    secrets = NodeSecrets.of(key_encryption_key(settings.secrets_folder, entropy, create=False))
    given = {
        DATA_KEYS: secrets.data.octets() + secrets.token_key,
        SHARED: shared_secret(settings, entropy),
    }
    for name, octets in given.items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_once(path, octets.hex())
        except OSError as error:
            raise StoreUnavailable(what=str(path)) from error
        if secret_octets(path, length=len(octets)) != octets:
            raise KeyUnusable(what=str(path))
