"""The next version: only what changes is said, and nobody is without a valid certificate meanwhile."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib import ids
from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form, Holder
from certlib.errors import (
    CertificateNotFound,
    FaceNumberTaken,
    IdempotencyMismatch,
    Invalid,
    ScopeMissing,
    StaleVersion,
    TransitionForbidden,
)
from certlib.issuing_errors import AlreadyRenewed
from certlib.page_errors import FaceOverflow
from certlib.registry import SearchQuery
from certlib.renewals import RenewalOutcome
from certlib.states import Action, State, View
from certlib.usecases.amend import Amendment
from certlib.usecases.caller import ISSUE
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import (
    CALLER,
    ENDLESS,
    NUMBERED,
    NUMBERLESS,
    STRANGER,
    TYPE,
    request,
)

TODAY = date(2026, 11, 22)
OLD_END = date(2027, 2, 1)


def first(house, **changes):
    term = {"issue_date": date(2024, 2, 2), "valid_from": date(2024, 2, 2), "valid_to": OLD_END}
    wish = request(changes.pop("key", "first"), **{**term, **changes})
    return house.issue.issue_one(CALLER, wish).identifier


def revision(identifier, reason="change", key="rev", ending=None, **changes):
    said = {"reason": reason, "changes": sorted(changes), "text": str(changes)}
    return RevisionRequest(identifier, reason, key, changes, ending or Ending(), said)


def revised(house, identifier, reason="change", **changes):
    return house.revise.revise(CALLER, revision(identifier, reason, **changes)).identifier


def problems(caught):
    return {(item.field, item.code) for item in caught.value.problems}


def view(house, identifier, day=TODAY, known_at=None):
    return house.certificate(identifier).view_on(day, known_at)


def test_a_change_takes_over_what_is_not_said(house):
    """Number, holders, term and files stay; the version before counts to the day before."""
    old = first(house, fields={"KZ_JYFW": "货运", "KZ_CLS": 3}, matter_code="M1")
    new = revised(house, old, fields={"KZ_JYFW": "客运", "KZ_CLS": None})
    before, after = house.certificate(old), house.certificate(new)
    assert after.content.fields == {"KZ_JYFW": "客运"}
    assert after.content.number == before.content.number
    assert after.content.holders == before.content.holders
    assert (after.content.valid_from, after.content.valid_to) == (date(2024, 2, 2), OLD_END)
    assert after.content.issue_date == TODAY
    assert after.content.matter_code == "M1"
    assert (before.state, before.superseded_by) == (State.SUPERSEDED, new)
    assert ids.parse(new).identifier.version == 2
    yesterday = TODAY - timedelta(days=1)
    assert (view(house, old, yesterday), view(house, old)) == (View.VALID, View.SUPERSEDED)
    assert (view(house, new, yesterday), view(house, new)) == (View.NOT_YET_EFFECTIVE, View.VALID)


def test_a_change_counts_from_the_day_that_is_given(house):
    old = first(house)
    day = date(2026, 11, 1)
    new = revised(house, old, ending=Ending(effective_from=day))
    eve = day - timedelta(days=1)
    assert (view(house, old, eve), view(house, old, day)) == (View.VALID, View.SUPERSEDED)
    assert (view(house, new, eve), view(house, new, day)) == (View.NOT_YET_EFFECTIVE, View.VALID)


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2024, 2, 1)])
def test_no_change_from_a_day_to_come_or_before_the_beginning(house, day):
    old = first(house)
    with pytest.raises(Invalid) as caught:
        revised(house, old, ending=Ending(effective_from=day))
    assert {field for field, _ in problems(caught)} == {"/effective_from"}
    assert house.certificate(old).state is State.ISSUED


def test_a_renewal_issued_early_leaves_the_old_version_valid_to_its_last_day(house):
    """No day between is without a valid certificate, and no day has two."""
    old = first(house)
    new = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    assert house.certificate(new).content.valid_from == OLD_END + timedelta(days=1)
    assert house.certificate(old).state is State.ISSUED
    assert house.certificate(old).superseded_by == new
    for offset in (-70, -1, 0, 1, 70):
        day = OLD_END + timedelta(days=offset)
        valid = [item for item in (old, new) if view(house, item, day) is View.VALID]
        assert len(valid) == 1, day
    with house.registry.read() as session:
        assert session.status(old).state is State.ISSUED
    acts = [record.act for record in house.audit()]
    assert acts[-2:] == ["plan-succession", "issue"] or "plan-succession" in acts


def test_the_reconciler_ends_the_old_version_when_its_renewal_begins(house):
    old = first(house)
    new = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    assert house.reconcile.run().settled == 0
    house.clock.pass_time(days=(OLD_END - TODAY).days)
    assert house.reconcile.run().settled == 0
    house.clock.pass_time(days=1)
    assert house.reconcile.run().settled == 1
    assert house.reconcile.run().settled == 0
    before = house.certificate(old)
    assert before.state is State.SUPERSEDED
    assert before.history[-1].decision.effective_from == OLD_END + timedelta(days=1)
    assert before.history[-1].decision.reason_code == "renewal"
    assert before.history[-1].actor == "reconciler"
    assert view(house, old, OLD_END) is View.VALID
    assert view(house, new, OLD_END + timedelta(days=1)) is View.VALID


def test_what_ended_meanwhile_is_not_ended_again(house):
    """Revoked while its renewal waits: the plan comes to nothing, and is forgotten."""
    old = first(house)
    revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    decision = Decision(Action.REVOKE, "penalty", TODAY, "法", "号", "机关")
    house.change.change(CALLER, ChangeRequest(old, decision, "r"))
    house.clock.pass_time(days=90)
    assert house.reconcile.run().settled == 0
    assert house.certificate(old).state is State.REVOKED
    with house.registry.read() as session:
        assert session.due_successions(date(2030, 1, 1), 9) == []


def test_who_annuls_a_former_grant_is_told_which_version_goes_on(house):
    """A renewal that has taken over is a grant of its own."""
    old = first(house)
    new = revised(house, old, "renewal", valid_from=TODAY, valid_to=date(2030, 1, 1))
    decision = Decision(
        Action.ANNUL, "fraud", date(2024, 2, 2), "第六十九条", "揭交撤〔2026〕1号", "交通局"
    )
    told = house.change.change(CALLER, ChangeRequest(old, decision, "r-1"))["warnings"]
    assert [item["code"] for item in told] == ["other-version-counts"]
    assert new in told[0]["zh"]
    assert new in told[0]["en"]
    now = replace(decision, effective_from=TODAY)
    assert house.change.change(CALLER, ChangeRequest(new, now, "r-2"))["warnings"] == []


def test_what_is_void_was_void_by_itself(house):
    old = first(house)
    new = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    decision = Decision(
        Action.VOID, "issuing-error", TODAY, "第一条", "揭交决〔2026〕1号", "交通局"
    )
    assert house.change.change(CALLER, ChangeRequest(new, decision, "v-1"))["warnings"] == []


def test_a_voided_renewal_does_not_end_the_old_version_and_may_be_made_again(house):
    old = first(house)
    wrong = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    with pytest.raises(AlreadyRenewed) as caught:
        house.revise.revise(CALLER, revision(old, key="again"))
    assert caught.value.values == {"successor": wrong}
    void = Decision(Action.VOID, "issuing-error", TODAY)
    house.change.change(CALLER, ChangeRequest(wrong, void, "v"))
    right = house.revise.revise(
        CALLER, revision(old, "renewal", "again", valid_to=date(2030, 2, 1))
    ).identifier
    assert house.certificate(old).superseded_by == right
    house.clock.pass_time(days=90)
    assert house.reconcile.run().settled == 1
    assert house.certificate(old).state is State.SUPERSEDED


def test_a_voided_renewal_alone_lets_the_old_version_expire(house):
    old = first(house)
    wrong = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    void = Decision(Action.VOID, "issuing-error", TODAY)
    house.change.change(CALLER, ChangeRequest(wrong, void, "v"))
    house.clock.pass_time(days=90)
    assert house.reconcile.run().settled == 0
    assert view(house, old, OLD_END + timedelta(days=5)) is View.EXPIRED


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ("/valid_to", "valid-to-missing")),
        (
            {"valid_from": OLD_END + timedelta(days=2), "valid_to": date(2030, 1, 1)},
            ("/valid_from", "term-gap"),
        ),
        (
            {"valid_from": OLD_END - timedelta(days=2), "valid_to": date(2030, 1, 1)},
            ("/valid_from", "term-gap"),
        ),
        ({"valid_to": OLD_END}, ("/valid_to", "date-order")),
    ],
)
def test_a_renewal_follows_without_a_gap(house, change, found):
    old = first(house)
    with pytest.raises(Invalid) as caught:
        revised(house, old, "renewal", **change)
    assert found in problems(caught)


def test_a_renewal_may_begin_at_once(house):
    old = first(house)
    new = revised(house, old, "renewal", valid_from=TODAY, valid_to=date(2030, 1, 1))
    assert house.certificate(old).state is State.SUPERSEDED
    assert view(house, new) is View.VALID


def test_a_right_that_is_over_is_renewed_only_where_that_was_applied_for_in_time(house):
    """Its term then follows the old one without a gap, decided or not (Licensing Law art. 50)."""
    old = first(house, valid_to=date(2026, 10, 1))
    with pytest.raises(Invalid) as caught:
        revised(house, old, "renewal", valid_to=date(2030, 1, 1))
    assert problems(caught) == {("/supersede_reason", "renewal-late")}
    house.amend.apply_for_renewal(CALLER, Amendment(old, "a"), date(2026, 9, 1), "业务1")
    granted = (RenewalOutcome.GRANTED, TODAY, "延字1号")
    house.amend.decide_renewal(CALLER, Amendment(old, "d"), *granted)
    new = revised(house, old, "renewal", valid_to=date(2030, 1, 1))
    assert house.certificate(new).content.valid_from == date(2026, 10, 2)
    assert view(house, old, date(2026, 10, 1)) is View.VALID
    assert view(house, new, date(2026, 11, 10)) is View.VALID


def test_what_was_refused_is_not_renewed(house):
    old = first(house)
    house.amend.apply_for_renewal(CALLER, Amendment(old, "a"), date(2026, 9, 1), "业务1")
    refused = (RenewalOutcome.REFUSED, TODAY, "延字1号")
    house.amend.decide_renewal(CALLER, Amendment(old, "d"), *refused)
    with pytest.raises(Invalid) as caught:
        revised(house, old, "renewal", valid_to=date(2031, 1, 1))
    assert problems(caught) == {("/supersede_reason", "renewal-refused")}


@pytest.mark.parametrize("reason", ["change", "replacement"])
def test_a_change_gives_no_more_time(house, reason):
    old = first(house)
    for valid_to in (OLD_END + timedelta(days=1), None):
        with pytest.raises(Invalid) as caught:
            revised(house, old, reason, valid_to=valid_to)
        assert ("/valid_to", "term-extended") in problems(caught)
    assert revised(house, old, reason, valid_to=OLD_END - timedelta(days=1))
    over = first(house, key="second", number="N-2", valid_to=date(2026, 10, 1))
    with pytest.raises(Invalid) as caught:
        revised(house, over, reason, key="again", valid_to=date(2026, 12, 1))
    assert ("/supersedes", "term-over") in problems(caught)


def test_a_renewal_of_what_never_ends_begins_at_once(house):
    old = first(house, type_code=ENDLESS, valid_to=None)
    new = revised(house, old, "renewal")
    assert house.certificate(new).content.valid_from == TODAY
    with pytest.raises(Invalid) as caught:
        house.revise.revise(
            CALLER, revision(new, "renewal", "k3", valid_from=TODAY + timedelta(days=9))
        )
    assert ("/valid_from", "term-gap") in problems(caught)


def test_renewals_and_corrections_have_days_of_their_own(house):
    old = first(house)
    ending = Ending(effective_from=TODAY)
    for reason in ("renewal", "correction"):
        with pytest.raises(Invalid) as caught:
            revised(house, old, reason, ending=ending, valid_to=date(2031, 1, 1))
        assert ("/effective_from", "effective-day-fixed") in problems(caught)


def test_a_correction_holds_from_the_beginning(house):
    """What was recorded then can still be asked for: history has two times."""
    old = first(house, fields={"KZ_JYFW": "错"})
    then = house.clock.now()
    house.clock.pass_time(days=1)
    new = revised(house, old, "correction", fields={"KZ_JYFW": "对"})
    past = date(2025, 6, 1)
    assert view(house, new, past) is View.VALID
    assert view(house, old, past) is View.SUPERSEDED
    assert view(house, old, past, then) is View.VALID
    assert house.certificate(new).content.issue_date == date(2024, 2, 2)
    step = house.certificate(old).history[-1]
    assert step.decision.effective_from == date(2024, 2, 2)
    assert step.decision.reason_code == "correction"


def test_what_has_expired_can_still_be_corrected(house):
    old = first(house, valid_to=date(2026, 10, 1))
    new = revised(house, old, "correction", fields={"KZ_JYFW": "对"})
    assert view(house, new) is View.EXPIRED
    assert view(house, new, date(2026, 9, 1)) is View.VALID


def test_a_lowered_qualification_needs_its_cause(house):
    old = first(house)
    with pytest.raises(Invalid) as caught:
        revised(house, old, "lowered")
    assert {field for field, _ in problems(caught)} == {
        "/legal_basis",
        "/document_number",
        "/authority",
    }
    cause = Ending(None, "《资质管理规定》第二十条", "揭建罚〔2026〕1号", "揭阳市住建局", "三级")
    revised(house, old, "lowered", ending=cause)
    decision = house.certificate(old).history[-1].decision
    assert (decision.legal_basis, decision.note) == ("《资质管理规定》第二十条", "三级")


def test_an_unknown_reason_is_named_by_its_field(house):
    old = first(house)
    with pytest.raises(Invalid) as caught:
        revised(house, old, "whim")
    assert ("/supersede_reason", "reason-unknown") in problems(caught)


def test_the_version_that_was_read_is_the_one_that_is_replaced(house):
    old = first(house)
    with pytest.raises(StaleVersion):
        revised(house, old, ending=Ending(expected_version=7))
    assert revised(house, old, ending=Ending(expected_version=1))


def test_a_version_is_replaced_once(house):
    old = first(house)
    revised(house, old)
    with pytest.raises(TransitionForbidden):
        house.revise.revise(CALLER, revision(old, key="other"))


def test_the_same_key_gets_the_same_version_even_tomorrow(house):
    old = first(house)
    new = house.revise.revise(CALLER, revision(old))
    house.clock.pass_time(days=3)
    again = house.revise.revise(CALLER, revision(old))
    assert again.replayed
    assert again.identifier == new.identifier
    with pytest.raises(IdempotencyMismatch):
        house.revise.revise(CALLER, revision(old, "renewal", valid_to=None))


def test_a_dry_run_and_a_draft_leave_the_old_version_alone(house):
    old = first(house)
    cleared = house.revise.check(CALLER, revision(old))
    assert cleared.superseded.identifier == old
    with pytest.raises(Invalid):
        house.revise.check(CALLER, revision(old, division_code="000000"))
    draft = house.revise.draft(CALLER, revision(old))
    assert draft["number"] == house.certificate(old).content.number
    assert house.certificate(old).state is State.ISSUED


def test_only_ones_own_is_revised(house):
    old = first(house)
    with pytest.raises(CertificateNotFound):
        house.revise.revise(STRANGER, revision(old))
    with pytest.raises(CertificateNotFound):
        house.revise.revise(CALLER, revision("1.2.3"))
    with pytest.raises(ScopeMissing):
        house.revise.revise(replace(CALLER, scopes=CALLER.scopes - {ISSUE}), revision(old))


def test_the_files_of_the_version_before_are_made_again(house):
    from tests.unit.usecases.house import STEPS

    sealer = replace(CALLER, person="officer-3")
    hands = {"made_by": "officer-1", "approved_by": ("officer-2",)}
    forms = (ORIGINAL, Form("duplicate"), Form("annex"))
    good = request("f", type_code=STEPS, forms=forms, **hands)
    old = house.issue.issue_one(sealer, good).identifier
    changed = revision(old, holders=(Holder("新名公司", "001", "91445202MA9TEXT00K"),), **hands)
    answer = house.revise.revise(sealer, changed)
    assert [file.form for file in answer.files] == ["original", "annex", "duplicate"]


def test_numbers_of_the_library_are_drawn_and_kept(house):
    """One for each new certificate, the same through all its versions, none from the caller."""
    made = [
        house.issue.issue_one(CALLER, request(f"n{n}", type_code=NUMBERED, number=""))
        for n in range(3)
    ]
    assert [item.number for item in made] == [
        f"揭交许〔2026〕445202-{serial:04}号" for serial in (1, 2, 3)
    ]
    new = house.revise.revise(CALLER, revision(made[1].identifier))
    assert new.number == made[1].number
    again = house.issue.issue_one(
        CALLER,
        request(
            "same",
            type_code=NUMBERED,
            number="揭交许[2026]445202-0002号",
            supersedes=new.identifier,
            issue_date=TODAY,
        ),
    )
    assert again.number == "揭交许[2026]445202-0002号"
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request("own", type_code=NUMBERED, number="自编1号"))
    assert problems(caught) == {("/number", "number-by-library")}


def test_a_dry_run_or_a_burned_order_leaves_a_gap_and_no_number_twice(house):
    house.issue.check(CALLER, [request("n", type_code=NUMBERED, number="")])
    house.renderer.error = FaceOverflow()
    with pytest.raises(FaceOverflow):
        house.issue.issue_one(CALLER, request("n1", type_code=NUMBERED, number=""))
    house.renderer.error = None
    answer = house.issue.issue_one(CALLER, request("n2", type_code=NUMBERED, number=""))
    assert answer.number.endswith("0002号")


def test_a_type_without_numbers_has_none_anywhere(house):
    """Nothing on the face, in the data, in the record; any many of them at once."""
    answers = [
        house.issue.issue_one(CALLER, request(f"n{n}", type_code=NUMBERLESS, number=""))
        for n in range(2)
    ]
    certificate = house.certificate(answers[0].identifier)
    assert certificate.content.number == ""
    assert "ZZBH" not in certificate.content.as_json()
    new = house.revise.revise(CALLER, revision(answers[0].identifier))
    assert new.number == ""
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request("own", type_code=NUMBERLESS, number="1号"))
    assert problems(caught) == {("/number", "number-unwanted")}


def test_a_number_may_be_changed_with_the_version(house):
    old = first(house)
    new = revised(house, old, number="粤新字 9 号")
    assert house.certificate(new).content.number == "粤新字 9 号"
    assert house.issue.issue_one(CALLER, request("free")).identifier
    with pytest.raises(FaceNumberTaken):
        house.issue.issue_one(CALLER, request("taken", number=" 粤新字９号"))


def test_by_its_number_the_version_in_force_is_found(house):
    """Also while a renewal waits for its term, and for a day before a change."""
    old = first(house)
    new = revised(house, old, "renewal", valid_to=date(2031, 2, 1))
    number = house.certificate(old).content.number
    query = SearchQuery(type_code=TYPE, number=number)
    answer = house.verify.by_fields(query, Question())
    assert (answer.report.verdict, answer.subject.identifier) == ("valid", old)
    house.clock.pass_time(days=90)
    answer = house.verify.by_fields(query, Question())
    assert (answer.report.verdict, answer.subject.identifier) == ("valid", new)
    answer = house.verify.by_fields(query, Question(on=OLD_END))
    assert (answer.report.verdict, answer.subject.identifier) == ("valid", old)
    house.reconcile.run()
    answer = house.verify.by_fields(query, Question(on=OLD_END))
    assert answer.subject.identifier == old


def test_a_lineage_is_listed_with_its_reasons(house):
    old = first(house)
    new = revised(house, old)
    last = house.revise.revise(
        CALLER, revision(new, "renewal", "k3", valid_to=date(2031, 2, 1))
    ).identifier
    found = house.read.versions(CALLER, new)
    assert [(item.certificate.identifier, item.reason) for item in found] == [
        (old, "granted"),
        (new, "change"),
        (last, "renewal"),
    ]
    with pytest.raises(CertificateNotFound):
        house.read.versions(STRANGER, new)
