"""The public status on the wire, of one (`api.status_path` writes that by hand) and of many."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from api import public
from api.schemas import examples
from api.schemas.base import Day, Instant, Remark, Wire
from api.schemas.orders import remark
from certlib.errors import Problem
from certlib.registry import StatusRow
from certlib.states import View
from certlib.verification import Report

PaperState = Literal["none", "pending", "synced", "collected", "lost", "declared-void"]

MOST = 200
"""Identifiers in one question."""


class StatusOut(Wire):
    """公开状态：不含持证主体，不含处罚细节。 The public status: no holder, no penalty details."""

    identifier: str
    type_code: str
    issuer_code: str
    valid_from: Day
    valid_to: Day | None
    as_of: Instant
    verdict: Literal["valid", "invalid", "indeterminate"]
    code: str = Field(description="结论代码。 Code of the verdict.")
    state: str = Field(description="当日所见的状态。 The state as seen on the day.")
    restricted: bool = Field(description="当日是否设有限制。 A restriction is in force.")
    paper: PaperState = Field(description="纸质证照的状态。 State of the paper twin.")
    renewal_pending: bool = Field(
        description="延续申请已依法提出、尚未决定。 A renewal applied for in time is undecided."
    )
    zh: str
    en: str
    next_zh: str
    next_en: str
    demonstration: bool


class StatusesIn(Wire):
    """批量查询状态。 Which certificates; answered in this order."""

    model_config = Wire.model_config | {
        "json_schema_extra": {"examples": [{"identifiers": [examples.IDENTIFIER]}]}
    }

    identifiers: Annotated[
        list[Annotated[str, StringConstraints(max_length=128)]],
        Field(min_length=1, max_length=MOST, description="电子证照标识。 Identifiers."),
    ]


class StatusAnswerOut(Wire):
    """其中一份的状态。 One answer: what is not on record, or mistyped, is told apart from it."""

    identifier: str = Field(description="所问标识；格式有误时为空。 As asked; empty if malformed.")
    found: bool = Field(description="是否有登记。 Whether it is on record.")
    verdict: Literal["valid", "invalid", "indeterminate"]
    code: str = Field(description="结论代码。 Code of the verdict.")
    state: str = Field(description="当日所见的状态，无登记时为空。 As seen on the day, or empty.")
    type_code: str
    issuer_code: str
    valid_from: Day | None
    valid_to: Day | None
    row_version: int = Field(description="登记版本，无登记时为0。 The version; 0 without record.")
    restricted: bool
    paper: PaperState
    renewal_pending: bool
    zh: str
    en: str
    next_zh: str
    next_en: str
    problems: list[Remark] = Field(description="标识有误之处。 What is wrong in the identifier.")

    @classmethod
    def of(cls, row: StatusRow, seen: View, report: Report) -> Self:
        """The answer for what is on record."""
        return cls(
            identifier=row.identifier,
            found=True,
            verdict=report.verdict.value,
            code=report.code,
            state=seen.value,
            type_code=row.type_code,
            issuer_code=row.issuer_code,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            row_version=row.row_version,
            restricted=row.restricted,
            paper=row.paper.value,
            renewal_pending=row.renewal_pending_since is not None,
            **asdict(public.of_report(report, personal=public.personal(row))),
            problems=[],
        )

    @classmethod
    def absent(cls, identifier: str, report: Report, problems: Sequence[Problem] = ()) -> Self:
        """The answer for what is not on record; what is no identifier is not repeated."""
        return cls(
            identifier=identifier,
            found=False,
            verdict=report.verdict.value,
            code=report.code,
            state="",
            type_code="",
            issuer_code="",
            valid_from=None,
            valid_to=None,
            row_version=0,
            restricted=False,
            paper="none",
            renewal_pending=False,
            **asdict(public.of_report(report, personal=False)),
            problems=[remark(item) for item in problems],
        )


class StatusesOut(Wire):
    """各证照的状态，与所问顺序一致。 Answers in the order of the question."""

    as_of: Instant
    demonstration: bool
    statuses: list[StatusAnswerOut]
