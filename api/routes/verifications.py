"""POST /v1/verifications: is this certificate good, now and on the day of acceptance."""

from dataclasses import replace
from typing import Annotated, Any, Final, NoReturn

from fastapi import APIRouter, Depends, Header, Response

from api.deps import CallerDep, MetricsDep, PartsDep, Private
from api.failures import FileUnreadable
from api.multipart import FORM
from api.parts import Parts
from api.routes import receipts
from api.routes.documented import needs
from api.routes.questions import JSON, PDF, Target, target_of
from api.schemas import examples
from api.schemas.verifications import VerifiedOut
from certlib.usecases.caller import VERIFY
from certlib.usecases.verify import Answer

router = APIRouter(prefix="/v1/verifications", tags=["核验 Verification"], dependencies=[Private])

_ASKED: Final = "#/components/schemas/Asked/properties/"
_PART: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "on": {"type": "string", "format": "date"},
        "known_at": {"type": "string", "format": "date-time"},
        "purpose": {"type": "string", "maxLength": 200},
        "policy": {"type": "string", "enum": ["own", "foreign"]},
        "detailed": {"type": "boolean"},
        "claims": {"type": "string", "description": "JSON 对象。 A JSON object."},
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/VerifyIn"},
                "example": {"identifier": examples.IDENTIFIER, "on": "2026-11-22"},
            },
            FORM: {"schema": _PART},
            PDF: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "",
    operation_id="verify",
    summary="核验 Verify",
    response_model=VerifiedOut,
    openapi_extra=needs(VERIFY) | _BODY,
    responses={200: {"content": receipts.CONTENT}},
)
def verify(
    caller: CallerDep,
    target: Annotated[Target, Depends(target_of)],
    parts: PartsDep,
    metrics: MetricsDep,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> VerifiedOut | Response:
    """按标识、按要素或按文件核验。 One verdict with its findings and the next step.

    A file is sent as `application/pdf` (options as query parameters) or as `multipart/form-data`.
    Each question is recorded. A file that cannot be read at all is an input error: 422 with the
    verdict beside the members of the problem document, and nothing is recorded.

    `Accept: application/pdf` or `application/jose+json` asks for the sealed receipt (核验回执) of
    the answer instead; its number stands in `Receipt-Number` and in the record.
    """
    caller.need(VERIFY)
    target = replace(target, question=replace(target.question, asked_by=caller))
    answer = _answer(parts, target)
    # First of all: what has cost a child is told whatever becomes of the answer.
    metrics.note_file(answer.file, caller.request_id)
    if answer.report.code == "unreadable":
        _refuse(answer, target)
    kind = receipts.kind_of(accept or "")
    receipt = None if kind is None else receipts.made(parts, target, answer, kind)
    number = "" if receipt is None else receipt.headers[receipts.NUMBER]
    parts.verify.record_use(caller, answer, caller.request_id, number)
    metrics.verdicts.labels(answer.report.verdict.value, answer.report.code).inc()
    return receipt or VerifiedOut.of(answer, target.file, with_report=target.detailed)


def _refuse(answer: Answer, target: Target) -> NoReturn:
    told = VerifiedOut.of(answer, target.file, with_report=target.detailed).model_dump(mode="json")
    values = answer.report.findings[0].values
    raise FileUnreadable(verdict=told, fault=values["fault"], fault_en=values["fault_en"])


def _answer(parts: Parts, target: Target) -> Answer:
    if target.pdf is not None:
        return parts.verify.by_file(target.pdf, target.question)
    if target.query is not None:
        return parts.verify.by_fields(target.query, target.question)
    return parts.verify.by_identifier(target.identifier or "", target.question)
