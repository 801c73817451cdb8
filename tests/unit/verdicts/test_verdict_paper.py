"""Paper in verdicts: lost is not void, a copy has its number, and a past day has its own paper."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from certlib.catalogue import Duty, DutyEffect
from certlib.certificate import CertificateFile, PaperStatus
from certlib.paper import PaperAct, Print, Sheet
from certlib.past_paper import SheetEvent, sheets_on
from certlib.states import Action
from certlib.verification import OWN, Check, Claim, Facts, Verdict, judge
from tests.unit.life.builders import IDENTIFIER, NOW, decision, issued

LOST, VOID, SYNCED = PaperStatus.LOST, PaperStatus.DECLARED_VOID, PaperStatus.SYNCED
PRINTED = datetime(2024, 3, 5, tzinfo=UTC)
OVERDUE = Duty("check", "年度检验", "annual inspection", 12, 30, DutyEffect.WARN, DutyEffect.WARN)


def sheet(status, number="P1", copy=0, **changes):
    form = "duplicate" if copy else "original"
    printed = Print(form, number, "揭阳市政务服务中心", PRINTED, copy_number=copy, **changes)
    return Sheet(IDENTIFIER, printed, status, PRINTED, "o", date(2026, 11, 1))


def judged(*sheets, record=None, **facts):
    found = record or issued()
    return judge(Facts(record=found, authorised=True, sheets=sheets, **facts), OWN, NOW)


def told(report):
    return [item.code for item in report.findings if item.check is Check.PAPER]


def at_hand(copy):
    return CertificateFile(
        "ab" * 32, IDENTIFIER, "0.0", 1, "duplicate" if copy else "original", 0, "B-T", PRINTED,
        copy_number=copy,
    )  # fmt: skip


@pytest.mark.parametrize(("status", "code"), [(LOST, "paper-lost"), (VOID, "paper-void")])
def test_a_loss_is_not_called_a_declaration(status, code):
    report = judged(sheet(status))
    assert (report.verdict, report.code, told(report)) == (Verdict.VALID, code, [code])
    assert ("声明作废" in report.sentence.zh, "挂失" in report.sentence.zh) == (
        status is VOID, status is LOST,
    )  # fmt: skip
    assert judge(Facts(record=replace(issued(), paper=status)), OWN, NOW).code == code


def test_void_paper_and_an_overdue_duty_are_both_told():
    report = judged(sheet(VOID), duties=(OVERDUE,))
    assert report.code == "inspection-overdue"
    for text in (report.sentence.zh, report.findings[-1].zh):
        assert "纸质件已声明作废" in text
    assert "年度检验逾期" in report.sentence.zh
    assert "Paper declared void" in report.sentence.en
    assert "请以电子证照为准" in report.sentence.next_zh
    renamed = judged(
        sheet(VOID),
        record=replace(issued(), former_names=("旧名",)),
        claims=(Claim("holder_name", "旧名"),),
    )
    assert renamed.code == "name-changed"
    assert "纸质件已声明作废" in renamed.sentence.zh


def test_a_void_copy_is_told_by_its_number_and_decides_for_its_own_file_only():
    sheets = (sheet(SYNCED), sheet(VOID, "P-2", copy=2), sheet(LOST, "P-3", copy=3))
    plain = judged(*sheets)
    assert (plain.code, told(plain)) == ("valid", ["paper-copy-void", "paper-copy-lost"])
    assert "副本2的纸质件（印制编号P-2）已声明作废" in plain.findings[-2].zh
    for copy, code in ((0, "valid"), (1, "valid"), (2, "paper-copy-void"), (3, "paper-copy-lost")):
        assert judged(*sheets, known_file=at_hand(copy)).code == code


def test_the_copy_at_hand_comes_before_the_original():
    sheets = (sheet(VOID), sheet(LOST, "P-2", copy=2))
    assert told(judged(*sheets, known_file=at_hand(2))) == ["paper-copy-lost", "paper-void"]
    both = judged(*sheets, known_file=at_hand(2))
    assert both.code == "paper-copy-lost"
    assert "另：纸质件已声明作废" in both.sentence.zh


def test_a_sheet_that_was_replaced_is_not_told():
    replaced = (sheet(VOID), sheet(SYNCED, "P2", replaces="P1"))
    assert told(judged(*replaced)) == []


def test_paper_is_not_told_where_the_electronic_certificate_is_not_valid():
    """The sentence says that it is."""
    revoked = issued().decide(decision(Action.REVOKE, day=date(2026, 11, 1)), actor="o", now=NOW)
    assert told(judged(sheet(VOID), record=revoked)) == []
    assert told(judged(sheet(VOID), record=revoked, on=date(2026, 10, 1))) == ["paper-void"]


# --- past days --------------------------------------------------------------------------------


EVENTS = (
    SheetEvent(PaperAct.LOSE, "P1", date(2026, 3, 1), datetime(2026, 3, 10, tzinfo=UTC)),
    SheetEvent(PaperAct.FIND, "P1", date(2026, 4, 1), datetime(2026, 4, 1, tzinfo=UTC)),
    SheetEvent(PaperAct.DECLARE_VOID, "P1", date(2026, 5, 1), datetime(2026, 5, 2, tzinfo=UTC)),
    SheetEvent(PaperAct.LOSE, "other", date(2026, 3, 1), datetime(2026, 3, 10, tzinfo=UTC)),
)


@pytest.mark.parametrize(
    ("day", "known_at", "status"),
    [
        (date(2024, 3, 4), None, None),
        (date(2024, 3, 5), datetime(2024, 3, 4, tzinfo=UTC), None),
        (date(2024, 3, 5), None, SYNCED),
        (date(2026, 2, 28), None, SYNCED),
        (date(2026, 3, 1), None, LOST),
        (date(2026, 3, 1), datetime(2026, 3, 9, tzinfo=UTC), SYNCED),
        (date(2026, 3, 1), datetime(2026, 3, 10, tzinfo=UTC), LOST),
        (date(2026, 4, 1), None, SYNCED),
        (date(2026, 5, 1), None, VOID),
    ],
)
def test_a_sheet_as_it_stood_on_a_day(day, known_at, status):
    found = sheets_on((sheet(VOID),), EVENTS, day, known_at)
    assert [item.status for item in found] == ([] if status is None else [status])


def test_a_step_that_a_sheet_does_not_admit_changes_nothing():
    found = sheets_on((sheet(VOID),), (EVENTS[1],), date(2026, 5, 1), None)
    assert [item.status for item in found] == [SYNCED]


def test_of_twins_each_has_a_past_of_its_own():
    """One number on 正本 and on 副本; records of earlier releases meant the oldest sheet."""
    twins = (sheet(SYNCED, copy=1), sheet(SYNCED))
    day, at = date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)
    for form, wanted in (
        ("duplicate", [LOST, SYNCED]), ("original", [SYNCED, LOST]), ("", [LOST, SYNCED]),
    ):  # fmt: skip
        event = SheetEvent(PaperAct.LOSE, "P1", day, at, form)
        assert [item.status for item in sheets_on(twins, (event,), day, None)] == wanted


def test_past_knowledge_counts_for_the_asked_day_alone():
    """The sentences of paper say that the electronic certificate is valid: by whose knowledge?"""
    late = issued().decide(decision(Action.REVOKE, day=date(2026, 11, 1)), actor="o", now=NOW)
    before = datetime(2026, 11, 15, tzinfo=UTC)
    day = date(2026, 11, 10)
    assert told(judged(sheet(LOST), record=late, on=day, known_at=before)) == ["paper-lost"]
    assert told(judged(sheet(LOST), record=late, on=day)) == []
    assert told(judged(sheet(LOST), record=late, known_at=before)) == []


def test_a_copy_that_is_as_it_should_be_is_not_told():
    assert told(judged(sheet(SYNCED, copy=2))) == []
