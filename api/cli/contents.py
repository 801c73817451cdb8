"""The content of a file that somebody named: whatever it is, nobody waits for it for ever."""

import os
import select
import stat
from pathlib import Path
from typing import Final

__all__ = ["content_of"]

_PATIENCE: Final = 10.0
"""Seconds until the first octet comes out of a pipe or a terminal."""


def content_of(path: Path, most: int) -> bytes:
    """The first `most` octets of a file; a pipe is read too, as of `<(…)` and `/dev/stdin`.

    Raises:
        OSError: it cannot be read, or nobody writes into the pipe.
    """
    # A pipe is opened without waiting for who writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            ready, _, _ = select.select([stream], [], [], _PATIENCE)
            if not ready:
                raise TimeoutError
            os.set_blocking(stream.fileno(), True)
        return stream.read(most)
