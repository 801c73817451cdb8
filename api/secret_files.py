"""Secrets by file: the key-encryption key lies outside the data it protects."""

import os
from pathlib import Path
from stat import S_IRGRP, S_IROTH, S_IXGRP, S_IXOTH

from certlib.errors import KeyUnusable, StoreUnavailable
from certlib.ports import Entropy

_LENGTH = 32
_MOST = 65_536


class Unreadable(Exception):
    """A secret's file cannot be read; says why, without its path or content."""


def secret_text(path: Path) -> str:
    """The one line in a secret's file, without white space around it.

    Raises:
        Unreadable: no such file, no right to it, empty, too long or no text.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(_MOST + 1)
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    if len(octets) > _MOST:
        raise Unreadable("too long")
    try:
        text = octets.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    if not text or "\n" in text:
        raise Unreadable("one line expected")
    return text


def key_encryption_key(folder: Path, entropy: Entropy, *, create: bool) -> bytes:
    """The 32 octets in `folder/kek`, made there at first start; raises as `secret_octets`."""
    return secret_octets(folder / "kek", entropy if create else None)


def secret_octets(path: Path, entropy: Entropy | None = None, length: int = _LENGTH) -> bytes:
    """The octets of a secret that stands in a file as hex digits, made there with `entropy`.

    Raises:
        KeyUnusable: absent (and no `entropy` is given), or not as many hex digits.
        StoreUnavailable: the folder cannot be read or written.
    """
    try:
        if entropy is not None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_once(path, entropy.octets(length).hex())
        text = path.read_text("ascii").strip()
    except FileNotFoundError as error:
        raise KeyUnusable(what=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(what=str(path)) from error
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise KeyUnusable(what=str(path)) from error
    if len(key) != length:
        raise KeyUnusable(what=str(path))
    return key


def write_once(path: Path, text: str) -> None:
    """Durable, private, and never over an existing key: that would lose every certificate."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process founded it first: theirs counts
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_to(path: Path) -> str:
    """Who but its owner can reach a file or folder: `others`, `group`, or "" for nobody.

    A file that others may read in a folder that they may not enter is out of their reach.
    """
    for who, read, enter in (("others", S_IROTH, S_IXOTH), ("group", S_IRGRP, S_IXGRP)):
        wanted = enter if path.is_dir() else read
        above = all(parent.stat().st_mode & enter for parent in path.absolute().parents)
        if path.stat().st_mode & wanted and above:
            return who
    return ""
