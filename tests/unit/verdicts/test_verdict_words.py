"""Sentences as data: filled, in both languages alike, and promising nothing that nobody does."""

import re

from certlib.findings import FINDINGS
from certlib.verdicts import SENTENCES
from certlib.verification import OWN, Facts, judge
from tests.unit.life.builders import NOW


def test_a_value_that_is_missing_shows_as_a_dash():
    assert SENTENCES["not-yet-effective"].filled({}).zh == "尚未生效：自—起生效。"


def test_sentences_of_findings_are_filled():
    for zh, en in FINDINGS.values():
        assert zh
        assert en


def test_who_cannot_be_answered_is_told_to_come_back_unless_the_question_is_queued():
    """Nothing is promised that nobody does; the languages do not mix."""
    step = judge(Facts(unavailable="registry"), OWN, NOW).sentence
    assert (step.next_zh, step.next_en) == (
        "请稍后重新核验；可按容缺受理先行收件。",
        "Check again later; accept the filing provisionally.",
    )
    queued = judge(Facts(unavailable="registry", ticket="B-17"), OWN, NOW).sentence
    assert (queued.next_zh, queued.next_en) == (
        "已登记B-17，恢复后补核；可按容缺受理先行收件。",
        "Queued as B-17; accept the filing provisionally.",
    )


def test_placeholders_agree_between_languages():
    """What the Chinese sentence tells, the English one tells too."""
    for code, sentence in SENTENCES.items():
        zh = {name.removesuffix("_en") for name in re.findall(r"{(\w+)}", sentence.zh)}
        en = {name.removesuffix("_en") for name in re.findall(r"{(\w+)}", sentence.en)}
        assert zh <= en | {"date", "authority", "document"}, code
