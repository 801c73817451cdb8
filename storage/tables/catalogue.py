"""Rows of the catalogue: departments, types and their versions, who issues, who uses, clients."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from certlib.catalogue import TypeStatus
from certlib.mandates import Capacity
from storage.tables.base import (
    STRICT,
    Row,
    count,
    day,
    filled,
    instant,
    one_of,
    optional_day,
    optional_instant,
    period,
    text,
)


class DepartmentRow(Row, table=True):
    """An issuing or consuming body by its first name; `department_names` has the later ones."""

    __tablename__ = "departments"
    __table_args__: ClassVar[Any] = (
        filled("credit_code"),
        filled("name"),
        CheckConstraint("row_version >= 1", name="row_version"),
        STRICT,
    )

    credit_code: str = text(primary_key=True)
    name: str = text()
    short_name: str = text()
    division_code: str = text()
    level: str = text()
    effective_from: date | None = optional_day()
    effective_to: date | None = optional_day()
    row_version: int = count()


class CertificateTypeRow(Row, table=True):
    """A certificate type (GB/T 36902)."""

    __tablename__ = "certificate_types"
    __table_args__: ClassVar[Any] = (filled("type_code"), filled("name"), STRICT)

    type_code: str = text(primary_key=True)
    name: str = text()
    name_en: str = text()
    category: str = text()
    holder_category: str = text()
    defining_body_code: str = text()


class TypeVersionRow(Row, table=True):
    """One immutable version of a type; `definition` is its canonical JSON."""

    __tablename__ = "type_versions"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["type_code"], ["certificate_types.type_code"]),
        UniqueConstraint("type_code", "ordinal"),
        CheckConstraint("ordinal >= 1", name="ordinal"),
        filled("version"),
        STRICT,
    )

    type_code: str = text(primary_key=True)
    version: str = text(primary_key=True)
    ordinal: int = count()
    status: str = text()
    definition: str = text()
    definition_digest: str = text()


class IssueListRow(Row, table=True):
    """发证清单: this body may issue this type in this period, as what, and for whom.

    `principal_code` is part of the key: one unit may be entrusted by two departments.
    """

    __tablename__ = "issue_list"
    __table_args__: ClassVar[Any] = (
        period(),
        one_of("capacity", Capacity),
        CheckConstraint(
            "(capacity = 'own') = (principal_code = '') AND principal_code <> issuer_code",
            name="principal",
        ),
        CheckConstraint("row_version >= 1", name="row_version"),
        Index("ix_issue_list_issuer", "issuer_code"),
        Index("ix_issue_list_principal", "principal_code"),
        STRICT,
    )

    type_code: str = text(primary_key=True)
    issuer_code: str = text(primary_key=True)
    principal_code: str = text(primary_key=True)
    effective_from: date = day(primary_key=True)
    effective_to: date | None = optional_day()
    basis: str = text()
    capacity: str = text()
    row_version: int = count()


class UseListRow(Row, table=True):
    """用证清单: this department may ask for this type in this matter, in this period."""

    __tablename__ = "use_list"
    __table_args__: ClassVar[Any] = (period(), STRICT)

    type_code: str = text(primary_key=True)
    consumer_code: str = text(primary_key=True)
    matter_code: str = text(primary_key=True)
    effective_from: date = day(primary_key=True)
    effective_to: date | None = optional_day()
    basis: str = text()


class ClientRow(Row, table=True):
    """A system that calls the API; `scopes` is a canonical JSON list."""

    __tablename__ = "clients"
    __table_args__: ClassVar[Any] = (filled("client_id"), filled("secret_hash"), STRICT)

    client_id: str = text(primary_key=True)
    name: str = text()
    department_code: str = text()
    scopes: str = text()
    secret_hash: str = text()
    created_at: datetime = instant()
    disabled_at: datetime | None = optional_instant()


class TypeRecordRow(Row, table=True):
    """A version's place in the catalogue: who wrote, reviewed and published it, and its days.

    `authors` is a canonical JSON list of persons; `definition` is canonical JSON and stands here
    until the version is published, when `type_versions` gets it for ever.
    """

    __tablename__ = "type_records"
    __table_args__: ClassVar[Any] = (
        one_of("status", TypeStatus),
        CheckConstraint("row_version >= 1", name="row_version"),
        filled("version"),
        STRICT,
    )

    type_code: str = text(primary_key=True)
    version: str = text(primary_key=True)
    status: str = text()
    definition: str = text()
    authors: str = text()
    reviewer: str = text()
    publisher: str = text()
    remark: str = text()
    published_from: date | None = optional_day()
    usable_until: date | None = optional_day()
    row_version: int = count()
    changed_at: datetime = instant()
