"""The authority's own keys: they seal the history, sign trust lists, receipts and snapshots.

Each is followed by another before its X.509 certificate runs out; what it has signed carries that
certificate along, and the register keeps it among the former ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from cryptography import x509

from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock
from keys.custody import Snapshot
from keys.keyring import Key
from keys.mint import Mint
from keys.register import Register
from keys.renewal import runs_out

__all__ = ["OwnKeys"]


class OwnKeys(ABC):
    """The part of an authority that has these keys."""

    _clock: Clock
    _mint: Mint

    def history_key(self) -> Key:
        """The key that seals the audit history; its chain is its own certificate alone.

        Raises:
            KeyUnusable: it has ended, and the root's key cannot be used.
            SigningUnavailable: there is none, or it has ended and the folder cannot be written.
        """
        return self._kept_key("history")

    def trust_key(self) -> Key:
        """The key that signs trust lists; made when the first one is to be signed.

        Raises:
            KeyUnusable, SigningUnavailable: as `report_key`.
        """
        return self._kept_key("trust")

    def report_key(self) -> Key:
        """The key that seals verification reports; made when the first one is asked for.

        Raises:
            KeyUnusable: the root's key cannot be used.
            SigningUnavailable: the folder cannot be written, or the certificate has expired.
        """
        return self._kept_key("report")

    def snapshot_key(self) -> Key:
        """The key that signs status snapshots; made when the first one is exported.

        Raises:
            KeyUnusable, SigningUnavailable: as `report_key`.
        """
        return self._kept_key("snapshot")

    def keep_own_keys(self) -> bool:
        """Follows each of these keys that is there and runs out by another; says whether any.

        Raises:
            KeyUnusable: the root's key cannot be used.
            SigningUnavailable: the folder cannot be written; the keys that are there stand.
        """
        now, keys = self._clock.now(), self._current().own_keys.values()
        if not any(runs_out(key.chain[0], now) for key in keys):
            return False
        return self._change(lambda found: self._mint.with_own_kept(found.register))

    def _kept_key(self, purpose: str) -> Key:
        key = self._current().own_keys.get(purpose)
        if key is None or runs_out(key.chain[0], self._clock.now()):
            try:
                self._change(lambda found: self._mint.with_own(found.register, purpose))
            except (KeyUnusable, SigningUnavailable):
                if key is None or not self._holds(key):
                    raise
            key = self._current().own_keys.get(purpose)
        return self._valid(key, purpose)

    def _valid(self, key: Key | None, name: str) -> Key:
        if key is None:
            raise SigningUnavailable(what=f"no key for {name}")
        if not self._holds(key):
            raise SigningUnavailable(what=f"{name}: its X.509 certificate is not valid now")
        return key

    def _holds(self, key: Key) -> bool:
        found = x509.load_der_x509_certificate(key.chain[0])
        return found.not_valid_before_utc <= self._clock.now() <= found.not_valid_after_utc

    @abstractmethod
    def _current(self) -> Snapshot: ...

    @abstractmethod
    def _change(self, step: Callable[[Snapshot], Register]) -> bool: ...
