"""Stream filters (ISO 32000-2, 7.4) with bounds, for cross-references, object streams and metadata.

Filters of pictures are none of our business: nothing that we judge by lies behind them.
"""

import base64
import zlib
from collections.abc import Callable, Iterator

from signing.evidence.faults import Budget
from signing.evidence.syntax import PdfDictionary, PdfValue

__all__ = ["FilterProblemError", "decoded"]

_MOST_FILTERS = 4
_SPACE = b"\x00\t\n\x0c\r "
_CLEAR, _END_OF_DATA, _FIRST_CODE, _LAST_CODE = 256, 257, 258, 4095
_TIFF, _FIRST_PNG, _LAST_PNG = 2, 10, 15
_NO_PREDICTOR = 1
_MOST_COLUMNS = 1 << 20
_CHUNK = 1 << 20
_BITS = 8
_RUN_END = 128


class FilterProblemError(ValueError):
    """The stream cannot be decoded: unknown filter, broken data, impossible parameters."""


def decoded(entries: PdfDictionary, encoded: bytes, budget: Budget) -> bytes:
    """The bytes of a stream.

    Args:
        entries: the stream dictionary, `/Filter` and `/DecodeParms` without references.
        encoded: the bytes between `stream` and `endstream`.
        budget: every byte that comes out of a filter is counted.

    Raises:
        FilterProblemError: the stream cannot be decoded.
        ReadingFaultError: a decompression bomb.
    """
    names = _listed(entries.get("/Filter", entries.get("/F")))
    parameters = _listed(entries.get("/DecodeParms", entries.get("/DP")))
    if len(names) > _MOST_FILTERS:
        raise FilterProblemError("filters")
    for index, name in enumerate(names):
        given = parameters[index] if index < len(parameters) else None
        read = _FILTERS.get(name) if isinstance(name, str) else None
        if read is None:
            raise FilterProblemError("unknown filter")
        encoded = read(encoded, given if isinstance(given, dict) else {}, budget)
    return encoded


def _listed(value: PdfValue) -> list[PdfValue]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _flate(encoded: bytes, parameters: PdfDictionary, budget: Budget) -> bytes:
    engine = zlib.decompressobj()
    found, waiting = [], encoded
    try:
        while waiting:
            part = engine.decompress(waiting, min(_CHUNK, max(budget.decoded, 0) + 1))
            budget.spend_decoded(len(part))
            found.append(part)
            waiting = engine.unconsumed_tail
    except zlib.error as error:
        raise FilterProblemError("flate") from error
    return _unpredicted(b"".join(found), parameters, budget)


def _lzw(encoded: bytes, parameters: PdfDictionary, budget: Budget) -> bytes:
    # Codes that bring forth nothing cost as much as others.
    budget.spend_slow(len(encoded))
    early = parameters.get("/EarlyChange", 1)
    found = bytearray()
    table: list[bytes] = []
    before = b""
    for code in _codes(encoded, table, 1 if early else 0):
        if code == _END_OF_DATA:
            break
        if code == _CLEAR:
            table.clear()
            before = b""
            continue
        entry = _entry(code, table, before)
        budget.spend_slow(len(entry))
        found += entry
        # Longer codes than of 12 bits there are not: what came later would only fill the memory.
        if before and len(table) <= _LAST_CODE - _FIRST_CODE:
            table.append(before + entry[:1])
        before = entry
    return _unpredicted(bytes(found), parameters, budget)


def _entry(code: int, table: list[bytes], before: bytes) -> bytes:
    if code < _CLEAR:
        return bytes((code,))
    if code - _FIRST_CODE < len(table):
        return table[code - _FIRST_CODE]
    if code - _FIRST_CODE == len(table) and before:
        return before + before[:1]
    raise FilterProblemError("lzw")


def _codes(encoded: bytes, table: list[bytes], early: int) -> Iterator[int]:
    """Codes of 9 to 12 bits; the table grows while they are read."""
    bits = held = 0
    for octet in encoded:
        bits, held = (bits << _BITS) | octet, held + _BITS
        # The writer's table is one entry ahead of the reader's.
        width = max(9, min(12, (_FIRST_CODE + len(table) + early).bit_length()))
        if held >= width:
            held -= width
            yield bits >> held
            bits &= (1 << held) - 1


def _run_length(encoded: bytes, _parameters: PdfDictionary, budget: Budget) -> bytes:
    found = bytearray()
    position = 0
    while position < len(encoded) and encoded[position] != _RUN_END:
        length = encoded[position]
        if length < _RUN_END:
            part, used = encoded[position + 1 : position + 2 + length], length + 2
        else:
            part, used = encoded[position + 1 : position + 2] * (257 - length), 2
        budget.spend_slow(len(part) + 1)
        found += part
        position += used
    return bytes(found)


