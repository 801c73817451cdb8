"""GET /v/{identifier}: the verdict in one sentence and one colour, and the next step.

No script, no outside address, nothing kept on the way; the holder is masked, and no detail of a
penalty is told to anonymous readers.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from api import public
from api.deps import MetricsDep, PartsDep
from api.failures import PathUnknown
from api.web.texts import WORDS, language_of
from certlib import ids
from certlib.calendar import CHINA
from certlib.usecases.verify import Answer, Question
from certlib.verification import Report, Verdict

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

_HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_FILES: Final[Mapping[str, str]] = {
    "site.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_YEAR: Final = int(timedelta(days=365).total_seconds())
_ABSENT: Final = frozenset({"not-found", "identifier-malformed", "other-node"})
_TONES: Final[Mapping[Verdict, str]] = {
    Verdict.VALID: "ok",
    Verdict.INVALID: "bad",
    Verdict.INDETERMINATE: "wait",
}


@dataclass(frozen=True, slots=True)
class Static:
    """A file of the page; its address changes with its content."""

    content: bytes
    media_type: str
    tag: str


def _static() -> Mapping[str, Static]:
    folder = resources.files("api.web").joinpath("static")
    found = {}
    for name, kind in _FILES.items():
        content = folder.joinpath(name).read_bytes()
        found[name] = Static(content, kind, hashlib.sha256(content).hexdigest()[:12])
    return found


_STATIC: Final = _static()
_TEMPLATES: Final = Environment(
    loader=PackageLoader("api.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["static"] = {
    name: f"/static/{name}?v={item.tag}" for name, item in _STATIC.items()
}

Lang = Annotated[str, Query(max_length=8)]
AcceptLanguage = Annotated[str, Header()]


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
    """A form for an identifier; what was typed leads to its page."""
    if identifier:
        typed = ids.normalise_typed(identifier)
        suffix = f"?lang={lang}" if lang in WORDS else ""
        address = f"/v/{quote(typed, safe='')}{suffix}"
        return Response(status_code=303, headers={"Location": address, **_HEADERS})
    shown = language_of(lang, accept_language)
    return _page("ask.html", shown, {"demonstration": parts.settings.demo, "here": "/v"})


@router.get("/v/{identifier:path}")
def show(
    identifier: str,
    parts: PartsDep,
    metrics: MetricsDep,
    lang: Lang = "",
    accept_language: AcceptLanguage = "",
) -> Response:
    """The page of one certificate."""
    typed = ids.normalise_typed(identifier)
    answer = parts.verify.by_identifier(typed, Question())
    report = answer.report
    metrics.verdicts.labels(report.verdict.value, report.code).inc()
    shown = language_of(lang, accept_language)
    demonstration = parts.settings.demo or _is_demonstration(answer)
    found = _seen(answer, typed) | {"demonstration": demonstration}
    return _page("verdict.html", shown, found, _status(report))


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """Style and icon, for a year: a new version has a new address."""
    found = _STATIC.get(name)
    if found is None:
        raise PathUnknown
    headers = {
        "Cache-Control": f"public, max-age={_YEAR}, immutable",
        "ETag": f'"{found.tag}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, media_type=found.media_type, headers=headers)


def _page(name: str, lang: str, values: Mapping[str, Any], status: int = 200) -> Response:
    other = "en" if lang == "zh" else "zh"
    text = _TEMPLATES.get_template(name).render(
        **values, lang=lang, other=other, words=WORDS[lang], others=WORDS[other]
    )
    return Response(text, status, {**_HEADERS, "Vary": "Accept-Language"}, _HTML)


def _seen(answer: Answer, typed: str) -> dict[str, Any]:
    report = answer.report
    personal = answer.subject is not None and answer.subject.personal
    sentence = public.of_report(report, personal=personal)
    known = report.code != "identifier-malformed"
    return {
        "tone": "wait" if report.code in _ABSENT else _TONES[report.verdict],
        "code": report.code,
        "sentence": {"zh": sentence.zh, "en": sentence.en},
        "next_step": {"zh": sentence.next_zh, "en": sentence.next_en},
        "as_of": report.as_of.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        "subject": answer.subject,
        # What is no identifier is not repeated: it may be anything, somebody's number too.
        "identifier": typed if known else "",
        "problems": answer.warnings,
        "successor": _successor(report),
        "here": f"/v/{quote(typed, safe='')}" if known else "/v",
    }


def _successor(report: Report) -> str:
    """The version that replaced this one, where there is one."""
    return next(
        (
            str(item.values["successor"])
            for item in report.findings
            if item.code in {"superseded", "corrected"} and item.values.get("successor")
        ),
        "",
    )


def _status(report: Report) -> int:
    if report.code in _ABSENT:
        return 404
    return 503 if report.code == "cannot-tell" else 200


def _is_demonstration(answer: Answer) -> bool:
    return answer.subject is not None and answer.subject.demonstration
