"""The handle of a key, wherever the key lies: in the vault, or in a token."""

from functools import partial
from typing import Protocol

from keys.counters import Counters
from keys.handles import SoftwareKey
from keys.hardware import HardwareKey
from keys.hardware_sessions import HardwareToken
from keys.places import TokenPlace
from keys.vault import Vault

__all__ = ["Key", "Keyring"]

Key = SoftwareKey | HardwareKey


class _Entry(Protocol):
    """What a register says of a key."""

    @property
    def key(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def certificate(self) -> bytes: ...
    @property
    def place(self) -> TokenPlace | None: ...


class Keyring:
    """Makes handles; nothing is loaded and no token is asked before a handle signs.

    Attributes:
        vault: keys that no token holds.
    """

    def __init__(
        self,
        vault: Vault,
        token: HardwareToken | None = None,
        counters: Counters | None = None,
    ) -> None:
        """Without a `token`, keys in one are known and do not sign."""
        self._counters = counters
        self.vault = vault
        self._token = token

    def handle(self, entry: _Entry, above: tuple[bytes, ...], *, counted: bool = True) -> Key:
        """The handle of a key with the certificates `above` its own, no root.

        What a key signs that is not `counted` is on nobody's record: timestamps and OCSP answers,
        which strangers ask for as often as they like. Nothing of them may fill the disk.

        Raises:
            KeyUnusable: its certificate is not for a key of its algorithm, or the key of the
                counters is too long.
        """
        chain = (entry.certificate, *above)
        count = self._counters.of(entry.key).count if self._counters and counted else None
        if entry.place is None:
            fetch = partial(self.vault.get, entry.key)
            return SoftwareKey(entry.key, entry.algorithm, chain, fetch, count)
        return HardwareKey(entry.key, entry.algorithm, chain, self._token, entry.place, count)
