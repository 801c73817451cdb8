"""What came on record between making a draft and sealing it: nothing is sealed against it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.document import Form, Holder
from certlib.errors import Invalid, SigningUnavailable
from certlib.holder_changes import ChangeKind
from certlib.registry import DraftStatus
from certlib.renewals import RenewalOutcome
from certlib.states import CORRECTION, State
from certlib.usecases.add_form import FormRequest
from certlib.usecases.amend import Amendment
from certlib.usecases.drafts import DraftAct
from certlib.usecases.record_holders import HolderChangeRequest, VoidRequest
from certlib.usecases.revise import RevisionRequest
from tests.unit.usecases.house import CALLER, DOWN, PEOPLE, request, with_people

FIRM = Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K")
THIRD = Holder("揭阳市三合运输有限公司", "001", "114451009999990234")
PERSON = Holder("蔡梓涵", "111", "445221198501010019")
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def on_record(house):
    """A certificate of 20 November that names the firm, so that it is on record."""
    return house.issue.issue_one(CALLER, request("first", number="备案1")).identifier


def made(house, key="m-1", **changes):
    return house.make.make(CALLER, request(key, number=key, **changes))["identifier"]


def gone(house, kind="dissolved", after=(), on=TODAY, holder=FIRM):
    change = HolderChangeRequest(
        ChangeKind(kind), (holder,), after, on, "登记", "gone", approved_by=("officer-2",)
    )
    return house.holders.record(CALLER, change)["event_id"]


def sealed(house, identifier, key="s-1"):
    """The problems that stand against the seal; none where it is sealed."""
    try:
        house.seal.seal(CALLER, DraftAct(identifier, key))
    except Invalid as error:
        return [(item.field, item.code) for item in error.problems]
    return []


def status(house, identifier):
    return house.drafts.draft(CALLER, identifier).draft.status


def drafted(house, before, reason, key="r-1", **changes):
    revision = RevisionRequest(before, reason, key, changes, said={"reason": reason})
    return house.revise.draft(CALLER, revision)["identifier"]


@pytest.mark.parametrize(
    ("kind", "after", "code"),
    [("dissolved", (), "holder-ended"), ("merged", (THIRD,), "holder-merged")],
)
@pytest.mark.usefixtures("on_record")
def test_nothing_is_sealed_for_who_is_no_more_since_the_draft_was_made(house, kind, after, code):
    """Though its day of issue is the earlier one; the draft stays, and can be given back."""
    identifier = made(house)
    house.clock.pass_time(days=1)
    event = gone(house, kind, after, TOMORROW)
    house.clock.pass_time(days=1)
    seals = house.sealer.seals
    assert sealed(house, identifier) == [("/holders/0/code", code)]
    assert house.sealer.seals == seals
    assert house.counts().get("INTENT", 0) == 0
    assert status(house, identifier) is DraftStatus.OPEN
    house.holders.void(CALLER, VoidRequest(event, "录入错误", "v"))
    assert sealed(house, identifier, "s-2") == []


@pytest.mark.usefixtures("on_record")
def test_a_draft_that_is_not_sealed_can_be_given_back(house):
    identifier = made(house)
    gone(house)
    assert sealed(house, identifier) == [("/holders/0/code", "holder-ended")]
    house.review.give_back(CALLER, DraftAct(identifier, "back", "企业已注销"))
    assert status(house, identifier) is DraftStatus.RETURNED


def test_nothing_is_sealed_for_the_dead_among_several(house):
    with_people(house, holder_category="mixed")
    people = {"type_code": PEOPLE, "holders": (PERSON, FIRM)}
    house.issue.issue_one(CALLER, request("p-0", number="p-0", **people))
    identifier = made(house, **people)
    gone(house, "died", holder=PERSON)
    assert sealed(house, identifier) == [("/holders/0/code", "holder-ended")]


@pytest.mark.usefixtures("on_record")
def test_what_was_known_at_the_making_was_judged_by_the_day_of_issue(house):
    """A certificate of before the end may be recorded late, in one call or in two steps."""
    event = gone(house, on=TODAY)
    house.clock.pass_time(hours=1)
    late = made(house)
    assert sealed(house, late) == []
    other = made(house, "m-2")
    house.holders.void(CALLER, VoidRequest(event, "日期有误", "v"))
    change = HolderChangeRequest(
        ChangeKind.DISSOLVED, (FIRM,), (), date(2026, 11, 19), "登记", "again"
    )
    house.holders.record(CALLER, change)
    assert sealed(house, other, "s-2") == [("/holders/0/code", "holder-ended")]


@pytest.mark.parametrize(
    ("reason", "found"), [(CORRECTION, []), ("change", [("/holders/0/code", "holder-ended")])]
)
def test_an_error_is_corrected_whoever_has_died_since(house, on_record, reason, found):
    draft = drafted(house, on_record, reason, fields={"KZ_JYFW": "旅客运输"})
    gone(house)
    assert sealed(house, draft) == found
    assert house.certificate(on_record).superseded_by == ("" if found else draft)


@pytest.mark.usefixtures("on_record")
def test_what_was_reserved_is_finished_whoever_has_died_since(house):
    """The reconciler keeps what was decided in time, sealed from a draft or in one call."""
    draft = made(house)
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        house.seal.seal(CALLER, DraftAct(draft, "s"))
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request("one", number="一步"))
    gone(house, on=date(2026, 11, 20))
    house.sealer.error = None
    assert house.reconcile.run().published == 2
    assert house.certificate(draft).state is State.ISSUED


@pytest.mark.parametrize(
    ("category", "holders", "refused"),
    [
        ("person", (PERSON,), ["holder-ended"]),
        ("mixed", (PERSON,), []),
        ("mixed", (PERSON, FIRM), []),
    ],
)
def test_no_file_is_added_to_what_has_ended_with_its_sole_holder(house, category, holders, refused):
    """Of several the others go on, and what speaks of a thing goes over to others."""
    with_people(house, holder_category=category, forms=("original", "duplicate"))
    people = {"type_code": PEOPLE, "holders": holders}
    one = house.issue.issue_one(CALLER, request("p-0", number="p-0", **people)).identifier

    def added(identifier, key):
        wanted = FormRequest(identifier, Form("duplicate"), key)
        return house.add_form.add(CALLER, wanted)["copy_number"]

    assert added(one, "before") == 1
    event = gone(house, "died", holder=PERSON)
    found = []
    try:
        added(one, "after")
    except Invalid as error:
        found = [(item.field, item.code) for item in error.problems]
    assert found == [("/identifier", code) for code in refused]
    assert len(house.certificate(one).files) == (2 if refused else 3)
    house.holders.void(CALLER, VoidRequest(event, "登记有误", "v"))
    assert added(one, "again") == (2 if refused else 3)


def test_a_renewal_that_was_refused_since_is_not_sealed(house):
    """What stands against following the version before is asked again, before anything is sealed."""
    old = house.issue.issue_one(CALLER, request("old", number="旧")).identifier
    house.amend.apply_for_renewal(CALLER, Amendment(old, "a"), date(2026, 11, 20), "业务1")
    renewal = drafted(house, old, "renewal", valid_to=date(2031, 1, 1))
    refused = (RenewalOutcome.REFUSED, TODAY, "延字1号")
    house.amend.decide_renewal(CALLER, Amendment(old, "d"), *refused)
    assert sealed(house, renewal) == [("/supersede_reason", "renewal-refused")]
    assert status(house, renewal) is DraftStatus.OPEN
    assert house.certificate(old).superseded_by == ""


@pytest.mark.parametrize("reason", ["change", "renewal", "lowered", CORRECTION])
def test_a_next_version_of_any_reason_is_sealed_on_a_later_day(house, on_record, reason):
    why = {"legal_basis": "法", "document_number": "号", "authority": "机关"}
    ending = {"valid_to": date(2031, 1, 1)} if reason == "renewal" else {}
    revision = RevisionRequest(on_record, reason, "r-1", ending, said={"reason": reason})
    revision = replace(revision, ending=replace(revision.ending, **why))
    identifier = house.revise.draft(CALLER, revision)["identifier"]
    house.clock.pass_time(days=3)
    assert sealed(house, identifier) == []
    assert house.certificate(on_record).superseded_by == identifier
