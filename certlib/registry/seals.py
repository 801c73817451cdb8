"""The history in sealed batches, provable without the database."""

from typing import Protocol


class SealedHistoryReads(Protocol):
    """What can be asked."""


class SealedHistoryWrites(SealedHistoryReads, Protocol):
    """What can be kept."""
