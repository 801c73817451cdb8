"""Issuing on the wire: one order, a batch of them, and their answers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, WithJsonSchema

from api.persons import Person
from api.schemas import examples
from api.schemas.base import Code, Day, Name, ProblemDocument, Remark, TypeCode, Wire
from certlib.document import Holder
from certlib.errors import Problem
from certlib.usecases.order import IssueAnswer, IssueOrder

Form = Literal["original", "duplicate", "annex", "drawing"]


class HolderIn(Wire):
    """持证主体。 A holder; the code decides who it is, the name is an attribute."""

    name: Name
    code_type: Annotated[str, StringConstraints(max_length=3)] = Field(
        description="GB/T 36903 附录A三位代码，或旧系统两位代码。", examples=["001", "111"]
    )
    code: Code


class OrderIn(Wire):
    """签发一份证照所需的全部内容。 Everything one certificate says.

    `issuer_code` absent: the client's own department.
    """

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [examples.ORDER]}}

    type_code: TypeCode
    number: Annotated[str, StringConstraints(max_length=128)]
    holders: Annotated[list[HolderIn], Field(min_length=1, max_length=50)]
    issue_date: Day
    division_code: Annotated[str, StringConstraints(max_length=6)]
    fields: Annotated[
        dict[str, Any],
        WithJsonSchema(
            {
                "type": "object",
                "description": "类型字典中的 KZ_ 字段。 The type's own fields.",
                "propertyNames": {"pattern": "^KZ_"},
            }
        ),
    ] = Field(max_length=200)
    issuer_code: Annotated[str, StringConstraints(max_length=18)] = ""
    valid_from: Day | None = None
    valid_to: Day | None = Field(default=None, description="含当日；缺省为长期。 Inclusive.")
    type_version: Annotated[str, StringConstraints(max_length=32)] = ""
    matter_code: Code = ""
    matter_name: Name = ""
    form: Form = "original"
    approved_by: Annotated[list[Person], Field(max_length=8)] = Field(
        default=[], description="审核人账号，不含经办人。 Approvers' accounts."
    )
    supersedes: Annotated[str, StringConstraints(max_length=128)] = ""
    supersede_reason: Literal["change", "renewal", "replacement", "lowered"] = "change"
    accepted_on: Day | None = Field(
        default=None,
        description="受理日，在办件按受理日适用类型版本。 Open cases follow that day's version.",
    )

    def to_order(self, department_code: str) -> IssueOrder:
        """The order that the use case takes."""
        return IssueOrder(
            type_code=self.type_code,
            issuer_code=self.issuer_code or department_code,
            number=self.number,
            holders=tuple(Holder(item.name, item.code_type, item.code) for item in self.holders),
            issue_date=self.issue_date,
            division_code=self.division_code,
            fields=self.fields,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            type_version=self.type_version,
            matter_code=self.matter_code,
            matter_name=self.matter_name,
            form=self.form,
            approved_by=tuple(self.approved_by),
            supersedes=self.supersedes,
            supersede_reason=self.supersede_reason,
            accepted_on=self.accepted_on,
        )


class IssuedOut(Wire):
    """签发结果。 What was issued; nothing about the holder."""

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [examples.ISSUED]}}

    identifier: str
    number: str
    type_code: str
    type_version: str
    issuer_code: str
    state: str
    row_version: int
    level: str = Field(description="已达到的 PAdES 级别。 PAdES level reached.")
    sha256: str
    size: int
    recorded_at: str
    replayed: bool = Field(description="此键先前已签发。 The key had been used before.")
    warnings: list[str]

    @classmethod
    def of(cls, answer: IssueAnswer) -> Self:
        """The wire shape of `answer`."""
        return cls(**answer.as_json(), replayed=answer.replayed)


class CheckedOut(Wire):
    """试运行结果。 The order could be issued; nothing was stored, no identifier consumed."""

    issuable: Literal[True] = True
    type_code: str
    type_version: str
    warnings: list[Remark]


class BatchRow(Wire):
    """One row of a batch: its idempotency key and its order."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    order: OrderIn


class BatchIn(Wire):
    """批量签发。 Rows are judged one by one: a malformed row has its own problem."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [{"rows": [{"key": "2026-000001", "order": examples.ORDER}]}]
        }
    }

    rows: list[  # how many is asked of the settings, with a sentence of its own
        Annotated[
            dict[str, Any],
            WithJsonSchema(
                {
                    "description": "应符合 BatchRow；不符合的行单独报告。"
                    " Should be a BatchRow; a row that is not gets a problem of its own.",
                    "anyOf": [{"$ref": "#/components/schemas/BatchRow"}, {"type": "object"}],
                }
            ),
        ]
    ]


class RowOut(Wire):
    """The outcome of one row, in the order of the request."""

    key: str
    status: int = Field(description="按单份签发时的 HTTP 状态。 As if issued alone.")
    answer: IssuedOut | None = None
    problem: ProblemDocument | None = None


class BatchOut(Wire):
    """批量签发结果。 One outcome for each row."""

    issued: int
    failed: int
    rows: list[RowOut]


def remark(problem: Problem) -> Remark:
    """The wire shape of one problem."""
    return Remark(field=problem.field, code=problem.code, zh=problem.zh, en=problem.en)
