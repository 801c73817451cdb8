"""What anybody is told of a file, rule by rule, without a server."""

from dataclasses import replace
from datetime import date

import pytest

from api.public_files import lines, sentence, status, weighed
from certlib.catalogue import Duty, DutyEffect
from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind
from certlib.holder_changes import ChangeKind as HolderEvent
from certlib.paper import PaperStatus
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import State
from certlib.usecases.verify import Answer
from certlib.verification import OWN, Check, Facts, IssuerNow, judge
from tests.fakes import evidence
from tests.fakes.concluding import trusting
from tests.fakes.parties import FIRM, change
from tests.unit.life.builders import IDENTIFIER, NOW, in_state, issued
from tests.unit.verdicts.test_verdict_codes import known, of_known

ODD = evidence.signature(form_problem="gap-digits")
STRANGER = {"looks_ours": False, "identifier": ""}


def answered(file, policy=OWN):
    return Answer(judge(Facts(file=file), policy, NOW), file=file)


def test_others_files_are_judged_by_the_policy_of_others():
    before = answered(evidence.file(ODD, **STRANGER))
    after = weighed(before)
    assert (before.report.code, after.report.code) == ("altered", "foreign-valid")
    assert after.report.as_of == before.report.as_of


@pytest.mark.parametrize(
    "file",
    [
        None,
        evidence.file(ODD),
        evidence.file(ODD, looks_ours=False, identifier=IDENTIFIER),
        evidence.file(ODD, looks_ours=False, identifier="nonsense"),
        evidence.file(readable=False, fault="malformed", **STRANGER),
        evidence.file(**{"signatures": (), **STRANGER}),
    ],
    ids=["known", "marks", "identifier", "odd-identifier", "unreadable", "unsigned"],
)
def test_whatever_bears_a_mark_of_ours_is_held_to_ours(file):
    before = answered(file)
    assert weighed(before) is before


def test_what_the_trust_list_limits_is_limited_for_everybody():
    policy = trusting(issuers=frozenset({"11445200990090016H"}))
    limited = weighed(answered(evidence.file(**STRANGER), policy))
    assert limited.report.policy.trust is policy.trust
    assert limited.report.code == "seal-untrusted"


def test_where_something_speaks_against_a_file_that_alone_is_told():
    changes = ChangeFacts(ChangeGrade.NOT_PERMITTED, (ChangeKind.OTHER,))
    file = evidence.file(ODD, identifier=IDENTIFIER, changes=changes)
    report = judge(Facts(file=file, authorised=True), OWN, NOW)
    told = {line.check: line.zh for line in lines(report)}
    assert told == {
        "integrity": "签章所保护的内容对不上：文件已不是签章时的样子。",
        "changes": "签章之后有人向文件添加或改写了内容。",
        "original": "不是登记在册的原件文件。",
    }
    assert {line.outcome for line in lines(report)} == {"fail"}
    assert {item.check for item in report.findings} > {Check.SEAL}, "which would be a comfort"


def test_what_is_unknown_speaks_against_it_too_and_nothing_is_told_twice():
    bad = evidence.signature(message=evidence.message(chain=evidence.unchained()))
    report = weighed(answered(evidence.file(bad, **STRANGER))).report
    assert (report.code, lines(report)) == ("seal-untrusted", ())


def test_a_known_file_is_told_in_all_its_parts_and_its_issuer_apart():
    """What became of the department stands elsewhere on the page."""
    issuer = IssuerNow(
        "11445200990090016H", "揭阳市交通局", "并入", "merged into", date(2026, 6, 1)
    )
    report = judge(replace(of_known(), issuer=issuer), OWN, NOW)
    assert any(item.code == "issuer-changed" for item in report.findings)
    assert [line.check for line in lines(report)] == [
        "integrity",
        "changes",
        "seal",
        "issuer_authority",
        "original",
    ]
    assert "并入" not in str(lines(report))


def test_a_sentence_of_a_valid_file_speaks_of_the_file():
    report = judge(of_known(), OWN, NOW)
    assert sentence(report, personal=False) is report.sentence
    revoked = judge(of_known(in_state(State.REVOKED)), OWN, NOW)
    said = sentence(revoked, personal=False)
    assert said.zh != revoked.sentence.zh
    assert "1号" not in said.zh


def told(record, **facts):
    made = Facts(record=record, known_file=known(), authorised=True, **facts)
    line = status(judge(made, OWN, NOW), personal=False)
    assert line is not None
    assert line.check == "status"
    return line


OVERDUE = Duty("check", "年度检验", "annual inspection", 12, 30, DutyEffect.BLOCK, DutyEffect.WARN)
SEIZED = Restriction(RestrictionKind.SEIZED, "某法院", "(2026)1号", date(2026, 1, 1))


def test_the_line_of_status_says_what_stands_in_the_way_first():
    """What fails before what is unknown, and only then that it is on record."""
    assert told(issued()).outcome == "pass"
    assert "登记有效" in told(issued()).zh
    assert told(in_state(State.REVOKED)).outcome == "fail"
    seized = replace(issued(), restrictions=(SEIZED,))
    unsure = told(seized)
    assert unsure.outcome == "unknown"
    assert "1号" not in unsure.zh + unsure.en
    both = told(seized, duties=(OVERDUE,))
    assert (both.outcome, "年度检验" in both.zh or "逾期" in both.zh) == ("fail", True)


def test_a_holder_that_is_no_more_comes_before_a_restriction():
    closed = change(HolderEvent.DISSOLVED.value, FIRM, None)
    seized = replace(issued(), restrictions=(SEIZED,))
    alone = told(issued(), holder_changes=(closed,), ends_with_holder=True)
    both = told(seized, holder_changes=(closed,), ends_with_holder=True)
    assert (both.zh, both.outcome) == (alone.zh, "unknown")
    assert both.zh != told(seized).zh


def test_what_is_only_remarked_is_not_the_line_of_status():
    """One of several holders has died: that is for the counter, and takes nothing from it."""
    closed = change(HolderEvent.DISSOLVED.value, FIRM, None)
    line = told(issued(), holder_changes=(closed,), ends_with_holder=False)
    assert (line.outcome, line.zh) == ("pass", "截至2026年11月22日 10:00登记有效。")


def test_a_lost_sheet_stands_in_nobodys_way():
    lost = told(replace(issued(), paper=PaperStatus.LOST))
    assert lost.outcome == "pass"
    assert "登记有效" in lost.zh


def test_without_a_record_there_is_no_line_of_status():
    report = judge(Facts(file=evidence.file(), authorised=True), OWN, NOW)
    assert status(report, personal=False) is None
