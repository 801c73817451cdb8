"""What anybody is told of a file that is on record, on the wire."""

from dataclasses import asdict
from typing import Any, Literal, Self

from pydantic import Field

from api import public_files
from api.schemas import examples
from api.schemas.base import Day, Instant, Wire
from certlib.usecases.verify import Answer, Subject

_EXAMPLE: dict[str, Any] = {
    "sha256": examples.DIGEST,
    "identifier": examples.IDENTIFIER,
    "type_code": examples.TYPE,
    "issuer_code": examples.ISSUER,
    "valid_from": "2026-03-02",
    "valid_to": "2030-03-01",
    "as_of": "2026-11-22T02:00:00Z",
    "verdict": "valid",
    "code": "valid",
    "zh": "有效：截至2026年11月22日 10:00登记有效，文件与签发时一致。",
    "en": "Valid and unaltered: as of 2026-11-22 10:00 (UTC+8) on record as valid.",
    "next_zh": "除法律、行政法规另有规定外可作为办理依据，请勿再收纸质件。",
    "next_en": "Accept; ask for no paper unless a law requires it.",
    "findings": [
        {
            "check": "integrity",
            "outcome": "pass",
            "zh": "与签发登记中的文件逐字节一致。",
            "en": "Byte for byte the file on record.",
        },
        {
            "check": "status",
            "outcome": "pass",
            "zh": "截至2026年11月22日 10:00登记有效。",
            "en": "On record as valid as of 2026-11-22 10:00 (UTC+8).",
        },
    ],
    "demonstration": False,
}


class LineOut(Wire):
    """一项检查的结果。 One finding, in words for anybody."""

    check: str = Field(description="检查项，或 `status`（登记状态）。 What was looked at.")
    outcome: Literal["pass", "fail", "unknown"]
    zh: str
    en: str


class KnownFileOut(Wire):
    """登记在册的文件：不含持证主体，不含处罚细节。 A file on record: no holder, no penalty details.

    文件与签发时逐字节一致；证照本身是否有效看 `verdict`。
    The file is byte for byte what was issued; whether the certificate is good, `verdict` says.
    """

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [_EXAMPLE]}}

    sha256: str
    identifier: str
    type_code: str
    issuer_code: str
    valid_from: Day | None
    valid_to: Day | None
    as_of: Instant
    verdict: Literal["valid", "invalid", "indeterminate"]
    code: str = Field(description="结论代码。 Code of the verdict.")
    zh: str
    en: str
    next_zh: str
    next_en: str
    findings: list[LineOut]
    demonstration: bool

    @classmethod
    def of(cls, sha256: str, answer: Answer, subject: Subject) -> Self:
        """The wire shape of the answer on a file that is on record."""
        report = answer.report
        words = public_files.sentence(report, personal=subject.personal)
        status = public_files.status(report, personal=subject.personal)
        told = (*public_files.lines(report), *(() if status is None else (status,)))
        return cls(
            sha256=sha256,
            identifier=subject.identifier,
            type_code=subject.type_code,
            issuer_code=subject.issuer_code,
            valid_from=subject.valid_from,
            valid_to=subject.valid_to,
            as_of=report.as_of,
            verdict=report.verdict.value,
            code=report.code,
            zh=words.zh,
            en=words.en,
            next_zh=words.next_zh,
            next_en=words.next_en,
            findings=[LineOut(**asdict(line)) for line in told],
            demonstration=subject.demonstration,
        )
