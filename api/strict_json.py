"""JSON as this service accepts it (RFC 8259, I-JSON): UTF-8, unique keys, no NaN, no deep nests."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, Never

from certlib.errors import ControlCharacter, Invalid, MalformedRequest, Problem

DEPTH_LIMIT = 32
"""A certificate needs four levels."""
INTEGER_DIGITS = 16
"""Beyond 2^53 no reader of JSON agrees with another."""

_MOST_PROBLEMS = 50
_KEY_SHOWN = 64


def loads(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of `body`.

    Raises:
        MalformedRequest, Invalid: as `parsed` and `check_strings`.
    """
    value = parsed(body)
    check_strings(value)
    return value


def parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of `body`, its strings not looked at.

    Raises:
        MalformedRequest: not JSON, not UTF-8, a key twice, NaN, an endless number, nested too
            deeply for any reader.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(what="JSON: UTF-8") from error
    except json.JSONDecodeError as error:
        raise MalformedRequest(what=f"JSON: {error.lineno}:{error.colno}") from error
    except RecursionError as error:
        raise MalformedRequest(what=f"JSON: > {DEPTH_LIMIT} levels") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        # Which of the two counts is for each reader to guess: a way to say two things at once.
        raise MalformedRequest(what="JSON: duplicate key")
    return made


def _constant(name: str) -> Never:
    raise MalformedRequest(what=f"JSON: {name}")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > INTEGER_DIGITS:
        raise MalformedRequest(what="JSON: integer >= 2^53")
    return int(digits)


def _decimal(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise MalformedRequest(what="JSON: number out of range")
    return value


def check_strings(value: object) -> None:
    """Looks through all of `value`.

    Raises:
        MalformedRequest: nested deeper than 32 levels.
        Invalid: a string holds U+0000 or half a surrogate pair, which no database keeps; every
            one is listed.
    """
    found: list[Problem] = []
    for path, text in _texts(value):
        bad = next((char for char in text if char == "\0" or "\ud800" <= char <= "\udfff"), None)
        if bad is not None:
            codepoint = f"U+{ord(bad):04X}"
            found.append(ControlCharacter(field_path=path, codepoint=codepoint).as_problem())
        if len(found) == _MOST_PROBLEMS:
            break
    if found:
        raise Invalid(problems=tuple(found))


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Every string with its JSON pointer, keys included; without recursion."""
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        path, item, depth = waiting.pop()
        if depth > DEPTH_LIMIT:
            raise MalformedRequest(what=f"JSON: > {DEPTH_LIMIT} levels")
        match item:
            case str():
                yield path, item
            case dict():
                for key, below in item.items():
                    yield path, key
                    waiting.append((f"{path}/{pointer_part(key)}", below, depth + 1))
            case list():
                for index, below in enumerate(item):
                    waiting.append((f"{path}/{index}", below, depth + 1))
            case _:
                continue


def pointer_part(key: object) -> str:
    """One part of a JSON pointer (RFC 6901), cut where a key is absurdly long."""
    return str(key)[:_KEY_SHOWN].replace("~", "~0").replace("/", "~1")
