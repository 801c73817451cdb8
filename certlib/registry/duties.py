"""What stands beside the state: periodic duties, renewal applications, delivery."""

from typing import Protocol


class DutyReads(Protocol):
    """What can be asked."""


class DutyWrites(DutyReads, Protocol):
    """What can be kept."""
