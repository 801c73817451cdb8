"""Each rule of the judgement at its edge: what it alone stands for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib import verification
from certlib.catalogue import Duty, DutyEffect
from certlib.certificate import CertificateFile
from certlib.duties import DutyResult, PeriodicResult
from certlib.renewals import RenewalApplication, RenewalDecision, RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import CORRECTION, Action, State
from certlib.verification import FOREIGN, OWN, Check, Claim, Facts, Verdict, judge
from tests.fakes import evidence
from tests.fakes.parties import FIRM, SOURCE, change, renamed
from tests.unit.life.builders import IDENTIFIER, NOW, TODAY, decision, in_state, issued

BLOCK = Duty("check", "年度检验", "annual inspection", 12, 30, DutyEffect.BLOCK, DutyEffect.BLOCK)
BEFORE, EARLY = datetime(2026, 5, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
TERM = date(2026, 11, 1)
APPLIED = RenewalApplication(1, date(2026, 9, 1), "业务1", BEFORE, "o")


def judged(record, policy=OWN, **facts):
    return judge(Facts(record=record, authorised=True, **facts), policy, NOW)


def codes(report, check=Check.STATUS_NOW):
    return [item.code for item in report.findings if item.check is check]


def renewing(*steps, **changes):
    """Its term was over on 1 November, and a renewal was applied for in time."""
    record = replace(issued(valid_to=TERM), renewals=(APPLIED,), **changes)
    for step in steps:
        record = record.decide(step, actor="o", now=NOW)
    return record


def known(form="original", copy=0):
    stored = datetime(2024, 3, 1, tzinfo=UTC)
    return CertificateFile(
        "ab" * 32, IDENTIFIER, "0.0", 1, form, 0, "B-T", stored, copy_number=copy
    )


def of_known(*form):
    return judge(Facts(record=issued(), known_file=known(*form), authorised=True), OWN, NOW)


def test_one_candidate_is_not_several():
    assert judge(Facts(candidates=1), OWN, NOW).code == "not-found"
    assert judge(Facts(candidates=2), OWN, NOW).code == "several-found"


def test_a_question_to_which_nothing_was_found_is_not_valid():
    """No question ends so today; one that did must not be green."""
    assert verification._decide((), asked_day=False) == (Verdict.INDETERMINATE, None)


def test_what_is_not_on_record_is_not_found_under_every_policy():
    for policy in (OWN, FOREIGN):
        assert judge(Facts(), policy, NOW).code == "not-found"


def test_a_copy_is_called_by_its_number_and_the_original_by_nothing():
    copy, original = of_known("duplicate", 2).sentence, of_known().sentence
    assert "（副本2）" in copy.zh
    assert "(duplicate 2)" in copy.en
    assert "（" not in original.zh
    assert "(dupl" not in original.en
    assert "(original" not in original.en
    assert "()" not in original.en


def test_the_restriction_that_bars_is_weighed_before_those_that_are_left_to_the_clerk():
    """In whatever order they came on record."""
    pledge = Restriction(RestrictionKind.FROZEN, "某法院", "1号", date(2026, 1, 1))
    seizure = Restriction(RestrictionKind.SEIZED, "某法院", "2号", date(2026, 2, 1))
    policy = replace(OWN, blocking=frozenset({RestrictionKind.SEIZED}))
    for both in ((pledge, seizure), (seizure, pledge)):
        report = judged(replace(issued(), restrictions=both), policy)
        assert (report.verdict, report.code) == (Verdict.INVALID, "restriction-blocks")
        assert "2号" in report.findings[0].values["document"]


def test_what_ended_has_no_renewal_and_no_duties():
    revoked = renewing(decision(Action.REVOKE))
    report = judged(revoked, duties=(BLOCK,))
    assert codes(report) == ["revoked"]
    assert codes(report, Check.DUTIES_NOW) == []
    expired = judged(replace(renewing(), renewals=()), duties=(BLOCK,))
    assert (codes(expired), codes(expired, Check.DUTIES_NOW)) == (["expired"], [])


def test_a_renewal_counts_from_the_end_of_the_term_on():
    record = renewing(decision(Action.SUSPEND, day=date(2026, 10, 1)))
    assert codes(judged(record, on=TERM), Check.STATUS_ON) == ["suspended"]
    after = judged(record, on=TERM + timedelta(days=1))
    assert codes(after, Check.STATUS_ON) == ["suspended", "renewal-pending"]


@pytest.mark.parametrize("known", [True, False])
def test_what_was_recorded_in_that_second_was_known(known):
    """Before its own record nothing is told of it, whatever its history says of days before."""
    record = replace(issued(), recorded_at=BEFORE)
    early = replace(record.history[0], recorded_at=BEFORE - timedelta(days=9))
    then = BEFORE if known else BEFORE - timedelta(seconds=1)
    closed = change("dissolved", FIRM, None, source=replace(SOURCE, recorded_at=EARLY))
    report = judged(
        replace(record, history=(early,)),
        on=TODAY,
        known_at=then,
        duties=(BLOCK,),
        holder_changes=(closed,),
        ends_with_holder=True,
    )
    assert codes(report, Check.STATUS_ON) == ["valid" if known else "not-found"]
    overdue, ended = codes(report, Check.DUTIES_ON), codes(report, Check.HOLDERS_ON)
    assert overdue == (["inspection-overdue-blocks"] if known else [])
    assert ended == (["holder-ended"] if known else [])


def test_what_was_never_found_is_not_found_on_the_asked_day_either():
    asked = judge(Facts(on=date(2026, 1, 5)), OWN, NOW)
    assert (asked.verdict, asked.code) == (Verdict.INVALID, "not-found")
    assert [item.check for item in judge(Facts(), OWN, NOW).findings] == [Check.STATUS_NOW]


def test_a_file_that_names_nothing_is_not_looked_for():
    report = judge(Facts(file=evidence.file(identifier=""), authorised=True), OWN, NOW)
    assert codes(report) == []


def test_the_reason_of_a_correction_makes_nothing_else_one():
    """更正 is a kind of 换发: another step is called by its own name, whatever its reason says."""
    revoked = in_state(State.REVOKED)
    odd = replace(revoked.history[-1].decision, reason_code=CORRECTION, effective_from=TERM)
    steps = (*revoked.history[:-1], replace(revoked.history[-1], decision=odd))
    record = replace(revoked, history=steps)
    assert judged(record).code == "revoked"
    report = judged(record, on=date(2026, 11, 10))
    (both,) = [item for item in report.findings if item.check is Check.RECORD_THEN]
    assert "登记“吊销”" in both.zh
    assert "(revoke, from" in both.en
    assert "现认定该日为“已吊销”" in both.zh


def test_a_state_without_its_step_is_told_all_the_same():
    """A record that was imported with its state alone."""
    bare = replace(issued(), state=State.SUPERSEDED, history=())
    assert judged(bare).code == "superseded"


def test_sentences_name_what_was_decided():
    """Each from its own place on record."""

    def said(record, **facts):
        words = judged(record, **facts).sentence
        return words.zh + words.next_zh, words.en

    zh, en = said(issued(valid_to=TERM))
    assert "2026-11-01期满" in zh
    assert "Expired on 2026-11-01" in en
    assert "自2027-01-01起生效" in said(issued(valid_from=date(2027, 1, 1)))[0]
    sealed = replace(issued(issue_date=date(2027, 2, 1), valid_from=None))
    assert "自2027-02-01起生效" in said(sealed)[0]
    until = decision(Action.SUSPEND, day=date(2026, 11, 1), until=date(2026, 12, 31))
    zh, en = said(issued().decide(until, actor="o", now=NOW))
    assert "（至2026-12-31）" in zh
    assert ", until 2026-12-31" in en
    zh, en = said(in_state(State.SUSPENDED))
    assert "（至" not in zh
    assert "until" not in en
    begins = issued().begins
    for day, words in ((begins, "自始无效"), (begins + timedelta(days=1), "自2024-03-02起失效")):
        annulled = issued().decide(decision(Action.ANNUL, day=day), actor="o", now=NOW)
        assert words in said(annulled)[0]
    annulled = issued().decide(decision(Action.ANNUL, day=begins), actor="o", now=NOW)
    assert "from the beginning" in said(annulled)[1]
    annulled = issued().decide(decision(Action.ANNUL, day=TODAY), actor="o", now=NOW)
    assert "from 2026-11-22 on" in said(annulled)[1]


def test_where_a_certificate_went_is_named_as_far_as_it_is_known():
    away = in_state(State.TRANSFERRED_OUT)
    report = judged(away)
    assert "由汕头市交通运输局（440500）管理" in report.sentence.zh
    assert "汕头市交通运输局 (440500)" in report.sentence.en
    report = judged(away, destination="汕头市")
    assert "由汕头市交通运输局（汕头市，440500）管理" in report.sentence.zh
    assert "汕头市交通运输局 (汕头市, 440500)" in report.sentence.en
    last = away.history[-1]
    nowhere = replace(last.decision, receiving_authority="", receiving_division="")
    record = replace(away, history=(*away.history[:-1], replace(last, decision=nowhere)))
    report = judged(record)
    assert "由揭阳市交通运输局管理" in report.sentence.zh
    assert "()" not in report.sentence.en


def test_another_nodes_place_is_named_as_far_as_it_is_known():
    report = judge(Facts(our_node=False), OWN, NOW)
    assert "属其他地区证照库管理" in report.sentence.zh
    assert "(elsewhere)" in report.sentence.en
    report = judge(Facts(our_node=False, region="潮州市"), OWN, NOW)
    assert "属潮州市证照库管理" in report.sentence.zh
    assert "(潮州市)" in report.sentence.en


@pytest.mark.parametrize(("number", "words"), [("准延1号", "准延1号"), ("", "2026-10-09")])
def test_a_granted_renewal_is_named_by_its_number_or_its_day(number, words):
    granted = RenewalDecision(RenewalOutcome.GRANTED, date(2026, 10, 9), number, BEFORE, "o")
    record = replace(renewing(), renewals=(replace(APPLIED, decision=granted),))
    assert f"（{words}）" in judged(record).sentence.zh


def test_a_failed_inspection_is_told_with_its_day():
    failed = PeriodicResult(1, "check", DutyResult.FAILED, date(2026, 9, 1), BEFORE, "o")
    report = judged(replace(issued(), results=(failed,)), duties=(BLOCK,))
    (said,) = [item for item in report.findings if item.check is Check.DUTIES_NOW]
    assert said.evidence["last"] == "failed"
    assert "2026-09-01" in said.zh


# --- what was given, compared ---------------------------------------------------------------------


def matched(record, *claims, **facts):
    report = judged(record, claims=tuple(Claim(*claim) for claim in claims), **facts)
    return codes(report, Check.MATCH)


def test_a_field_that_is_not_there_matches_no_word_for_nothing():
    for word in ("None", "", "null"):
        assert matched(issued(), ("KZ_NONE", word)) == ["mismatch"]


def test_a_name_or_code_that_came_back_is_not_that_of_the_day_between():
    """Today's is the sealed one again; on the asked day it was another."""
    other = replace(FIRM, name="揭阳市第二运输有限公司", code="91445202MA9TEXT11X")
    there = change("recoded", FIRM, other, date(2025, 3, 1))
    back = change("recoded", other, FIRM, date(2026, 3, 1))
    for path, sealed, between, told in (
        ("holder_name", FIRM.name, other.name, "name-changed"),
        ("holder_code", FIRM.code, other.code, "code-changed"),
    ):
        facts = {"holder_changes": (there, back)}
        assert matched(issued(), (path, sealed), **facts) == ["matches"]
        assert matched(issued(), (path, between), **facts) == [told]
        day = date(2025, 9, 1)
        assert matched(issued(), (path, sealed), on=day, **facts) == [told]
        assert matched(issued(), (path, between), on=day, **facts) == ["matches"]


