"""Reads a verification request in its three shapes: JSON, a PDF, or a form with a file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from api import strict_json, validation
from api.failures import MediaTypeUnsupported
from api.multipart import FORM, form_of, media_type
from api.schemas.verifications import Asked, FileAskedOut, VerifyIn
from certlib.errors import Invalid, MalformedRequest, Problem
from certlib.registry import SearchQuery
from certlib.usecases.verify import Question

JSON: Final = "application/json"
PDF: Final = "application/pdf"

_ALLOWED: Final = f"{JSON}, {PDF}, {FORM}"
_BOOLEANS: Final = {"true": True, "false": False}
_NO_FILE: Final = Problem(
    "/file", "field-missing", "缺少文件，请上传PDF。", "The file is missing: upload a PDF."
)


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: one of `identifier`, `query`, `pdf`.

    Attributes:
        detailed: the answer shall have the detailed report, too.
    """

    question: Question
    identifier: str | None = None
    query: SearchQuery | None = None
    pdf: bytes | None = None
    detailed: bool = False

    @property
    def file(self) -> FileAskedOut | None:
        """What the answer says of an uploaded file."""
        if self.pdf is None:
            return None
        return FileAskedOut(sha256=hashlib.sha256(self.pdf).hexdigest(), size=len(self.pdf))


async def target_of(request: Request) -> Target:
    """The target and question of a verification request.

    Raises:
        MalformedRequest, Invalid, MediaTypeUnsupported: it cannot be read; all fields at once.
    """
    body = await request.body()
    match media_type(request):
        case "application/json":
            return _from_json(body)
        case "application/pdf":
            asked = _asked(dict(request.query_params))
            return Target(asked.to_question(), pdf=body, detailed=asked.detailed)
        case "multipart/form-data":
            return await _from_form(request, body)
        case _:
            raise MediaTypeUnsupported(allowed=_ALLOWED)


def _from_json(body: bytes) -> Target:
    value = strict_json.loads(body)
    try:
        asked = VerifyIn.model_validate(value)
    except ValidationError as error:
        raise _invalid(error) from None  # its message holds the values
    if asked.fields is None:
        return Target(asked.to_question(), asked.identifier, detailed=asked.detailed)
    query, claims = asked.fields.to_query()
    return Target(asked.to_question(claims), query=query, detailed=asked.detailed)


async def _from_form(request: Request, body: bytes) -> Target:
    form = await form_of(request, body)
    try:
        return await _from_parts(form)
    finally:
        await form.close()


async def _from_parts(form: FormData) -> Target:
    values: dict[str, Any] = {}
    pdf: bytes | None = None
    for name, value in form.multi_items():
        if name in values or (name == "file" and pdf is not None):
            raise MalformedRequest(what="multipart: repeated part")
        if isinstance(value, UploadFile):
            pdf = await value.read() if name == "file" else pdf
        else:
            values[name] = value
    if pdf is None:
        raise Invalid(problems=(_NO_FILE,))
    asked = _asked(values)
    return Target(asked.to_question(), pdf=pdf, detailed=asked.detailed)


def _asked(values: Mapping[str, Any]) -> Asked:
    """Form and query parameters, where claims are a JSON object in a string."""
    given = dict(values)
    if "claims" in given:
        given["claims"] = strict_json.loads(given["claims"].encode("utf-8", "replace"))
    if "detailed" in given:
        given["detailed"] = _BOOLEANS.get(given["detailed"], given["detailed"])
    strict_json.check_strings(given)
    try:
        return Asked.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None  # its message holds the values


def _invalid(error: ValidationError) -> Invalid:
    return validation.invalid(error.errors(include_url=False, include_input=False))
