"""The change feed, webhooks and their deliveries."""

from storage.link import Link


class NoticeReading:
    """The part of a session that reads them."""

    _link: Link


class NoticeWriting(NoticeReading):
    """The part of a unit of work that keeps them."""
