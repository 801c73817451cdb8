"""Write-once objects on a file system, encrypted each under its own name.

    FOLDER/incoming/NAME.PID.THREAD.COUNT   being written; swept at start
    FOLDER/ab/ab…f0.0                        object; first two digits of its name fan out
    FOLDER/history/0000000001.json          sealed batch of the history

An object comes into being by `link()`, which never replaces anything; a crash leaves either no
object or a whole one. Every write goes through `os.open`, `os.write`,
`os.fsync`, `os.link` and `os.unlink`, so that a test can stop the process between any two.
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Lock, get_ident

from certlib.errors import Corrupt, StoreUnavailable, Unsupported
from storage.encryption import Cipher

OBJECT_NAME = re.compile(
    r"[0-9a-f]{32}(?:\.(?:duplicate|annex|drawing)-[1-9][0-9]{0,3})?\.(?:0|[1-9][0-9]{0,8})"
)
"""Storage key, form unless it is the original, revision; never derived from a holder."""

BATCH_NAME = re.compile(r"history/[0-9]{10}\.json")
"""A sealed batch of the history, kept beside the files."""

_HISTORY = "history"
_INCOMING = "incoming"
_FAN_OUT = 2
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_PROBE = b"certlib health check"


class FileObjectStore:
    """Objects under a folder; several threads and processes may share it.

    Args:
        folder: made when absent, readable by its owner only.
        cipher: seals each object; its name is associated data.

    Raises:
        StoreUnavailable: the folder cannot be made.
    """

    def __init__(self, folder: Path, cipher: Cipher) -> None:
        self._folder = folder
        self._cipher = cipher
        self._count = count()
        self._writing: set[str] = set()
        self._lock = Lock()
        with _named_faults():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / _INCOMING).mkdir(exist_ok=True, mode=0o700)
            _sync_folder(folder)

    def put_once(self, name: str, content: bytes) -> None:
        """Durable when it returns; the same bytes again are no error.

        Raises:
            Corrupt: other bytes lie under that name.
            StoreUnavailable: nothing is promised; `what` is the errno's name.
            Unsupported: not an object name.
        """
        target = self._path(name)
        sealed = self._cipher.seal_object(content, name)
        with self._temporary(name) as temporary, _named_faults():
            _write_whole(temporary, sealed)
            self._make_fan_out(target.parent)
            fresh = _link_new(temporary, target)
            if not fresh and self.get(name) != content:
                raise Corrupt(what="object")
            # Also when it was there: whoever linked it may have died before this line.
            _sync_folder(target.parent)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there is no such object.

        Raises:
            Corrupt: it does not decrypt under that name.
            StoreUnavailable: the store does not answer.
            Unsupported: not an object name.
        """
        path = self._path(name)
        with _named_faults():
            try:
                sealed = _read_whole(path)
            except FileNotFoundError:
                # No such object, or no such disk: those are two answers.
                (self._folder / _INCOMING).stat()
                return None
        return self._cipher.open_object(sealed, name)

    def names(self) -> Sequence[str]:
        """All object names in order.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        with _named_faults():
            return sorted(
                entry.name
                for folder in os.scandir(self._folder)
                if len(folder.name) == _FAN_OUT and folder.is_dir(follow_symlinks=False)
                for entry in os.scandir(folder)
                if OBJECT_NAME.fullmatch(entry.name)
            )

    def batches(self) -> Sequence[str]:
        """Names of all batches of the history, in order.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        folder = self._folder / _HISTORY
        with _named_faults():
            if not folder.exists():
                (self._folder / _INCOMING).stat()
                return []
            found = [f"{_HISTORY}/{entry.name}" for entry in os.scandir(folder)]
        return sorted(name for name in found if BATCH_NAME.fullmatch(name))

    def remove(self, name: str) -> None:
        """Sweeps an object that no row names; an absent one is no error.

        Raises:
            StoreUnavailable: the store does not answer.
            Unsupported: not an object name.
        """
        if BATCH_NAME.fullmatch(name):
            raise Unsupported(what="object name")  # no batch is ever swept
        path = self._path(name)
        with _named_faults():
            try:
                path.unlink()
            except FileNotFoundError:
                return
            _sync_folder(path.parent)

    def probe(self) -> None:
        """Writes, reads and removes a file of its own.

        Raises:
            StoreUnavailable: one of these does not work.
        """
        with self._temporary("probe") as path, _named_faults():
            _write_whole(path, _PROBE)
            if _read_whole(path) != _PROBE:
                raise StoreUnavailable(what="read-back")
            path.unlink()

    def close(self) -> None:
        """Nothing is held open."""

    def sweep_temporaries(self, before: datetime | None = None) -> int:
        """Removes what unfinished writes left behind; how many files it removed.

        Args:
            before: spares files changed at or after this instant, which another process may be
                writing; None sweeps everything that this store is not writing itself.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        limit = None if before is None else before.timestamp()
        with _named_faults():
            stale = [
                Path(entry.path)
                for entry in os.scandir(self._folder / _INCOMING)
                if self._is_stale(entry, limit)
            ]
            for path in stale:
                with suppress(FileNotFoundError):
                    path.unlink()
        return len(stale)

    def _is_stale(self, entry: "os.DirEntry[str]", limit: float | None) -> bool:
        with self._lock:
            if entry.name in self._writing:
                return False
        if limit is None:
            return True
        try:
            return entry.stat(follow_symlinks=False).st_mtime < limit
        except FileNotFoundError:
            return False

    def _path(self, name: str) -> Path:
        if BATCH_NAME.fullmatch(name):
            return self._folder / name
        if OBJECT_NAME.fullmatch(name) is None:
            raise Unsupported(what="object name")
        return self._folder / name[:_FAN_OUT] / name

    @contextmanager
    def _temporary(self, name: str) -> Iterator[Path]:
        """A name of its own for one write; whatever happens, nothing is left under it."""
        path = self._unused(name)
        own = path.name
        with self._lock:
            self._writing.add(own)
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()
            with self._lock:
                self._writing.discard(own)

    def _unused(self, name: str) -> Path:
        while True:
            own = f"{name.replace('/', '-')}.{os.getpid()}.{get_ident()}.{next(self._count)}"
            path = self._folder / _INCOMING / own
            # A killed process of the same number may have left one behind.
            if not path.exists():
                return path

    def _make_fan_out(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(exist_ok=True, mode=0o700)
        _sync_folder(self._folder)


@contextmanager
def _named_faults() -> Iterator[None]:
    """System errors become ours, with the errno's name and without the path."""
    try:
        yield
    except OSError as error:
        what = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise StoreUnavailable(what=what) from error


def _write_whole(path: Path, content: bytes) -> None:
    descriptor = os.open(path, _CREATE, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_whole(path: Path) -> bytes:
    descriptor = os.open(path, _READ)
    try:
        return b"".join(iter(lambda: os.read(descriptor, _CHUNK), b""))
    finally:
        os.close(descriptor)


def _link_new(temporary: Path, target: Path) -> bool:
    """Whether the object is new; False when the name is taken."""
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
