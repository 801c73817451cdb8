"""A verdict as JSON and as text: the same words from the library and from a server."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.cli.screen import STYLES, Screen, tame
from certlib.findings import FINDINGS
from certlib.verification import Check, Finding, Outcome, Report

VERDICTS: Mapping[str, tuple[str, str]] = {
    "valid": ("有效", "VALID"),
    "invalid": ("无效", "INVALID"),
    "indeterminate": ("无法判定", "INDETERMINATE"),
}
CHECKS: Mapping[str, tuple[str, str]] = {
    "integrity": ("完整性", "integrity"),
    "changes": ("签后改动", "changes"),
    "seal": ("签章", "seal"),
    "issuer_authority": ("发证权限", "issuer's authority"),
    "original": ("原件", "original"),
    "status_on": ("受理日状态", "status that day"),
    "status_now": ("当前状态", "status now"),
    "duties_on": ("受理日定期义务", "duties that day"),
    "duties_now": ("定期义务", "duties now"),
    "paper": ("纸质件", "paper"),
    "record_then": ("当时的登记", "record then"),
    "holders_on": ("受理日持证主体", "holders that day"),
    "holders_now": ("持证主体现况", "holders now"),
    "match": ("信息比对", "match"),
}
_MARKS: Mapping[str, tuple[str, str]] = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "unknown": ("?", "yellow"),
}
_WORDS: Mapping[str, tuple[str, str]] = {"receipt-holds": ("核验回执", "RECEIPT")}
"""Verdicts that say nothing of a certificate: the word above must not be taken for one's."""
_ALWAYS = (Check.INTEGRITY, Check.CHANGES)
"""Checks of a file that are always answered, apart from trust."""


def report_json(report: Report, *, of_file: bool) -> dict[str, Any]:
    """`verdict`, `code`, `findings`, `sentence`, `next_step` of one target."""
    findings = [_finding_json(item) for item in report.findings]
    if of_file:
        findings += _unchecked(report.findings)
    sentence = report.sentence
    return {
        "verdict": report.verdict.value,
        "code": report.code,
        "findings": findings,
        "sentence": {"zh": sentence.zh, "en": sentence.en},
        "next_step": {"zh": sentence.next_zh, "en": sentence.next_en},
        "as_of": report.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _finding_json(item: Finding) -> dict[str, Any]:
    return {
        "check": item.check.value,
        "outcome": item.outcome.value,
        "code": item.code,
        "text": {"zh": item.zh, "en": item.en},
        "evidence": dict(item.evidence),
        "data_age": item.data_age,
    }


def _unchecked(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """What could not be looked at is said too: silence could be taken for a pass."""
    seen = {item.check for item in findings}
    zh, en = FINDINGS["not-checked"]
    return [
        {
            "check": check.value,
            "outcome": Outcome.UNKNOWN.value,
            "code": "not-checked",
            "text": {"zh": zh, "en": en},
            "evidence": {},
        }
        for check in _ALWAYS
        if check not in seen
    ]


def show_report(screen: Screen, target: str, answer: Mapping[str, Any], *, brief: bool) -> None:
    """One target for people: verdict, sentence with its next step, findings."""
    verdict, name = str(answer["verdict"]), tame(target, lines=False)
    zh, en = _WORDS.get(str(answer["code"]), VERDICTS[verdict])
    style = "yellow" if answer["code"] in _WORDS else STYLES[verdict]
    screen.say(f"{zh}  {name}", f"{en}  {name}", f"bold {style}")
    said, then = answer["sentence"], answer["next_step"]
    screen.say(f"  {said['zh']}{then['zh']}", f"  {said['en'].rstrip('.')}. {then['en']}")
    if brief:
        return
    for item in answer["findings"]:
        mark, style = _MARKS[item["outcome"]]
        zh, en = CHECKS.get(item["check"], (item["check"], item["check"]))
        text = item["text"]
        screen.say(f"  {mark} {zh}：{text['zh']}", f"  {mark} {en}: {text['en']}", style)