def test_the_successor_of_one_of_several_holders_is_named_with_that_one():
    second = replace(FIRM, name="揭阳市第二运输有限公司", code="91445202MA9TEXT22E")
    heir = replace(FIRM, name="揭阳市大成运输有限公司", code="91445202MA9TEXT11X")
    record = replace(issued(), content=replace(issued().content, holders=(FIRM, second)))
    report = judged(
        record,
        claims=(Claim("holder_name", heir.name),),
        holder_changes=(change("merged", second, heir),),
    )
    (finding,) = [item for item in report.findings if item.check is Check.MATCH]
    assert (finding.code, finding.values["sealed"]) == ("holder-merged", second.name)


def test_who_has_ended_is_told_without_a_successor():
    closed = change("dissolved", FIRM, None)
    report = judged(issued(), holder_changes=(closed,), ends_with_holder=True)
    (finding,) = [item for item in report.findings if item.check is Check.HOLDERS_NOW]
    assert (finding.code, finding.values) == ("holder-ended", {})


def test_a_new_name_is_no_end():
    event = renamed(FIRM, "揭阳市第二运输有限公司")
    report = judged(issued(), holder_changes=(event,), ends_with_holder=True)
    assert codes(report, Check.HOLDERS_NOW) == []


# --- in two times ---------------------------------------------------------------------------------


def test_past_knowledge_that_was_asked_for_is_what_is_compared_with():
    late = issued().decide(decision(Action.REVOKE, day=TERM), actor="o", now=NOW)
    day = date(2026, 11, 10)
    assert codes(judged(late, on=day), Check.RECORD_THEN) == ["recorded-otherwise"]
    assert codes(judged(late, on=day, known_at=NOW), Check.RECORD_THEN) == []


def test_a_correction_is_known_from_its_second_on():
    earlier = replace(issued(), recorded_at=EARLY)
    made = replace(issued(), recorded_at=BEFORE, supersedes=earlier.identifier)
    made = replace(made, history=(replace(made.history[0], recorded_at=BEFORE),))

    def told(known_at):
        report = judged(made, on=date(2025, 1, 1), known_at=known_at, corrects=earlier)
        return [item for item in report.findings if item.check is Check.RECORD_THEN]

    assert told(BEFORE) == []
    assert told(EARLY - timedelta(seconds=1)) == []
    for moment in (EARLY, BEFORE - timedelta(seconds=1)):
        (both,) = told(moment)
        assert both.code == "recorded-uncorrected"
        assert "更正项：—" in both.zh
        assert "Corrected: —" in both.en
