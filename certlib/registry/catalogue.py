"""The life of type versions: draft, reviewed, published, withdrawn; cut-over days."""

from typing import Protocol


class CatalogueReads(Protocol):
    """What can be asked."""


class CatalogueWrites(CatalogueReads, Protocol):
    """What can be kept."""
