"""The life of type versions on the wire."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from api.schemas import examples
from api.schemas.base import Day, Wire
from certlib.type_differences import Difference
from certlib.type_lifecycle import TypeRecord
from certlib.usecases.manage_types import as_json

Definition = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "类型定义，见 certlib/data/types/README.md。 What the version says.",
        }
    ),
]
RemarkText = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(**Wire.model_config, json_schema_extra={"examples": [values]})


class DraftTypeIn(Wire):
    """类型版本草稿。 A version to draft; it counts for nothing until it is published."""

    model_config = _example(definition=examples.DEFINITION)

    definition: Definition


class ReturnIn(Wire):
    """退回修改。 Back to its authors."""

    model_config = _example(remark="缺英文名称")

    remark: RemarkText = Field(description="退回原因。 What is to be done.")


class PublishIn(Wire):
    """发布。 In force from the cut-over day."""

    model_config = _example(published_from="2027-01-01", earlier_usable_until="2027-03-31")

    published_from: Day | None = Field(
        default=None, description="启用日期，缺省为今天。 First day of use, today by default."
    )
    earlier_usable_until: Day | None = Field(
        default=None,
        description="旧版可用至，缺省为启用前一日。 Last day of the version in force until now.",
    )


class WithdrawTypeIn(Wire):
    """停用。 Abolished; certificates that were issued stay as they are."""

    model_config = _example(remark="国发〔2020〕13号取消", last_day="2027-06-30")

    remark: RemarkText = Field(description="理由和依据。 Why, and on which basis.")
    last_day: Day | None = Field(
        default=None, description="最后可用日，缺省为今天。 Last day of use, today by default."
    )


class TypeRecordOut(Wire):
    """类型版本在目录中的状态。 A version's place in the catalogue."""

    type_code: str
    version: str
    status: Literal["draft", "reviewed", "published", "withdrawn"]
    authors: list[str]
    reviewer: str
    publisher: str
    remark: str
    published_from: Day | None
    usable_until: Day | None
    definition_digest: str
    row_version: int
    changed_at: str


class TypeRecordFull(TypeRecordOut):
    """With what it says."""

    definition: Definition

    @classmethod
    def of(cls, record: TypeRecord) -> Self:
        """The wire shape."""
        return cls.model_validate(
            {**as_json(record), "definition": json.loads(record.definition)}, strict=False
        )


class DifferenceOut(Wire):
    """一处差异。 One value that differs between two versions."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any
    narrowing: bool = Field(description="原先合格的数据可能不再合格。 Data may be refused now.")
    zh: str
    en: str

    @classmethod
    def of(cls, item: Difference) -> Self:
        """The wire shape."""
        return cls(
            path=item.path,
            kind=item.kind.value,
            before=item.before,
            after=item.after,
            narrowing=item.narrowing,
            zh=item.zh,
            en=item.en,
        )


class DifferencesOut(Wire):
    """两个版本的差异。 What differs between two versions."""

    type_code: str
    before: str
    after: str
    differences: list[DifferenceOut]


class TypeRecordsOut(Wire):
    """目录中的全部版本。 Versions the caller may see, drafts included."""

    versions: list[TypeRecordOut]
