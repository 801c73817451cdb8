"""Paper twins, and the stock of blank forms they are printed on."""

from typing import Protocol


class PaperReads(Protocol):
    """What can be asked."""


class PaperWrites(PaperReads, Protocol):
    """What can be kept."""
