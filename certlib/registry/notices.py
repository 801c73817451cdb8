"""What leaves the house: the change feed, webhooks and their deliveries."""

from typing import Protocol


class NoticeReads(Protocol):
    """What can be asked."""


class NoticeWrites(NoticeReads, Protocol):
    """What can be kept."""
