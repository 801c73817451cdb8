"""What is kept of the clock under which tokens were made: one small file that processes share.

It names the run of the kernel, how far the set clock stood from the one that nobody can set, and
the last token; so a clock that was set wrong is noticed by whoever stamps next, in another process
or after a restart.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

from certlib.clock_errors import record_damaged
from keys import files

__all__ = ["ClockMark", "MarkFile"]

_FORMAT: Final = b"1"


@dataclass(frozen=True, slots=True)
class ClockMark:
    """One instant of the clock; nanoseconds throughout.

    Attributes:
        boot: the run of the kernel in which `offset` was measured; "" where nobody knows it.
        offset: wall clock less steady clock, as an operator or a time source left it.
        last: wall clock at the last token, or up to five seconds before it.
        accepted: wall clock when an operator last accepted it as it stood, 0 before; what was
            known until then no longer counts.
    """

    boot: str
    offset: int
    last: int
    accepted: int = 0


class MarkFile:
    """The mark on disk, `mark` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Keeps the mark in `folder`, which the first write makes."""
        self._folder = folder
        self._path = folder / "mark"

    def read(self) -> ClockMark | None:
        """What is kept; None before the first token.

        Raises:
            ClockNotTrusted: the file is damaged.
            SigningUnavailable: it cannot be read.
        """
        stored = files.read(self._path)
        if stored is None:
            return None
        check, _, content = stored.partition(b"\n")
        if check != _check(content):
            raise record_damaged()
        return ClockMark(**json.loads(content))

    def write(self, mark: ClockMark) -> bool:
        """Keeps `mark`, never an earlier token than is kept; durable on return.

        Returns:
            False: an operator has accepted the clock meanwhile, nothing was written.

        Raises:
            ClockNotTrusted: what is kept is damaged.
            SigningUnavailable: the folder cannot be written.
        """
        files.make_folder(self._folder)
        with files.exclusive(self._folder):
            files.sweep(self._folder)
            kept = self.read()
            if kept is not None and kept.accepted != mark.accepted:
                return False
            if kept is not None:
                mark = replace(mark, last=max(mark.last, kept.last))
            self._replace(mark)
        return True

    def accept(self, mark: ClockMark) -> None:
        """Keeps `mark` whatever was kept before.

        Raises:
            SigningUnavailable: the folder cannot be written.
        """
        files.make_folder(self._folder)
        with files.exclusive(self._folder):
            files.sweep(self._folder)
            self._replace(mark)

    def _replace(self, mark: ClockMark) -> None:
        content = json.dumps(asdict(mark)).encode()
        files.replace(self._path, _check(content) + b"\n" + content)


def _check(content: bytes) -> bytes:
    """Against damage: whoever may write here may stamp as well."""
    return b"%s %08x" % (_FORMAT, crc32(content))
