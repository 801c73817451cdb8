"""Pictures as values: base64 of a JPEG or PNG, checked whole before they come near a page.

The typesetter leaves out a picture that it cannot read, in silence, so everything is checked here:
the signature, every segment or chunk, the size, and for PNG each byte of the inflated rows. What a
camera adds beside the picture (place, time, colour profile) is not laid into the page.

ITU-T T.81 (JPEG), ISO/IEC 15948 (PNG), CIPA DC-008 (orientation).
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from signing.pages.jpeg import jpeg_picture
from signing.pages.png import png_picture
from signing.pages.raster import LEAST_SIDE, MOST_SIDE, Raster

__all__ = ["Picture", "picture_from"]

_READERS: Final = {"image/jpeg": jpeg_picture, "image/png": png_picture}
# How an orientation of CIPA DC-008 (table 6) is turned upright: a, b, c, d and the shares of
# width and height in e and f of an SVG matrix.
_UPRIGHT: Final = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, 1, 1, 0, 0, 0),
    6: (0, 1, -1, 0, 1, 0),
    7: (0, -1, -1, 0, 1, 1),
    8: (0, -1, 1, 0, 0, 1),
}
_TURNED: Final = 5  # from here on width and height change places


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the designs draw it.

    Attributes:
        svg: an SVG image that holds nothing but the picture, upright.
        ratio: width divided by height.
        pixels: how many there are.
    """

    svg: str
    ratio: float
    pixels: int


def picture_from(value: str, media_type: str) -> Picture:
    """The picture behind base64 text.

    Raises:
        ValueError: no base64, not such a picture, damaged, or outside the limits of size.
    """
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error
    raster = _READERS[media_type](data)
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (raster.width, raster.height)):
        raise ValueError("size")
    return Picture(_svg(raster, media_type), _ratio(raster), raster.width * raster.height)


def _ratio(raster: Raster) -> float:
    ratio = raster.width / raster.height
    return ratio if raster.orientation < _TURNED else 1 / ratio


def _svg(raster: Raster, media_type: str) -> str:
    width, height = raster.width, raster.height
    if raster.orientation >= _TURNED:
        width, height = height, width
    a, b, c, d, e, f = _UPRIGHT[raster.orientation]
    body = base64.b64encode(raster.data).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{raster.width}" height="{raster.height}"'
        f' transform="matrix({a} {b} {c} {d} {e * width} {f * height})"'
        f' xlink:href="data:{media_type};base64,{body}"/></svg>'
    )
