"""GET /v/{identifier}: the verdict in one sentence and one colour, and the next step.

No script, no outside address, nothing kept on the way; the holder is masked, and no detail of a
penalty is told to anonymous readers.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from api import public
from api.deps import MetricsDep, PartsDep
from api.web.site import HEADERS, AcceptLanguage, Lang, page
from api.web.texts import WORDS, language_of
from certlib import ids
from certlib.calendar import CHINA
from certlib.usecases.verify import Answer, Question
from certlib.verification import Report, Verdict

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

_ABSENT: Final = frozenset({"not-found", "identifier-malformed", "other-node"})
_TONES: Final[Mapping[Verdict, str]] = {
    Verdict.VALID: "ok",
    Verdict.INVALID: "bad",
    Verdict.INDETERMINATE: "wait",
}


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
        return Response(status_code=303, headers={"Location": address, **HEADERS})
    shown = language_of(lang, accept_language)
    return page("ask.html", shown, {"demonstration": parts.settings.demo, "here": "/v"})


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
    return page("verdict.html", shown, found, _status(report))


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
