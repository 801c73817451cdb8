"""Canonical JSON (RFC 8785) over the values that need no number formatting, and its digest.

Allowed: strings, booleans, null, lists, objects and integers below 2^53; decimals travel as
strings, so the ES6 number rules of RFC 8785 section 3.2.2.3 never come into play.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from certlib.errors import Unsupported

_INTEGER_LIMIT = 2**53
DEPTH_LIMIT = 64
"""Deeper nesting is refused: a certificate needs four levels, the interpreter fails at hundreds."""


def canonical_bytes(value: object) -> bytes:
    """UTF-8 bytes of `value` in RFC 8785 form.

    Raises:
        Unsupported: floats, other types, integers of 2^53 or more, lone surrogates,
            keys that are not strings, more than 64 levels.
    """
    try:
        return _encode(value).encode("utf-8")
    except UnicodeEncodeError as error:  # From here, or from the sorting of keys.
        raise Unsupported(what="lone surrogate") from error


def digest(value: object) -> str:
    """Hex SHA-256 of the canonical bytes of `value`."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _encode(value: object, depth: int = 0) -> str:
    if depth > DEPTH_LIMIT:
        raise Unsupported(what=f"more than {DEPTH_LIMIT} levels")
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return _string(value)
        case int():
            return _integer(value)
        case Mapping():
            return _object(value, depth)
        case list() | tuple():
            return "[" + ",".join(_encode(item, depth + 1) for item in value) + "]"
        case _:
            raise Unsupported(what=type(value).__name__)


def _integer(value: int) -> str:
    if abs(value) >= _INTEGER_LIMIT:
        raise Unsupported(what="integer of 2^53 or more")
    return int.__repr__(value)  # An enumeration's own text is not a number.


def _object(value: Mapping[Any, Any], depth: int) -> str:
    if not all(isinstance(key, str) for key in value):
        raise Unsupported(what="object key that is not a string")
    # RFC 8785 section 3.2.3: keys are sorted by their UTF-16 code units.
    keys = sorted(value, key=_utf16)
    members = (f"{_string(key)}:{_encode(value[key], depth + 1)}" for key in keys)
    return "{" + ",".join(members) + "}"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


def _string(text: str) -> str:
    # What json.dumps does without ASCII escaping, which is exactly RFC 8785 section 3.2.2.2,
    # less the encoder that it builds at every call.
    return json.encoder.encode_basestring(text)
