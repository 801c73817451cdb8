"""POST /v: a file that is not on record by its digest, examined for whoever holds it.

It needs no token against forged requests: nothing changes by it, no cookie or credential travels
with it, and whoever makes another's browser send it learns nothing. The file is read in memory by a
child and dropped; neither it nor its name is written anywhere. What comes too often or too much at
once is refused before the body is read (`api.middleware`).
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from api import public_files
from api.deps import MetricsDep, PartsDep
from api.failures import MediaTypeUnsupported
from api.metrics import Metrics
from api.middleware.requests import request_id_of
from api.multipart import FORM, form_of, media_type
from api.parts import Parts
from api.web import verdict_page
from api.web.site import AcceptLanguage, Lang
from api.web.texts import language_of
from api.web.verdict_page import FileSeen
from certlib.errors import BodyTooLarge, Invalid, MalformedRequest, Problem
from certlib.usecases.verify import Answer, Question

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

PATH: Final = "/v"
FORM_OCTETS: Final = 65_536
"""What a form may weigh beside its file."""
_LONGEST_NAME: Final = 200
_NO_FILE: Final = Problem(
    "/file", "field-missing", "缺少文件，请选择PDF。", "The file is missing: choose a PDF."
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as a browser sent it.

    Attributes:
        name: as the form says, for the page that answers it; "" where the script left it out.
    """

    content: bytes
    name: str


async def sent_file(request: Request) -> Sent:
    """The one file of the form.

    Raises:
        MediaTypeUnsupported, MalformedRequest, Invalid: there is none, or it cannot be read.
    """
    if media_type(request) != FORM:
        raise MediaTypeUnsupported(allowed=FORM)
    form = await form_of(request, await request.body())
    try:
        found = [value for name, value in form.multi_items() if name == "file"]
        if len(found) > 1:
            raise MalformedRequest(what="multipart: repeated part")
        file = found[0] if found else None
        if not isinstance(file, UploadFile):
            raise Invalid(problems=(_NO_FILE,))
        name, content = file.filename or "", await file.read()
    finally:
        await form.close()
    if not name and not content:  # a form that was sent without choosing
        raise Invalid(problems=(_NO_FILE,))
    return Sent(content, name[:_LONGEST_NAME])


@router.post(PATH)
def examine(
    request: Request,
    sent: Annotated[Sent, Depends(sent_file)],
    parts: PartsDep,
    metrics: MetricsDep,
    lang: Lang = "",
    accept_language: AcceptLanguage = "",
) -> Response:
    """The page of the file's verdict, as anybody may see it."""
    limit = parts.settings.upload_limit
    if len(sent.content) > limit:
        raise BodyTooLarge(limit=limit)
    answer = _examined(parts, metrics, sent.content, request_id_of(request.scope))
    digest = hashlib.sha256(sent.content).hexdigest()
    shown = language_of(lang, accept_language)
    file = FileSeen(digest, sent.name)
    return verdict_page.of_file(parts, answer, file, shown, known=answer.file is None)


def _examined(parts: Parts, metrics: Metrics, content: bytes, request_id: str) -> Answer:
    answer = public_files.weighed(parts.verify.by_file(content, Question()))
    verdict_page.count(metrics, answer.report)
    metrics.note_file(answer.file, request_id)
    return answer
