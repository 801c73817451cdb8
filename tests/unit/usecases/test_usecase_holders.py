"""Changes of holders: recorded once, contradicted never, found from every side, undone by record."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.document import Holder
from certlib.errors import (
    ApprovalMissing,
    IdempotencyMismatch,
    Invalid,
    OutsideDepartment,
    ScopeMissing,
)
from certlib.holder_changes import ChangeKind, HolderKey
from certlib.issuing_errors import PersonMissing
from certlib.party_errors import EventNotFound, EventVoid, HolderChangeContradicts
from certlib.registry import SearchQuery
from certlib.states import CORRECTION
from certlib.usecases.caller import DEPARTMENT_SCOPES, HOLDERS, REGISTRATION_SCOPES
from certlib.usecases.record_holders import HolderChangeRequest, VoidRequest
from certlib.usecases.verify import Question
from certlib.verification import Claim
from tests.unit.usecases.house import CALLER, PEOPLE, STRANGER, request, with_people

FIRM = Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K")
RENAMED = replace(FIRM, name="揭阳市示例物流有限公司")
OTHER = Holder("揭阳市大成运输有限公司", "001", "11445200999999015E")
THIRD = Holder("揭阳市三合运输有限公司", "001", "114451009999990234")
DAY = date(2026, 11, 21)
TWO = {"recoded", "merged", "divided"}
DEPARTMENT = replace(CALLER, scopes=CALLER.scopes - {"library:operate"})
ELSEWHERE = replace(STRANGER, scopes=DEPARTMENT.scopes)


@pytest.fixture
def holders(house):
    return house.holders


@pytest.fixture
def on_record(house):
    """Certificates of 20 November that name the firms of these tests."""
    for number, firm in enumerate((FIRM, OTHER)):
        house.issue.issue_one(
            CALLER, request(f"on-record-{number}", number=f"备案{number}", holders=(firm,))
        )


def order(kind, before, after, key="h-1", **changes):
    several = [(one,) if isinstance(one, Holder) else tuple(one) for one in (before, after)]
    made = HolderChangeRequest(ChangeKind(kind), *several, DAY, "变更登记", key,
                               reason_code="other" if kind == "recoded" else "",
                               approved_by=("officer-2",) if kind in TWO else ())  # fmt: skip
    return replace(made, **changes)


RENAMING = order("renamed", FIRM, RENAMED)


def found(house, **criteria):
    return [
        item.identifier for item in house.read.search(CALLER, SearchQuery(**criteria)).certificates
    ]


@pytest.mark.usefixtures("on_record")
def test_once_with_its_key_and_its_line_in_the_history(house, holders):
    first = holders.record(CALLER, RENAMING)
    assert holders.record(CALLER, RENAMING) == first
    assert (first["kind"], first["effective_from"], first["warnings"]) == (
        "renamed", "2026-11-21", [],
    )  # fmt: skip
    lines = [line for line in house.audit() if line.act == "holder-change"]
    assert [line.target for line in lines] == [first["event_id"]]
    assert lines[0].details == {
        "kind": "renamed", "effective_from": "2026-11-21", "request_id": "r-1",
    }  # fmt: skip
    with pytest.raises(IdempotencyMismatch):
        holders.record(CALLER, replace(RENAMING, basis="别的"))


def test_what_is_wrong_is_said_and_nothing_is_kept(house, holders):
    with pytest.raises(Invalid) as caught:
        holders.record(CALLER, order("renamed", FIRM, FIRM, basis=""))
    assert [item.field for item in caught.value.problems] == ["/after/0/name", "/basis"]
    assert not [line for line in house.audit() if line.act == "holder-change"]


def test_only_who_may(holders):
    nobody = replace(CALLER, scopes=frozenset())
    for act in (
        lambda: holders.record(nobody, RENAMING),
        lambda: holders.void(nobody, VoidRequest("e", "错", "k")),
        lambda: holders.changes(nobody, HolderKey("001", FIRM.code)),
    ):
        with pytest.raises(ScopeMissing):
            act()


def test_a_certificate_is_found_by_every_name_and_code_and_stays_as_it_was_sealed(house, holders):
    identifier = house.issue.issue_one(CALLER, request()).identifier
    sealed = house.certificate(identifier)
    holders.record(CALLER, RENAMING)
    holders.record(CALLER, order("recoded", RENAMED, replace(RENAMED, code=OTHER.code), "h-2"))
    holders.record(CALLER, order("merged", replace(RENAMED, code=OTHER.code), THIRD, "h-3"))
    for code in (FIRM.code, OTHER.code, THIRD.code):
        for code_type in ("001", ""):
            assert found(house, holder_code=code, holder_code_type=code_type) == [identifier]
    for name in (FIRM.name, RENAMED.name, THIRD.name):
        assert found(house, holder_name=name) == [identifier]
    assert found(house, holder_code=FIRM.code, holder_code_type="099") == []
    assert found(house, holder_code="91445202MA9TEXT11X") == []
    assert found(house, holder_name="别的公司") == []
    assert house.certificate(identifier) == sealed


def test_a_merger_gives_the_successor_what_the_predecessor_has_not_the_other_way_round(
    house, holders
):
    mine = house.issue.issue_one(CALLER, request(holders=(OTHER,))).identifier
    theirs = house.issue.issue_one(CALLER, request("key-2", number="别号")).identifier
    holders.record(CALLER, order("merged", FIRM, OTHER))
    assert set(found(house, holder_code=OTHER.code)) == {mine, theirs}
    assert found(house, holder_code=FIRM.code) == [theirs]


def test_fifteen_and_eighteen_digits_are_one_number(house, holders):
    person, later = (Holder(name, "111", "445221198501010019") for name in ("蔡梓涵", "蔡子涵"))
    with_people(house)
    house.issue.issue_one(CALLER, request(type_code=PEOPLE, holders=(person,)))
    holders.record(
        CALLER,
        order("renamed", replace(person, code="445221850101001"), replace(later, code_type="10")),
    )
    for code in ("445221850101001", "445221198501010019"):
        assert len(holders.changes(CALLER, HolderKey("111", code))) == 1


CLAIMS = [
    (FIRM.name, "name-changed"),
    (RENAMED.name, "name-changed"),
    ("别的公司", "mismatch"),
]


@pytest.mark.parametrize(("name", "code"), CLAIMS)
def test_the_verdict_says_changed_never_mismatch(house, holders, name, code):
    identifier = house.issue.issue_one(CALLER, request()).identifier
    holders.record(CALLER, RENAMING)
    question = Question(claims=(Claim("holder_name", name),))
    assert house.verify.by_identifier(identifier, question).report.code == code
    by_code = SearchQuery(holder_code=FIRM.code, holder_code_type="001")
    assert house.verify.by_fields(by_code, question).report.code == code


def test_a_past_day_knows_the_name_of_that_day(house, holders):
    identifier = house.issue.issue_one(CALLER, request()).identifier
    holders.record(CALLER, RENAMING)
    on_the_day = {
        day: house.verify.by_identifier(
            identifier, Question(on=day, claims=(Claim("holder_name", name),))
        ).report.code
        for day, name in ((date(2026, 11, 20), FIRM.name), (DAY, RENAMED.name))
    }
    assert set(on_the_day.values()) == {"valid"}


def test_a_new_code_is_asked_for_by_fields(house, holders):
    identifier = house.issue.issue_one(CALLER, request()).identifier
    holders.record(CALLER, order("recoded", FIRM, replace(FIRM, code=OTHER.code)))
    query = SearchQuery(holder_code=OTHER.code, holder_code_type="001")
    claims = (Claim("holder_code", OTHER.code),)
    answer = house.verify.by_fields(query, Question(claims=claims))
    assert (answer.subject.identifier, answer.report.code) == (identifier, "code-changed")


CONTRADICTIONS = [
    (RENAMING, replace(RENAMING, key="again")),
    (order("recoded", FIRM, OTHER), order("recoded", FIRM, THIRD, "2")),
    (order("merged", FIRM, OTHER), order("dissolved", FIRM, (), "2")),
    (order("dissolved", FIRM, ()), order("renamed", FIRM, RENAMED, "2")),
    (RENAMING, order("merged", FIRM, OTHER, "2", effective_from=date(2026, 11, 20))),
]


@pytest.mark.usefixtures("on_record")
@pytest.mark.parametrize(("before", "after"), CONTRADICTIONS)
def test_what_contradicts_the_record_is_refused_until_the_error_is_void(holders, before, after):
    first = holders.record(CALLER, before)
    with pytest.raises(HolderChangeContradicts) as caught:
        holders.record(CALLER, after)
    assert caught.value.values["event_id"] == first["event_id"]
    assert FIRM.code not in caught.value.zh_text + caught.value.en_text
    holders.void(CALLER, VoidRequest(first["event_id"], "录入错误", "v"))
    assert holders.record(CALLER, after)["kind"] == after.kind.value


@pytest.mark.parametrize(
    "after",
    [
        order("renamed", FIRM, replace(FIRM, name="更早的名称"), "2", effective_from=date(2020, 1, 1)),
        order("divided", RENAMED, THIRD, "2"),
        order("renamed", OTHER, replace(OTHER, name="揭阳市大成物流有限公司"), "2"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("on_record")
def test_what_fits_beside_the_record_is_kept(holders, after):
    holders.record(CALLER, RENAMING)
    assert holders.record(CALLER, after)["kind"] == after.kind.value


def test_an_error_is_void_from_now_on_and_both_stay_on_record(house, holders):
    identifier = house.issue.issue_one(CALLER, request()).identifier
    event = holders.record(CALLER, order("recoded", FIRM, OTHER))["event_id"]
    assert found(house, holder_code=OTHER.code) == [identifier]
    void = VoidRequest(event, "登记了别的公司", "v-1")
    answer = holders.void(CALLER, void)
    assert holders.void(CALLER, void) == answer
    assert found(house, holder_code=OTHER.code) == []
    kept = holders.changes(CALLER, HolderKey("001", OTHER.code))
    assert [(item.event_id, item.source.stands()) for item in kept] == [(event, False)]
    with pytest.raises(EventVoid):
        holders.void(CALLER, replace(void, key="v-2"))
    lines = [line.details for line in house.audit() if line.act == "holder-change-void"]
    assert lines == [{"kind": "recoded", "request_id": "r-1"}]


def _feed(house, caller=CALLER):
    return [
        (line.act, line.identifier, line.row_version)
        for line in house.follow.page(caller, 0, 50).changes
    ]


def test_the_feed_tells_who_keeps_a_certificate_that_its_holder_has_changed(house, holders):
    """Whoever recorded it, and under whatever earlier code; nobody else's line, nobody's name."""
    registrar = replace(ELSEWHERE, person="registrar-1")
    mine = house.issue.issue_one(CALLER, request()).identifier
    other = request("key-2", number="2", holders=(OTHER,))
    theirs = house.issue.issue_one(CALLER, other).identifier
    issued = [("issue", mine, 1), ("issue", theirs, 1)]
    holders.record(registrar, RENAMING)
    holders.record(registrar, order("recoded", RENAMED, replace(RENAMED, code=THIRD.code), "h-2"))
    later = replace(RENAMED, code=THIRD.code)
    event = holders.record(registrar, order("renamed", later, THIRD, "h-3"))["event_id"]
    assert _feed(house, DEPARTMENT) == [*issued, *[("holder-changed", mine, 1)] * 3]
    assert _feed(house, registrar) == []
    holders.void(registrar, VoidRequest(event, "错", "v-1"))
    assert _feed(house, DEPARTMENT)[5:] == [("holder-change-voided", mine, 1)]
    told = [line for line in house.audit() if line.act.startswith("holder-change") and
            line.target == mine]  # fmt: skip
    assert {tuple(line.details) for line in told} == {
        ("effective_from", "event_id", "kind", "request_id")
    }


@pytest.mark.usefixtures("on_record")
def test_who_recorded_it_declares_it_void_or_the_operator(holders):
    event = holders.record(DEPARTMENT, RENAMING)["event_id"]
    with pytest.raises(OutsideDepartment):
        holders.void(ELSEWHERE, VoidRequest(event, "错", "v-1"))
    assert holders.void(STRANGER, VoidRequest(event, "错", "v-2"))["event_id"] == event


def test_an_error_has_a_reason_and_an_id(holders):
    with pytest.raises(Invalid):
        holders.void(CALLER, VoidRequest("e", " ", "v"))
    with pytest.raises(EventNotFound):
        holders.void(CALLER, VoidRequest("e", "错", "v"))


# --- who may say what of whom ---------------------------------------------------------------------


def refused(holders, change, error=Invalid):
    with pytest.raises(error) as caught:
        holders.record(CALLER, change)
    return [(item.field, item.code) for item in caught.value.problems]


def test_only_registration_authorities_are_given_the_right_without_asking():
    assert HOLDERS not in DEPARTMENT_SCOPES
    assert set(REGISTRATION_SCOPES) - set(DEPARTMENT_SCOPES) == {HOLDERS}


def test_nothing_is_recorded_of_a_holder_that_no_record_knows(house, holders):
    house.issue.issue_one(CALLER, request())
    stranger = replace(FIRM, code=OTHER.code)
    for change in (
        order("renamed", stranger, replace(stranger, name="张冠李戴")),
        order("dissolved", stranger, ()),
        order("recoded", stranger, THIRD),
    ):
        assert refused(holders, change) == [("/before/0/code", "holder-not-on-record")]
    several = order("merged", (FIRM, stranger), THIRD)
    assert refused(holders, several) == [("/before/1/code", "holder-not-on-record")]
    assert not [line for line in house.audit() if line.act == "holder-change"]


def test_the_name_before_is_one_that_stood_on_the_record_that_day(house, holders):
    house.issue.issue_one(CALLER, request())
    wrong = [("/before/0/name", "holder-name-not-on-record")]
    never = replace(FIRM, name="张冠李戴")
    assert refused(holders, order("renamed", never, RENAMED)) == wrong
    assert refused(holders, order("recoded", never, THIRD)) == wrong
    holders.record(CALLER, RENAMING)
    today = date(2026, 11, 22)
    gone = order("dissolved", FIRM, (), "h-2", effective_from=today)
    assert refused(holders, gone) == wrong
    assert holders.record(CALLER, replace(gone, before=(RENAMED,)))["kind"] == "dissolved"


def test_what_went_on_in_an_earlier_change_is_known_without_a_certificate(house, holders):
    house.issue.issue_one(CALLER, request())
    holders.record(CALLER, order("divided", FIRM, (OTHER, THIRD)))
    for number, firm in enumerate((FIRM, OTHER, THIRD)):
        today = {"effective_from": date(2026, 11, 22)}
        renamed = order("renamed", firm, replace(firm, name="新的名称"), f"d-{number}", **today)
        never = replace(renamed, before=(replace(firm, name="张冠李戴"),))
        assert refused(holders, never) == [("/before/0/name", "holder-name-not-on-record")]
        assert holders.record(CALLER, renamed)["kind"] == "renamed"


def test_an_error_that_was_declared_void_makes_nobody_known(house, holders):
    house.issue.issue_one(CALLER, request())
    event = holders.record(CALLER, order("merged", FIRM, THIRD))["event_id"]
    holders.void(CALLER, VoidRequest(event, "录入错误", "v"))
    gone = order("dissolved", THIRD, (), "h-2")
    assert refused(holders, gone) == [("/before/0/code", "holder-not-on-record")]


@pytest.mark.parametrize("kind", ["recoded", "merged", "divided"])
@pytest.mark.parametrize("approvers", [(), ("",), ("officer-1",), (" OFFICER-1", "officer-2")])
@pytest.mark.usefixtures("on_record")
def test_certificates_pass_to_another_code_by_two_persons_only(holders, kind, approvers):
    change = order(kind, FIRM, THIRD, approved_by=approvers)
    with pytest.raises(ApprovalMissing) as caught:
        holders.record(CALLER, change)
    assert caught.value.as_problem().field == "/approved_by"


def test_who_approved_stands_in_the_history_and_a_client_is_nobodys_eyes(house, holders):
    house.issue.issue_one(CALLER, request())
    change = order("recoded", FIRM, THIRD)
    with pytest.raises(PersonMissing):
        holders.record(replace(CALLER, person=""), change)
    holders.record(CALLER, change)
    (line,) = [line for line in house.audit() if line.act == "holder-change"]
    assert line.details["approved_by"] == ["officer-2"]
    assert change.request_digest() != replace(change, approved_by=()).request_digest()


# --- issuing to who is no more --------------------------------------------------------------------

TODAY = date(2026, 11, 22)


def issue(house, key="n-1", **changes):
    try:
        house.issue.issue_one(CALLER, request(key, number=key, **changes))
    except Invalid as error:
        return [(item.field, item.code) for item in error.problems]
    return []


@pytest.mark.parametrize(
    ("kind", "after", "code"),
    [("dissolved", (), "holder-ended"), ("merged", THIRD, "holder-merged")],
)
@pytest.mark.usefixtures("on_record")
def test_nothing_is_issued_to_who_is_no_more_on_that_day(house, holders, kind, after, code):
    event = holders.record(CALLER, order(kind, FIRM, after))["event_id"]
    refused = [("/holders/0/code", code)]
    assert issue(house, issue_date=DAY, valid_from=DAY) == refused
    assert issue(house, issue_date=TODAY, valid_from=TODAY) == refused
    both = issue(house, issue_date=TODAY, valid_from=TODAY, holders=(OTHER, FIRM))
    assert both == [("/holders/1/code", code)]
    assert issue(house, "n-2") == []  # of the day before
    odd = issue(house, issue_date=TODAY, holders=(replace(FIRM, code_type="777"), FIRM))
    assert [field for field, _ in odd] == ["/holders/0/code_type"]
    holders.void(CALLER, VoidRequest(event, "录入错误", "v"))
    assert issue(house, issue_date=TODAY, valid_from=TODAY) == []


def test_nothing_is_issued_to_the_dead(house, holders):
    with_people(house)
    person = Holder("蔡梓涵", "111", "445221198501010019")
    assert issue(house, "p-1", type_code=PEOPLE, holders=(person,)) == []
    holders.record(CALLER, order("died", person, ()))
    again = {"type_code": PEOPLE, "holders": (person,), "issue_date": TODAY, "valid_from": TODAY}
    assert issue(house, "p-2", **again) == [("/holders/0/code", "holder-ended")]
    draft = request("p-3", number="p-3", **again)
    with pytest.raises(Invalid):
        house.make.make(CALLER, draft)


def test_an_error_is_corrected_whoever_has_died_since(house, holders):
    first = house.issue.issue_one(CALLER, request()).identifier
    holders.record(CALLER, order("dissolved", FIRM, ()))
    newer = {
        "issue_date": TODAY, "valid_from": date(2026, 11, 20), "supersedes": first,
        "fields": {"KZ_JYFW": "旅客运输"},
    }  # fmt: skip
    changed = issue(house, "c-1", supersede_reason="change", **newer)
    assert changed == [("/holders/0/code", "holder-ended")]
    assert issue(house, "c-2", supersede_reason=CORRECTION, **newer) == []
