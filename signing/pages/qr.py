"""The QR code of a certificate: ISO/IEC 18004, error level M, as one vector path.

Trying all eight masks costs more than half a page of typesetting, so the mask is fixed; every
reader copes with every mask, only the ease of reading differs, and a test reads the codes back
from the rendered page.
"""

import re
from collections.abc import Iterator

import segno

__all__ = ["qr_svg"]

_MASK = 3
_DARK = re.compile(rb"\x01+")
_QUIET_MODULES = 4  # ISO/IEC 18004 section 9.1: the quiet zone is four modules wide


def qr_svg(text: str) -> str:
    """An SVG image of the code of `text`, quiet zone included, one unit a module."""
    code = segno.make(text, error="m", micro=False, mask=_MASK, boost_error=False)
    side = code.symbol_size(scale=1, border=_QUIET_MODULES)[0]
    dark = "".join(_runs(code.matrix))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#111" d="{dark}"/></svg>'
    )


def _runs(matrix: tuple[bytearray, ...]) -> Iterator[str]:
    """Each horizontal run of dark modules as one rectangle."""
    for y, row in enumerate(matrix, _QUIET_MODULES):
        for run in _DARK.finditer(row):
            width = run.end() - run.start()
            yield f"M{run.start() + _QUIET_MODULES} {y}h{width}v1h-{width}z"
