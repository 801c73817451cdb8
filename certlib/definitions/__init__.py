"""Definitions of certificate types that somebody brings: every rule, every breach at once.

`certlib.catalogue.type_version_from` reads what was accepted before, and stays tolerant: rules that
get stricter must not make a version unreadable under which certificates were issued.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from certlib.catalogue import TypeVersion, type_version_from
from certlib.definitions.fields import dictionary
from certlib.definitions.rules import of_the_type
from certlib.errors import Invalid, Problem
from certlib.ports import SchemaValidator

__all__ = ["definition_problems", "new_type_version"]


def new_type_version(data: Mapping[str, Any], schemas: SchemaValidator) -> TypeVersion:
    """The type version that a new definition describes.

    Raises:
        Invalid: `problems` names every breach, each with a JSON pointer into `data`.
    """
    problems = definition_problems(data, schemas)
    if problems:
        raise Invalid(problems=problems)
    return type_version_from(data)


def definition_problems(data: object, schemas: SchemaValidator) -> tuple[Problem, ...]:
    """Every breach of the rules in a definition, by JSON pointer; none for a sound one."""
    found = list(of_the_type(data))
    if isinstance(data, Mapping) and "schema" in data:
        of_fields = list(dictionary("/schema", data["schema"]))
        found += of_fields
        # Samples are held against a schema that is one; against another they would prove nothing.
        if not of_fields:
            found += _samples(data["schema"], schemas)
    return tuple(sorted(found, key=lambda problem: problem.field))


def _samples(schema: Mapping[str, Any], schemas: SchemaValidator) -> Iterator[Problem]:
    """The samples together are data that the schema accepts."""
    samples = {key: spec["x-sample"] for key, spec in schema["properties"].items()}
    for problem in schemas.problems(schema, samples):
        _, key, *rest = problem.field.split("/")
        place = "/".join(["/schema/properties", key, "x-sample", *rest])
        yield Problem(place, problem.code, problem.zh, problem.en)
