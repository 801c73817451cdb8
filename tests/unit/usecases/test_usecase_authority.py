"""An entrusted unit issues in its principal's name, a delegated or subordinate one in its own."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.errors import IssuerNotAuthorised, OutsideDepartment
from certlib.mandates import Capacity, IssueListEntry
from certlib.party_errors import ActsForPrincipal
from certlib.usecases.drafts import DraftAct
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, ISSUER, OTHER, STRANGER, TYPE, request

SINCE = date(2025, 1, 1)


def give(house, capacity, **changes):
    entry = IssueListEntry(
        TYPE, OTHER, SINCE, basis="委托书〔2025〕1号", capacity=capacity, principal_code=ISSUER
    )
    with house.registry.begin() as uow:
        uow.put_issue_entry(replace(entry, **changes))
        uow.commit()


@pytest.mark.parametrize("capacity", [Capacity.SUBORDINATE, Capacity.DELEGATED])
def test_own_name_and_seal(house, capacity):
    give(house, capacity)
    issued = house.issue.issue_one(STRANGER, request(issuer_code=OTHER))
    content = house.certificate(issued.identifier).content
    assert (content.issuer_code, content.issuer_name) == (OTHER, "揭阳市发展改革局")
    assert (content.acting_code, content.acting_name) == ("", "")
    with pytest.raises(OutsideDepartment):
        house.issue.issue_one(STRANGER, request("k2", issuer_code=ISSUER))


def test_the_principals_name_and_seal_the_acting_unit_on_record(house):
    give(house, Capacity.ENTRUSTED)
    issued = house.issue.issue_one(STRANGER, request(issuer_code=ISSUER))
    assert ISSUER in issued.identifier
    content = house.certificate(issued.identifier).content
    assert (content.issuer_code, content.issuer_name) == (ISSUER, "揭阳市交通运输局")
    assert content.seal_name == "揭阳市交通运输局电子印章"
    assert (content.acting_code, content.acting_name) == (OTHER, "揭阳市发展改革局")
    answer = house.verify.by_identifier(issued.identifier, Question())
    assert answer.report.code == "valid"


def test_an_entrusted_unit_does_not_issue_in_its_own_name(house):
    give(house, Capacity.ENTRUSTED)
    with pytest.raises(ActsForPrincipal) as caught:
        house.issue.issue_one(STRANGER, request(issuer_code=OTHER))
    assert ISSUER in caught.value.zh_text


def test_nobody_entrusts_what_he_may_not_do_himself(house):
    give(house, Capacity.ENTRUSTED)
    with house.registry.begin() as uow:
        uow.put_issue_entry(IssueListEntry(TYPE, ISSUER, date(2020, 1, 1), date(2026, 1, 1)))
        uow.commit()
    with pytest.raises(IssuerNotAuthorised):
        house.issue.issue_one(STRANGER, request(issuer_code=ISSUER))


def test_an_entrustment_has_an_end(house):
    give(house, Capacity.ENTRUSTED, effective_to=date(2026, 11, 19))
    with pytest.raises(OutsideDepartment):
        house.issue.issue_one(STRANGER, request(issuer_code=ISSUER))
    with pytest.raises(IssuerNotAuthorised):
        house.issue.issue_one(STRANGER, request("k2", issuer_code=OTHER))


def test_a_unit_that_no_register_knows_issues_nothing(house):
    give(house, Capacity.ENTRUSTED, issuer_code="unknown")
    with pytest.raises(IssuerNotAuthorised):
        house.issue.issue_one(replace(STRANGER, department_code="unknown"), request())
    assert house.issue.issue_one(CALLER, request("k2")).issuer_code == ISSUER


def ends(house, last, type_code=TYPE):
    """The issuer's own entry ends on `last`, as it stands on the list."""
    with house.registry.begin() as uow:
        uow.put_issue_entry(IssueListEntry(type_code, ISSUER, date(2020, 1, 1), last))
        uow.commit()


def test_an_early_issue_date_brings_no_ended_authority_back(house):
    """Ended on 30 June; in November nothing is issued as of 1 June, in one call, draft or form."""
    early = request(issue_date=date(2026, 6, 1), valid_from=None, valid_to=date(2030, 5, 31))
    before = house.issue.issue_one(CALLER, early).identifier
    draft = house.make.make(CALLER, replace(early, order=replace(early.order, number="2")))
    ends(house, date(2026, 6, 30))
    for act in (house.issue.issue_one, house.make.make):
        with pytest.raises(IssuerNotAuthorised) as caught:
            act(CALLER, replace(early, key="k-3", order=replace(early.order, number="3")))
        assert caught.value.values["day"] == "2026-11-22"
    with pytest.raises(IssuerNotAuthorised):
        house.seal.seal(CALLER, DraftAct(draft["identifier"], "s"))
    # What was issued in its time stays as good as it was.
    answer = house.verify.by_identifier(before, Question())
    assert (answer.report.verdict, answer.report.code) == ("valid", "valid")


def test_an_authority_that_began_later_does_not_reach_back(house):
    with house.registry.begin() as uow:
        uow.put_issue_entry(IssueListEntry(TYPE, OTHER, date(2026, 11, 21)))
        uow.commit()
    mine = {"issuer_code": OTHER, "valid_from": None}
    with pytest.raises(IssuerNotAuthorised) as caught:
        house.issue.issue_one(STRANGER, request(**mine, issue_date=date(2026, 11, 20)))
    assert caught.value.values["day"] == "2026-11-20"
    assert house.issue.issue_one(STRANGER, request(**mine, issue_date=date(2026, 11, 21)))


def test_an_entrustment_that_has_ended_is_not_revived(house):
    give(house, Capacity.ENTRUSTED, effective_to=date(2026, 11, 21))
    with pytest.raises(OutsideDepartment):
        house.issue.issue_one(STRANGER, request(issuer_code=ISSUER))


def test_who_has_the_authority_today_corrects(house):
    """The day of a correction is that of the first issue, when another rule may have counted."""
    early = request(issue_date=date(2026, 6, 1), valid_from=None, valid_to=date(2030, 5, 31))
    wrong = house.issue.issue_one(CALLER, early).identifier
    with house.registry.begin() as uow:
        uow.put_issue_entry(IssueListEntry(TYPE, ISSUER, date(2020, 1, 1), date(2026, 5, 1)))
        uow.put_issue_entry(IssueListEntry(TYPE, ISSUER, date(2026, 7, 1)))
        uow.commit()
    corrected = {"fields": {"KZ_JYFW": "道路旅客运输"}}
    drafted = house.revise.draft(CALLER, RevisionRequest(wrong, "correction", "d", corrected))
    assert house.seal.seal(CALLER, DraftAct(drafted["identifier"], "s"))
    asked = RevisionRequest(drafted["identifier"], "correction", "c", corrected)
    right = house.revise.revise(CALLER, asked).identifier
    assert house.verify.by_identifier(right, Question()).report.code in {"valid", "corrected"}
    # A change counts from now on, and is no way to an earlier day.
    back = replace(asked, identifier=right, key="x", reason="change")
    with pytest.raises(IssuerNotAuthorised):
        house.revise.revise(CALLER, replace(back, changes={"issue_date": date(2026, 6, 1)}))
