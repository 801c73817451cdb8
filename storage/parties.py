"""Dated names and codes of holders and departments."""

from storage.link import Link


class PartyReading:
    """The part of a session that reads them."""

    _link: Link


class PartyWriting(PartyReading):
    """The part of a unit of work that keeps them."""
