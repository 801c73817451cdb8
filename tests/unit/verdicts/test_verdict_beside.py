"""Verdicts on what stands beside the state, in two times: what was due, and what was known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from api import public
from certlib import beside
from certlib.catalogue import Duty, DutyEffect
from certlib.document import Holder
from certlib.duties import DutyResult, PeriodicResult
from certlib.registry import StandingRow, StatusRow
from certlib.renewals import RenewalApplication
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import CORRECTION, Action, View
from certlib.usecases.verify import subject_of
from certlib.verification import OWN, Check, Claim, Facts, Outcome, Verdict, judge
from tests.unit.life.builders import NOW, TODAY, content, decision, issued

VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE
BEFORE = datetime(2026, 5, 1, tzinfo=UTC)


def judged(record, **facts):
    return judge(Facts(record=record, authorised=True, **facts), OWN, NOW)


def of(report, check):
    return [item for item in report.findings if item.check is check]


# --- what the record said then, and what holds now ------------------------------------------------


def test_an_annulment_from_the_beginning_shows_both():
    record = issued().decide(decision(Action.ANNUL, day=date(2024, 3, 1)), actor="o", now=NOW)
    report = judged(record, on=date(2025, 1, 1))
    assert (report.verdict, report.code) == (INVALID, "annulled")
    (both,) = of(report, Check.RECORD_THEN)
    assert (both.outcome, both.code) == (Outcome.PASS, "recorded-otherwise")
    assert both.evidence == {"recorded_then": "VALID", "holds_now": "ANNULLED"}
    for part in ("2025-01-01当日登记为“有效”", "2026-11-22登记“撤销”", "现认定该日为“已撤销”"):
        assert part in both.zh
    for part in ("VALID", "ANNULLED", "recorded on 2026-11-22"):
        assert part in both.en


def test_judged_by_past_knowledge_it_says_what_holds_now():
    record = issued().decide(decision(Action.ANNUL, day=date(2024, 3, 1)), actor="o", now=NOW)
    report = judged(record, on=date(2025, 1, 1), known_at=BEFORE)
    assert (report.verdict, report.code) == (VALID, "valid-then")
    (both,) = of(report, Check.RECORD_THEN)
    assert both.evidence["holds_now"] == "ANNULLED"


def test_what_looks_the_same_now_as_then_is_told_once():
    assert of(judged(issued(), on=date(2025, 1, 1)), Check.RECORD_THEN) == []
    assert of(judged(issued()), Check.RECORD_THEN) == []
    late = issued().decide(decision(Action.REVOKE, day=date(2026, 11, 1)), actor="o", now=NOW)
    assert of(judged(late, on=date(2026, 10, 1)), Check.RECORD_THEN) == []


def test_a_late_record_of_a_revocation_shows_both():
    late = issued().decide(decision(Action.REVOKE, day=date(2026, 11, 1)), actor="o", now=NOW)
    (both,) = of(judged(late, on=date(2026, 11, 10)), Check.RECORD_THEN)
    assert both.evidence == {"recorded_then": "VALID", "holds_now": "REVOKED"}


def corrected():
    old = issued().decide(
        decision(Action.SUPERSEDE, reason=CORRECTION, day=date(2024, 3, 1)), actor="o", now=NOW
    )
    newer = old.identifier.replace(".001.", ".002.")
    old = replace(old, superseded_by=newer)
    said = content(identifier=newer, fields={"KZ_JYFW": "旅客运输"}, number="新号")
    made = replace(issued(), content=said, recorded_at=NOW, supersedes=old.identifier)
    return old, replace(made, history=(replace(made.history[0], recorded_at=NOW),))


def test_a_corrected_version_says_so_and_shows_both():
    old, _ = corrected()
    report = judged(old, on=date(2025, 1, 1))
    assert (report.verdict, report.code) == (INVALID, "corrected")
    assert old.superseded_by in report.sentence.next_zh
    (both,) = of(report, Check.RECORD_THEN)
    assert both.evidence == {"recorded_then": "VALID", "holds_now": "SUPERSEDED"}


def test_a_correction_is_never_called_a_new_version():
    old, _ = corrected()
    then = judged(old, on=date(2025, 1, 1), known_at=BEFORE)
    assert (then.verdict, then.code) == (VALID, "valid-then")
    assert "现已更正" in then.sentence.zh
    assert "now CORRECTED" in then.sentence.en
    (both,) = of(then, Check.RECORD_THEN)
    assert "登记“更正”" in both.zh
    assert "现认定该日为“已更正”" in both.zh
    assert "(correct, from" in both.en
    assert "换发" not in both.zh + then.sentence.zh
    changed = issued().decide(
        decision(Action.SUPERSEDE, reason="change", day=date(2026, 11, 1)), actor="o", now=NOW
    )
    assert "现已换发" in judged(changed, on=date(2026, 10, 1)).sentence.zh
    (both,) = of(judged(changed, on=date(2026, 11, 10)), Check.RECORD_THEN)
    assert "登记“换发”" in both.zh


def test_the_correction_names_what_stood_there_before_and_what_it_changed():
    old, new = corrected()
    report = judged(new, on=date(2025, 1, 1), corrects=old)
    assert (report.verdict, report.code) == (VALID, "valid")
    (both,) = of(report, Check.RECORD_THEN)
    assert both.code == "recorded-uncorrected"
    assert both.evidence == {"earlier": old.identifier, "fields": ["number", "KZ_JYFW"]}
    assert "证照编号、KZ_JYFW" in both.zh
    assert "旅客" not in both.zh + both.en
    titles = {"KZ_JYFW": ("经营范围", "scope")}
    (titled,) = of(judged(new, on=date(2025, 1, 1), corrects=old, titles=titles), Check.RECORD_THEN)
    assert "证照编号、经营范围" in titled.zh
    assert "number, scope" in titled.en


def test_before_there_was_any_record_nothing_is_compared():
    old, new = corrected()
    for facts in ({}, {"corrects": replace(old, recorded_at=NOW)}):
        assert of(judged(new, on=date(2025, 1, 1), **facts), Check.RECORD_THEN) == []


def test_holders_are_compared_too():
    old, new = corrected()
    other = (Holder("别的公司", "001", "91445202MA9TEXT00K"),)
    new = replace(new, content=replace(new.content, holders=other))
    (both,) = of(judged(new, on=date(2025, 1, 1), corrects=old), Check.RECORD_THEN)
    assert both.evidence["fields"] == ["holder_name", "number", "KZ_JYFW"]


# --- duties ---------------------------------------------------------------------------------------


def duty(overdue=DutyEffect.WARN, failed=DutyEffect.WARN):
    return (Duty("check", "年度检验", "annual inspection", 12, 30, overdue, failed),)


def result(kind, day, recorded=None):
    at = recorded or datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    return PeriodicResult(0, "check", DutyResult(kind), day, at, "o")


def with_results(*results):
    record = issued()
    for item in results:
        record = beside.add_result(record, duty()[0], item, now=NOW)
        last = replace(record.results[-1], recorded_at=item.recorded_at)
        record = replace(record, results=(*record.results[:-1], last))
    return record


@pytest.mark.parametrize(
    ("effect", "verdict", "code", "finding"),
    [
        (DutyEffect.NONE, VALID, "valid", "duty-overdue-noted"),
        (DutyEffect.WARN, VALID, "inspection-overdue", "inspection-overdue"),
        (DutyEffect.BLOCK, INVALID, "inspection-overdue-blocks", "inspection-overdue-blocks"),
    ],
)
def test_what_a_missed_duty_does_is_the_types_rule(effect, verdict, code, finding):
    report = judged(issued(), duties=duty(overdue=effect))
    assert (report.verdict, report.code) == (verdict, code)
    (said,) = of(report, Check.DUTIES_NOW)
    assert said.code == finding
    assert said.evidence == {"duty": "check", "due": "2025-03-01", "last": None}
    assert "年度检验" in said.zh
    assert "annual inspection" in said.en


def test_what_is_done_with_is_a_plain_fact():
    done = with_results(result("passed", date(2026, 3, 1)))
    (said,) = of(judged(done, duties=duty()), Check.DUTIES_NOW)
    assert (said.code, said.outcome) == ("duty-current", Outcome.PASS)
    told = with_results(result("conditional", date(2026, 3, 1)))
    (said,) = of(judged(told, duties=duty()), Check.DUTIES_NOW)
    assert said.code == "duty-conditional"


def test_a_past_day_is_judged_by_what_was_due_and_known_then():
    """Overdue from April 2025; done in June, told in July."""
    late = with_results(
        result("passed", date(2025, 6, 1), datetime(2025, 7, 1, tzinfo=UTC)),
        result("passed", date(2026, 3, 1)),
    )
    rules = duty(overdue=DutyEffect.BLOCK)
    assert judged(late, duties=rules).verdict is VALID
    assert judged(late, duties=rules, on=date(2025, 3, 31)).verdict is VALID
    assert judged(late, duties=rules, on=date(2025, 5, 1)).code == "inspection-overdue-blocks"
    assert judged(late, duties=rules, on=date(2025, 6, 15)).verdict is VALID
    june = datetime(2025, 6, 15, tzinfo=UTC)
    known = judged(late, duties=rules, on=date(2025, 6, 15), known_at=june)
    assert known.code == "inspection-overdue-blocks"


def test_valid_then_and_barred_now():
    report = judged(issued(), duties=duty(overdue=DutyEffect.BLOCK), on=date(2025, 3, 1))
    assert (report.verdict, report.code) == (VALID, "valid-then")
    assert "逾期" in report.sentence.zh
    failed = with_results(result("failed", date(2026, 11, 1)))
    report = judged(failed, duties=duty(failed=DutyEffect.BLOCK), on=date(2025, 3, 1))
    assert "不合格" in report.sentence.zh


def test_overdue_then_and_done_now_is_told_of_that_day():
    done = with_results(result("passed", date(2026, 3, 1)))
    report = judged(done, duties=duty(), on=date(2025, 6, 1))
    assert (report.verdict, report.code) == (VALID, "inspection-overdue")


def test_overdue_now_is_not_told_of_a_day_on_which_nothing_was_due():
    report = judged(issued(), duties=duty(), on=date(2024, 6, 1))
    assert (report.verdict, report.code) == (VALID, "valid")
    assert [item.code for item in of(report, Check.DUTIES_NOW)] == ["inspection-overdue"]


def test_duties_of_what_has_ended_or_was_unknown_say_nothing():
    ended = issued().decide(decision(Action.REVOKE), actor="o", now=NOW)
    assert of(judged(ended, duties=duty()), Check.DUTIES_NOW) == []
    early = datetime(2024, 1, 1, tzinfo=UTC)
    unknown = judged(issued(), duties=duty(), on=date(2025, 6, 1), known_at=early)
    assert of(unknown, Check.DUTIES_ON) == []
    assert unknown.code == "not-found"


# --- restrictions and suspensions -----------------------------------------------------------------


def test_valid_then_and_restricted_now():
    freeze = Restriction(RestrictionKind.FROZEN, "法院", "1号", date(2026, 11, 1))
    record = beside.restrict(issued(), freeze, now=NOW)
    report = judged(record, on=date(2026, 10, 1))
    assert (report.verdict, report.code) == (VALID, "valid-then")
    assert "现有限制" in report.sentence.zh
    unknown = judged(record, on=date(2026, 11, 10), known_at=NOW - timedelta(days=1))
    assert (unknown.verdict, unknown.code) == (VALID, "valid-then")
    assert judged(record, on=date(2026, 11, 10)).code == "restricted"


def test_a_period_that_is_over_is_unsure_and_says_until_when():
    wish = decision(Action.SUSPEND, day=date(2026, 8, 1), until=date(2026, 10, 31))
    record = issued().decide(wish, actor="o", now=NOW)
    report = judged(record)
    assert (report.verdict, report.code) == (UNSURE, "suspension-ended")
    assert "至2026-10-31" in report.sentence.zh
    assert judged(record, on=date(2026, 10, 31)).code == "suspended"
    assert record.view_on(TODAY) is View.SUSPENSION_ENDED


# --- several holders ------------------------------------------------------------------------------

BOTH = (
    Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K"),
    Holder("欧阳明远", "111", "445221199001010013"),
    Holder("潮州市另一运输有限公司", "001", "91445202MA9TEXT00K"),
)


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("揭阳市示例运输有限公司", "91445202MA9TEXT00K", "valid"),
        ("欧阳明远", "445221199001010013", "valid"),
        ("欧阳明远", "91445202MA9TEXT00K", "mismatch"),
        ("揭阳市示例运输有限公司", "445221199001010013", "mismatch"),
    ],
)
def test_one_holders_name_with_anothers_code_is_nobody(name, code, expected):
    record = replace(issued(), content=content(holders=BOTH))
    claims = (Claim("holder_name", name), Claim("holder_code", code))
    report = judged(record, claims=claims)
    assert report.code == expected
    if expected == "mismatch":
        (finding,) = of(report, Check.MATCH)
        assert finding.evidence == {"fields": ["holder_code", "holder_name"]}


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, ("揭阳市示例运输有限公司", "欧**", "潮州市另一运输有限公司")),
        (
            {"claims": (Claim("holder_name", "揭阳市示例运输有限公司"),)},
            ("揭阳市示例运输有限公司", "欧**", "潮**"),
        ),
        ({"claims": (Claim("holder_code", "445221199001010013"),)}, ("揭**", "欧**", "潮**")),
        ({"found_by": "445221199001010013"}, ("揭**", "欧**", "潮**")),
        (
            {"claims": (Claim("number", "1"), Claim("holder_name", "别人"))},
            ("揭阳市示例运输有限公司", "欧**", "潮州市另一运输有限公司"),
        ),
    ],
)
def test_whoever_names_one_of_several_holders_learns_nothing_of_the_others(facts, shown):
    subject = subject_of(content(holders=BOTH), Facts(**facts))
    assert subject.holders == shown
    assert subject.personal is True


# --- a renewal under review takes nothing from what is graver -------------------------------------


def renewing(*steps, **changes):
    """Its term was over on 1 November; the renewal was applied for in time and is undecided."""
    record = replace(issued(valid_to=date(2026, 11, 1)), **changes)
    for step in steps:
        record = record.decide(step, actor="o", now=NOW)
    applied = RenewalApplication(1, date(2026, 9, 1), "业务1", BEFORE, "o")
    return replace(record, renewals=(applied,))


SUSPEND = decision(Action.SUSPEND, day=date(2026, 10, 1))
SEIZED = Restriction(RestrictionKind.SEIZED, "揭阳市中级人民法院", "1", date(2026, 10, 1))


def test_a_suspension_outlives_the_term_while_a_renewal_is_pending():
    report = judged(renewing(SUSPEND))
    assert (report.verdict, report.code) == (INVALID, "suspended")
    assert [item.code for item in of(report, Check.STATUS_NOW)] == ["suspended", "renewal-pending"]
    assert judged(renewing(SUSPEND), on=date(2026, 10, 15)).code == "suspended"
    assert [item.code for item in of(judged(renewing(SUSPEND), on=date(2026, 10, 15)),
            Check.STATUS_ON)] == ["suspended"]  # fmt: skip


def test_without_a_renewal_what_is_over_is_over():
    report = judged(replace(renewing(SUSPEND), renewals=()))
    assert (report.verdict, report.code) == (INVALID, "expired")


@pytest.mark.parametrize(
    ("automatic", "code"), [(True, "renewal-pending"), (False, "suspension-ended")]
)
def test_a_suspension_that_is_over_leaves_the_renewal(automatic, code):
    step = decision(
        Action.SUSPEND, day=date(2026, 8, 1), until=date(2026, 8, 31), automatic=automatic
    )
    report = judged(renewing(step))
    assert (report.verdict, report.code) == (UNSURE, code)


def test_a_seizure_is_told_beside_the_renewal_and_bars_what_it_bars():
    record = renewing(restrictions=(SEIZED,))
    report = judged(record)
    assert (report.verdict, report.code) == (UNSURE, "renewal-restricted")
    assert "揭阳市中级人民法院" in report.sentence.zh
    codes = [item.code for item in of(report, Check.STATUS_NOW)]
    assert codes == ["renewal-restricted", "renewal-pending"]
    blocking = replace(OWN, blocking=frozenset({RestrictionKind.SEIZED}))
    report = judge(Facts(record=record, authorised=True), blocking, NOW)
    assert (report.verdict, report.code) == (INVALID, "restriction-blocks")


def test_a_failed_inspection_counts_while_a_renewal_is_pending():
    record = renewing(results=(result("failed", date(2026, 9, 1)),))
    report = judged(record, duties=duty(failed=DutyEffect.BLOCK))
    assert (report.verdict, report.code) == (INVALID, "inspection-failed-blocks")
    expired = replace(record, renewals=())
    assert judged(expired, duties=duty(failed=DutyEffect.BLOCK)).code == "expired"


@pytest.mark.parametrize("step", [SUSPEND, None])
def test_the_public_status_says_the_same(step):
    record = renewing(*([] if step is None else [step]), restrictions=(SEIZED,))
    row = StatusRow(
        record.identifier, record.state, date(2024, 3, 1), date(2026, 11, 1), "t", "i", 3,
        record.renewal_pending_since, restricted=True, changed_at=NOW,
        standing=None if step is None else StandingRow(record.begins, step, personal=False),
    )  # fmt: skip
    report = judged(record)
    assert public.judged(row, None, NOW).code == report.code
    assert public.seen(row, TODAY) is record.view_on(TODAY)
    assert public.of_report(report, personal=False).zh
