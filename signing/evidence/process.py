"""One reading child: its start, one question at a time with a deadline, its end."""

import fcntl
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from signing.evidence import wire
from signing.evidence.bounds import MOST_ANSWER, check_facts
from signing.evidence.wire import OUT_OF_MEMORY

__all__ = ["ChildGoneError", "ChildLimits", "ChildSlowError", "ReadingChild"]

_ROOT = Path(__file__).resolve().parents[2]
# Isolated mode ignores the environment and the working directory; the package's own folder is
# handed over, so that a source tree without installation works, too.
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from signing.evidence.offline import do_without; do_without(); "
    "from signing.evidence.worker import main; sys.exit(main(sys.argv[1:]))"
)
_CHUNK = 1 << 16
_PIPE = 1 << 20
_MEBIBYTE = 1024 * 1024
_MEASURED_EVERY = 16
"""Files after which the kernel is asked what a child has needed, where that has not grown."""
_FAULTS: dict[int | None, str] = {
    OUT_OF_MEMORY: "memory",
    -signal.SIGKILL: "memory",  # nobody but the kernel's memory killer sends it behind our back
    -signal.SIGXCPU: "timeout",
}


def _nothing() -> None:
    """There is nothing to be done meanwhile."""


class ChildSlowError(Exception):
    """The deadline passed."""


