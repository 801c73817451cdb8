"""Verification on the wire: the question in three shapes, and one answer."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.schemas import examples
from api.schemas.base import Code, Day, Instant, Name, Remark, Said, Wire
from api.schemas.orders import remark
from certlib import holders
from certlib.errors import Problem
from certlib.registry import SearchQuery
from certlib.usecases.verify import Answer, Question, Subject
from certlib.verification import CORE_FIELDS, POLICIES, Claim, Finding, detailed

_MOST_CLAIMS = 50


def _known_paths(claims: dict[str, str]) -> dict[str, str]:
    if any(path not in CORE_FIELDS and not path.startswith("KZ_") for path in claims):
        raise PydanticCustomError("certlib_claim", "unknown field")
    return claims


Claims = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=64)],
        Annotated[str, StringConstraints(max_length=1000)],
    ],
    Field(max_length=_MOST_CLAIMS),
    AfterValidator(_known_paths),
]
Purpose = Annotated[str, StringConstraints(max_length=200)]
PolicyName = Literal["own", "foreign"]


class Asked(Wire):
    """随每种核验一同给出的内容。 What goes with every question."""

    on: Day | None = Field(default=None, description="受理日，按该日核验。 Acceptance day.")
    known_at: Instant | None = Field(
        default=None, description="按当时已登记的内容核验。 As the record was known then."
    )
    purpose: Purpose = Field(default="", description="用途，与加注件比对。 Purpose of this use.")
    policy: PolicyName = "own"
    detailed: bool = Field(
        default=False,
        description="一并返回详细报告。 With the detailed report: each finding with its clause.",
    )
    claims: Claims = Field(
        default={},
        description="申请人所填要素，逐项与登记比对。 Fields as the applicant wrote them.",
    )

    def to_question(self, more: tuple[Claim, ...] = ()) -> Question:
        """The question that the use case takes."""
        claims = tuple(Claim(path, value) for path, value in self.claims.items())
        return Question(
            on=self.on,
            known_at=self.known_at,
            claims=claims + more,
            purpose=self.purpose,
            policy=POLICIES[self.policy],
        )


class FieldsIn(Wire):
    """没有标识时的核验要素。 What to go by without an identifier.

    类型代码和证照编号，或持证主体代码及其类型；其余所填逐项比对。
    Type and number, or the holder's code with its type; what is given beside them is compared.
    """

    type_code: Annotated[str, StringConstraints(max_length=32)] = ""
    number: Annotated[str, StringConstraints(max_length=128)] = ""
    holder_code: Code = ""
    holder_code_type: Annotated[str, StringConstraints(max_length=3)] = ""
    holder_name: Name = ""

    def to_query(self) -> tuple[SearchQuery, tuple[Claim, ...]]:
        """What to search by, and what to compare.

        A name is compared rather than searched by: the clerk shall learn that it differs, not
        that nothing was found.

        Raises:
            UnknownCodeType: the holder's code type is in no table.
        """
        kind = self.holder_code_type and holders.normalise_code_type(self.holder_code_type)
        code = holders.normalise(kind, self.holder_code) if kind else self.holder_code.strip()
        claims = {"holder_name": self.holder_name}
        if self.type_code and self.number:
            query = SearchQuery(type_code=self.type_code, number=self.number)
            claims["holder_code"] = code
        else:
            query = SearchQuery(type_code=self.type_code, holder_code=code, holder_code_type=kind)
            claims["number"] = self.number
        given = tuple(Claim(path, value) for path, value in claims.items() if value)
        return query, given


class VerifyIn(Asked):
    """按标识或按要素核验。 A question by identifier or by fields."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "oneOf": [
                {
                    "required": [name],
                    "properties": {name: {"type": kind}, other: {"type": "null"}},
                }
                for name, kind, other in (
                    ("identifier", "string", "fields"),
                    ("fields", "object", "identifier"),
                )
            ],
            "examples": [
                {"identifier": examples.IDENTIFIER, "on": "2026-11-22"},
                {
                    "fields": {
                        "type_code": examples.TYPE,
                        "number": "粤交运管许可揭字445200000001号",
                    },
                    "claims": {"holder_name": "揭阳市示例运输有限公司"},
                },
            ],
        }
    }

    identifier: Annotated[str, StringConstraints(max_length=128)] | None = None
    fields: FieldsIn | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.identifier is None) == (self.fields is None):
            raise PydanticCustomError(
                "certlib_choice", "one target", {"names": "identifier, fields"}
            )
        return self


class FindingOut(Wire):
    """一项核验的结果。 The outcome of one check."""

    check: str
    outcome: Literal["pass", "fail", "unknown"]
    code: str
    text: Said
    evidence: dict[str, Any]
    as_of: Instant
    data_age: int = Field(
        description="所依据数据的秒龄；主库和文件本身为0。 Seconds; 0: primary record, or file."
    )

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """The wire shape."""
        return cls(
            check=finding.check.value,
            outcome=finding.outcome.value,
            code=finding.code,
            text=Said(zh=finding.zh, en=finding.en),
            evidence=dict(finding.evidence),
            as_of=finding.as_of,
            data_age=finding.data_age,
        )


class SubjectOut(Wire):
    """所核验的证照，持证主体已脱敏。 What the answer speaks of, holders masked."""

    identifier: str
    type_code: str
    type_name: str
    issuer_code: str
    issuer_name: str
    holders: list[str]
    issue_date: Day
    valid_from: Day | None
    valid_to: Day | None
    demonstration: bool

    @classmethod
    def of(cls, subject: Subject) -> Self:
        """The wire shape."""
        return cls(
            identifier=subject.identifier,
            type_code=subject.type_code,
            type_name=subject.type_name,
            issuer_code=subject.issuer_code,
            issuer_name=subject.issuer_name,
            holders=list(subject.holders),
            issue_date=subject.issue_date,
            valid_from=subject.valid_from,
            valid_to=subject.valid_to,
            demonstration=subject.demonstration,
        )


class FileAskedOut(Wire):
    """所核验的文件。 The file that was looked at."""

    sha256: str
    size: int


class VerifiedOut(Wire):
    """核验结论和各项结果。 One verdict with the findings it rests on."""

    verdict: Literal["valid", "invalid", "indeterminate"]
    code: str
    sentence: Said
    next_step: Said
    as_of: Instant
    findings: list[FindingOut]
    subject: SubjectOut | None
    candidates: list[SubjectOut]
    warnings: list[Remark]
    file: FileAskedOut | None
    report: dict[str, Any] | None = Field(
        default=None,
        description="详细报告，要求时返回，格式见 docs/verification-report.schema.json。 "
        "The detailed report, where `detailed` was asked for.",
    )

    @classmethod
    def of(
        cls, answer: Answer, file: FileAskedOut | None = None, *, with_report: bool = False
    ) -> Self:
        """The wire shape."""
        report = answer.report
        words = report.sentence
        return cls(
            verdict=report.verdict.value,
            code=report.code,
            sentence=Said(zh=words.zh, en=words.en),
            next_step=Said(zh=words.next_zh, en=words.next_en),
            as_of=report.as_of,
            findings=[FindingOut.of(item) for item in report.findings],
            subject=None if answer.subject is None else SubjectOut.of(answer.subject),
            candidates=[SubjectOut.of(item) for item in answer.candidates],
            warnings=_remarks(answer.warnings),
            file=file,
            report=detailed(report, answer.file) if with_report else None,
        )


def _remarks(problems: tuple[Problem, ...]) -> list[Remark]:
    return [remark(problem) for problem in problems]
