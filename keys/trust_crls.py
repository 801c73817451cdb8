"""What others say of revocation, in folders of ours: lists (`*.crl`), OCSP answers (`*.ocsp`).

An operator or the worker has put them there; nothing is fetched here. Whether a list is its
authority's own is asked where it is used, by its signature; here only what is no list at all, or
no answer, is sorted out.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import SigningUnavailable
from keys import files
from keys.certificates import crl_from
from keys.ocsp_answers import LIMIT, answer_from

__all__ = ["ANSWERS", "CrlFolder", "Crls", "Mark", "mark_of"]

_MOST_FILES: Final = 500

Mark = tuple[int, int, int] | None
"""Tells one state of a file from every other: inode, change of content or mode, size."""


def mark_of(path: Path) -> Mark:
    """The mark of a file; None where none can be seen."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked at every file that is read
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class Crls:
    """What lies in the folder.

    Attributes:
        lists: DER, by name of the file; lists, or answers.
        bad: names of files that are none, or cannot be read.
    """

    lists: tuple[bytes, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """Files of one kind: how their names end, most octets of one, what is read out of it."""

    ending: str
    most: int
    der: Callable[[bytes], bytes]


def _list(content: bytes) -> bytes:
    return crl_from(content).public_bytes(Encoding.DER)


def _answer(content: bytes) -> bytes:
    _ = answer_from(content)  # raises ValueError
    return content


_LISTS: Final = _Kind(".crl", 64_000_000, _list)
ANSWERS: Final = _Kind(".ocsp", LIMIT, _answer)
"""OCSP answers, each about one certificate."""


class CrlFolder:
    """Loads a folder again and again; a bad new file does not take away the good one before."""

    def __init__(self, folder: Path, kind: _Kind = _LISTS) -> None:
        """Loads the files of one kind in `folder`, which need not be there."""
        self._folder = folder
        self._kind = kind
        self._good: dict[str, bytes] = {}
        self._read: dict[str, Mark] = {}

    def marks(self) -> tuple[tuple[str, Mark], ...]:
        """Changes whenever a list comes, goes or changes."""
        return tuple((name, mark_of(self._folder / name)) for name in self._names())

    def load(self) -> Crls:
        """Every list, as it lies there now; only what has changed is read again."""
        names = self._names()
        self._good = {name: der for name, der in self._good.items() if name in names}
        bad = []
        for name in names:
            mark = mark_of(self._folder / name)  # before reading: what comes later is seen later
            if mark is not None and mark == self._read.get(name) and name in self._good:
                continue
            self._read.pop(name, None)
            try:
                self._good[name] = self._der(name)
                self._read[name] = mark
            except (ValueError, SigningUnavailable):
                bad.append(name)
        return Crls(tuple(self._good[name] for name in names if name in self._good), tuple(bad))

    def _der(self, name: str) -> bytes:
        content = files.read(self._folder / name, most=self._kind.most)
        if content is None:
            raise ValueError("gone meanwhile")
        return self._kind.der(content)

    def _names(self) -> list[str]:
        ending = self._kind.ending
        try:
            found = sorted(item.name for item in self._folder.iterdir() if item.suffix == ending)
        except OSError:
            return []
        return found[:_MOST_FILES]
