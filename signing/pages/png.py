"""PNG (ISO/IEC 15948), read to the last byte of the last row."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signing.pages.raster import MOST_SIDE, Raster

__all__ = ["png_picture"]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER: Final = struct.Struct(">IIBBBBB")
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE: Final = 3
_LAST_FILTER: Final = 4
_PIECE: Final = 1 << 20
_KEPT: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
# The seven passes of Adam7: first column, first row, step right, step down.
_PASSES: Final = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    def rows(self) -> list[tuple[int, int]]:
        """Bytes of a row with its filter, and how many rows: of the picture or of its passes."""
        bits = self.depth * _CHANNELS[self.colour]
        passes = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        sizes = [
            (-(-(self.width - x) // right), -(-(self.height - y) // down))
            for x, y, right, down in passes
        ]
        return [((across * bits + 7) // 8 + 1, down) for across, down in sizes if across > 0]


def png_picture(data: bytes) -> Raster:
    """The picture, its chunks reduced to those that draw it.

    Raises:
        ValueError: it is no PNG, or a damaged one, or larger than the limits.
    """
    if not data.startswith(_SIGNATURE):
        raise ValueError("signature")
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if not kinds or kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or kinds[-1] != b"IEND":
        raise ValueError("chunks")
    header = _header(chunks[0][1])
    if header.colour == _PALETTE and kinds.count(b"PLTE") != 1:
        raise ValueError("palette")
    _read_rows(b"".join(body for kind, body in chunks if kind == b"IDAT"), header)
    kept = b"".join(_chunk(kind, body) for kind, body in chunks if kind in _KEPT)
    return Raster(_SIGNATURE + kept, header.width, header.height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        end = at + 12 + length
        if end > len(data) or zlib.crc32(kind + body) != int.from_bytes(data[end - 4 : end]):
            raise ValueError("chunk")
        yield kind, body
        at = end


def _header(body: bytes) -> _Header:
    if len(body) != _HEADER.size:
        raise ValueError("header")
    width, height, depth, colour, method, filters, interlace = _HEADER.unpack(body)
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError("size")
    if depth not in _DEPTHS.get(colour, ()) or method or filters or interlace > 1:
        raise ValueError("header")
    return _Header(width, height, depth, colour, bool(interlace))


def _read_rows(packed: bytes, header: _Header) -> None:
    """Inflates piece by piece no more than the header promises; looks at every row's filter."""
    inflater = zlib.decompressobj()
    starts = _row_starts(header)
    start, at = next(starts), 0
    wanted = sum(length * count for length, count in header.rows())
    while not inflater.eof and at <= wanted:
        try:
            piece = inflater.decompress(packed, _PIECE)
        except zlib.error as error:
            raise ValueError("rows") from error
        packed = inflater.unconsumed_tail
        if not piece:
            break
        while at <= start < at + len(piece):
            if piece[start - at] > _LAST_FILTER:
                raise ValueError("filter")
            start = next(starts, -1)
        at += len(piece)
    if at != wanted or not inflater.eof:
        raise ValueError("rows")


def _row_starts(header: _Header) -> Iterator[int]:
    at = 0
    for length, count in header.rows():
        yield from range(at, at + length * count, length)
        at += length * count


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
