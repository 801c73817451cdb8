"""What each key has signed: one record for each signature, written before the key is used.

A file for each key, `DATA_DIR/keys/signatures/NAME`, of 64-octet records (form: docs/keys.md). Each
record holds the instant and the SHA-256 of what was signed, with a MAC over its place in the
file, under a key derived from the key-encryption key: none can be changed, moved, or left out in
the middle. Several threads and processes may write.

A crash may only over-count. A record is written before the signature is made, so a killed process
leaves at most records too many. A power cut may lose what the kernel had not yet written: therefore
the head says, durably, up to which record signatures may have been made, some hundreds ahead. Who
opens the file after a restart of the machine notes the difference as possibly lost.
"""

import fcntl
import hmac
import os
import struct
import threading
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock
from keys import files

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Counters", "SignatureCounter"]

_SIZE: Final = 64
_AHEAD: Final = 256
_MAGIC: Final = b"CLSIGNED"
_HEAD: Final = struct.Struct(">8sQ32s")
_ENTRY: Final = struct.Struct(">QQ32s")
_MAC: Final = 16
_BLOCK: Final = 64
_SIGNED, _LOST = 1, 2
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Counters:
    """The counters of all keys of one authority."""

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        """Counts in `folder`, made when it is needed; `key` is the MAC's."""
        self._folder = folder
        self._key = key
        self._clock = clock

    def of(self, name: str) -> "SignatureCounter":
        """The counter of the key called `name`; nothing is opened yet.

        Raises:
            KeyUnusable: the key of the MAC is longer than a block of SHA-256.
        """
        return SignatureCounter(self._folder / name, self._key, self._clock)


class SignatureCounter:
    """Counts the signatures of one key."""

    __slots__ = (
        "_clock",
        "_file",
        "_lock",
        "_mac_inner",
        "_mac_outer",
        "_path",
        "_process",
        "_reserved",
    )

    def __init__(self, path: Path, key: bytes, clock: Clock) -> None:
        self._file = -1
        self._process = 0
        self._reserved = 0
        self._path = path
        self._clock = clock
        self._mac_inner, self._mac_outer = _hmac_states(key)
        self._mac_inner.update(path.name.encode() + b"\0")
        self._lock = threading.Lock()

    def __del__(self) -> None:
        """The file is closed with the counter: handles are replaced as often as certificates."""
        if self._file >= 0 and self._process == os.getpid():  # a forked child may have closed it
            os.close(self._file)

    def count(self, message: bytes) -> None:
        """Records that `message` is about to be signed.

        Raises:
            SigningUnavailable: it cannot be recorded: then nothing may be signed.
        """
        now = int(self._clock.now().timestamp())
        entry = _ENTRY.pack(_SIGNED, now, sha256(message).digest())
        with self._lock:
            try:
                self._recorded(entry)
            except OSError as error:
                what = f"signature counter of {self._path.name}: {error.strerror}"
                raise SigningUnavailable(what=what) from error

    def _recorded(self, entry: bytes) -> None:
        if self._process != os.getpid():
            self._open()
        # The kernel frees the lock of a killed process.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            number = self._number()
            if number >= self._reserved:
                self._reserve(number)
            self._append(number, entry)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _open(self) -> None:
        """Opens the file, making it when there is none; notes what a power cut may have lost."""
        files.make_folder(self._path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._file = descriptor
            self._take_up()
        except BaseException:
            self._file = -1
            os.close(descriptor)
            raise
        finally:
            if self._file >= 0:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        self._process = os.getpid()

    def _take_up(self) -> None:
        if os.fstat(self._file).st_size < _SIZE:
            self._reserve(0)
            files.sync_folder(self._path.parent)
            return
        reserved, boot = self._head()
        self._reserved = reserved
        if boot == _boot():
            return  # whatever was written since is in the kernel's memory, or on the disk
        number = self._number()
        lost = reserved - number
        if lost > 0:
            now = int(self._clock.now().timestamp())
            self._append(number, _ENTRY.pack(_LOST, now, lost.to_bytes(32)))
            number += 1
        self._reserve(number)

    def _number(self) -> int:
        """How many records there are; half a record was never followed by a signature."""
        return os.fstat(self._file).st_size // _SIZE - 1

    def _append(self, number: int, entry: bytes) -> None:
        self._write(number + 1, entry)

    def _reserve(self, number: int) -> None:
        """Durable before any signature that it speaks of, with every record before it."""
        self._reserved = max(number, 0) + _AHEAD
        self._write(0, _HEAD.pack(_MAGIC, self._reserved, _boot()))
        os.fdatasync(self._file)

    def _head(self) -> tuple[int, bytes]:
        stored = os.pread(self._file, _SIZE, 0)
        if not hmac.compare_digest(self._mac(0, stored[:-_MAC]), stored[-_MAC:]):
            raise SigningUnavailable(what=f"signature counter of {self._path.name}: damaged")
        _, reserved, boot = _HEAD.unpack(stored[:-_MAC])
        return reserved, boot

    def _write(self, place: int, content: bytes) -> None:
        record = content + self._mac(place, content)
        if os.pwrite(self._file, record, place * _SIZE) != _SIZE:
            raise SigningUnavailable(what=f"signature counter of {self._path.name}: disk full")

    def _mac(self, place: int, content: bytes) -> bytes:
        """HMAC-SHA-256 over name, place and content; what is the same each time is hashed once."""
        inner, outer = self._mac_inner.copy(), self._mac_outer.copy()
        inner.update(place.to_bytes(8) + content)
        outer.update(inner.digest())
        return outer.digest()[:_MAC]


def _hmac_states(key: bytes) -> "tuple[_Hash, _Hash]":
    """SHA-256 after the inner and after the outer padding of RFC 2104."""
    if len(key) > _BLOCK:  # RFC 2104 would hash it first: no key of ours is so long
        raise KeyUnusable(what=f"key of signature counters: {_BLOCK} octets at most")
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in block) for pad in (0x36, 0x5C))
    return sha256(inner), sha256(outer)


def _boot() -> bytes:
    """Which start of the machine this is; where nobody tells, always another."""
    try:
        return sha256(_BOOT.read_bytes()).digest()
    except OSError:
        return os.urandom(32)  # pragma: no cover - Linux tells
