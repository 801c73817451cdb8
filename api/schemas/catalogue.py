"""Certificate types on the wire."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field

from api.paging import After
from api.schemas.base import Day, Wire
from certlib.catalogue import Duty, DutyEffect, FieldDefinition, NumberSource, TypeVersion


class FieldOut(Wire):
    """字典中的一个字段。 One field of the dictionary, in face order."""

    key: str
    title: str
    title_en: str
    required: bool
    sensitive: bool
    mask: str | None = Field(description="敏感字段的脱敏方式。 How a sensitive field is masked.")
    on_face: bool
    order: int
    sample: Any = Field(
        description="样例，可直接用于制证申请；图片为 Base64。"
        " A sample that an order may hold as it is; of a picture its base64."
    )

    @classmethod
    def of(cls, item: FieldDefinition, samples: Mapping[str, Any]) -> Self:
        """The wire shape."""
        return cls(
            key=item.key,
            title=item.title,
            title_en=item.title_en,
            required=item.required,
            sensitive=item.sensitive,
            mask=item.mask if item.sensitive else None,
            on_face=item.on_face,
            order=item.order,
            sample=samples.get(item.key, item.sample),
        )


class NumberingOut(Wire):
    """证照编号由谁给出。 Who gives the number on the face, and by which pattern."""

    source: NumberSource
    pattern: str


class TypeDutyOut(Wire):
    """定期义务：年审、年报、定期检验等。 A periodic duty of every certificate of the type."""

    code: str
    name: str
    name_en: str
    months: int
    grace_days: int
    overdue: DutyEffect = Field(description="逾期对核验结论的影响。 Effect when it is missed.")
    failed: DutyEffect = Field(description="不合格对核验结论的影响。 Effect when it is failed.")

    @classmethod
    def of(cls, duty: Duty) -> Self:
        """The wire shape."""
        return cls(
            code=duty.code,
            name=duty.name,
            name_en=duty.name_en,
            months=duty.months,
            grace_days=duty.grace_days,
            overdue=duty.overdue,
            failed=duty.failed,
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
    consent: Literal["any", "all"] = Field(
        description="有多个持证主体时，任一或全体同意方可使用。 Who of several holders consents."
    )
    numbering: NumberingOut
    forms: list[str] = Field(description="正本、副本、附页、附图。 Which files it may have.")
    approvals: int
    separate_sealer: bool = Field(
        description="签发人不得是制证人或审核人。 Who seals is neither maker nor approver."
    )
    seal_level: str
    paper: bool = Field(description="是否同步签发纸质证照。 Whether a paper twin is issued.")
    duties: list[TypeDutyOut]
    renewal_notice_days: int = Field(
        description="应在届满前多少日申请延续。 Days before expiry to apply for renewal."
    )
    fields: list[FieldOut]
    schema_: Mapping[str, Any]

    model_config = Wire.model_config | {
        "alias_generator": lambda name: name.rstrip("_"),
        "populate_by_name": True,
    }

    @classmethod
    def of(cls, version: TypeVersion, samples: Mapping[str, Any] | None = None) -> Self:
        """The wire shape; `samples` are those of its fields with their pictures, where known."""
        return cls(
            **_summary(version),
            term_years=version.term_years,
            max_holders=version.max_holders,
            consent="all" if version.consent == "all" else "any",
            numbering=NumberingOut(
                source=version.numbering.source, pattern=version.numbering.pattern
            ),
            forms=list(version.forms),
            approvals=version.approvals,
            separate_sealer=version.separate_sealer,
            paper=version.paper,
            duties=[TypeDutyOut.of(item) for item in version.duties],
            renewal_notice_days=version.renewal_notice_days,
            seal_level=version.seal_level,
            fields=[FieldOut.of(item, samples or {}) for item in version.fields],
            schema_=dict(version.schema),
        )


class TypeOut(Wire):
    """一个证照类型及其全部版本。 A type with all its versions, the newest first."""

    type_code: str
    name: str
    name_en: str
    versions: list[TypeVersionOut]

    @classmethod
    def of(
        cls, versions: Sequence[TypeVersion], samples: Callable[[TypeVersion], Mapping[str, Any]]
    ) -> Self:
        """The wire shape of one type's versions, newest first; `samples` of a version's fields."""
        newest = versions[0]
        return cls(
            type_code=newest.type_code,
            name=newest.name,
            name_en=newest.name_en,
            versions=[TypeVersionOut.of(item, samples(item)) for item in versions],
        )


class TypesOut(Wire):
    """证照目录。 The catalogue."""

    types: list[TypeSummary]
    after: After


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
