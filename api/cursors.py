"""Cursors: places in a list as callers keep them, opaque, and told apart from anything else."""

import base64
import binascii
import struct
import zlib
from typing import Final

from certlib.errors import Invalid, Problem

LENGTH: Final = 16
"""Characters of a cursor."""

_FORM: Final = struct.Struct(">Q")
_CHECK: Final = struct.Struct(">I")
_LARGEST: Final = 2**63 - 1
_UNREADABLE: Final = Problem(
    "query:after",
    "cursor-malformed",
    "游标无法识别，请原样使用上次返回的 after；首次读取不要给出。",
    "This is no cursor of ours: give `after` back as it came, or leave it out at first.",
)


def cursor(place: int) -> str:
    """The cursor of a place in a sequence."""
    octets = _FORM.pack(place)
    return base64.urlsafe_b64encode(octets + _CHECK.pack(zlib.crc32(octets))).decode("ascii")


def place(cursor: str) -> int:
    """The place behind a cursor.

    Raises:
        Invalid: it was not made here, or was cut or mistyped on its way.
    """
    try:
        octets = base64.b64decode(cursor, altchars=b"-_", validate=True)
        number, check = int.from_bytes(octets[:8]), int.from_bytes(octets[8:])
    except (binascii.Error, ValueError) as error:
        raise Invalid(problems=(_UNREADABLE,)) from error
    if len(octets) != _FORM.size + _CHECK.size or zlib.crc32(octets[:8]) != check:
        raise Invalid(problems=(_UNREADABLE,))
    if number > _LARGEST:
        raise Invalid(problems=(_UNREADABLE,))
    return number
