"""Periodic duties, renewal applications, deliveries."""

from storage.link import Link


class DutyReading:
    """The part of a session that reads them."""

    _link: Link


class DutyWriting(DutyReading):
    """The part of a unit of work that keeps them."""
