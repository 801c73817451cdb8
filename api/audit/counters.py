"""Signature counters, read from the description in docs/keys.md alone.

    head    "CLSIGNED", reserved (8), start of the machine (32), MAC (16)
    record  kind (8), instant (8), digest or number (32), MAC (16)

Kind 1 is a signature over a message of that SHA-256, kind 2 a number of signatures whose records a
power cut may have taken. The MAC is HMAC-SHA-256, cut to 16 octets, over the key's name, a zero
octet, the record's place (8) and the 48 octets before it; its key is HMAC-SHA-256 of
`certlib/keys/signatures/1` under the key-encryption key. Numbers are big-endian.

Keys sign while a counter is read, and no lock is taken: an auditor that is stopped must not stop
them. The head is read after the records: it was written before the first record that needs it, so
then it speaks of all that were seen. What does not fit may be a record half written: it is read
anew, and damage is what stays.
"""

import hmac
import json
import os
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from api.audit.report import CannotAudit

_SIZE = 64
_CONTENT = slice(0, 48)
_MAC = slice(48, 64)
_HEAD = b"CLSIGNED"
_SIGNED, _LOST = 1, 2
_PURPOSE = b"certlib/keys/signatures/1"
_READINGS = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """What one counter says.

    Attributes:
        signed: hex SHA-256 of every message → when it was signed first.
        lost: most signatures that a power cut may have taken the records of.
        damaged: a record that is none, or not enough of them.
    """

    signed: Mapping[str, datetime] = field(default_factory=dict)
    lost: int = 0
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key of the register that seals certificates."""

    name: str
    issuer_code: str


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of a node at one instant.

    Attributes:
        since: from when on every signature is counted; None where an earlier release ran last.
        keys: seal keys by the hex SHA-256 of their X.509 certificates.
        counted: by the key's name.
    """

    since: datetime | None
    keys: Mapping[str, SealKey]
    counted: Mapping[str, Counted]


def counters(folder: Path, keks: Sequence[bytes]) -> Counters:
    """Reads register and counters in `folder` (DATA_DIR/keys).

    Raises:
        CannotAudit: they are there and cannot be read.
    """
    secrets = [hmac.digest(kek, _PURPOSE, "sha256") for kek in keks]
    try:
        said = json.loads((folder / "register").read_bytes().partition(b"\n")[2])
        entries = [*said["seals"], *said.get("outside", ())]
        keys = {
            sha256(b64decode(entry["certificate"])).hexdigest(): SealKey(
                entry["key"], entry["issuer_code"]
            )
            for entry in entries
        }
        since = said.get("counted_since")
        names = {key.name for key in keys.values()}
        counted = {name: _counted(folder / "signatures" / name, secrets) for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotAudit(
            "无法读取密钥登记或签名计数。", "The register of keys or its counters cannot be read."
        ) from error
    return Counters(datetime.fromisoformat(since) if since else None, keys, counted)


def _counted(path: Path, secrets: Sequence[bytes]) -> Counted:
    found = Counted()
    for _ in range(_READINGS):
        try:
            stored = _stored(path)
        except FileNotFoundError:
            return Counted()  # it has never signed, or what it has sealed is uncounted
        found = _told(path.name, stored, secrets)
        if not found.damaged:
            break
    return found


def _stored(path: Path) -> bytes:
    with path.open("rb", buffering=0) as stream:
        records = stream.readall()
        return os.pread(stream.fileno(), min(_SIZE, len(records)), 0) + records[_SIZE:]


def _told(name: str, stored: bytes, secrets: Sequence[bytes]) -> Counted:
    whole = len(stored) // _SIZE  # half a record is one under way
    records = [stored[place * _SIZE : (place + 1) * _SIZE] for place in range(whole)]
    if not records or records[0][:8] != _HEAD:
        return Counted(damaged=bool(stored))
    signed: dict[str, datetime] = {}
    lost, damaged = 0, int.from_bytes(records[0][8:16]) < whole - 1
    for place, record in enumerate(records):
        if not _written(name, place, record, secrets):
            damaged = True
        elif place and int.from_bytes(record[:8]) == _LOST:
            lost += int.from_bytes(record[16:48])
        elif place:
            at = datetime.fromtimestamp(int.from_bytes(record[8:16]), UTC)
            signed.setdefault(record[16:48].hex(), at)
    return Counted(signed, lost, damaged)


def _written(name: str, place: int, record: bytes, secrets: Sequence[bytes]) -> bool:
    message = name.encode() + b"\0" + place.to_bytes(8) + record[_CONTENT]
    return any(
        hmac.compare_digest(hmac.digest(secret, message, "sha256")[:16], record[_MAC])
        for secret in secrets
    )
