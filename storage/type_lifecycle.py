"""The life of type versions in the catalogue."""

from storage.link import Link


class CatalogueReading:
    """The part of a session that reads them."""

    _link: Link


class CatalogueWriting(CatalogueReading):
    """The part of a unit of work that keeps them."""
