"""An authority looked at from beside it: nothing is founded, issued, renewed or made private."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509

from certlib.errors import CertlibError, SigningUnavailable
from certlib.ports import Entropy
from keys.custody import KeySummary, Snapshot
from keys.hardware_sessions import HardwareToken
from keys.keyring import Key, Keyring
from keys.register import Register, RegisterFile
from keys.revocation_lists import lists_of
from keys.vault import Vault

__all__ = ["AuthorityFacts", "CrlFacts", "facts_of", "inspect"]


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """A revocation list and when the next one must be there."""

    name: str
    next_update: datetime


@dataclass(frozen=True, slots=True)
class AuthorityFacts:
    """What a register holds at one instant.

    Attributes:
        keys: every key with its state and end.
        unusable: name of a current key → why it cannot sign, as a sentence of the library.
        crls: every revocation list.
        timestamp_key: the key of the timestamp authority.
        root: hex SHA-256 of the root's certificate, DER.
    """

    keys: tuple[KeySummary, ...]
    unusable: tuple[tuple[str, CertlibError], ...]
    crls: tuple[CrlFacts, ...]
    timestamp_key: Key
    root: str


def inspect(
    folder: Path,
    kek: bytes,
    entropy: Entropy,
    now: datetime,
    token: HardwareToken | None = None,
) -> AuthorityFacts:
    """Reads the register in `folder`, and loads every key that is in use.

    Raises:
        KeyUnusable: wrong key-encryption key, or a damaged register.
        SigningUnavailable: the register is not there, or cannot be read.
    """
    vault = Vault(folder / "private", kek, entropy, make=False)
    register = RegisterFile(folder / "register", vault).read()
    if register is None:
        raise SigningUnavailable(what="register: missing")
    snapshot = Snapshot(register, Keyring(vault, token))
    return replace(facts_of(snapshot, now), unusable=tuple(_unusable(snapshot, now)))


def facts_of(snapshot: Snapshot, now: datetime) -> AuthorityFacts:
    """What a snapshot says at `now`; no key is loaded."""
    return AuthorityFacts(
        tuple(snapshot.summaries(now)),
        (),
        tuple(_crls(snapshot.register)),
        snapshot.timestamp_key(now),
        snapshot.trusted.sha256,
    )


def _unusable(snapshot: Snapshot, now: datetime) -> Iterator[tuple[str, CertlibError]]:
    current = {item.name for item in snapshot.summaries(now) if item.state == "current"}
    for name in sorted(current & set(snapshot.handles)):
        try:
            snapshot.handles[name].check()
        except CertlibError as error:
            yield name, error


def _crls(register: Register) -> Iterator[CrlFacts]:
    for name, der in lists_of(register):
        crl = x509.load_der_x509_crl(der)
        yield CrlFacts(name, crl.next_update_utc or crl.last_update_utc)
