"""Departments, types and their versions, the issue list, clients."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Table, and_, bindparam, func, select

from certlib.canonical import canonical_bytes, digest
from certlib.catalogue import TypeStatus, TypeVersion, type_version_from
from certlib.errors import Conflict, Corrupt, Invalid, Unsupported
from certlib.mandates import Capacity
from certlib.registry import Client, Department, IssueListEntry
from storage.departments import department_row
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import (
    CertificateTypeRow,
    ClientRow,
    DepartmentRow,
    IssueListRow,
    TypeRecordRow,
    TypeVersionRow,
    table,
)

_DEPARTMENTS = table(DepartmentRow)
_TYPES = table(CertificateTypeRow)
_VERSIONS = table(TypeVersionRow)
_RECORDS = table(TypeRecordRow)
_ISSUE_LIST = table(IssueListRow)
_CLIENTS = table(ClientRow)

_IN_FORCE = select(
    _VERSIONS.c.definition,
    _RECORDS.c.status,
    _RECORDS.c.published_from,
    _RECORDS.c.usable_until,
).join(
    _RECORDS,
    and_(_RECORDS.c.type_code == _VERSIONS.c.type_code, _RECORDS.c.version == _VERSIONS.c.version),
)
_OF_TYPE = _IN_FORCE.where(_VERSIONS.c.type_code == bindparam("type_code"))
_NAMED = Prepared(_OF_TYPE.where(_VERSIONS.c.version == bindparam("version")))
_NEWEST = Prepared(_OF_TYPE.order_by(_VERSIONS.c.ordinal.desc()).limit(1))
_ALL_OF_TYPE = Prepared(_OF_TYPE.order_by(_VERSIONS.c.ordinal))
_ALL_VERSIONS = Prepared(_IN_FORCE.order_by(_VERSIONS.c.type_code, _VERSIONS.c.ordinal))
_RECORDED = Prepared(
    select(_RECORDS.c.row_version)
    .where(_RECORDS.c.type_code == bindparam("type_code"))
    .where(_RECORDS.c.version == bindparam("version"))
)
_LAST_ORDINAL = Prepared(
    select(func.coalesce(func.max(_VERSIONS.c.ordinal), 0)).where(
        _VERSIONS.c.type_code == bindparam("type_code")
    )
)
_ENTRIES = Prepared(
    select(_ISSUE_LIST)
    .where(_ISSUE_LIST.c.type_code == bindparam("type_code"))
    .where(_ISSUE_LIST.c.issuer_code == bindparam("issuer_code"))
    .order_by(_ISSUE_LIST.c.effective_from, _ISSUE_LIST.c.principal_code)
)
_CLIENT = Prepared(select(_CLIENTS).where(_CLIENTS.c.client_id == bindparam("client_id")))


def type_version(link: Link, type_code: str, version: str) -> TypeVersion | None:
    """That version, or the newest one kept; None when unknown."""
    row = (
        link.first(_NAMED, type_code=type_code, version=version)
        if version
        else link.first(_NEWEST, type_code=type_code)
    )
    return None if row is None else _in_force(row)


def type_versions(link: Link) -> Sequence[TypeVersion]:
    """Every version of every type, oldest first within a type."""
    return [_in_force(row) for row in link.fetch(_ALL_VERSIONS)]


def versions_of(link: Link, type_code: str) -> Sequence[TypeVersion]:
    """Every version of one type that is or was in force, oldest first."""
    return [_in_force(row) for row in link.fetch(_ALL_OF_TYPE, type_code=type_code)]


def issue_list(link: Link, type_code: str, issuer_code: str) -> Sequence[IssueListEntry]:
    """Entries of a department for a type, whatever their period."""
    rows = link.fetch(_ENTRIES, type_code=type_code, issuer_code=issuer_code)
    return [issue_entry(row) for row in rows]


def issue_entry(row: Row[Any]) -> IssueListEntry:
    """The entry of a row of the issue list."""
    return IssueListEntry(
        type_code=row.type_code,
        issuer_code=row.issuer_code,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        basis=row.basis,
        capacity=Capacity(row.capacity),
        principal_code=row.principal_code,
        row_version=row.row_version,
    )


def client(link: Link, client_id: str) -> Client | None:
    """A client, disabled or not."""
    row = link.first(_CLIENT, client_id=client_id)
    return None if row is None else _client(row)


def put_department(link: Link, one: Department) -> None:
    """Keeps a department as it is first registered."""
    _put(link, _DEPARTMENTS, department_row(one))


def put_type_version(link: Link, version: TypeVersion, definition: str) -> None:
    """Keeps a version for ever.

    Raises:
        Conflict: the version is there with another definition.
        Invalid: `definition` is not that version.
    """
    try:
        defined = type_version_from(json.loads(definition))
    except (ValueError, TypeError) as error:
        raise Unsupported(what="definition that is no type version") from error
    if defined != _as_defined(version, defined):
        raise Unsupported(what="definition that is not the type version")
    before = link.first(_NAMED, type_code=version.type_code, version=version.version)
    if before is not None:
        if before.definition != definition:
            raise Conflict
        return
    _put(link, _TYPES, _type_row(version))
    last = link.first(_LAST_ORDINAL, type_code=version.type_code)
    row = {
        "type_code": version.type_code,
        "version": version.version,
        "ordinal": 1 + (0 if last is None else int(last[0])),
        "status": version.status,
        "definition": definition,
        "definition_digest": digest(json.loads(definition)),
    }
    link.change(_VERSIONS.insert(), row)
    named = {"type_code": version.type_code, "version": version.version}
    if link.first(_RECORDED, **named) is None:
        link.change(_RECORDS.insert(), _founded(link, version, definition))


def put_issue_entry(link: Link, entry: IssueListEntry) -> None:
    """Keeps an entry, or the end of its period."""
    _put(link, _ISSUE_LIST, issue_row(entry))


def issue_row(entry: IssueListEntry) -> dict[str, Any]:
    """The row of an entry."""
    return {
        "type_code": entry.type_code,
        "issuer_code": entry.issuer_code,
        "effective_from": entry.effective_from,
        "effective_to": entry.effective_to,
        "basis": entry.basis,
        "capacity": entry.capacity,
        "principal_code": entry.principal_code,
        "row_version": entry.row_version,
    }


def put_client(link: Link, one: Client) -> None:
    """Keeps a client, or its new scopes, secret or end."""
    _put(
        link,
        _CLIENTS,
        {
            "client_id": one.client_id,
            "name": one.name,
            "department_code": one.department_code,
            "scopes": canonical_bytes(sorted(one.scopes)).decode(),
            "secret_hash": one.secret_hash,
            "created_at": one.created_at,
            "disabled_at": one.disabled_at,
        },
    )


def _put(link: Link, into: Table, row: dict[str, Any]) -> None:
    inserted = inserting(into, link.dialect)
    keys = {column.name for column in into.primary_key}
    statement = inserted.on_conflict_do_update(
        index_elements=list(into.primary_key),
        set_={name: inserted.excluded[name] for name in row if name not in keys},
    )
    link.change(statement, row)


def _type_row(version: TypeVersion) -> dict[str, Any]:
    return {
        "type_code": version.type_code,
        "name": version.name,
        "name_en": version.name_en,
        "category": version.category,
        "holder_category": version.holder_category,
        "defining_body_code": version.defining_body_code,
    }


def _as_defined(version: TypeVersion, defined: TypeVersion) -> TypeVersion:
    """The version without its days, which the catalogue keeps beside the definition."""
    return replace(
        version,
        status=defined.status,
        published_from=defined.published_from,
        usable_until=defined.usable_until,
    )


def _founded(link: Link, version: TypeVersion, definition: str) -> dict[str, Any]:
    """The place of a version that came with the software: nobody here wrote or reviewed it."""
    return {
        "type_code": version.type_code,
        "version": version.version,
        "status": version.status,
        "definition": definition,
        "authors": "[]",
        "reviewer": "",
        "publisher": "",
        "remark": "",
        "published_from": version.published_from,
        "usable_until": version.usable_until,
        "row_version": 1,
        "changed_at": link.clock.now(),
    }


def _in_force(row: Row[Any]) -> TypeVersion:
    return replace(
        _defined(row.definition),
        status=TypeStatus(row.status),
        published_from=row.published_from,
        usable_until=row.usable_until,
    )


@lru_cache(maxsize=512)
def _defined(definition: str) -> TypeVersion:
    # Versions are immutable, so their text may stand for them.
    try:
        return type_version_from(json.loads(definition))
    except (ValueError, TypeError, Invalid) as error:
        raise Corrupt(what="type_versions.definition") from error


def _client(row: Row[Any]) -> Client:
    return Client(
        client_id=row.client_id,
        name=row.name,
        department_code=row.department_code,
        scopes=frozenset(json.loads(row.scopes)),
        secret_hash=row.secret_hash,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
