"""Limits in the API document: for everything that has none of its own, those that hold anyway.

No body is longer than the server reads, so no text and no list in it is; integers of 2^53 and
more are refused (`api.strict_json`). Generators and gateways want to be told.
"""

from typing import Any, Final

from api.settings import Settings

LONGEST: Final = Settings.model_fields["body_limit"].default
"""Octets of a body."""
_LONGEST_FILE: Final = Settings.model_fields["upload_limit"].default
_LARGEST: Final = 2**53 - 1
_INT32: Final = 2**31 - 1
_BY_FORMAT: Final = {"date": 10, "date-time": 35, "binary": _LONGEST_FILE}
_LIMITED: Final = frozenset({"maxLength", "enum", "const"})
_SAMPLES: Final = frozenset({"example", "examples", "default", "enum", "const"})


def bound(part: Any) -> None:  # noqa: ANN401 - any part of a document
    """Limits every schema below `part`."""
    match part:
        case list():
            for item in part:
                bound(item)
        case dict():
            _bound_one(part)
            for name, below in part.items():
                if name not in _SAMPLES:
                    bound(below)
        case _:
            return


def _bound_one(schema: dict[str, Any]) -> None:
    match schema.get("type"):
        case "string":
            _bound_string(schema)
        case "integer":
            _bound_integer(schema)
        case "array":
            schema.setdefault("maxItems", LONGEST // 2)  # an item and its comma
        case _:
            return


def _bound_string(schema: dict[str, Any]) -> None:
    if not _LIMITED & set(schema):
        schema["maxLength"] = _BY_FORMAT.get(schema.get("format", ""), LONGEST)


def _bound_integer(schema: dict[str, Any]) -> None:
    if "exclusiveMinimum" not in schema:
        schema.setdefault("minimum", -_LARGEST)
    if "exclusiveMaximum" not in schema:
        schema.setdefault("maximum", _LARGEST)
    largest = int(schema.get("maximum", schema.get("exclusiveMaximum", _LARGEST)))
    schema.setdefault("format", "int32" if largest <= _INT32 else "int64")
