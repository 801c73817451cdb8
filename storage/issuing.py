"""Drafts, forms and numbers drawn by the library."""

from storage.link import Link


class IssuingReading:
    """The part of a session that reads them."""

    _link: Link


class IssuingWriting(IssuingReading):
    """The part of a unit of work that keeps them."""
