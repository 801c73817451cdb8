"""What the authority has issued: one file, replaced in one step, stamped by the vault.

The first line is the stamp over the rest, which is JSON with DER in base64.

Private keys are written before the entry that names them, so whatever is killed when, the
register never names a key that is not there.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from certlib.errors import KeyUnusable, SigningUnavailable
from keys import files
from keys.places import TokenPlace
from keys.profiles import Revoked
from keys.vault import Vault

__all__ = [
    "Mark",
    "Member",
    "OutsideSeal",
    "Register",
    "RegisterFile",
    "SealEntry",
    "SealRequest",
    "StoredList",
    "published",
    "register_from",
]

Mark = tuple[int, int, int] | None
"""Tells one state of the file from every other: inode, time, size."""

_LABEL = "register"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A key of the authority itself and its X.509 certificate, DER; it lies in the vault."""

    key: str
    algorithm: str
    certificate: bytes

    @property
    def place(self) -> TokenPlace | None:
        """No token holds keys of the authority."""
        return None


@dataclass(frozen=True, slots=True)
class SealEntry:
    """A department's seal: key name, owner, X.509 certificate (DER).

    Attributes:
        place: where a token holds the key; None for a key in the vault.
    """

    key: str
    algorithm: str
    issuer_code: str
    department: str
    certificate: bytes
    place: TokenPlace | None = None


@dataclass(frozen=True, slots=True)
class StoredList:
    """A CRL as it was signed last: the file name under which it is published, DER."""

    name: str
    crl: bytes


@dataclass(frozen=True, slots=True)
class SealRequest:
    """A key whose certificate an outside authority has been asked for.

    Attributes:
        request: PKCS#10 (RFC 2986), DER.
        made_at: aware UTC.
    """

    key: str
    algorithm: str
    issuer_code: str
    department: str
    request: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True)
class OutsideSeal:
    """A department's seal under an outside authority.

    Attributes:
        chain: DER of the authorities above it, no root.
        ended_at: when it was given up here, aware UTC; the authority itself is told by people.
    """

    key: str
    algorithm: str
    issuer_code: str
    department: str
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    ended_at: datetime | None = None

    @property
    def place(self) -> TokenPlace | None:
        """Its key lies in the vault."""
        return None


