"""What the page of a verdict shows: sentence and colour, next step, findings, the certificate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from fastapi import Response

from api import public, public_files
from api.metrics import Metrics
from api.parts import Parts
from api.web.site import SCRIPTED, page
from certlib.calendar import CHINA
from certlib.errors import StoreUnavailable
from certlib.usecases.verify import Answer
from certlib.verdicts import Sentence
from certlib.verification import Report, Verdict

ABSENT: Final = frozenset({"not-found", "identifier-malformed", "other-node"})
_WORDS: Final[Mapping[str, str]] = {
    "unreadable": "unchecked",
    "cannot-tell": "unchecked",
    "not-a-certificate": "not_ours",
    "foreign-valid": "not_ours",
    # Whole or not, it is no certificate: the word above it must not be taken for one's.
    "receipt-holds": "receipt",
    "receipt-unsigned": "receipt",
}
"""Neither good nor bad as a certificate of this library: the word above the sentence."""
_TONES: Final[Mapping[Verdict, str]] = {
    Verdict.VALID: "ok",
    Verdict.INVALID: "bad",
    Verdict.INDETERMINATE: "wait",
}
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FileSeen:
    """The file that a page speaks of; its name is known where the browser sent it, or else ""."""

    sha256: str
    name: str = ""


def site_values(parts: Parts) -> dict[str, Any]:
    """What every page with the forms needs."""
    limit = parts.settings.upload_limit
    return {
        "demonstration": parts.settings.demo,
        "limit": limit,
        "megabytes": limit // _MEGABYTE,
        "service": f"{parts.settings.url}/v",
    }


def of_identifier(parts: Parts, answer: Answer, typed: str, lang: str) -> Response:
    """The page of an identifier."""
    report = answer.report
    known = report.code != "identifier-malformed"
    values = {
        **_said(answer, public.of_report(report, personal=_personal(answer))),
        # What is no identifier is not repeated: it may be anything, somebody's number too.
        "identifier": typed if known else "",
        "problems": answer.warnings,
        "here": f"/v/{quote(typed, safe='')}" if known else "/v",
        "lines": (),
        "status": None,
        "file": None,
        "known": True,
    }
    return _page(parts, answer, lang, values, 404 if report.code in ABSENT else 200)


def of_file(parts: Parts, answer: Answer, file: FileSeen, lang: str, *, known: bool) -> Response:
    """The page of a file; `known`: its digest is on record."""
    subject, personal = answer.subject, _personal(answer)
    unread = answer.report.code in {"unreadable", "cannot-tell"}
    lines = public_files.lines(answer.report)
    status = None if subject is None else public_files.status(answer.report, personal=personal)
    if known and status is not None:
        lines, status = (*lines, status), None
    values = {
        **_said(answer, public_files.sentence(answer.report, personal=personal)),
        # What a stranger's file calls itself is shown only where the record knows it.
        "identifier": "" if subject is None else subject.identifier,
        "problems": (),
        "here": f"/v/{file.sha256}" if known else "/v",
        "lines": lines,
        # Of a certificate that a stranger's file only names: apart from what was found in the file.
        "status": status,
        # Refusals repeat nothing that was sent.
        "file": replace(file, name="") if unread else file,
        "known": known,
    }
    return _page(parts, answer, lang, values, 422 if answer.report.code == "unreadable" else 200)


def count(metrics: Metrics, report: Report) -> None:
    """One more verdict of its kind."""
    metrics.verdicts.labels(report.verdict.value, report.code).inc()


def _page(
    parts: Parts, answer: Answer, lang: str, values: Mapping[str, Any], status: int
) -> Response:
    common = site_values(parts)
    common["demonstration"] = common["demonstration"] or _is_demonstration(answer)
    down = answer.report.code == "cannot-tell"
    shown = page(
        "verdict.html", lang, {**common, **values}, 503 if down else status, policy=SCRIPTED
    )
    if down:
        shown.headers["Retry-After"] = str(StoreUnavailable.retry_after)
    return shown


def _said(answer: Answer, sentence: Sentence) -> dict[str, Any]:
    report = answer.report
    waits = report.code in ABSENT or report.code in _WORDS
    tone = "wait" if waits else _TONES[report.verdict]
    return {
        "tone": tone,
        "word": _WORDS.get(report.code, tone),
        "code": report.code,
        "sentence": {"zh": sentence.zh, "en": sentence.en},
        "next_step": {"zh": sentence.next_zh, "en": sentence.next_en},
        "as_of": report.as_of.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        "subject": answer.subject,
        "successor": _successor(report),
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


def _personal(answer: Answer) -> bool:
    return answer.subject is not None and answer.subject.personal


def _is_demonstration(answer: Answer) -> bool:
    return answer.subject is not None and answer.subject.demonstration
