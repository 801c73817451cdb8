"""What a new node is given: departments, published types, the issue list, and every seal."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from typing import Any

from api.bootstrap import Node
from certlib.canonical import canonical_bytes
from certlib.catalogue import TypeVersion, type_version_from
from certlib.registry import Department, IssueListEntry
from keys.mint import SealOrder

_IN_OWN_NAME = frozenset({"own", "subordinate", "delegated"})
_RSA_SEALS = frozenset({"11445200990090307L"})
"""Departments whose development seal is RSA-3072: both algorithms are in daily use."""


def found(node: Node) -> None:
    """Gives the node its departments, types, issue list and seals; again changes nothing."""
    listed = list(departments())
    with node.registry.begin() as uow:
        known = {item.credit_code for item in uow.departments()}
        for department in listed:
            if department.credit_code not in known:
                uow.put_department(department)
        for version, definition in type_files():
            if uow.type_version(version.type_code, version.version) is None:
                uow.put_type_version(version, definition)
        types = {version.type_code for version in uow.type_versions()}
        for entry in issue_list():
            kept = uow.issue_list(entry.type_code, entry.issuer_code)
            # An entry that was changed since stays as it was changed.
            if entry.type_code in types and not any(_same(entry, item) for item in kept):
                uow.put_issue_entry(entry)
        uow.commit()
    node.authority.issue_seals([_seal_order(item) for item in listed])


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
    """发证清单: who issues which type from which day, and on what basis."""
    for row in _rows("issue_list.csv"):
        if row["capacity"] in _IN_OWN_NAME:
            yield IssueListEntry(
                type_code=row["type_code"],
                issuer_code=row["issuer_code"],
                effective_from=date.fromisoformat(row["effective_from"]),
                effective_to=_day(row["effective_to"]),
                basis=row["basis"],
            )


def type_files() -> list[tuple[TypeVersion, str]]:
    """Every shipped type version with its canonical definition, by type code."""
    folder = resources.files("certlib.data").joinpath("types")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    definitions: list[dict[str, Any]] = [
        json.loads(folder.joinpath(name).read_text("utf-8")) for name in names
    ]
    return [
        (type_version_from(definition), canonical_bytes(definition).decode())
        for definition in definitions
    ]


def _same(one: IssueListEntry, other: IssueListEntry) -> bool:
    return one.effective_from == other.effective_from


def _seal_order(department: Department) -> SealOrder:
    algorithm = "rsa-3072-sha256" if department.credit_code in _RSA_SEALS else "ecdsa-p256-sha256"
    return SealOrder(department.credit_code, department.name, algorithm)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("certlib.data").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))
