"""RFC 8785 for the values of the audit history: strings, integers, booleans, null, nests."""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """The octets of the canonical form."""
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Hex SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Members by UTF-16 code units (section 3.2.3), which is not the order of code points."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _ordered(value[key]) for key in keys}
    return [_ordered(item) for item in value] if isinstance(value, list) else value
