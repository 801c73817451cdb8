"""Periodic duties on the wire: results in batches, how certificates stand, who is overdue."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from api.schemas import examples
from api.schemas.base import Code, Day, Instant, ProblemDocument, Wire
from api.schemas.beside import Authority, Reference
from certlib.duties import DutyResult, DutyStanding, PeriodicResult
from certlib.usecases.due_lists import Overdue, OverduePage
from certlib.usecases.record_results import ResultRow

ResultName = Literal["passed", "failed", "conditional", "exempt"]
_FIRST_YEAR, _LAST_YEAR = 1950, 2200


class PeriodicResultRow(Wire):
    """一份证照的一次定期结果。 One result of one certificate.

    `identifier`, or `type_code` with `number`; `period_start` or `year` where the period matters.
    """

    key: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        description="本行的幂等键。 This row's idempotency key."
    )
    identifier: Annotated[str, StringConstraints(max_length=128)] = ""
    type_code: Annotated[str, StringConstraints(max_length=32)] = ""
    number: Annotated[str, StringConstraints(max_length=128)] = ""
    duty_code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    result: ResultName = Field(
        description="passed 合格，failed 不合格，conditional 限期整改，exempt 免检。"
    )
    done_on: Day
    period_start: Day | None = Field(default=None, description="所属周期首日。 Of the period.")
    year: Annotated[int, Field(ge=_FIRST_YEAR, le=_LAST_YEAR)] | None = Field(
        default=None, description="所属年度。 The year it is about, instead of `period_start`."
    )
    next_due: Day | None = Field(
        default=None, description="下次期限；缺省按类型规则。 By the type's rule unless given."
    )
    authority: Authority = ""
    document_number: Reference = ""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        by_number = self.type_code != "" and self.number != ""
        if (self.identifier != "") == by_number:
            names = "identifier, type_code + number"
            raise PydanticCustomError("certlib_choice", "one target", {"names": names})
        if self.year is not None and self.period_start is not None:
            names = "period_start, year"
            raise PydanticCustomError("certlib_choice", "one period", {"names": names})
        return self

    def to_row(self, key: str) -> ResultRow:
        """The row that the use case takes."""
        start = self.period_start if self.year is None else date(self.year, 1, 1)
        return ResultRow(
            key=key,
            duty_code=self.duty_code,
            result=DutyResult(self.result),
            done_on=self.done_on,
            identifier=self.identifier,
            type_code=self.type_code,
            number=self.number,
            period_start=start,
            next_due=self.next_due,
            authority=self.authority,
            document_number=self.document_number,
        )


class PeriodicResultsIn(Wire):
    """批量登记定期结果。 Rows are judged one by one: a malformed row has its own problem."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "rows": [
                        {
                            "key": "2026-inspection-000001",
                            "identifier": examples.IDENTIFIER,
                            "duty_code": "annual-inspection",
                            "result": "passed",
                            "done_on": "2026-11-20",
                            "year": 2026,
                        }
                    ]
                }
            ]
        }
    }

    rows: list[  # how many is asked of the settings, with a sentence of its own
        Annotated[
            dict[str, Any],
            WithJsonSchema(
                {
                    "description": "应符合 PeriodicResultRow；不符合的行单独报告。"
                    " Should be a PeriodicResultRow; a row that is not gets a problem of its own.",
                    "anyOf": [
                        {"$ref": "#/components/schemas/PeriodicResultRow"},
                        {"type": "object"},
                    ],
                }
            ),
        ]
    ]


class RecordedResultOut(Wire):
    """登记后的结果。 The result as it stands on record."""

    identifier: str
    duty_code: str
    result: str
    done_on: str
    next_due: str = Field(description="尚待履行的期限。 The deadline that is open now.")
    overdue: bool
    row_version: int
    recorded_at: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of the use case's answer."""
        return cls(**answer)


class ResultRowOut(Wire):
    """The outcome of one row, in the order of the request."""

    key: str
    status: int = Field(description="该行单独的 HTTP 状态。 As if sent alone.")
    answer: RecordedResultOut | None = None
    problem: ProblemDocument | None = None


class PeriodicResultsOut(Wire):
    """批量登记的结果。 One outcome for each row."""

    recorded: int
    failed: int
    rows: list[ResultRowOut]


class DutyOut(Wire):
    """定期义务的履行情况。 How a certificate stands in one duty today."""

    code: Code
    name: str
    name_en: str
    next_due: Day
    overdue: bool
    problem: Literal["overdue", "failed"] | None
    effect: Literal["none", "warn", "block"] = Field(
        description="对核验结论的影响。 What the problem does to the verdict."
    )
    last_result: str | None
    last_done_on: Day | None

    @classmethod
    def of(cls, standing: DutyStanding) -> Self:
        """The wire shape."""
        last = standing.last
        return cls(
            code=standing.duty.code,
            name=standing.duty.name,
            name_en=standing.duty.name_en,
            next_due=standing.due,
            overdue=standing.overdue,
            problem=None if standing.problem is None else standing.problem.value,
            effect=standing.effect.value,
            last_result=None if last is None else last.result.value,
            last_done_on=None if last is None else last.done_on,
        )


class ResultOut(Wire):
    """一次定期结果。 One result of a duty."""

    duty_code: str
    result: str
    done_on: Day
    period_start: Day | None
    next_due: Day | None
    authority: str
    document_number: str
    recorded_at: Instant

    @classmethod
    def of(cls, item: PeriodicResult) -> Self:
        """The wire shape."""
        return cls(
            duty_code=item.duty_code,
            result=item.result.value,
            done_on=item.done_on,
            period_start=item.period_start,
            next_due=item.next_due,
            authority=item.authority,
            document_number=item.document_number,
            recorded_at=item.recorded_at,
        )


class OverdueOut(Wire):
    """一份逾期的证照。 One certificate that is overdue."""

    identifier: str
    number: str
    type_version: str
    duty: DutyOut

    @classmethod
    def of(cls, overdue: Overdue, number: str) -> Self:
        """The wire shape; some types print a person's number as their own."""
        content = overdue.certificate.content
        return cls(
            identifier=content.identifier,
            number=number,
            type_version=content.type_version,
            duty=DutyOut.of(overdue.standing),
        )


class OverduesOut(Wire):
    """一页逾期证照。 One page; `after` is empty on the last one."""

    as_of: Day
    type_code: str
    duty_code: str
    certificates: list[OverdueOut]
    after: str

    @classmethod
    def of(cls, page: OverduePage, type_code: str, lines: list[OverdueOut]) -> Self:
        """The wire shape."""
        return cls(
            as_of=page.day,
            type_code=type_code,
            duty_code=page.duty.code,
            certificates=lines,
            after=page.after,
        )
