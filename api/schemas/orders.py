"""Issuing on the wire: one order, a batch of them, and their answers."""

from dataclasses import asdict, replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, WithJsonSchema

from api.persons import Person
from api.schemas import examples
from api.schemas.base import Code, Day, Name, Note, ProblemDocument, Remark, TypeCode, Wire
from api.schemas.prints import PrintIn
from certlib.document import Form, Holder
from certlib.errors import Problem
from certlib.usecases.order import Ending, IssueAnswer, IssueOrder

FormName = Literal["original", "duplicate", "annex", "drawing"]
SupersedeReason = Literal["change", "renewal", "replacement", "lowered", "correction"]


class FormIn(Wire):
    """一个文件：正本、副本、附页或附图。 One file of the certificate."""

    form: FormName
    copy_number: Annotated[int, Field(ge=0, le=999)] = Field(
        default=0, description="份号；0 为顺次编号，正本没有份号。 0 takes the next number."
    )

    def to_form(self) -> Form:
        """The form that the use case takes."""
        return Form(self.form, self.copy_number)


class HolderIn(Wire):
    """持证主体。 A holder; the code decides who it is, the name is an attribute."""

    name: Name
    code_type: Annotated[str, StringConstraints(max_length=3)] = Field(
        description="GB/T 36903 附录A三位代码，或旧系统两位代码。", examples=["001", "111"]
    )
    code: Code

    def to_holder(self) -> Holder:
        """The holder that the use case takes."""
        return Holder(self.name, self.code_type, self.code)


KzFields = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "类型字典中的 KZ_ 字段。 The type's own fields.",
            "propertyNames": {"pattern": "^KZ_"},
        }
    ),
    Field(max_length=200),
]
Holders = Annotated[list[HolderIn], Field(min_length=1, max_length=50)]
Division = Annotated[str, StringConstraints(max_length=6)]
Approvers = Annotated[
    list[Person],
    Field(
        max_length=8,
        description="审核人账号，不含制证人和签发人。 Approvers' accounts.",
    ),
]
Maker = Annotated[
    Person | Literal[""],
    Field(
        description="制证人账号，签发人与制证人不是同一人时填写。"
        " The maker's account, where the caller seals what another person made.",
    ),
]


class OrderParts(Wire):
    """What an order may say of a certificate, new or next version."""

    number: Annotated[str, StringConstraints(max_length=128)] = Field(
        default="",
        description="证照编号，由发证系统给出；证照库编号或无编号的类型留空，换发缺省沿用原编号。"
        " Your system's number; empty where the library numbers, or the type has none.",
    )
    valid_from: Day | None = None
    valid_to: Day | None = Field(
        default=None,
        description="含当日；缺省为长期，类型有期限的必填。"
        " Inclusive; left out it is without end, which is refused where the type has a term.",
    )
    type_version: Annotated[str, StringConstraints(max_length=32)] = ""
    matter_code: Code = ""
    matter_name: Name = ""
    decision_number: Annotated[str, StringConstraints(max_length=128)] = Field(
        default="", description="决定文号。 Number of the decision."
    )
    decision_date: Day | None = Field(
        default=None, description="决定日期，不晚于颁发日期。 Day of decision, not after issue."
    )
    forms: Annotated[list[FormIn], Field(max_length=20)] = Field(
        default=[], description="缺省只有正本。 The original alone unless given."
    )
    effective_from: Day | None = Field(
        default=None, description="变更生效日，缺省为颁发日期。 Day from which a change counts."
    )
    legal_basis: Name = ""
    document_number: Annotated[str, StringConstraints(max_length=128)] = ""
    authority: Annotated[str, StringConstraints(max_length=256)] = ""
    note: Note = ""
    accepted_on: Day | None = Field(
        default=None,
        description="受理日，在办件按受理日适用类型版本。 Open cases follow that day's version.",
    )
    paper: Annotated[list[PrintIn], Field(max_length=20)] = Field(
        default=[],
        description="同步印制的纸质件，与签发同一事务登记。 Sheets, registered in the same commit.",
    )

    def to_ending(self, expected_version: int | None = None) -> Ending:
        """What is said of the version before."""
        return Ending(
            effective_from=self.effective_from,
            legal_basis=self.legal_basis,
            document_number=self.document_number,
            authority=self.authority,
            note=self.note,
            expected_version=expected_version,
        )

    def to_forms(self) -> tuple[Form, ...]:
        """Which files."""
        return tuple(item.to_form() for item in self.forms)


class DraftIn(OrderParts):
    """制证：一份证照所需的全部内容。 Everything one certificate says.

    `issuer_code` absent: the client's own department.
    """

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [examples.ORDER]}}

    type_code: TypeCode
    holders: Holders
    issue_date: Day
    division_code: Division
    fields: KzFields
    issuer_code: Annotated[str, StringConstraints(max_length=18)] = ""
    supersedes: Annotated[str, StringConstraints(max_length=128)] = ""
    supersede_reason: SupersedeReason = "change"

    def to_order(self, department_code: str) -> IssueOrder:
        """The order that the use case takes."""
        return IssueOrder(
            type_code=self.type_code,
            issuer_code=self.issuer_code or department_code,
            number=self.number,
            holders=tuple(item.to_holder() for item in self.holders),
            issue_date=self.issue_date,
            division_code=self.division_code,
            fields=self.fields,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            type_version=self.type_version,
            matter_code=self.matter_code,
            matter_name=self.matter_name,
            forms=self.to_forms(),
            decision_number=self.decision_number,
            decision_date=self.decision_date,
            supersedes=self.supersedes,
            supersede_reason=self.supersede_reason,
            accepted_on=self.accepted_on,
            paper=tuple(item.to_print() for item in self.paper),
            ending=self.to_ending(),
        )


class OrderIn(DraftIn):
    """签发一份证照所需的全部内容。 Everything one certificate says, and who took part.

    `issuer_code` absent: the client's own department.
    """

    approved_by: Approvers = Field(default=[])
    made_by: Maker = ""

    def to_order(self, department_code: str) -> IssueOrder:
        """The order that the use case takes."""
        order = super().to_order(department_code)
        return replace(order, approved_by=tuple(self.approved_by), made_by=self.made_by)


class IssuedFileOut(Wire):
    """一个已签章的文件。 One sealed file."""

    form: FormName
    copy_number: int
    sha256: str
    size: int


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
    target_level: str = Field(
        description="证照类型要求的 PAdES 级别；尚未达到时由后台补足。 PAdES level that the type "
        "asks for; what is not reached yet is caught up."
    )
    sha256: str
    size: int
    recorded_at: str
    files: list[IssuedFileOut] = Field(description="全部文件，正本在前。 Every file.")
    replayed: bool = Field(description="此键先前已签发。 The key had been used before.")
    warnings: list[str]

    @classmethod
    def of(cls, answer: IssueAnswer) -> Self:
        """The wire shape of `answer`."""
        files = [IssuedFileOut(**asdict(file)) for file in answer.files]
        return cls(**{**answer.as_json(), "files": files}, replayed=answer.replayed)


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
