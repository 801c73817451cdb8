"""A holder or issuer that goes by another name today is told apart from one that never did."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from certlib.document import Holder
from certlib.states import Action
from certlib.verification import OWN, Check, Claim, Facts, IssuerNow, Outcome, Verdict, judge
from tests.fakes.parties import FIRM, PERSON, change, renamed
from tests.unit.life.builders import NOW, decision, issued

EARLY, LATE = date(2025, 3, 1), date(2026, 6, 1)
BETWEEN, TODAY = date(2025, 9, 1), date(2026, 11, 22)
NAMES = [FIRM.name, "揭阳市第二运输有限公司", "揭阳市第三运输有限公司"]
SECOND = replace(FIRM, name=NAMES[1])
HISTORY = (renamed(FIRM, NAMES[1], EARLY), renamed(SECOND, NAMES[2], LATE))
NEW_CODE = "91445202MA9TEXT11X"


def asked(path, value, *changes, **facts):
    claims = (Claim(path, value),)
    made = Facts(record=issued(), authorised=True, claims=claims, holder_changes=changes, **facts)
    return judge(made, OWN, NOW)


def code(path, value, *changes, **facts):
    report = asked(path, value, *changes, **facts)
    return next(item.code for item in report.findings if item.check is Check.MATCH)


MATCH, CHANGED, NEVER = "matches", "name-changed", "mismatch"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (None, [CHANGED, CHANGED, CHANGED]),
        (date(2025, 2, 28), [MATCH, CHANGED, CHANGED]),
        (EARLY, [CHANGED, MATCH, CHANGED]),
        (BETWEEN, [CHANGED, MATCH, CHANGED]),
        (LATE, [CHANGED, CHANGED, MATCH]),
        (TODAY, [CHANGED, CHANGED, CHANGED]),
    ],
)
def test_the_name_that_held_on_the_day_matches_and_every_other_was_changed(on, expected):
    found = [code("holder_name", name, *HISTORY, on=on) for name in NAMES]
    assert found == expected
    assert code("holder_name", "揭阳市第四运输有限公司", *HISTORY, on=on) == NEVER


def test_without_events_the_sealed_name_is_the_name():
    assert code("holder_name", " 揭阳市示例运输 有限公司") == MATCH
    assert code("holder_name", NAMES[1]) == NEVER


def test_whoever_judged_by_past_knowledge_did_not_know_of_a_later_record():
    known_at = datetime(2026, 1, 1, tzinfo=UTC)  # before the events were recorded
    on = date(2025, 9, 1)
    found = [code("holder_name", name, *HISTORY, on=on, known_at=known_at) for name in NAMES]
    assert found == [MATCH, CHANGED, CHANGED]


def test_the_present_name_is_said_masked():
    person = replace(PERSON, name="欧阳明")
    record = issued()
    record = replace(record, content=replace(record.content, holders=(person,)))
    event = renamed(person, "欧阳明远")
    made = Facts(record=record, claims=(Claim("holder_name", "欧阳明"),), holder_changes=(event,))
    report = judge(made, OWN, NOW)
    assert report.code == CHANGED
    assert "明远" not in report.sentence.zh + report.sentence.en


@pytest.mark.parametrize("given", [FIRM.code, NEW_CODE, NEW_CODE.lower()])
def test_old_and_new_code_are_one_holder(given):
    event = change("recoded", FIRM, replace(FIRM, code=NEW_CODE))
    report = asked("holder_code", given, event)
    assert (report.verdict, report.code) == (Verdict.VALID, "code-changed")
    assert code("holder_code", "91445202MA9TEXT22E", event) == NEVER


def test_the_code_of_the_day_matches():
    event = change("recoded", FIRM, replace(FIRM, code=NEW_CODE), LATE)
    assert code("holder_code", FIRM.code, event, on=BETWEEN) == MATCH
    assert code("holder_code", NEW_CODE, event, on=LATE) == MATCH
    assert code("holder_code", NEW_CODE, event, on=BETWEEN) == "code-changed"


def test_fifteen_digits_are_the_same_number():
    record = issued()
    record = replace(record, content=replace(record.content, holders=(PERSON,)))
    claims = (Claim("holder_code", "445221850101001"),)
    report = judge(Facts(record=record, claims=claims), OWN, NOW)
    assert [item.code for item in report.findings if item.check is Check.MATCH] == [MATCH]


def test_names_and_codes_changed_together_say_the_name():
    event = change("recoded", FIRM, replace(SECOND, code=NEW_CODE))
    claims = (Claim("holder_code", NEW_CODE), Claim("holder_name", NAMES[1]))
    made = Facts(record=issued(), claims=claims, holder_changes=(event,))
    assert judge(made, OWN, NOW).code == CHANGED


def test_a_party_of_a_division_is_no_stranger_and_no_certainty():
    other = Holder("揭阳市大成运输有限公司", "001", NEW_CODE)
    divided = change("divided", FIRM, other)
    for path, value in (("holder_name", other.name), ("holder_code", NEW_CODE)):
        report = asked(path, value, divided)
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "holder-divided")
    assert code("holder_name", FIRM.name, divided) == MATCH


def test_of_several_holders_any_may_be_named():
    other = Holder("揭阳市大成运输有限公司", "001", NEW_CODE)
    record = issued()
    record = replace(record, content=replace(record.content, holders=(FIRM, other)))
    event = renamed(other, "揭阳市大成物流有限公司")
    for name, expected in ((FIRM.name, MATCH), (other.name, CHANGED), ("别的", NEVER)):
        made = Facts(record=record, claims=(Claim("holder_name", name),), holder_changes=(event,))
        found = [item.code for item in judge(made, OWN, NOW).findings if item.check is Check.MATCH]
        assert found == [expected]


ISSUER = IssuerNow("11445200990090016H", "揭阳市交通局", "并入", "is merged into", LATE)


def test_a_changed_issuer_is_a_remark_and_nothing_more():
    report = judge(Facts(record=issued(), authorised=True, issuer=ISSUER), OWN, NOW)
    assert (report.verdict, report.code) == (Verdict.VALID, "valid")
    remark = next(item for item in report.findings if item.code == "issuer-changed")
    assert remark.outcome is Outcome.PASS
    assert remark.zh == "发证机关自2026-06-01起已并入揭阳市交通局，原证照和印章继续有效。"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("issuer_name", "揭阳市交通局"),
        ("issuer_name", "揭阳市交通运输局"),
        ("issuer_code", "11445200990090016H"),
        ("issuer_code", "11445200990090139J"),
    ],
)
def test_the_issuers_old_and_new_name_and_code_both_match(path, value):
    assert code(path, value, issuer=ISSUER) == MATCH
    assert code(path, "别的", issuer=ISSUER) == NEVER


# --- holders that are no more ---------------------------------------------------------------------

OTHER = Holder("揭阳市大成运输有限公司", "001", NEW_CODE)
MERGED = change("merged", FIRM, OTHER, LATE)
CLOSED = change("dissolved", FIRM, None, LATE)


def gone(*changes, own=True, record=None, **facts):
    made = Facts(
        record=record or issued(),
        authorised=True,
        holder_changes=changes,
        ends_with_holder=own,
        **facts,
    )
    report = judge(made, OWN, NOW)
    checks = {Check.HOLDERS_ON, Check.HOLDERS_NOW}
    said = [(item.check.value, item.code) for item in report.findings if item.check in checks]
    return report.verdict, report.code, said


def claim(path, value):
    return (Claim(path, value),)


@pytest.mark.parametrize(
    ("event", "code_", "own"),
    [
        (MERGED, "holder-merged", True),
        (CLOSED, "holder-ended", True),
        (MERGED, "holder-merged", False),
        (CLOSED, "holder-ended", False),
    ],
)
def test_a_right_of_its_own_does_not_outlive_its_holder_and_a_thing_does(event, code_, own):
    verdict, found, said = gone(event, own=own)
    if own:
        assert (verdict, found) == (Verdict.INDETERMINATE, code_)
        assert said == [("holders_now", code_)]
    else:
        assert (verdict, found) == (Verdict.VALID, "valid")
        assert said == [("holders_now", f"{code_}-noted")]


def test_where_others_hold_it_too_it_is_a_remark():
    record = issued()
    both = replace(record.content, holders=(FIRM, replace(OTHER, code="91445202MA9TEXT22E")))
    found = gone(CLOSED, record=replace(record, content=both))
    assert found == (Verdict.VALID, "valid", [("holders_now", "holder-ended-noted")])


def test_before_that_day_it_was_valid_and_since_then_it_is_not_told_twice():
    day_before, early = date(2026, 5, 31), [("holders_now", "holder-ended")]
    assert gone(CLOSED, on=day_before) == (Verdict.VALID, "valid-then", early)
    both = [*early, ("holders_on", "holder-ended")]
    assert gone(CLOSED, on=LATE) == (Verdict.INDETERMINATE, "holder-ended", both)
    unknown = datetime(2026, 1, 1, tzinfo=UTC)  # recorded on 2 March
    assert gone(CLOSED, on=LATE, known_at=unknown) == (Verdict.VALID, "valid-then", early)
    before = datetime(2020, 1, 1, tzinfo=UTC)
    assert gone(CLOSED, on=LATE, known_at=before)[1] == "not-found"


def test_what_was_ended_needs_no_word_about_its_holder():
    done = issued().decide(
        decision(Action.DEREGISTER, reason="dissolution", day=LATE), actor="o", now=NOW
    )
    assert gone(CLOSED, record=done) == (Verdict.INVALID, "deregistered", [])


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("path", "value"), [("holder_name", OTHER.name), ("holder_code", NEW_CODE)]
)
def test_a_successor_by_merger_has_to_apply_for_the_change(path, value, own):
    report = asked(path, value, MERGED, ends_with_holder=own)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "holder-merged")
    assert f"{FIRM.name}已并入{OTHER.name}" in report.sentence.zh
    assert "申请变更" in report.sentence.next_zh
    assert code(path, value, MERGED, on=date(2026, 5, 31)) == "holder-merged"


def test_the_predecessors_own_name_and_code_match_and_nobody_was_renamed():
    for on in (None, date(2026, 5, 31), LATE):
        assert code("holder_name", FIRM.name, MERGED, on=on) == MATCH
        assert code("holder_code", FIRM.code, MERGED, on=on) == MATCH
    renamed_first = (renamed(FIRM, NAMES[1], EARLY), change("merged", SECOND, OTHER, LATE))
    assert code("holder_name", NAMES[1], *renamed_first) == CHANGED
    assert "大成" not in asked("holder_name", NAMES[1], *renamed_first).findings[-1].zh


def test_a_successor_that_changed_again_is_known_by_every_name():
    later = date(2026, 8, 1)
    third = replace(OTHER, name="揭阳市大成物流有限公司", code="91445202MA9TEXT22E")
    history = (MERGED, change("recoded", OTHER, third, later))
    for name in (OTHER.name, third.name):
        assert code("holder_name", name, *history) == "holder-merged"
    assert code("holder_code", third.code, *history) == "holder-merged"
    assert third.name in asked("holder_name", OTHER.name, *history).sentence.zh
    closed = change("dissolved", third, None, date(2026, 9, 1))
    assert gone(*history, closed)[1] == "holder-merged"
