"""Canonical JSON (RFC 8785) over the values that need no number formatting, and its digest.

Allowed: strings, booleans, null, lists, objects and integers below 2^53; decimals travel as
strings, so the ES6 number rules of RFC 8785 section 3.2.2.3 never come into play.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from certlib.errors import Unsupported

_INTEGER_LIMIT = 2**53


def canonical_bytes(value: Any) -> bytes:
    """UTF-8 bytes of `value` in RFC 8785 form.

    Raises:
        Unsupported: floats, other types, integers of 2^53 or more, lone surrogates,
            keys that are not strings.
    """
    return _encode(value).encode("utf-8")


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical bytes of `value`."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _encode(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return _string(value)
        case int():
            if abs(value) >= _INTEGER_LIMIT:
                raise Unsupported(what="integer of 2^53 or more")
            return str(value)
        case Mapping():
            return _object(value)
        case Sequence() if not isinstance(value, bytes | bytearray):
            return "[" + ",".join(_encode(item) for item in value) + "]"
        case _:
            raise Unsupported(what=type(value).__name__)


def _object(value: Mapping[Any, Any]) -> str:
    if not all(isinstance(key, str) for key in value):
        raise Unsupported(what="object key that is not a string")
    # RFC 8785 section 3.2.3: keys are sorted by their UTF-16 code units.
    keys = sorted(value, key=_utf16)
    return "{" + ",".join(f"{_string(key)}:{_encode(value[key])}" for key in keys) + "}"


def _utf16(text: str) -> bytes:
    _refuse_surrogates(text)
    return text.encode("utf-16-be")


def _string(text: str) -> str:
    _refuse_surrogates(text)
    # json.dumps without ASCII escaping is exactly RFC 8785 section 3.2.2.2.
    return json.dumps(text, ensure_ascii=False)


def _refuse_surrogates(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Unsupported(what="lone surrogate")
