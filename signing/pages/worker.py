"""The program of a rendering child: orders in, pages out, until the parent closes the pipe.

Frames are an 8-byte length and a body. An order is pickled: both ends are this very program, and
the parent never unpickles anything. An answer is one byte, 0 for a page and otherwise the place of
the error's class in `ERRORS`, and the page or the error's values as JSON.
"""

import json
import pickle
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, BinaryIO, Final

from certlib.errors import CertlibError, Corrupt, Invalid, NotFound
from certlib.page_errors import FaceOverflow

if TYPE_CHECKING:
    from signing.pages.renderer import TypstRenderer

__all__ = ["ERRORS", "main", "receive", "send"]

ERRORS: Final[tuple[type[CertlibError], ...]] = (Corrupt, FaceOverflow, NotFound, Invalid)
_PAGE: Final = b"\x00"


def main() -> int:
    """Answers orders on standard input until it ends."""
    from signing.pages.renderer import TypstRenderer

    renderer = TypstRenderer()
    inlet, outlet = sys.stdin.buffer, sys.stdout.buffer
    while (body := receive(inlet)) is not None:
        send(outlet, _answer(renderer, body))
    return 0


def receive(pipe: BinaryIO) -> bytes | None:
    """The next frame, or None when the other end is gone."""
    head = pipe.read(8)
    if len(head) < 8:  # noqa: PLR2004 - the length of a head
        return None
    length = int.from_bytes(head)
    body = pipe.read(length)
    return body if len(body) == length else None


def send(pipe: BinaryIO, body: bytes) -> None:
    """Writes one frame."""
    pipe.write(len(body).to_bytes(8) + body)
    pipe.flush()


def _answer(renderer: "TypstRenderer", body: bytes) -> bytes:
    try:
        return _PAGE + renderer.render(pickle.loads(body))  # noqa: S301 - from our own parent
    except ERRORS as error:
        place = next(i for i, kind in enumerate(ERRORS, start=1) if isinstance(error, kind))
        told = {
            "values": error.values,
            "field_path": error.field_path,
            "problems": [asdict(problem) for problem in error.problems],
        }
        return bytes([place]) + json.dumps(told).encode()
