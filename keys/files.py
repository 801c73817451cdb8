"""Durable small files: what a call has returned from survives a power cut, whole or not at all."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from certlib.errors import SigningUnavailable

_UNFINISHED = ".tmp-"


def private_folder(path: Path) -> None:
    """Makes `path` and lets only its owner in (mode 0700), even when it was there before."""
    make_folder(path)
    with _store_faults():
        path.chmod(0o700)


def make_folder(path: Path) -> None:
    """Makes `path` (mode 0700) when it is not there.

    Raises:
        SigningUnavailable: it cannot be made.
    """
    with _store_faults():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Holds the folder's lock: one holder among all threads and processes of this machine.

    The kernel frees the lock of a killed process, so a crash leaves nobody waiting.
    """
    with _store_faults():
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_new(path: Path, content: bytes) -> None:
    """Writes a file that must not exist yet, mode 0600, durable on return.

    Raises:
        FileExistsError: the name is taken; what lies there is untouched.
        SigningUnavailable: the folder cannot be written.
    """
    with _store_faults(), _finished_copy(path.parent, content) as copy:
        # A link, not a rename: it is the only step that refuses to replace.
        os.link(copy, path)


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Writes a file or replaces it in one step, durable on return.

    Raises:
        SigningUnavailable: the folder cannot be written.
    """
    with _store_faults(), _finished_copy(path.parent, content, mode) as copy:
        os.replace(copy, path)  # noqa: PTH105 - os.* calls are what the crash tests interrupt


def read(path: Path, most: int = -1) -> bytes | None:
    """The file's bytes, at most the first `most` of them; None when there is no such file.

    Raises:
        SigningUnavailable: it is there and cannot be read.
    """
    with _store_faults():
        try:
            with path.open("rb") as stream:
                return stream.read(most)
        except FileNotFoundError:
            return None


def sweep(folder: Path) -> None:
    """Removes what killed writers left. Only under the lock: a live writer's file goes too."""
    with _store_faults():
        for path in folder.glob(f"{_UNFINISHED}*"):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _finished_copy(folder: Path, content: bytes, mode: int = 0o600) -> Iterator[str]:
    """A fsynced temporary file in `folder`; the folder itself is fsynced after the block."""
    descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - os.* calls are what the crash tests interrupt
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Makes durable that a file is in `folder`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _store_faults() -> Iterator[None]:
    """Operating system errors carry paths; only their kind leaves this module."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise SigningUnavailable(what=f"key folder: {error.strerror}") from error
