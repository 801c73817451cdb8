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

_OPENED = date(2017, 1, 1)
"""The plan of 2017 opened synchronous issue; demo certificates are younger."""

_ISSUING = {
    # type code → issuing department, where the defining body is not itself the issuer
    "11100000000019713D008": "11445200990090139J",
}
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
            entry = _issue_entry(version)
            if entry not in uow.issue_list(entry.type_code, entry.issuer_code):
                uow.put_issue_entry(entry)
        uow.commit()
    node.authority.issue_seals([_seal_order(item) for item in listed])


def departments() -> Iterator[Department]:
    """The departments that the city's plan lists, with invented credit codes."""
    for row in csv.DictReader(io.StringIO(_text("departments.csv"))):
        yield Department(
            credit_code=row["credit_code"],
            name=row["name"],
            short_name=row["short_name"],
            division_code=row["division_code"],
            level=row["parent_level"],
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


def _issue_entry(version: TypeVersion) -> IssueListEntry:
    issuer = _ISSUING.get(version.type_code, version.defining_body_code)
    return IssueListEntry(
        type_code=version.type_code,
        issuer_code=issuer,
        effective_from=_OPENED,
        basis="《国务院关于在线政务服务的若干规定》（国务院令第716号）第十条",
    )


def _seal_order(department: Department) -> SealOrder:
    algorithm = "rsa-3072-sha256" if department.credit_code in _RSA_SEALS else "ecdsa-p256-sha256"
    return SealOrder(department.credit_code, department.name, algorithm)


def _text(name: str) -> str:
    return resources.files("certlib.data").joinpath(name).read_text("utf-8")
