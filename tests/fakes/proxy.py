"""A TCP proxy that harms what passes: cut, delayed, flipped, swallowed; for honest faults."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK = 65536
_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger {1, 0}: closing sends RST."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What happens to one connection.

    Attributes:
        refuse: it is closed as soon as it is there.
        cut_request, cut_answer: after so many octets of that direction it is reset; -1 never.
        silence: requests get through, answers are swallowed.
        delay: seconds before each piece of an answer.
        flip: changes a piece of an answer; flip_request: one of a request.
    """

    refuse: bool = False
    cut_request: int = -1
    cut_answer: int = -1
    silence: bool = False
    delay: float = 0.0
    flip: Callable[[bytes], bytes] | None = None
    flip_request: Callable[[bytes], bytes] | None = None


NONE = Harm()


class Proxy:
    """Listens on a port of its own in front of `to`; `harm` holds for connections made from then.

    Harm to a connection that is there already: `drop()` first, or `cutting_answers`: what is
    asked gets through and is done, and instead of the answer the connection breaks.
    """

    def __init__(self, to: tuple[str, int] | str) -> None:
        """`to`: host and port, or the path of a Unix socket."""
        self._to = to
        self.harm = NONE
        self.cutting_answers = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def set(self, harm: Harm) -> None:
        """From now on, for every connection: those that are there are reset."""
        self.harm = harm
        self.drop()

    def heal(self) -> None:
        self.cutting_answers = False
        self.set(NONE)

    def drop(self) -> None:
        with self._lock:
            ended, self._open = self._open, set()
        for one in ended:
            _reset(one)

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.drop()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self._serve(near, self.harm)

    def _serve(self, near: socket.socket, harm: Harm) -> None:
        if harm.refuse:
            _reset(near)
            return
        try:
            far = self._connected()
        except OSError:
            _reset(near)
            return
        with self._lock:
            self._open |= {near, far}
        pair = (near, far)
        threading.Thread(target=self._requests, args=(*pair, harm), daemon=True).start()
        threading.Thread(target=self._answers, args=(*pair, harm), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self._to, str):
            made = socket.socket(socket.AF_UNIX)
            try:
                made.connect(self._to)
            except OSError:
                made.close()
                raise
            return made
        return socket.create_connection(self._to)

    def _requests(self, near: socket.socket, far: socket.socket, harm: Harm) -> None:
        self._pump(near, far, harm.cut_request, harm.flip_request)

    def _answers(self, near: socket.socket, far: socket.socket, harm: Harm) -> None:
        def changed(part: bytes) -> bytes:
            if self.cutting_answers:
                raise OSError
            if harm.silence:
                return b""
            if harm.delay:
                self._wait(harm.delay)
            return harm.flip(part) if harm.flip else part

        self._pump(far, near, harm.cut_answer, changed)

    def _wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        cut: int,
        change: Callable[[bytes], bytes] | None,
    ) -> None:
        left = cut
        with contextlib.suppress(OSError, ValueError):
            while part := source.recv(_CHUNK):
                if cut >= 0:
                    part, left = part[:left], left - len(part)
                sink.sendall(change(part) if change else part)
                if cut >= 0 and left <= 0:
                    break
            else:
                sink.shutdown(socket.SHUT_WR)
                return
        with self._lock:
            self._open -= {source, sink}
        _reset(source)
        _reset(sink)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
