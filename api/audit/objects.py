"""The object folder, walked without the store's code: FOLDER/ab/ab….REVISION, FOLDER/history."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from api.audit.report import CannotAudit

OBJECT = re.compile(
    r"[0-9a-f]{32}(?:\.(?:duplicate|annex|drawing)-[1-9][0-9]*)?\.(?:0|[1-9][0-9]*)"
)
"""Name of an object: storage key, perhaps a form, revision."""
BATCH = re.compile(r"history/[0-9]{10}\.json")
"""Name of a sealed batch of the history."""
_HISTORY = "history"
_INCOMING = "incoming"
"""Unfinished writes; not yet objects."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies under a name.

    Attributes:
        sealed: a ciphertext; otherwise the file itself.
        damaged: not what was written, or without what says how to read it.
        locked: whether the store locks it; None where stores have no locks.
    """

    octets: bytes
    sealed: bool = True
    damaged: bool = False
    locked: bool | None = None


class Objects(Protocol):
    """A place where objects lie."""

    def names(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Names of all objects, and of what is no object at all."""
        ...

    def batches(self) -> Mapping[str, Sequence[str]]:
        """Names of sealed batches, with every version there is of each."""
        ...

    def read(self, name: str, version: str = "") -> Stored | None:
        """What lies under a name, perhaps an older version; None when nothing does."""
        ...

    def unfinished(self) -> Iterable[tuple[str, datetime]]:
        """What writers have begun and not finished, and since when it lies there."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectFolder:
    """Objects on a file system."""

    folder: Path

    def names(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Names of all objects, and paths (inside the folder) of what is no object at all.

        Raises:
            CannotAudit: the folder cannot be read.
        """
        found: set[str] = set()
        strange: list[str] = []
        try:
            for shelf in sorted(self.folder.iterdir()):
                if shelf.name == _INCOMING:
                    continue
                if shelf.name == _HISTORY and shelf.is_dir() and not shelf.is_symlink():
                    strange += [name for name in _batches(shelf) if not BATCH.fullmatch(name)]
                    continue
                if shelf.is_symlink() or not shelf.is_dir():
                    strange.append(shelf.name)
                    continue
                for item in sorted(shelf.iterdir()):
                    good = OBJECT.fullmatch(item.name) and item.name.startswith(shelf.name)
                    if good and item.is_file() and not item.is_symlink():
                        found.add(item.name)
                    else:
                        strange.append(f"{shelf.name}/{item.name}")
        except OSError as error:
            raise CannotAudit("无法读取文件目录。", "The object folder cannot be read.") from error
        return frozenset(found), tuple(strange)

    def batches(self) -> Mapping[str, Sequence[str]]:
        """Sealed batches; a folder has one version of each.

        Raises:
            CannotAudit: the folder cannot be read.
        """
        try:
            found = _batches(self.folder / _HISTORY)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CannotAudit("无法读取文件目录。", "The object folder cannot be read.") from error
        return {name: ("",) for name in found if BATCH.fullmatch(name)}

    def read(self, name: str, version: str = "") -> Stored | None:
        """What lies under a name, still encrypted; None when nothing does.

        Raises:
            CannotAudit: it is there and cannot be read.
        """
        del version
        batch = BATCH.fullmatch(name)
        if not batch and not OBJECT.fullmatch(name):
            return None
        try:
            return Stored((self.folder / ("" if batch else name[:2]) / name).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotAudit(
                f"无法读取文件对象 {name}。", f"The object {name} cannot be read."
            ) from error

    def unfinished(self) -> Iterable[tuple[str, datetime]]:
        """Files of writers that may be alive.

        Raises:
            CannotAudit: the folder cannot be read.
        """
        try:
            kept = [
                (path.name, path.stat().st_mtime) for path in (self.folder / _INCOMING).glob("*")
            ]
        except FileNotFoundError:
            return []  # one of them is finished by now; the next audit sees what is left
        except OSError as error:
            raise CannotAudit("无法读取文件目录。", "The object folder cannot be read.") from error
        return [(name, datetime.fromtimestamp(since, UTC)) for name, since in kept]


def _batches(folder: Path) -> list[str]:
    return sorted(f"{_HISTORY}/{item.name}" for item in folder.iterdir())
