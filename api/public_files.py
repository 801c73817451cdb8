"""What anybody may be told of a file: the verdict, what was found in the file, one line of status.

The file's own findings hold nothing of a record. Of what the record says a reader gets the one line
that the page of its identifier would give (`api.public`), and nothing beside it: a forged file that
names somebody's identifier tells its maker no more than the identifier does. No evidence is told:
it is for the counter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from api import public
from certlib.findings import FINDINGS
from certlib.usecases.verify import Answer
from certlib.verdicts import Sentence
from certlib.verification import FOREIGN, Check, Facts, Outcome, Report, judge

__all__ = ["Line", "lines", "sentence", "status", "weighed"]

_OF_FILE: Final = (
    Check.INTEGRITY,
    Check.CHANGES,
    Check.SEAL,
    Check.ISSUER_AUTHORITY,
    Check.ORIGINAL,
)
"""What is told of a file; a check that is not named here stays with the counter."""
_OF_RECORD: Final = (Check.HOLDERS_NOW, Check.STATUS_NOW, Check.DUTIES_NOW, Check.PAPER)

_PLAINER: Final[Mapping[tuple[Check, str], tuple[str, str]]] = {
    (Check.INTEGRITY, "altered"): (
        "签章所保护的内容对不上：文件已不是签章时的样子。",
        "What the seal protects does not hold: the file is not as it was sealed.",
    ),
    (Check.CHANGES, "altered"): (
        "签章之后有人向文件添加或改写了内容。",
        "After sealing something was added to the file or rewritten.",
    ),
    (Check.ORIGINAL, "seal-not-on-record"): FINDINGS["file-unknown"],
    # Its purpose stands on its pages, for whoever holds it; a digest alone does not tell it.
    (Check.ORIGINAL, "purpose-copy"): (
        "这是加注件，不是原件；用途和期限见其页面。",
        "A purpose copy, not the original; its pages say what for and until when.",
    ),
}
"""Findings that beside others need other words than as the verdict."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding as anybody reads it.

    Attributes:
        check: what was looked at; a member of `Check`, or `status`.
        outcome: `pass`, `fail` or `unknown`.
    """

    check: str
    outcome: str
    zh: str
    en: str


def weighed(answer: Answer) -> Answer:
    """The answer on a file, judged as others' files are where it bears no mark of this library.

    Such a file never was a certificate of ours; that it is not made as ours are must not be called
    an alteration. The facts are the same, and nothing that it can be called then is `valid` here:
    it stays a file of somebody else.
    """
    file = answer.file
    if file is None or not file.readable or not file.signatures:
        return answer
    if file.looks_ours or file.identifier:
        return answer
    # By the same trust list: what it limits is limited for everybody.
    policy = replace(FOREIGN, trust=answer.report.policy.trust)
    return replace(answer, report=judge(Facts(file=file), policy, answer.report.as_of))


def sentence(report: Report, *, personal: bool) -> Sentence:
    """A file's sentence for anybody: `valid` speaks of the file, all else as of its identifier."""
    if report.code == "valid":
        return report.sentence
    return public.of_report(report, personal=personal)


def lines(report: Report) -> tuple[Line, ...]:
    """What was found in the file.

    Where something speaks against it, that alone: a seal that is good beside a content that is not
    would only be taken for comfort.
    """
    found = [item for item in report.findings if item.check in _OF_FILE]
    against = [item for item in found if item.outcome is not Outcome.PASS]
    told = []
    for item in against or found:
        zh, en = _PLAINER.get((item.check, item.code), (item.zh, item.en))
        # What the sentence above has said already is not said again.
        if item.code != "issuer-changed" and zh != report.sentence.zh:
            told.append(Line(item.check.value, item.outcome.value, zh, en))
    return tuple(told)


def status(report: Report, *, personal: bool) -> Line | None:
    """What the record says of the certificate, as the page of its identifier would; or None.

    What stands in its way, in the order in which a verdict weighs it; where nothing does, its
    state.
    """
    found = sorted(
        (item for item in report.findings if item.check in _OF_RECORD),
        key=lambda item: _OF_RECORD.index(item.check),
    )
    weighed = [
        item
        for outcome in (Outcome.FAIL, Outcome.UNKNOWN)
        for item in found
        if item.outcome is outcome
    ]
    weighed += [item for item in found if item.check is Check.STATUS_NOW]
    if not weighed:
        return None
    told = weighed[0]
    zh, en = told.zh, told.en
    if told.outcome is not Outcome.PASS:
        zh, en = public.of_finding(told, personal=personal)
    return Line("status", told.outcome.value, zh, en)
