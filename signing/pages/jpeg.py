"""JPEG (ITU-T T.81), read segment by segment; the coded data itself is left to the reader.

Pages carry a JPEG as it is, so what PDF (ISO 32000-1, 7.4.8) does not take is refused here:
arithmetic coding, lossless and hierarchical frames, and four colours, which would need a profile.
"""

import struct
from collections.abc import Iterator
from typing import Final

from signing.pages.jpeg_tables import frame_of, need_huffman_tables, need_quantisers, need_scan
from signing.pages.raster import Raster

__all__ = ["jpeg_picture"]

_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN, _QUANTISERS, _HUFFMAN, _RESTART = 0xDA, 0xDB, 0xC4, 0xDD
_EXIF, _JFIF, _ADOBE = 0xE1, 0xE0, 0xEE
_FRAMES: Final = (0xC0, 0xC1, 0xC2)  # baseline, extended sequential, progressive; Huffman
_KEPT: Final = (*_FRAMES, _SCAN, _QUANTISERS, _HUFFMAN, _RESTART, _JFIF, _ADOBE)
_ORIENTATION: Final = 0x0112
_ENTRY_BYTES: Final = 12
_ORIENTATIONS: Final = range(1, 9)


def jpeg_picture(data: bytes) -> Raster:
    """The picture, its segments reduced to those that draw it.

    Raises:
        ValueError: it is no JPEG, a damaged one, or of a kind that pages do not carry.
    """
    if not (data.startswith(_START) and data.endswith(_END)):
        raise ValueError("signature")
    segments = list(_segments(data))
    markers = [marker for marker, _, _ in segments]
    frames = [body for marker, body, _ in segments if marker in _FRAMES]
    if len(frames) != 1 or not {_SCAN, _QUANTISERS, _HUFFMAN} <= set(markers):
        raise ValueError("segments")
    width, height, names = frame_of(frames[0])
    for marker, body, _ in segments:
        if marker == _QUANTISERS:
            need_quantisers(body)
        elif marker == _HUFFMAN:
            need_huffman_tables(body)
        elif marker == _SCAN:
            need_scan(body, names)
    orientation = next((_orientation(body) for marker, body, _ in segments if marker == _EXIF), 1)
    kept = b"".join(whole for marker, _, whole in segments if marker in _KEPT)
    return Raster(_START + kept + _END, width, height, orientation)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, parameters and whole of each segment; a scan with the coded data that follows."""
    at = len(_START)
    while data[at : at + 2] != _END:
        if data[at] != 0xFF:  # noqa: PLR2004 - the first byte of every marker (T.81, B.1.1.2)
            raise ValueError("marker")
        if data[at + 1] == 0xFF:  # noqa: PLR2004 - fill before a marker
            at += 1
            continue
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        stop = at + 2 + length
        if length < 2 or stop + 2 > len(data) or marker not in (*_KEPT, 0xFE, *range(0xE0, 0xF0)):  # noqa: PLR2004 - its own length
            raise ValueError("segment")
        end = _coded_end(data, stop) if marker == _SCAN else stop
        yield marker, data[at + 4 : stop], data[at:end]
        at = end
    if at + 2 != len(data):
        raise ValueError("tail")


def _coded_end(data: bytes, at: int) -> int:
    """Where the coded data ends: at the next marker that is no stuffing and no restart."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:  # noqa: PLR2004 - RST0 to RST7
            return at
        at += 2


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of a TIFF head; 1 where there is none."""
    body = exif[6:] if exif.startswith(b"Exif\0\0") else b""
    order = {b"II": "<", b"MM": ">"}.get(body[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", body, 4)
        (count,) = struct.unpack_from(order + "H", body, first)
        for index in range(count):
            tag, _, _, value = struct.unpack_from(
                order + "HHIH", body, first + 2 + index * _ENTRY_BYTES
            )
            if tag == _ORIENTATION:
                return value if value in _ORIENTATIONS else 1
    except struct.error:
        return 1
    return 1
