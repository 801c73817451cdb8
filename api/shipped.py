"""What the package ships as data: departments, the issue list, types, divisions, holidays."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from certlib.canonical import canonical_bytes
from certlib.catalogue import TypeVersion, type_version_from
from certlib.divisions import DivisionTable
from certlib.mandates import Capacity, IssueListEntry
from certlib.registry import Department
from certlib.workdays import WorkingDays

__all__ = [
    "SAMPLE_DAY",
    "departments",
    "divisions",
    "issue_list",
    "type_files",
    "working_days",
]

SAMPLE_DAY: Final = date(2026, 11, 22)
"""The samples of all dictionaries belong to a certificate of this day."""


def departments() -> Iterator[Department]:
    """The departments that the city's plan lists, and bodies beside them; codes are invented."""
    for row in (*_rows("departments.csv"), *_rows("bodies.csv")):
        yield Department(
            credit_code=row["credit_code"],
            name=row["name"],
            short_name=row["short_name"],
            division_code=row["division_code"],
            level=row["parent_level"],
        )


def issue_list() -> Iterator[IssueListEntry]:
    """发证清单: who issues which type from which day, as what, and on what basis."""
    for row in _rows("issue_list.csv"):
        yield IssueListEntry(
            type_code=row["type_code"],
            issuer_code=row["issuer_code"],
            effective_from=date.fromisoformat(row["effective_from"]),
            effective_to=_day(row["effective_to"]),
            basis=row["basis"],
            capacity=Capacity(row["capacity"]),
            principal_code=row["principal_code"],
        )


def type_files() -> list[tuple[TypeVersion, str]]:
    """Every shipped type version with its canonical definition, by type code."""
    folder = _data().joinpath("types")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    definitions: list[dict[str, Any]] = [
        json.loads(folder.joinpath(name).read_text("utf-8")) for name in names
    ]
    return [
        (type_version_from(definition), canonical_bytes(definition).decode())
        for definition in definitions
    ]


def working_days() -> WorkingDays:
    """Weekends, and the holidays and worked weekends that are known."""
    return WorkingDays.from_csv(_data().joinpath("holidays.csv").read_text("utf-8"))


def divisions() -> DivisionTable:
    """The division codes since 1981."""
    return DivisionTable.from_csv(_data().joinpath("divisions.csv").read_text("utf-8"))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_data().joinpath(name).read_text("utf-8"))))


def _data() -> Traversable:
    return resources.files("certlib.data")
