"""The rules of a field dictionary, from its object down to the columns of its tables."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from certlib.definitions.checks import Keys, anything, choice, text
from certlib.definitions.values import kind_of, masking_problems, value_problems
from certlib.definitions.vocabulary import (
    BOUNDS,
    COLUMN,
    DIALECT,
    FIELD,
    KINDS,
    NAMED,
    OBJECT,
    OBJECT_MAY,
)
from certlib.definitions.wording import at, told
from certlib.errors import Problem

__all__ = ["dictionary", "properties_of"]

_SHOWN = 40


def dictionary(pointer: str, schema: object) -> Iterator[Problem]:
    """Everything that is wrong with the schema of a type's extended metadata."""
    yield from Keys({"$schema": choice([DIALECT]), **OBJECT}, OBJECT_MAY)(pointer, schema)
    place = at(pointer, "properties")
    for key, spec in properties_of(schema).items():
        if not re.fullmatch(r"KZ_[A-Z0-9_]{1,30}", key):
            yield told(at(place, key), "field-key")
        yield from _field(at(place, key), spec)
        yield from _sum(at(place, key), spec, schema)
    yield from _whole(pointer, schema)


def properties_of(schema: object) -> dict[str, Any]:
    """The properties of an object's schema, none where something else stands."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return {}
    return {str(key): spec for key, spec in properties.items()}


def _field(pointer: str, spec: object) -> Iterator[Problem]:
    required = {**NAMED, "x-title-en": text(80), "x-sample": anything}
    yield from Keys(required, {**FIELD, **BOUNDS.get(kind_of(spec), {})})(pointer, spec)
    if isinstance(spec, Mapping):
        yield from value_problems(pointer, spec, KINDS)
        yield from masking_problems(pointer, spec)
        if kind_of(spec) == "array":
            yield from _items(at(pointer, "items"), spec.get("items"))


def _items(pointer: str, items: object) -> Iterator[Problem]:
    """What a list holds: texts, integers, or objects (the rows of a table)."""
    if kind_of(items) != "object":
        may = {"title": text(40), "description": text(300), **BOUNDS.get(kind_of(items), {})}
        yield from Keys({"type": anything}, may)(pointer, items)
        if isinstance(items, Mapping):
            yield from value_problems(pointer, items, (*KINDS[:2], "object"))
        return
    yield from Keys(OBJECT, {**OBJECT_MAY, "title": text(40)})(pointer, items)
    place = at(pointer, "properties")
    for key, spec in properties_of(items).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", key):
            yield told(at(place, key), "column-key")
        yield from Keys(NAMED, {**COLUMN, **BOUNDS.get(kind_of(spec), {})})(at(place, key), spec)
        if isinstance(spec, Mapping):
            yield from value_problems(at(place, key), spec, KINDS[:3])
    yield from _whole(pointer, items)


def _sum(pointer: str, spec: object, schema: object) -> Iterator[Problem]:
    """A total names a column that there is."""
    wanted = spec.get("x-sum-of") if isinstance(spec, Mapping) else None
    if isinstance(wanted, str):
        table, _, column = wanted.partition("/")
        rows = properties_of(schema).get(table)
        items = rows.get("items") if isinstance(rows, Mapping) else None
        if column not in properties_of(items):
            yield told(at(pointer, "x-sum-of"), "sum-of-nothing", value=wanted[:_SHOWN])


def _whole(pointer: str, schema: object) -> Iterator[Problem]:
    """An object refuses stray keys, requires only what it has, and orders each key once."""
    properties = properties_of(schema)
    if isinstance(schema, Mapping):
        if schema.get("additionalProperties", False) is not False:
            yield told(at(pointer, "additionalProperties"), "not-closed")
        required = schema.get("required")
        for index, key in enumerate(required if isinstance(required, list) else []):
            if isinstance(key, str) and key not in properties:
                place = at(at(pointer, "required"), index)
                yield told(place, "required-unknown", value=key[:_SHOWN])
    taken: dict[int, str] = {}
    for key, spec in properties.items():
        order = spec.get("x-order") if isinstance(spec, Mapping) else None
        if isinstance(order, int) and taken.setdefault(order, key) != key:
            place = at(at(at(pointer, "properties"), key), "x-order")
            yield told(place, "order-repeated", value=order, other=taken[order])
