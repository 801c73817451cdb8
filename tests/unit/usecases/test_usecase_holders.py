"""Changes of holders: recorded once, contradicted never, found from every side, undone by record."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.document import Holder
from certlib.errors import IdempotencyMismatch, Invalid, OutsideDepartment, ScopeMissing
from certlib.holder_changes import ChangeKind, HolderKey
from certlib.party_errors import EventNotFound, EventVoid, HolderChangeContradicts
from certlib.registry import SearchQuery
from certlib.usecases.record_holders import HolderChangeRequest, VoidRequest
from certlib.usecases.verify import Question
from certlib.verification import Claim
from tests.unit.usecases.house import CALLER, STRANGER, request

FIRM = Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K")
RENAMED = replace(FIRM, name="揭阳市示例物流有限公司")
OTHER = Holder("揭阳市大成运输有限公司", "001", "11445200999999015E")
THIRD = Holder("揭阳市三合运输有限公司", "001", "114451009999990234")
DAY = date(2026, 11, 21)
DEPARTMENT = replace(CALLER, scopes=CALLER.scopes - {"library:operate"})
ELSEWHERE = replace(STRANGER, scopes=DEPARTMENT.scopes)


@pytest.fixture
def holders(house):
    return house.holders


def order(kind, before, after, key="h-1", **changes):
    several = [(one,) if isinstance(one, Holder) else tuple(one) for one in (before, after)]
    made = HolderChangeRequest(ChangeKind(kind), *several, DAY, "变更登记", key,
                               reason_code="other" if kind == "recoded" else "")  # fmt: skip
    return replace(made, **changes)


RENAMING = order("renamed", FIRM, RENAMED)


def found(house, **criteria):
    return [
        item.identifier for item in house.read.search(CALLER, SearchQuery(**criteria)).certificates
    ]


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
    holders.record(CALLER, order("merged", FIRM, OTHER))
    assert found(house, holder_code=OTHER.code) == [mine]
    assert found(house, holder_code=FIRM.code) == []


def test_fifteen_and_eighteen_digits_are_one_number(house, holders):
    person, later = (Holder(name, "111", "445221198501010019") for name in ("蔡梓涵", "蔡子涵"))
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
        order("renamed", replace(FIRM, name="更早的名称"), FIRM, "2", effective_from=date(2020, 1, 1)),
        order("divided", FIRM, OTHER, "2"),
        order("renamed", OTHER, replace(OTHER, name="揭阳市大成物流有限公司"), "2"),
    ],
)  # fmt: skip
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