def _ascii_hex(encoded: bytes, _parameters: PdfDictionary, budget: Budget) -> bytes:
    digits = encoded.partition(b">")[0].translate(None, _SPACE)
    budget.spend_decoded(len(digits))
    try:
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError as error:
        raise FilterProblemError("ascii-hex") from error


def _ascii_85(encoded: bytes, _parameters: PdfDictionary, budget: Budget) -> bytes:
    text = encoded.partition(b"~")[0].translate(None, _SPACE)
    # `z` stands for four zeros: each character brings forth four bytes at most.
    budget.spend_slow(4 * len(text))
    try:
        return base64.a85decode(text, ignorechars=b"")
    except ValueError as error:
        raise FilterProblemError("ascii-85") from error


def _crypt(encoded: bytes, parameters: PdfDictionary, _budget: Budget) -> bytes:
    """Only the identity: a file with other crypt filters is encrypted (ISO 32000-2, 7.4.10)."""
    if parameters.get("/Name", "/Identity") != "/Identity":
        raise FilterProblemError("crypt")
    return encoded


def _unpredicted(data: bytes, parameters: PdfDictionary, budget: Budget) -> bytes:
    predictor = parameters.get("/Predictor", _NO_PREDICTOR)
    if predictor == _NO_PREDICTOR:
        return data
    colours, bits, columns = (
        _count(parameters.get(key), default)
        for key, default in (("/Colors", 1), ("/BitsPerComponent", _BITS), ("/Columns", 1))
    )
    pixel = max(1, colours * bits // _BITS)
    row = (colours * bits * columns + _BITS - 1) // _BITS
    if row > _MOST_COLUMNS:
        raise FilterProblemError("predictor")
    budget.spend_slow(len(data))
    if predictor == _TIFF and bits == _BITS:
        return b"".join(_left(data[at : at + row], pixel) for at in range(0, len(data), row))
    if isinstance(predictor, int) and _FIRST_PNG <= predictor <= _LAST_PNG:
        return _png(data, row, pixel)
    raise FilterProblemError("predictor")


def _count(value: PdfValue, default: int) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or not 0 < value <= _MOST_COLUMNS:
        raise FilterProblemError("predictor")
    return value


def _png(data: bytes, row: int, pixel: int) -> bytes:
    found = []
    above = bytes(row)
    for at in range(0, len(data), row + 1):
        current = data[at + 1 : at + 1 + row].ljust(row, b"\0")
        undo = _ROWS.get(data[at])
        if undo is None:
            raise FilterProblemError("predictor")
        above = undo(current, above, pixel)
        found.append(above)
    return b"".join(found)


def _up(row: bytes, above: bytes, _pixel: int) -> bytes:
    return bytes((one + other) & 0xFF for one, other in zip(row, above, strict=True))


def _left(row: bytes, pixel: int) -> bytes:
    out = bytearray(row)
    for index in range(pixel, len(out)):
        out[index] = (out[index] + out[index - pixel]) & 0xFF
    return bytes(out)


def _average(row: bytes, above: bytes, pixel: int) -> bytes:
    out = bytearray(row)
    for index in range(len(out)):
        left = out[index - pixel] if index >= pixel else 0
        out[index] = (out[index] + (left + above[index]) // 2) & 0xFF
    return bytes(out)


def _paeth(row: bytes, above: bytes, pixel: int) -> bytes:
    out = bytearray(row)
    for index in range(len(out)):
        left, corner = (out[index - pixel], above[index - pixel]) if index >= pixel else (0, 0)
        up = above[index]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda value: abs(guess - value))
        out[index] = (out[index] + nearest) & 0xFF
    return bytes(out)


_ROWS: dict[int, Callable[[bytes, bytes, int], bytes]] = {
    0: lambda row, _above, _pixel: row,
    1: lambda row, _above, pixel: _left(row, pixel),
    2: _up,
    3: _average,
    4: _paeth,
}
_FILTERS: dict[str, Callable[[bytes, PdfDictionary, Budget], bytes]] = {
    "/FlateDecode": _flate,
    "/Fl": _flate,
    "/LZWDecode": _lzw,
    "/LZW": _lzw,
    "/RunLengthDecode": _run_length,
    "/RL": _run_length,
    "/ASCIIHexDecode": _ascii_hex,
    "/AHx": _ascii_hex,
    "/ASCII85Decode": _ascii_85,
    "/A85": _ascii_85,
    "/Crypt": _crypt,
}
