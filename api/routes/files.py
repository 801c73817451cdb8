"""The certificate's file: whole or in part, by its digest."""

from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response

from api import problems, ranges
from api.deps import CallerDep, IdentifierDep, PartsDep, matches
from api.failures import RangeNotSatisfiable
from api.routes.documented import header, needs
from certlib import ids
from certlib.certificate import CertificateFile
from certlib.document import ORIGINAL, Form
from certlib.usecases.caller import READ

router = APIRouter(prefix="/v1/certificates", tags=["证照 Certificates"])

_PDF: Final = "application/pdf"
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_HEADERS: Final = {
    "ETag": header("文件的 SHA-256。 The file's SHA-256.", '"9f86…"'),
    "Content-Disposition": header("文件名不含个人信息。 Holds nothing personal.", "attachment"),
    "Accept-Ranges": header("支持字节范围。 Ranges are served.", "bytes"),
}
_PART: Final = _HEADERS | {"Content-Range": header("所答范围。 The part sent.", "bytes 0-99/1234")}


@router.get(
    "/{identifier}/file",
    operation_id="readFile",
    summary="下载文件 Download",
    response_class=Response,
    openapi_extra=needs(READ),
    responses={
        200: {"content": {_PDF: _BINARY}, "headers": _HEADERS, "description": "全文。 The file."},
        206: {"content": {_PDF: _BINARY}, "headers": _PART, "description": "一部分。 A part."},
        304: {"description": "未变。 Not modified."},
    },
)
def read_file(  # noqa: PLR0913 - what a request carries
    *,
    identifier: IdentifierDep,
    caller: CallerDep,
    parts: PartsDep,
    form: Annotated[
        Literal["original", "duplicate", "annex", "drawing"],
        Query(description="形式：正本、副本、附页、附图。 Form."),
    ] = "original",
    copy_number: Annotated[
        int,
        Query(ge=0, le=999, description="份号，正本为 0，其余缺省为 1。 Which copy."),
    ] = 0,
    range_header: Annotated[str | None, Header(alias="Range", include_in_schema=False)] = None,
    if_range: Annotated[str | None, Header(include_in_schema=False)] = None,
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """经签章的 PDF 文件，与登记的摘要核对后送出。 The sealed PDF, compared with its digest.

    支持 HEAD、Range、If-Range、If-None-Match。 Supports HEAD, ranges and conditions.
    """
    number = 0 if form == ORIGINAL.kind else copy_number or 1
    file, content = parts.read.file(caller, identifier, Form(form, number))
    tag = f'"{file.sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(file),
    }
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    try:
        part = ranges.wanted(range_header, if_range, tag, len(content))
    except RangeNotSatisfiable as error:
        size = {"Content-Range": f"bytes */{len(content)}"}
        return problems.response(error, caller.request_id, size)
    if part is None:
        return Response(content, headers=headers, media_type=_PDF)
    first, last = part
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, _PDF)


def disposition(file: CertificateFile) -> str:
    """`Content-Disposition` (RFC 6266): named by identifier and form, never by a holder."""
    parsed = ids.parse(file.identifier).identifier
    serial = file.identifier if parsed is None else f"{parsed.serial}-{parsed.version:03d}"
    zh, en = file.file_form.names
    chinese = quote(f"电子证照-{serial}-{zh}.pdf", safe="")
    plain = f"certificate-{serial}-{en.replace(' ', '-')}.pdf"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{chinese}"
