"""Certificate types on the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from api.schemas.base import Day, Wire
from certlib.catalogue import FieldDefinition, TypeVersion


class FieldOut(Wire):
    """字典中的一个字段。 One field of the dictionary, in face order."""

    key: str
    title: str
    title_en: str
    required: bool
    sensitive: bool
    on_face: bool
    order: int
    sample: Any

    @classmethod
    def of(cls, item: FieldDefinition) -> Self:
        """The wire shape."""
        return cls(
            key=item.key,
            title=item.title,
            title_en=item.title_en,
            required=item.required,
            sensitive=item.sensitive,
            on_face=item.on_face,
            order=item.order,
            sample=item.sample,
        )


class TypeSummary(Wire):
    """证照类型概要。 The newest version of a type."""

    type_code: str
    version: str
    name: str
    name_en: str
    short_name: str
    category: str
    holder_category: str
    status: str
    defining_body: str
    published_from: Day | None
    usable_until: Day | None

    @classmethod
    def of(cls, version: TypeVersion) -> Self:
        """The wire shape."""
        return cls(**_summary(version))


class TypeVersionOut(TypeSummary):
    """证照类型的一个版本。 One immutable version with its field dictionary."""

    term_years: int | None
    max_holders: int
    approvals: int
    seal_level: str
    fields: list[FieldOut]
    schema_: Mapping[str, Any]

    model_config = Wire.model_config | {
        "alias_generator": lambda name: name.rstrip("_"),
        "populate_by_name": True,
    }

    @classmethod
    def of(cls, version: TypeVersion) -> Self:
        """The wire shape."""
        return cls(
            **_summary(version),
            term_years=version.term_years,
            max_holders=version.max_holders,
            approvals=version.approvals,
            seal_level=version.seal_level,
            fields=[FieldOut.of(item) for item in version.fields],
            schema_=dict(version.schema),
        )


class TypeOut(Wire):
    """一个证照类型及其全部版本。 A type with all its versions, the newest first."""

    type_code: str
    name: str
    name_en: str
    versions: list[TypeVersionOut]

    @classmethod
    def of(cls, versions: Sequence[TypeVersion]) -> Self:
        """The wire shape of one type's versions, newest first."""
        newest = versions[0]
        return cls(
            type_code=newest.type_code,
            name=newest.name,
            name_en=newest.name_en,
            versions=[TypeVersionOut.of(item) for item in versions],
        )


class TypesOut(Wire):
    """证照目录。 The catalogue."""

    types: list[TypeSummary]


def _summary(version: TypeVersion) -> dict[str, Any]:
    return {
        "type_code": version.type_code,
        "version": version.version,
        "name": version.name,
        "name_en": version.name_en,
        "short_name": version.short_name,
        "category": version.category,
        "holder_category": version.holder_category.value,
        "status": version.status.value,
        "defining_body": version.defining_body,
        "published_from": version.published_from,
        "usable_until": version.usable_until,
    }
