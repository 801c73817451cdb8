"""Sealed batches of the history."""

from storage.link import Link


class SealedHistoryReading:
    """The part of a session that reads them."""

    _link: Link


class SealedHistoryWriting(SealedHistoryReading):
    """The part of a unit of work that keeps them."""
