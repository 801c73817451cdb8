"""What kind a body is; forms with a file, in memory: none is spooled to a disk in clear."""

from collections.abc import AsyncIterator
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser

from certlib.errors import MalformedRequest

FORM: Final = "multipart/form-data"
_MOST_FIELDS: Final = 16
_FIELD_OCTETS: Final = 65_536


def media_type(request: Request) -> str:
    """The body's media type without its parameters, lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def form_of(request: Request, body: bytes) -> FormData:
    """The parts of a form with at most one file; to be closed by who asks.

    Raises:
        MalformedRequest: it cannot be read.
    """

    async def stream() -> AsyncIterator[bytes]:
        yield body

    parser = MultiPartParser(
        request.headers,
        stream(),  # type: ignore[arg-type] # any iterator will do
        max_files=1,
        max_fields=_MOST_FIELDS,
        max_part_size=_FIELD_OCTETS,
    )
    parser.spool_max_size = len(body) + 1
    try:
        return await parser.parse()
    except (MultiPartException, FormParserError, ValueError, LookupError, AttributeError) as error:
        # Strange headers of parts raise what the parser's authors did not foresee.
        raise MalformedRequest(what="multipart") from error
