"""Builds what stamps: the clock, the node's own timestamp authority, and those elsewhere."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from api.clock import SystemClock, SystemEntropy
from api.machine_clock import MachineClock
from api.settings import Settings
from certlib.ports import Clock, TimestampSource
from keys.clock_mark import MarkFile
from keys.stamp_clock import ClockStanding, FollowedClock, Machine, StampClock
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource, pinned_authorities

__all__ = ["ClockStanding", "history_timestamps", "stamp_clock"]

_CLOCK: Final = Path("keys") / "clock"


def stamp_clock(settings: Settings, clock: Clock) -> StampClock:
    """The clock that tokens are made by; of a clock that is no machine's, what can be known."""
    machine: Machine = MachineClock() if isinstance(clock, SystemClock) else FollowedClock(clock)
    # Where signers stamp, this clock is only looked at: the mark of theirs lies with the keys.
    marks = MarkFile(settings.data_dir / (_CLOCK.name if settings.signers else _CLOCK))
    return StampClock(machine, marks, required=settings.clock_sync == "required")


def history_timestamps(
    settings: Settings, own: TimestampSource, stack: ExitStack
) -> TimestampSource:
    """Another authority's timestamps hold against ourselves too, where one is set."""
    if not settings.history_tsa_url:
        return own
    certificates = pinned_authorities(settings.history_tsa_certificate)
    options = HttpTimestampOptions(settings.history_tsa_url, certificates)
    remote = HttpTimestampSource(options, SystemClock(), SystemEntropy())
    stack.callback(remote.close)
    return remote
