"""Four eyes: one person in two spellings is one, and a client without a person has no eyes."""

from dataclasses import replace

import pytest

from certlib.canonical import canonical_bytes
from certlib.catalogue import TypeStatus
from certlib.document import Form
from certlib.errors import ApprovalMissing
from certlib.issuing_errors import (
    NotYetApproved,
    PersonMissing,
    SamePerson,
    SealerNotSeparate,
)
from certlib.type_lifecycle import drafted
from certlib.usecases.add_form import FormRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.four_eyes import Hands
from certlib.usecases.manage_types import TypeAct
from tests.unit.usecases.house import (
    CALLER,
    FOUR_EYES,
    ISSUER,
    NOW,
    STEPS,
    definition,
    request,
)

MAKER = replace(CALLER, person="zhi.zheng")
LOUD = replace(CALLER, person="ZHI.ZHENG", client_id="second-system")
REVIEWER = replace(CALLER, person="li.si")
NOBODY = replace(CALLER, person="")
NEW = f"{ISSUER}777"


def type_act(act, key=None, **changes):
    text = definition(NEW)
    return TypeAct(act, NEW, "2026.1", key or act, definition=text, **changes)


def test_a_maker_in_capitals_is_no_reviewer_and_no_sealer(house):
    identifier = house.make.make(MAKER, request(type_code=STEPS))["identifier"]
    with pytest.raises(SamePerson):
        house.review.approve(LOUD, DraftAct(identifier, "a-1"))
    house.review.approve(REVIEWER, DraftAct(identifier, "a-2"))
    for person in ("ZHI.ZHENG", "Li.Si", "ｌi.si"):
        with pytest.raises(SamePerson):
            house.seal.seal(replace(CALLER, person=person), DraftAct(identifier, "s"))


def test_two_spellings_are_one_approval_even_on_record(house):
    """As a draft may have got them from an earlier release."""
    identifier = house.make.make(MAKER, request(type_code=STEPS))["identifier"]
    with house.registry.begin() as uow:
        draft = uow.draft(identifier)
        double = replace(
            draft, approvals_required=2, approved_by=("li.si", "LI.SI", "Zhi.Zheng"), row_version=2
        )
        assert not double.approved
        assert replace(double, approved_by=("li.si", "wang.wu")).approved
        uow.save_draft(double, 1)
        uow.commit()


@pytest.mark.parametrize("approvers", [("ZHI.ZHENG",), ("zhi.zheng ", "li.si"), (" ",)])
def test_in_one_call_the_caller_in_capitals_approves_nothing(house, approvers):
    with pytest.raises(ApprovalMissing):
        house.issue.issue_one(MAKER, request(type_code=FOUR_EYES, approved_by=approvers))


def test_two_spellings_are_not_two_approvers(house):
    with house.registry.begin() as uow:
        data = definition(FOUR_EYES, approvals=2, version="2026.2")
        record = drafted(data, "a", NOW)
        record = replace(record, status=TypeStatus.PUBLISHED)
        uow.put_type_version(record.as_version(), canonical_bytes(data).decode())
        uow.commit()
    asked = {"type_code": FOUR_EYES, "type_version": "2026.2"}
    with pytest.raises(ApprovalMissing):
        house.issue.issue_one(MAKER, request(**asked, approved_by=("li.si", "LI.SI")))
    house.issue.issue_one(MAKER, request(**asked, approved_by=("li.si", "wang.wu")))


def test_a_client_without_a_person_seals_nothing_that_another_must_approve(house):
    """Whoever sits at that client may be the very approver that is named."""
    asked = request(type_code=FOUR_EYES, approved_by=("li.si",))
    with pytest.raises(PersonMissing):
        house.issue.issue_one(NOBODY, asked)
    house.issue.issue_one(MAKER, asked)


@pytest.mark.parametrize("made_by", ["ZHI.ZHENG", " ", "ｚhi.zheng"])
def test_a_sealer_who_made_it_in_capitals_is_not_separate(house, made_by):
    asked = request(type_code=STEPS, approved_by=("li.si",), made_by=made_by)
    with pytest.raises(SealerNotSeparate):
        house.issue.issue_one(MAKER, asked)
    made = house.issue.issue_one(
        MAKER, request(type_code=STEPS, approved_by=("li.si",), made_by="wang.wu")
    )
    hands = Hands(made_by, ("li.si",))
    with pytest.raises(SealerNotSeparate):
        house.add_form.add(MAKER, FormRequest(made.identifier, Form("duplicate", 1), "f", hands))


@pytest.mark.parametrize("act", ["draft", "rewrite", "review"])
def test_who_writes_or_reviews_a_type_is_a_person(house, act):
    if act != "draft":
        house.types.act(MAKER, type_act("draft"))
    for nobody in (NOBODY, replace(CALLER, person=" ")):
        with pytest.raises(PersonMissing):
            house.types.act(nobody, type_act(act, key="other"))
    person = REVIEWER if act == "review" else MAKER
    house.types.act(person, type_act(act, key="other"))


def test_an_author_in_capitals_does_not_review_a_type(house):
    house.types.act(MAKER, type_act("draft"))
    rewritten = house.types.act(LOUD, type_act("rewrite"))
    assert rewritten["authors"] == ["zhi.zheng"]
    with pytest.raises(SamePerson):
        house.types.act(LOUD, type_act("review"))
    assert house.types.act(REVIEWER, type_act("review"))["reviewer"] == "li.si"


def test_a_type_that_a_client_wrote_is_not_reviewed_through_that_client(house):
    """Earlier releases let a client write without a person: nobody can tell whose eyes it had."""
    with house.registry.begin() as uow:
        uow.save_type_record(drafted(definition(NEW), NOBODY.client_id, NOW), 0)
        uow.commit()
    with pytest.raises(SamePerson):
        house.types.act(REVIEWER, type_act("review"))
    other = replace(REVIEWER, client_id="second-system")
    assert house.types.act(other, type_act("review", key="r-2"))["status"] == "reviewed"


def test_an_approval_by_its_maker_on_record_seals_nothing(house):
    """As a draft may have got it from an earlier release."""
    identifier = house.make.make(MAKER, request(type_code=STEPS))["identifier"]
    with house.registry.begin() as uow:
        draft = uow.draft(identifier)
        uow.save_draft(replace(draft, approved_by=("Zhi.Zheng",), row_version=2), 1)
        uow.commit()
    with pytest.raises(NotYetApproved) as caught:
        house.seal.seal(replace(CALLER, person="wang.wu"), DraftAct(identifier, "s"))
    assert caught.value.values == {"given": 0, "wanted": 1}