class ChildGoneError(Exception):
    """The child has died, or said something that is no answer.

    Attributes:
        code: its exit code, negative for a signal; None when it still runs.
        unseen: it had ended before it saw the question.
        lied: it has said something that a child in its senses never says.
    """

    def __init__(
        self, detail: str, code: int | None = None, *, unseen: bool = False, lied: bool = False
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.unseen = unseen
        self.lied = lied

    @property
    def fault(self) -> str:
        """The word of `FileFacts.fault`."""
        return _FAULTS.get(self.code, "crashed")


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use; seconds and bytes.

    Attributes:
        wall_seconds: for one file, then the child is killed.
        processor_seconds: for one file, then the kernel ends the child.
        start_seconds: until the child has loaded its program.
        memory: beyond what the loaded program takes.
        most: the largest file.
    """

    wall_seconds: float = 3.0
    processor_seconds: int = 3
    start_seconds: float = 30.0
    memory: int = 512 * _MEBIBYTE
    most: int = 20 * _MEBIBYTE


class ReadingChild:
    """A running child. One thread at a time.

    Attributes:
        files: how many it has read.
        memory: the most it has needed, in bytes.
        idle_since: `time.monotonic` of its last answer.
        measures: what `signing.evidence.sandbox` put in force.
    """

    def __init__(self, limits: ChildLimits) -> None:
        """Starts the child and waits until it is ready.

        Raises:
            OSError: no process can be started.
            ChildGoneError, ChildSlowError: it does not come up.
        """
        self.files = 0
        self.memory = 0
        self._told = 0
        self.idle_since = 0.0
        self._limits = limits
        self._trust: TrustMaterial | None = None
        self._process = _started(limits)
        assert self._process.stdin is not None  # noqa: S101 - both are pipes, for the type checker
        assert self._process.stdout is not None  # noqa: S101
        self._inlet, self._outlet = self._process.stdin.fileno(), self._process.stdout.fileno()
        with suppress(OSError, AttributeError):  # Linux, within the user's share of pipe memory
            fcntl.fcntl(self._inlet, fcntl.F_SETPIPE_SZ, _PIPE)  # a file at once, not in 64 kB
        os.set_blocking(self._inlet, False)
        os.set_blocking(self._outlet, False)
        try:
            ready = self._exchange(b"", wire.READY, limits.start_seconds)
            self.measures = tuple(str(name) for name in json.loads(ready))
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def read(self, pdf: bytes, trust: TrustMaterial) -> FileFacts:
        """The facts of one file; its digest and size are our own.

        Raises:
            ChildSlowError: it took too long; the child must be killed.
            ChildGoneError: the child died or answered nonsense; it must be killed.
        """
        if not self.alive:
            raise ChildGoneError("ended", self._process.returncode, unseen=True)
        nonce = os.urandom(wire.NONCE)
        message = wire.frame(wire.QUESTION, nonce + pdf)
        if trust is not self._trust and trust != self._trust:
            message = wire.frame(wire.TRUST, wire.trust_to_bytes(trust)) + message
        # What the child says of itself is not believed where we can know it: it is reckoned while
        # the child reads.
        digest = hashlib.sha256()
        seconds = self._limits.wall_seconds
        body = self._exchange(message, wire.ANSWER, seconds, partial(digest.update, pdf))
        if body[: wire.NONCE] != nonce:
            # Given before this question was known, by whatever has taken the child over.
            raise ChildGoneError("stale", lied=True)
        try:
            answer = wire.answer_from_bytes(body[wire.NONCE :])
            check_facts(answer.facts)
        # Whoever wrote that was not our program any more: nothing of it may reach a caller.
        except Exception as error:
            raise ChildGoneError("answer", lied=True) from error
        self._trust = trust
        told = answer.memory * 1024
        if told > self._told or self.files % _MEASURED_EVERY == 0:
            self.memory = _peak(self._process.pid, told)
        self._told = told
        self.files += 1
        return replace(answer.facts, sha256=digest.hexdigest(), size=len(pdf))

    def end(self) -> None:
        """Closes the pipes, which ends the child, and waits for it."""
        self._close_pipes()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the child at once and waits for it."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._close_pipes()
        self._process.wait()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _exchange(
        self, message: bytes, kind: bytes, seconds: float, meanwhile: Callable[[], None] = _nothing
    ) -> bytes:
        """Sends all of `message` and receives one frame of `kind`, both before the deadline.

        Whatever else comes, before the question has been sent or behind the answer, is no answer.
        `meanwhile` is done once the question has been sent.
        """
        deadline = time.monotonic() + seconds
        if message and self._says_something():
            raise ChildGoneError("early", lied=True)
        left = memoryview(message)
        received = bytearray()
        while True:
            readable, writable = self._wait(deadline, sending=bool(left))
            if writable:
                left = left[self._sent(left) :]
                if not left:
                    meanwhile()
            if readable:
                self._receive(received)
            if _is_whole(received, kind):
                if left:
                    raise ChildGoneError("early", lied=True)
                return bytes(received[wire.HEAD :])

    def _says_something(self) -> bool:
        """Whether the child talks unasked; the end of its output counts as silence."""
        waiter = select.poll()
        waiter.register(self._outlet, select.POLLIN)
        return any(event & select.POLLIN for _, event in waiter.poll(0))

    def _wait(self, deadline: float, *, sending: bool) -> tuple[bool, bool]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChildSlowError
        waiter = select.poll()
        waiter.register(self._outlet, select.POLLIN)
        if sending:
            waiter.register(self._inlet, select.POLLOUT)
        ready = {descriptor for descriptor, _ in waiter.poll(left * 1000)}
        return self._outlet in ready, self._inlet in ready

    def _sent(self, message: memoryview) -> int:
        try:
            return os.write(self._inlet, message[:_PIPE])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._gone() from error

    def _receive(self, received: bytearray) -> None:
        with suppress(BlockingIOError):
            chunk = os.read(self._outlet, _CHUNK)
            if not chunk:
                raise self._gone()
            received += chunk

    def _gone(self) -> ChildGoneError:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return ChildGoneError("silent")
        return ChildGoneError(f"exit {code}", code)


def _is_whole(received: bytearray, kind: bytes) -> bool:
    """Whether this is one frame of `kind`; raises `ChildGoneError` where it will never be."""
    if len(received) < wire.HEAD:
        return False
    found, length = wire.head(bytes(received[: wire.HEAD]))
    most = wire.NONCE + MOST_ANSWER
    if found != kind or length > most or len(received) > wire.HEAD + length:
        raise ChildGoneError("frame", lied=True)
    return len(received) == wire.HEAD + length


def _peak(pid: int, told: int) -> int:
    """The most memory a process has needed since it was loaded, in bytes; `told` elsewhere.

    `ru_maxrss`, which the child can tell, never falls below what the parent had at the fork.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except (OSError, UnicodeError):
        return told
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return told if found is None else int(found.group(1)) * 1024


def _started(limits: ChildLimits) -> "subprocess.Popen[bytes]":
    options = {
        "memory": limits.memory,
        "processor_seconds": limits.processor_seconds,
        "most": limits.most,
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-X", "utf8", "-c", _PROGRAM, str(_ROOT), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"TZ": "UTC", "LANG": "C.UTF-8"},
        bufsize=0,
        start_new_session=True,
    )
