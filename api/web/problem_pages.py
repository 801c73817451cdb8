"""GET /problems and /problems/{code}: what each error means and what to do, made from the tree."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Response

from api.deps import PartsDep
from api.failures import PathUnknown
from api.problem_catalogue import kinds, shown
from api.problems import PAGES, TABLE
from api.web.site import AcceptLanguage, Lang, page
from api.web.texts import language_of
from certlib.errors import CertlibError, IdempotencyInProgress

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

_ADVICE: Final = {
    401: "token",
    403: "rights",
    408: "retry",
    409: "conflict",
    412: "conflict",
    429: "retry",
    503: "same_key",
}
"""What holds for most errors of a status; the others are to be mended as they say."""


@dataclass(frozen=True, slots=True)
class Described:
    """One code as the pages show it; `advice` names what holds beside its sentence."""

    code: str
    status: int
    title: dict[str, str]
    sentence: dict[str, str]
    advice: str

    @property
    def address(self) -> str:
        """Its page."""
        return f"{PAGES}/{self.code}"


def _described(kind: type[CertlibError]) -> Described:
    entry = TABLE[kind]
    same_key = kind is IdempotencyInProgress
    return Described(
        code=kind.code,
        status=entry.status,
        title={"zh": entry.title, "en": entry.title_en},
        sentence={"zh": shown(kind.zh), "en": shown(kind.en)},
        advice="same_key" if same_key else _ADVICE.get(entry.status, "mend"),
    )


_ALL: Final = {item.code: item for item in map(_described, kinds())}


@router.get(PAGES)
async def catalogue(
    parts: PartsDep, lang: Lang = "", accept_language: AcceptLanguage = ""
) -> Response:
    """Every code with its status and sentence."""
    values = {"problems": list(_ALL.values()), "here": PAGES}
    demonstration = parts.settings.demo
    return page(
        "problems.html",
        language_of(lang, accept_language),
        values | {"demonstration": demonstration},
    )


@router.get(PAGES + "/{code}")
async def one(
    code: str, parts: PartsDep, lang: Lang = "", accept_language: AcceptLanguage = ""
) -> Response:
    """One code: where `type` of its problem documents leads."""
    found = _ALL.get(code)
    if found is None:
        raise PathUnknown
    values = {"problem": found, "here": found.address, "demonstration": parts.settings.demo}
    return page("problem.html", language_of(lang, accept_language), values)
