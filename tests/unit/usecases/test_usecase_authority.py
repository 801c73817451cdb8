"""An entrusted unit issues in its principal's name, a delegated or subordinate one in its own."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.errors import IssuerNotAuthorised, OutsideDepartment
from certlib.mandates import Capacity, IssueListEntry
from certlib.party_errors import ActsForPrincipal
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
