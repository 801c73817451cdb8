"""A machine whose clock a test sets, and who keeps it."""

from datetime import timedelta

from keys_world import START

from keys.clock_mark import MarkFile
from keys.stamp_clock import StampClock

SECOND = 1_000_000_000


class SetMachine:
    """Time passes on both clocks by `passes`; `set_by` moves the one that people set."""

    def __init__(self, at=START, boot="a", kept=None):
        self.at = int(at.timestamp()) * SECOND
        self.up = 1000 * SECOND
        self.name = boot
        self.kept = kept

    def wall(self):
        return self.at

    def steady(self):
        return self.up

    def boot(self):
        return self.name

    def synchronised(self):
        return self.kept

    def passes(self, **span):
        step = timedelta(**span) // timedelta(microseconds=1) * 1000
        self.at += step
        self.up += step

    def set_by(self, **span):
        self.at += timedelta(**span) // timedelta(microseconds=1) * 1000

    def starts_again(self, boot="b"):
        self.name, self.up = boot, 5 * SECOND


def stamp_clock(folder, machine, **options):
    return StampClock(machine, MarkFile(folder / "clock"), **options)
