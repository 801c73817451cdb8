"""What this machine knows of time: the set clock, the steady one, and the kernel's word on both."""

import ctypes
import time
from pathlib import Path
from typing import Final

__all__ = ["MachineClock"]

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_UNSYNCHRONISED: Final = 0x0040  # STA_UNSYNC, <sys/timex.h>
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), as far as its status; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class MachineClock:
    """`keys.stamp_clock.Machine` over the operating system."""

    def __init__(self) -> None:
        try:
            self._boot = _BOOT.read_text("ascii").strip()
        except OSError:
            self._boot = ""
        # Absent where there is no such call; then the kernel says nothing.
        self._adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)

    def wall(self) -> int:
        """Nanoseconds since 1970, UTC."""
        return time.time_ns()

    def steady(self) -> int:
        """Nanoseconds since the machine started, sleep included where the system counts it."""
        return time.clock_gettime_ns(_STEADY)

    def boot(self) -> str:
        """The kernel's own name for this run."""
        return self._boot

    def synchronised(self) -> bool | None:
        """STA_UNSYNC of adjtimex(2); None where the system has no such call or forbids it."""
        if self._adjtimex is None:
            return None
        found = _Timex()  # modes 0: only asks
        if self._adjtimex(ctypes.byref(found)) < 0:
            return None
        return not found.status & _UNSYNCHRONISED
