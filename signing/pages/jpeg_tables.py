"""The tables and headers of a JPEG (ITU-T T.81, annex B), each read to its last octet."""

from typing import Final

__all__ = ["Frame", "frame_of", "need_huffman_tables", "need_quantisers", "need_scan"]

_SAMPLES: Final = 64
_LENGTHS: Final = 16
_MOST_SIZE: Final = 15
_TABLES: Final = range(4)
_FACTORS: Final = (1, 2, 4)  # 3 is legal, but no reader of pages takes it
_BITS: Final = 8
_FRAME_HEAD: Final = 6
_COLOURS: Final = (1, 3)

Frame = tuple[int, int, tuple[int, ...]]
"""Width, height, and the identifiers of its components."""


def frame_of(body: bytes) -> Frame:
    """A frame header (B.2.2): eight bits, grey or three colours.

    Raises:
        ValueError: it is another, or none.
    """
    if len(body) < _FRAME_HEAD or body[0] != _BITS or body[5] not in _COLOURS:
        raise ValueError("frame")
    parts = [body[at : at + 3] for at in range(_FRAME_HEAD, len(body), 3)]
    if len(parts) != body[5] or len(parts[-1]) != 3:  # noqa: PLR2004 - octets of a component
        raise ValueError("components")
    for _, factors, table in parts:
        if factors >> 4 not in _FACTORS or factors & 15 not in _FACTORS or table not in _TABLES:
            raise ValueError("component")
    names = tuple(part[0] for part in parts)
    if len(set(names)) != len(names):
        raise ValueError("components")
    return int.from_bytes(body[3:5]), int.from_bytes(body[1:3]), names


def need_quantisers(body: bytes) -> None:
    """Quantisation tables (B.2.4.1).

    Raises:
        ValueError: they are damaged.
    """
    at = 0
    while at < len(body):
        wide, table = body[at] >> 4, body[at] & 15
        if wide > 1 or table not in _TABLES:
            raise ValueError("quantisers")
        at += 1 + _SAMPLES * (wide + 1)
    if at != len(body):
        raise ValueError("quantisers")


def need_huffman_tables(body: bytes) -> None:
    """Huffman tables (B.2.4.2): no more codes of a length than there are (annex C).

    Raises:
        ValueError: they are damaged.
    """
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 1 + _LENGTHS]
        if body[at] >> 4 > 1 or body[at] & 15 not in _TABLES or len(counts) != _LENGTHS:
            raise ValueError("huffman")
        free = 1
        for count in counts:
            free = 2 * free - count
            if free < 0:
                raise ValueError("huffman")
        symbols = body[at + 1 + _LENGTHS : at + 1 + _LENGTHS + sum(counts)]
        # The symbols of a table of class 0 are sizes of differences (F.1.2.1).
        if not symbols or (body[at] >> 4 == 0 and max(symbols) > _MOST_SIZE):
            raise ValueError("huffman")
        at += 1 + _LENGTHS + sum(counts)
    if at != len(body):
        raise ValueError("huffman")


def need_scan(body: bytes, names: tuple[int, ...]) -> None:
    """A scan header (B.2.3) of components that the frame has.

    Raises:
        ValueError: it is damaged.
    """
    count = body[0] if body else 0
    if not 0 < count <= len(names) or len(body) != 4 + 2 * count:
        raise ValueError("scan")
    for at in range(1, 1 + 2 * count, 2):
        tables = body[at + 1]
        if body[at] not in names or tables >> 4 not in _TABLES or tables & 15 not in _TABLES:
            raise ValueError("scan")
    first, last, steps = body[-3:]
    if not first <= last < _SAMPLES or steps >> 4 > 13 or steps & 15 > 13:  # noqa: PLR2004 - B.2.3
        raise ValueError("scan")
