"""What the readers of both picture formats give back, and the limits of size."""

from dataclasses import dataclass
from typing import Final

__all__ = ["LEAST_SIDE", "MOST_SIDE", "Raster"]

LEAST_SIDE: Final = 16
MOST_SIDE: Final = 4000
"""Pixels each way; beyond them a picture is none, or a decompression bomb."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture that was read whole.

    Attributes:
        data: the same picture with nothing in it but itself.
        orientation: 1 to 8 after CIPA DC-008; 1 is upright.
    """

    data: bytes
    width: int
    height: int
    orientation: int = 1
