"""Drafts that wait for review and seal, forms of one certificate, numbers drawn by the library."""

from typing import Protocol


class IssuingReads(Protocol):
    """What can be asked."""


class IssuingWrites(IssuingReads, Protocol):
    """What can be kept."""
