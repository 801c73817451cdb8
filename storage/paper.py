"""Paper twins and blank forms."""

from storage.link import Link


class PaperReading:
    """The part of a session that reads them."""

    _link: Link


class PaperWriting(PaperReading):
    """The part of a unit of work that keeps them."""
