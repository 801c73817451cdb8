"""The ceremony: an authority founded from one declarative file, with a log that can be made again.

The file says everything that is not chance. Chance comes from the machine, or from a file that
those present bring along (dice, coins): then keys and serial numbers follow from it alone, and
whoever repeats the ceremony in memory gets the same log but for the signatures (ECDSA draws a
number for each). Who has that file has the keys: it is destroyed, or locked away as they are.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.canonical import canonical_bytes
from certlib.key_errors import CeremonyRefused, FoundedAlready
from certlib.ports import Entropy
from keys import algorithms, files, profiles
from keys.ceremony_file import Declaration, DeclaredKey
from keys.mint import Mint
from keys.register import Member, Register, RegisterFile
from keys.vault import Vault

__all__ = ["LOG_NAME", "BroughtEntropy", "Source", "hold", "rehearse", "same"]

LOG_NAME: Final = "ceremony.jsonl"
_LEAST: Final = 32
_BACKDATE: Final = timedelta(hours=1)  # readers' clocks may lag behind ours, as in `keys.mint`
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's base point (SP 800-186, 3.2.1.3)."""
_SCALAR: Final = 48
"""Octets for a private key: 128 bits more than the order has (FIPS 186-5, A.2.1 asks for 64)."""
_SIGNED: Final = "signed"
"""Member of a line that holds what signatures are part of: the only thing that may differ."""
_PROFILES: Final = {
    "issuing": profiles.issuing_certificate,
    "timestamp": profiles.timestamp_certificate,
    "history": profiles.history_certificate,
}


class BroughtEntropy:
    """Octets that follow from what those present have brought (`certlib.ports.Entropy`)."""

    def __init__(self, content: bytes) -> None:
        """Stretches `content` with SHAKE256.

        Raises:
            CeremonyRefused: fewer than 32 octets.
        """
        if len(content) < _LEAST:
            raise CeremonyRefused(
                place="--entropy",
                told=f"至少 {_LEAST} 字节",
                told_en=f"at least {_LEAST} octets are needed",
            )
        self._seed = hashlib.sha256(b"certlib ceremony\0" + content).digest()
        self._calls = 0

    def octets(self, count: int) -> bytes:
        """The next octets."""
        self._calls += 1
        label = self._seed + self._calls.to_bytes(8)
        return hashlib.shake_256(label).digest(count)


@dataclass(frozen=True, slots=True)
class Source:
    """Where chance comes from.

    Attributes:
        digest: hex SHA-256 of the file that was brought; "" for the machine's own generator.
    """

    entropy: Entropy
    digest: str = ""


def hold(
    folder: Path, vault: Vault, declared: Declaration, content: bytes, source: Source
) -> tuple[str, ...]:
    """Founds the authority in `folder`; the lines of the log, which lies there too.

    Args:
        folder: of the keys; nothing may be in it.
        vault: in that folder.
        declared: what `content` declares.
        content: the file itself, for its digest.
        source: of keys and serial numbers.

    Raises:
        FoundedAlready: there are keys; nothing was changed.
        SigningUnavailable: the folder cannot be written.
    """
    files.private_folder(folder)
    shelf = RegisterFile(folder / "register", vault)
    with files.exclusive(folder):
        if shelf.mark() is not None or vault.names():
            raise FoundedAlready
        register, log = _held(vault, declared, content, source)
        files.replace(folder / LOG_NAME, "".join(f"{line}\n" for line in log).encode())
        shelf.write(register)  # commit point: from here the authority exists
    return log


def rehearse(declared: Declaration, content: bytes, source: Source) -> tuple[str, ...]:
    """The lines of the log that such a ceremony would have; nothing is stored."""
    return _held(_MemoryVault(), declared, content, source)[1]


