"""The life of type versions in the catalogue."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from certlib.canonical import canonical_bytes
from certlib.catalogue import TypeStatus, TypeVersion
from certlib.errors import Corrupt, Invalid, StaleVersion
from certlib.type_lifecycle import TypeRecord
from storage import catalogue
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import TypeRecordRow, table

_RECORDS = table(TypeRecordRow)
_OF_TYPE = select(_RECORDS).where(_RECORDS.c.type_code == bindparam("type_code"))
_ONE = Prepared(_OF_TYPE.where(_RECORDS.c.version == bindparam("version")))
_ORDERED = (_RECORDS.c.type_code, _RECORDS.c.published_from, _RECORDS.c.version)
_ALL = select(_RECORDS)
_INSERT = insert(_RECORDS)
_UPDATE = (
    update(_RECORDS)
    .where(_RECORDS.c.type_code == bindparam("b_type_code"))
    .where(_RECORDS.c.version == bindparam("b_version"))
    .where(_RECORDS.c.row_version == bindparam("b_expected"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in (
                "status",
                "definition",
                "authors",
                "reviewer",
                "publisher",
                "remark",
                "published_from",
                "usable_until",
                "row_version",
                "changed_at",
            )
        }
    )
)


class CatalogueReading:
    """The part of a session that reads them."""

    _link: Link

    def type_record(self, type_code: str, version: str) -> TypeRecord | None:
        """One version with its place in the catalogue, draft or not."""
        row = self._link.first(_ONE, type_code=type_code, version=version)
        return None if row is None else _record(row)

    def type_records(self, type_code: str = "") -> Sequence[TypeRecord]:
        """Every version of one type, or of all, drafts included."""
        rows = (
            self._link.fetch(_OF_TYPE.order_by(*_ORDERED), type_code=type_code)
            if type_code
            else self._link.fetch(_ALL.order_by(*_ORDERED))
        )
        return [_record(row) for row in rows]

    def versions_of(self, type_code: str) -> Sequence[TypeVersion]:
        """Versions that are or were in force, oldest first."""
        return catalogue.versions_of(self._link, type_code)


class CatalogueWriting(CatalogueReading):
    """The part of a unit of work that keeps them."""

    def save_type_record(self, record: TypeRecord, expected_version: int) -> None:
        """Keeps a version's place; `StaleVersion`, or `Conflict` where a new one is there."""
        row = _row(record)
        if expected_version == 0:
            self._link.change(_INSERT, row)
            return
        bound = {f"b_{name}": value for name, value in row.items()}
        if self._link.change(_UPDATE, {**bound, "b_expected": expected_version}) == 0:
            raise StaleVersion


def _row(record: TypeRecord) -> dict[str, Any]:
    return {
        "type_code": record.type_code,
        "version": record.version,
        "status": record.status,
        "definition": record.definition,
        "authors": canonical_bytes(list(record.authors)).decode(),
        "reviewer": record.reviewer,
        "publisher": record.publisher,
        "remark": record.remark,
        "published_from": record.published_from,
        "usable_until": record.usable_until,
        "row_version": record.row_version,
        "changed_at": record.changed_at,
    }


def _record(row: Row[Any]) -> TypeRecord:
    try:
        return TypeRecord(
            type_code=row.type_code,
            version=row.version,
            definition=row.definition,
            status=TypeStatus(row.status),
            authors=tuple(json.loads(row.authors)),
            changed_at=row.changed_at,
            reviewer=row.reviewer,
            publisher=row.publisher,
            remark=row.remark,
            published_from=row.published_from,
            usable_until=row.usable_until,
            row_version=row.row_version,
        )
    except (ValueError, TypeError, Invalid) as error:
        raise Corrupt(what="type_records") from error
