"""What routes take from a request: the node's parts, the caller, keys and versions in headers."""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Path, Request, Response

from api.catalogue import Catalogue
from api.metrics import Metrics
from api.parts import Parts
from api.persons import holds_identity_number
from api.tokens import Tokens
from certlib import ids
from certlib.errors import IdempotencyKeyMissing, MalformedIdentifier, MalformedRequest
from certlib.usecases.caller import Caller

_SEARCH = "search"
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_TAG = re.compile(r'"([0-9]{1,15})"')


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


async def _metrics(request: Request) -> Metrics:
    found: Metrics = request.app.state.metrics
    return found


async def _tokens(request: Request) -> Tokens:
    found: Tokens = request.app.state.tokens
    return found


async def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.app.state.catalogue
    return found


async def _caller(request: Request) -> Caller:
    found: Caller = request.state.caller
    return found


async def _body(request: Request) -> bytes:
    return await request.body()


async def _private(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def _identifier(
    identifier: Annotated[
        str, Path(description="电子证照标识（GB/T 36904）。 The certificate's identifier.")
    ],
) -> str:
    if identifier == _SEARCH:
        # That path is taken, by another method: say so rather than calling it a bad identifier.
        raise HTTPException(405)
    parsed = ids.parse(identifier)
    if parsed.identifier is None:
        part = ", ".join(problem.field for problem in parsed.problems if problem.field)
        raise MalformedIdentifier(part=part or "identifier", problems=parsed.problems)
    return identifier


async def _key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="每次操作唯一的键，1至128个可见字符；同键重试得到同一结果。"
            " One key per act: a retry with it gets the first answer.",
            examples=["2026-000001"],
        ),
    ] = None,
) -> str:
    if not key:
        raise IdempotencyKeyMissing(field_path="header:Idempotency-Key")
    return sane_key(key)


async def _expected_version(
    if_match: Annotated[
        str | None,
        Header(
            description='登记版本，如 `"3"`；记录已变时答 412。 Version read, as ETag.',
            examples=['"3"'],
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise MalformedRequest(what="If-Match", field_path="header:If-Match")
    return int(tag.group(1))


def sane_key(key: str) -> str:
    """`key`, where it may be kept in clear.

    Raises:
        MalformedRequest: not 1 to 128 visible ASCII characters, or somebody's identity number.
    """
    if not _KEY.fullmatch(key) or holds_identity_number(key):
        raise MalformedRequest(what="Idempotency-Key", field_path="header:Idempotency-Key")
    return key


def etag(row_version: int) -> str:
    """The ETag of a record."""
    return f'"{row_version}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names `tag` (RFC 9110 section 13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    named = [item.strip().removeprefix("W/") for item in if_none_match.split(",")]
    return "*" in named or tag in named


PartsDep = Annotated[Parts, Depends(_parts)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]
TokensDep = Annotated[Tokens, Depends(_tokens)]
CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
CallerDep = Annotated[Caller, Depends(_caller)]
BodyDep = Annotated[bytes, Depends(_body)]
IdentifierDep = Annotated[str, Depends(_identifier)]
KeyDep = Annotated[str, Depends(_key)]
ExpectedVersionDep = Annotated[int | None, Depends(_expected_version)]
Private = Depends(_private)
"""Answers that nobody on the way may keep."""