@dataclass(frozen=True, slots=True)
class Register:
    """The public state of the authority, at one instant.

    Attributes:
        seals: oldest first; a department's newest usable seal is its current one.
        history: seals the audit history; None in a register of an earlier release.
        trust: signs trust lists for others; None until the first one is signed.
        report: seals verification reports; None until the first one is made.
        snapshot: signs snapshots of the status record; None until the first one is made.
        revoked: whatever is revoked, of any authority of the register.
        former: authorities' keys that others have followed, oldest first; what they have signed is
            verified with them, and their lists are kept.
        lists: every CRL, see `keys.revocation_lists`.
        responders: keys that sign OCSP answers, one for each authority; renewed often.
        requests: keys whose certificates outside authorities have been asked for, oldest first.
        outside: seals under outside authorities, oldest first.
        timestamp: the first timestamp key; later_timestamps: those that followed it, oldest first.
            None is ever left out: what it has stamped is judged by its certificate for years.
        counted_since: from when on `keys.counters` has every signature, aware UTC; None in a
            register of an earlier release.
    """

    root: Member
    issuing: Member
    timestamp: Member
    seals: tuple[SealEntry, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    history: Member | None = None
    trust: Member | None = None
    report: Member | None = None
    snapshot: Member | None = None
    former: tuple[Member, ...] = ()
    lists: tuple[StoredList, ...] = ()
    responders: tuple[Member, ...] = ()
    requests: tuple[SealRequest, ...] = ()
    outside: tuple[OutsideSeal, ...] = ()
    later_timestamps: tuple[Member, ...] = ()
    counted_since: datetime | None = None

    @property
    def root_crl(self) -> bytes:
        """The root's list, DER; it names nothing as long as no authority is revoked."""
        return self.list_named(f"{self.root.key}.crl")

    @property
    def issuing_crl(self) -> bytes:
        """The complete list of the issuing authority, DER."""
        return self.list_named(f"{self.issuing.key}.crl")

    def list_named(self, name: str) -> bytes:
        """The CRL of that file name, DER; nothing where there is none yet."""
        return next((entry.crl for entry in self.lists if entry.name == name), b"")

    @property
    def timestamps(self) -> tuple[Member, ...]:
        """Every timestamp key, oldest first; the last may be one whose time is still to come."""
        return self.timestamp, *self.later_timestamps

    @property
    def own(self) -> Mapping[str, Member]:
        """Keys that bear witness, by purpose, as far as they are there (`keys.own_keys`)."""
        named = {"history": self.history, "trust": self.trust}
        named |= {"report": self.report, "snapshot": self.snapshot}
        return {purpose: member for purpose, member in named.items() if member is not None}

    @property
    def members(self) -> tuple[Member, ...]:
        """The authority's own keys that are in use, and every timestamp key."""
        return self.root, self.issuing, *self.timestamps, *self.own.values(), *self.responders


class RegisterFile:
    """The register on disk."""

    def __init__(self, path: Path, vault: Vault) -> None:
        """Keeps the register at `path`, stamped by `vault`."""
        self._path = path
        self._vault = vault

    def mark(self) -> Mark:
        """Changes whenever the file is replaced, by whatever process; None without a file.

        Raises:
            SigningUnavailable: the folder does not answer.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116 - the hot path of finding a seal
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SigningUnavailable(what=f"register: {error.strerror}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> Register | None:
        """The register, or None before the authority is founded.

        Raises:
            KeyUnusable: damaged, or written under another key-encryption key.
            SigningUnavailable: the file cannot be read.
        """
        stored = files.read(self._path)
        if stored is None:
            return None
        stamp, _, content = stored.partition(b"\n")
        try:
            # The stamp is checked before anything is parsed: what follows is our own writing.
            self._vault.check_stamp(_LABEL, content, bytes.fromhex(stamp.decode("ascii")))
            return _from_json(json.loads(content))
        except (ValueError, KeyError, TypeError) as error:
            raise KeyUnusable(what="register: damaged or of another version") from error

    def write(self, register: Register) -> None:
        """Commits `register`: durable on return.

        Raises:
            SigningUnavailable: the folder cannot be written; the old register stands.
        """
        content = published(register)
        stamp = self._vault.stamp(_LABEL, content).hex().encode()
        files.replace(self._path, stamp + b"\n" + content)


def published(register: Register) -> bytes:
    """All that the register says, as JSON; nothing of it is secret."""
    return json.dumps(_to_json(register), ensure_ascii=False, indent=1).encode()


def register_from(content: bytes) -> Register:
    """The register behind `published`.

    Raises:
        KeyUnusable: damaged, or of another version.
    """
    try:
        return _from_json(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise KeyUnusable(what="register: damaged or of another version") from error


def _to_json(register: Register) -> dict[str, Any]:
    plain = {key: _plain(item) for key, item in asdict(register).items()}
    # Auditors and earlier releases look for these two by name.
    named = {"root_crl": _plain(register.root_crl), "issuing_crl": _plain(register.issuing_crl)}
    return {"format": _FORMAT} | named | plain


def _plain(value: object) -> object:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
        case int():
            return f"{value:x}"  # serial numbers are wider than JSON integers
        case _:
            return value


def _from_json(content: dict[str, Any]) -> Register:
    if content["format"] != _FORMAT:
        raise ValueError(content["format"])
    return Register(
        root=_member(content["root"]),
        issuing=_member(content["issuing"]),
        timestamp=_member(content["timestamp"]),
        seals=tuple(
            SealEntry(
                **{
                    **entry,
                    "certificate": base64.b64decode(entry["certificate"]),
                    "place": TokenPlace(**entry["place"]) if entry.get("place") else None,
                }
            )
            for entry in content["seals"]
        ),
        revoked=tuple(
            Revoked(
                int(entry["serial"], 16),
                datetime.fromisoformat(entry["at"]),
                entry["reason"],
                _moment(entry.get("invalid_since")),
            )
            for entry in content["revoked"]
        ),
        history=_optional(content, "history"),
        trust=_optional(content, "trust"),
        report=_optional(content, "report"),
        snapshot=_optional(content, "snapshot"),
        former=tuple(map(_member, content.get("former", ()))),
        lists=_lists(content),
        responders=tuple(map(_member, content.get("responders", ()))),
        requests=tuple(map(_request, content.get("requests", ()))),
        outside=tuple(map(_outside, content.get("outside", ()))),
        later_timestamps=tuple(map(_member, content.get("later_timestamps", ()))),
        counted_since=_instant(content.get("counted_since")),
    )


def _lists(content: dict[str, Any]) -> tuple[StoredList, ...]:
    """Every list; an earlier release kept two, under names of their own."""
    given = content.get("lists") or [
        {"name": f"{content[name]['key']}.crl", "crl": content[f"{name}_crl"]}
        for name in ("root", "issuing")
    ]
    return tuple(StoredList(entry["name"], base64.b64decode(entry["crl"])) for entry in given)


def _request(entry: dict[str, Any]) -> SealRequest:
    made_at = datetime.fromisoformat(entry["made_at"])
    return SealRequest(
        **{**entry, "request": base64.b64decode(entry["request"]), "made_at": made_at}
    )


def _outside(entry: dict[str, Any]) -> OutsideSeal:
    return OutsideSeal(
        **{
            **entry,
            "certificate": base64.b64decode(entry["certificate"]),
            "chain": tuple(map(base64.b64decode, entry["chain"])),
            "ended_at": _moment(entry["ended_at"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _optional(content: dict[str, Any], name: str) -> Member | None:
    """A key that an earlier release did not know, or that nobody has asked for yet."""
    return _member(content[name]) if content.get(name) else None


def _member(entry: dict[str, str]) -> Member:
    return Member(
        entry["key"], entry["algorithm"], base64.b64decode(entry["certificate"], validate=True)
    )
