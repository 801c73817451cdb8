"""Rendering in children: typst's memory leaves with them, and two pages are made on two cores."""

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from certlib.catalogue import TypeVersion
from certlib.errors import Problem, SigningUnavailable
from certlib.ports import DesignDigests, PageOrder
from signing.idle import IdleChildren
from signing.pages.renderer import TypstRenderer
from signing.pages.worker import ERRORS, receive, send

__all__ = ["ChildRenderer", "RenderingOptions"]

_ROOT: Final = Path(__file__).resolve().parents[2]
# Isolated mode ignores the environment and the working directory; the package's own folder is
# handed over, so that a source tree without installation works, too.
_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from signing.pages.worker import main; sys.exit(main())"
)


@dataclass(frozen=True, slots=True)
class RenderingOptions:
    """Limits of the pool.

    Attributes:
        children: how many pages are made at once.
        seconds: for one page, then the child is killed.
        idle_seconds: how long a child without work lives on.
    """

    children: int = 2
    seconds: float = 30.0
    idle_seconds: float = 30.0


class ChildRenderer:
    """`certlib.ports.Renderer`; threads share one. Questions about fonts are answered here."""

    def __init__(self, options: RenderingOptions | None = None) -> None:
        """Starts nothing yet: a child comes with the first page."""
        self._options = options or RenderingOptions()
        self._here = TypstRenderer()
        self._places = threading.BoundedSemaphore(self._options.children)
        self._idle: IdleChildren[_Child] = IdleChildren(self._options.idle_seconds)

    def render(self, order: PageOrder) -> bytes:
        """The unsealed PDF, as `TypstRenderer.render` makes it.

        Raises:
            FaceOverflow, NotFound, Corrupt, Invalid: as there.
            SigningUnavailable: the child died or took too long, or there is none.
        """
        body = pickle.dumps(order)
        with self._places:
            answer = self._asked(body)
        if answer[0] == 0:
            return answer[1:]
        told = json.loads(answer[1:])
        problems = tuple(Problem(**problem) for problem in told["problems"])
        kind = ERRORS[answer[0] - 1]
        raise kind(field_path=told["field_path"], problems=problems, **told["values"])

    def unprintable(self, text: str) -> str:
        """The first character of `text` that no font can draw, or ""."""
        return self._here.unprintable(text)

    def problems(self, fields: Mapping[str, Any], version: TypeVersion) -> Sequence[Problem]:
        """What the page would refuse of fields that pass their schema."""
        return self._here.problems(fields, version)

    def digests(self, design: str) -> DesignDigests:
        """What the design is made of."""
        return self._here.digests(design)

    def close(self) -> None:
        """Ends every child."""
        self._idle.close()

    def _asked(self, body: bytes) -> bytes:
        if self._idle.closed:
            raise SigningUnavailable(what="renderer")
        idle = self._idle.take()
        if idle is not None:
            # One that died while idle is no reason to refuse: a fresh one is asked.
            with suppress(SigningUnavailable):
                return self._with(idle, body)
        return self._with(_Child(), body)

    def _with(self, child: "_Child", body: bytes) -> bytes:
        try:
            answer = child.ask(body, self._options.seconds)
        except BaseException:
            child.end()
            raise
        self._idle.keep(child)
        return answer


class _Child:
    """A running child. One thread at a time; it ends by itself when our end of the pipe closes."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", _PROGRAM, str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"TZ": "UTC", "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        except OSError as error:
            raise SigningUnavailable(what="renderer") from error

    def ask(self, body: bytes, seconds: float) -> bytes:
        """The child's answer; killed when it takes longer than `seconds`."""
        watch = threading.Timer(seconds, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            send(cast(BinaryIO, self._process.stdin), body)
            answer = receive(cast(BinaryIO, self._process.stdout))
        except OSError as error:
            raise SigningUnavailable(what="renderer") from error
        finally:
            watch.cancel()
        if not answer:
            raise SigningUnavailable(what="renderer")
        return answer

    def end(self) -> None:
        """Ends it, at once, and waits for it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
