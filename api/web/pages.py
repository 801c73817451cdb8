"""GET /v and GET /v/{identifier}: the forms, and the verdict on what they lead to.

The address takes an identifier, or the SHA-256 of a file: by it the browser asks whether a file is
on record without sending it. No address outside, nothing kept on the way; the holder is masked, and
no detail of a penalty is told to anonymous readers. Look-ups are counted by verdict; no record is
kept of who asked for what.
"""

import re
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from api.deps import MetricsDep, PartsDep
from api.metrics import Metrics
from api.parts import Parts
from api.web import verdict_page
from api.web.site import HEADERS, SCRIPTED, AcceptLanguage, Lang, page
from api.web.texts import WORDS, language_of
from api.web.verdict_page import FileSeen
from certlib import ids
from certlib.usecases.verify import Question

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
"""SHA-256 in hex; no identifier looks like it."""


@router.get("/")
async def home() -> Response:
    """The form is the front door."""
    return Response(status_code=303, headers={"Location": "/v"})


@router.get("/v")
def ask(
    parts: PartsDep,
    identifier: Annotated[str, Query(max_length=256)] = "",
    lang: Lang = "",
    accept_language: AcceptLanguage = "",
) -> Response:
    """The forms for a file and for an identifier; what was typed leads to its page."""
    if identifier:
        typed = _digest(identifier) or ids.normalise_typed(identifier)
        suffix = f"?lang={lang}" if lang in WORDS else ""
        address = f"/v/{quote(typed, safe='')}{suffix}"
        return Response(status_code=303, headers={"Location": address, **HEADERS})
    shown = language_of(lang, accept_language)
    values = {**verdict_page.site_values(parts), "here": "/v"}
    return page("ask.html", shown, values, policy=SCRIPTED)


@router.get("/v/{identifier:path}")
def show(
    identifier: str,
    parts: PartsDep,
    metrics: MetricsDep,
    lang: Lang = "",
    accept_language: AcceptLanguage = "",
) -> Response:
    """The page of one certificate, or of one file by its digest."""
    shown = language_of(lang, accept_language)
    digest = _digest(identifier)
    if digest:
        return _of_digest(parts, metrics, digest, shown)
    typed = ids.normalise_typed(identifier)
    answer = parts.verify.by_identifier(typed, Question())
    verdict_page.count(metrics, answer.report)
    return verdict_page.of_identifier(parts, answer, typed, shown)


def _of_digest(parts: Parts, metrics: Metrics, digest: str, lang: str) -> Response:
    """A file that the reader holds; of one that is not on record there is nothing to judge yet."""
    answer = parts.verify.by_digest(digest, Question())
    if answer is None:
        values = {**verdict_page.site_values(parts), "here": f"/v/{digest}", "sha256": digest}
        return page("unknown_file.html", lang, values, 404, policy=SCRIPTED)
    verdict_page.count(metrics, answer.report)
    return verdict_page.of_file(parts, answer, FileSeen(digest), lang, known=True)


def _digest(text: str) -> str:
    """The digest that `text` is, or ""."""
    plain = text.strip().lower()
    return plain if _DIGEST.fullmatch(plain) else ""