def same(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two logs are of one ceremony: equal but for what signatures are part of."""
    return list(map(_unsigned, one)) == list(map(_unsigned, other))


def _unsigned(line: str) -> object:
    try:
        found = json.loads(line)
    except ValueError:
        return line
    if isinstance(found, dict):
        found.pop(_SIGNED, None)
    return found


def _held(
    vault: Vault, declared: Declaration, content: bytes, source: Source
) -> tuple[Register, tuple[str, ...]]:
    log = _Log()
    log.add(
        "declaration",
        sha256=hashlib.sha256(content).hexdigest(),
        owner=declared.owner,
        public_url=declared.public_url,
        held_at=declared.held_at.isoformat(),
        place=declared.place,
        persons=list(declared.persons),
    )
    log.add("entropy", source="brought" if source.digest else "machine", sha256=source.digest)
    mint = Mint(vault, _At(declared.held_at), source.entropy, declared.options)
    members: dict[str, Member] = {}
    issuer: profiles.Issuer | None = None
    for wanted in declared.keys:
        key = _key(source.entropy)
        vault.put(wanted.name, algorithms.private_bytes(key))
        public = hashlib.sha256(algorithms.public_bytes(key)).hexdigest()
        log.add("key", name=wanted.name, algorithm=wanted.algorithm, public_sha256=public)
        certificate = _certificate(declared, wanted, key, issuer, source.entropy)
        if issuer is None:
            url = declared.public_url.rstrip("/") + "/pki/root"
            issuer = profiles.Issuer(certificate, key, url)
        der = certificate.public_bytes(Encoding.DER)
        members[wanted.name] = Member(wanted.name, wanted.algorithm, der)
        log.certificate(wanted.name, certificate)
    founded = Register(
        members["root"], members["issuing"], members["timestamp"], history=members["history"]
    )
    register = mint.with_crls(founded)
    for name in ("root", "issuing"):
        log.crl(f"{name}.crl", register.list_named(f"{name}.crl"))
    log.add("end")
    return register, tuple(log.lines)


def _key(entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    """A private key by extra random bits (FIPS 186-5, A.2.1)."""
    scalar = int.from_bytes(entropy.octets(_SCALAR)) % (_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _certificate(
    declared: Declaration,
    wanted: DeclaredKey,
    key: ec.EllipticCurvePrivateKey,
    issuer: profiles.Issuer | None,
    entropy: Entropy,
) -> x509.Certificate:
    serial = (int.from_bytes(entropy.octets(16)) >> 1) | (1 << 126)
    start = declared.held_at - _BACKDATE
    term = profiles.Term(serial, start, start + timedelta(days=wanted.days))
    name = profiles.authority_name(declared.owner, wanted.role)
    if issuer is None:
        return profiles.root_certificate(key, name, term)
    return _PROFILES[wanted.name](issuer, key.public_key(), name, term)


@dataclass(slots=True)
class _Log:
    """Lines, each with a digest over all before it: who changes one changes the last."""

    lines: list[str] = field(default_factory=list)
    _chain: str = ""

    def add(self, step: str, signed: dict[str, Any] | None = None, **said: Any) -> None:
        line: dict[str, Any] = {"step": step, **said, "previous": self._chain}
        self._chain = hashlib.sha256(canonical_bytes(line)).hexdigest()
        if signed:
            line[_SIGNED] = signed
        self.lines.append(canonical_bytes(line).decode())

    def certificate(self, name: str, found: x509.Certificate) -> None:
        self.add(
            "certificate",
            {"sha256": hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest()},
            name=name,
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            serial=f"{found.serial_number:x}",
            not_before=found.not_valid_before_utc.isoformat(),
            not_after=found.not_valid_after_utc.isoformat(),
            tbs_sha256=hashlib.sha256(found.tbs_certificate_bytes).hexdigest(),
        )

    def crl(self, name: str, der: bytes) -> None:
        tbs = x509.load_der_x509_crl(der).tbs_certlist_bytes
        whole = hashlib.sha256(der).hexdigest()
        self.add("crl", {"sha256": whole}, name=name, tbs_sha256=hashlib.sha256(tbs).hexdigest())


@dataclass(frozen=True, slots=True)
class _At:
    """A clock that stands at the declared instant."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


class _MemoryVault(Vault):
    """As much of a vault as a rehearsal needs; gone with the process."""

    def __init__(self) -> None:
        """Nothing is opened: `Vault.__init__` would make a folder."""
        self._kept: dict[str, bytes] = {}

    def put(self, name: str, secret: bytes) -> None:
        self._kept[name] = secret

    def get(self, name: str) -> bytes:
        return self._kept[name]

    def has(self, name: str) -> bool:
        return name in self._kept

    def names(self) -> frozenset[str]:
        return frozenset(self._kept)
