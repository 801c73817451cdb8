"""What a reading child gives up before it sees the first byte of a stranger's file.

Layers, each useful without the others: resource limits of the kernel (memory, files, no core
dumps), `socket` replaced in Python, and on Linux Landlock, which leaves nothing of the file system
but our own code to read (Python imports lazily), and a seccomp filter that refuses the system
calls for networking, new processes, signals, tracing and every change of the file system. The
last two are best effort: where the kernel or a container forbids them, the other layers remain,
and the child says which are in force (`certlib doctor` tells).
"""

import ctypes
import errno
import platform
import resource
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from signing.evidence import landlock

__all__ = ["MEASURES", "enter", "limit_processor_time"]

MEASURES = ("limits", "sockets", "landlock", "seccomp")
"""All there are, in the order of their entry."""
_ROOT = Path(__file__).resolve().parents[2]

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_MODE_FILTER = 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NUMBER, _ARCHITECTURE = 0, 4
_OPENAT_FLAGS = 32  # low half of the third argument; both machines are little endian
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_X32 = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of the system calls that are refused, and of openat."""

    architecture: int
    openat: int
    refused: Sequence[int]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        257,
        (
            # open; socket connect accept sendto sendmsg bind listen socketpair
            *(2, 41, 42, 43, 44, 46, 49, 50, 53),
            # shmget; clone fork vfork execve kill; semget msgget
            *(29, 56, 57, 58, 59, 62, 64, 68),
            # truncate ftruncate rename mkdir rmdir creat link unlink symlink chmod fchmod chown
            *(76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92),
            # fchown lchown ptrace utime mknod mount, extended attributes, tkill
            *(93, 94, 101, 132, 133, 165, 188, 189, 190, 197, 198, 199, 200),
            # tgkill utimes mq_open add_key keyctl mkdirat mknodat fchownat futimesat unlinkat
            *(234, 235, 240, 248, 250, 258, 259, 260, 261, 263),
            # renameat linkat symlinkat fchmodat unshare utimensat fallocate accept4 perf_event
            *(264, 265, 266, 268, 272, 280, 285, 288, 298),
            # sendmmsg setns process_vm_readv process_vm_writev renameat2 memfd_create bpf execveat
            *(307, 308, 310, 311, 316, 319, 321, 322),
            # userfaultfd, pidfd_send_signal, io_uring, pidfd_open clone3 openat2 pidfd_getfd …
            *(323, 424, 425, 434, 435, 437, 438, 452),
        ),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        56,
        (
            *(5, 6, 7, 14, 15, 16, 33, 34, 35, 36, 37, 38, 40, 45, 46, 47, 52, 53, 54, 55, 88, 97),
            *(117, 129, 130, 131, 180, 186, 190, 194, 198, 199, 200, 201, 202, 203, 206, 211, 217),
            *(219, 220, 221, 241, 242, 268, 269, 270, 271, 276, 279, 280, 281, 282),
            *(424, 425, 434, 435, 437, 438, 452),
        ),
    ),
}


def enter(memory: int) -> tuple[str, ...]:
    """Gives up what reading does not need; says which measures are in force.

    Args:
        memory: bytes of address space beyond what the process has now.
    """
    _limit(resource.RLIMIT_AS, _address_space() + memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    _limit(resource.RLIMIT_NPROC, 0)
    socket.socket = _NoSocket  # type: ignore[assignment,misc]  # replaced on purpose
    socket.create_connection = _no_connection
    inside = (True, True, landlock.restrict(landlock.code_folders(_ROOT)), _filter_calls())
    return tuple(name for name, held in zip(MEASURES, inside, strict=True) if held)


def limit_processor_time(seconds: int) -> None:
    """Lets the process use so many more seconds of processor time, then the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


class _NoSocket:
    def __init__(self, *_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no network in here")


def _no_connection(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EPERM, "no network in here")


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def _address_space() -> int:
    """Bytes of address space in use (Linux; elsewhere a generous guess)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no pathlib needed
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def _filter_calls() -> bool:
    machine = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        return False
    code = _program(machine)
    library = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a count, padding, a pointer.
    fprog = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(library.prctl(_PR_SET_SECCOMP, _MODE_FILTER, fprog, 0, 0) == 0)


def _program(machine: _Machine) -> bytes:
    """Classic BPF over `struct seccomp_data`: refuse the list, and openat that would write."""
    calls = machine.refused
    count = len(calls)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, count + 4, 0, _X32),
        # Each hit jumps to the refusal at the end: past the rest of the list and four steps more.
        *((_JUMP_EQUAL, count - index + 3, 0, call) for index, call in enumerate(calls)),
        (_JUMP_EQUAL, 0, 2, machine.openat),
        (_LOAD, 0, 0, _OPENAT_FLAGS),
        (_JUMP_ANY_BIT, 1, 0, _WRITING),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("@HBBI", *step) for step in steps)
