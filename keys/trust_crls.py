"""Revocation lists of other authorities: `*.crl` in a folder of ours, put there by an operator.

Nothing is fetched. Whether a list is its authority's own is asked where it is used, by its
signature; here only what is no list at all is sorted out.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import SigningUnavailable
from keys import files
from keys.certificates import crl_from

__all__ = ["CrlFolder", "Crls", "Mark", "mark_of"]

_ENDING: Final = ".crl"
_MOST_OCTETS: Final = 64_000_000
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
        lists: DER, by name of the file.
        bad: names of files that are no revocation lists, or cannot be read.
    """

    lists: tuple[bytes, ...] = ()
    bad: tuple[str, ...] = ()


class CrlFolder:
    """Loads a folder again and again; a bad new file does not take away the good one before."""

    def __init__(self, folder: Path) -> None:
        """Loads `folder`, which need not be there."""
        self._folder = folder
        self._good: dict[str, bytes] = {}

    def marks(self) -> tuple[tuple[str, Mark], ...]:
        """Changes whenever a list comes, goes or changes."""
        return tuple((name, mark_of(self._folder / name)) for name in self._names())

    def load(self) -> Crls:
        """Every list, as it lies there now."""
        names = self._names()
        self._good = {name: der for name, der in self._good.items() if name in names}
        bad = []
        for name in names:
            try:
                self._good[name] = _der(files.read(self._folder / name, most=_MOST_OCTETS))
            except (ValueError, SigningUnavailable):
                bad.append(name)
        return Crls(tuple(self._good[name] for name in names if name in self._good), tuple(bad))

    def _names(self) -> list[str]:
        try:
            found = sorted(item.name for item in self._folder.iterdir() if item.suffix == _ENDING)
        except OSError:
            return []
        return found[:_MOST_FILES]


def _der(content: bytes | None) -> bytes:
    if content is None:
        raise ValueError("gone meanwhile")
    return crl_from(content).public_bytes(Encoding.DER)
