"""The register of bodies over time, kept by the operator: names, successions, errors, mandates."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.departments import Department, SuccessionKind
from certlib.errors import Invalid, ScopeMissing, StaleVersion, TypeUnknown
from certlib.mandates import Capacity, IssueListEntry
from certlib.party_errors import (
    DepartmentEnded,
    DepartmentRegistered,
    DepartmentUnknown,
    EventNotFound,
    EventVoid,
    MandateKnown,
    SuccessionContradicts,
)
from certlib.usecases.manage_departments import NameRequest, SuccessionRequest, VoidingRequest
from certlib.usecases.manage_issue_list import EntriesAsk, EntryRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import (
    CALLER,
    FOUR_EYES,
    ISSUER,
    OTHER,
    STRANGER,
    TYPE,
    request,
)

THIRD = "114451009999990234"
FOURTH = "11445200999999015E"
BODY = Department(THIRD, "揭阳市大数据局", "市数据局", "445200", "prefecture")
TODAY, TOMORROW, FROM = date(2026, 11, 22), date(2026, 11, 23), date(2027, 1, 1)


@pytest.fixture
def bodies(house):
    house.departments.put(CALLER, BODY, None)
    house.departments.put(CALLER, replace(BODY, credit_code=FOURTH, name="揭阳市林业局"), None)
    return house.departments


def naming(name="揭阳市交通局", since=TODAY, key="n-1", **changes):
    made = NameRequest(ISSUER, name, name[2:], since, "更名批复", "揭市编〔2026〕9号", key)
    return replace(made, **changes)


def step(after=OTHER, since=FROM, key="s-1", kind=SuccessionKind.MERGED, **changes):
    made = SuccessionRequest(ISSUER, kind, after, since, "机构改革方案", "揭市编〔2026〕10号", key)
    return replace(made, **changes)


def entries(house, **of):
    return [
        (item.type_code, item.issuer_code, item.effective_from, item.effective_to)
        for item in house.issue_list.entries(CALLER, EntriesAsk(50, **of)).entries
    ]


def _entries(house, type_code, issuer_code):
    return house.issue_list.entries(CALLER, EntriesAsk(50, type_code, issuer_code)).entries


# --- the register -----------------------------------------------------------------------------


def test_a_body_is_registered_changed_and_read(house, bodies):
    assert bodies.dossier(CALLER, THIRD).department == BODY
    assert [item.credit_code for item in bodies.departments(CALLER)] == [
        THIRD, OTHER, ISSUER, FOURTH,
    ]  # fmt: skip
    county = replace(BODY, level="county", division_code="445202")
    assert bodies.put(CALLER, county, 1) == replace(county, row_version=2)
    assert bodies.put(CALLER, county, None) == replace(county, row_version=2)  # nothing new
    lines = [line.target for line in house.audit() if line.act == "department"]
    assert lines == [THIRD, FOURTH, THIRD]


def test_a_body_is_changed_by_who_read_it_last(bodies):
    county = replace(BODY, level="county")
    with pytest.raises(DepartmentRegistered):
        bodies.put(CALLER, county, None)
    with pytest.raises(StaleVersion):
        bodies.put(CALLER, county, 7)


def test_everything_wrong_with_a_body_is_said_at_once(bodies):
    wrong = Department(
        THIRD[:-1] + "0", " ", "简\u200b称", "445221", "village", date(2026, 1, 2), date(2026, 1, 1)
    )
    with pytest.raises(Invalid) as caught:
        bodies.put(CALLER, wrong, None)
    assert [item.field for item in caught.value.problems] == [
        "path:credit_code", "/name", "/short_name", "/division_code", "/level", "/effective_to",
    ]  # fmt: skip


def test_a_new_name_is_not_slipped_in(bodies):
    with pytest.raises(Invalid) as caught:
        bodies.put(CALLER, replace(BODY, name="别的名称"), 1)
    assert [item.code for item in caught.value.problems] == ["department-name-dated"]


def test_only_the_operator_manages_and_every_department_reads(house, bodies):
    nobody = replace(CALLER, scopes=frozenset({"types:read"}))
    entry = EntryRequest(IssueListEntry(TYPE, OTHER, TODAY), "e")
    for act in (
        lambda: bodies.put(nobody, BODY, None),
        lambda: bodies.name(nobody, naming()),
        lambda: bodies.succeed(nobody, step()),
        lambda: bodies.void(nobody, VoidingRequest(ISSUER, "e", "错", "k")),
        lambda: house.issue_list.enter(nobody, entry),
        lambda: bodies.departments(replace(nobody, scopes=frozenset())),
        lambda: bodies.dossier(replace(nobody, scopes=frozenset()), ISSUER),
        lambda: house.issue_list.entries(replace(nobody, scopes=frozenset()), EntriesAsk(50)),
    ):
        with pytest.raises(ScopeMissing):
            act()
    assert bodies.dossier(nobody, ISSUER).department.credit_code == ISSUER


def test_a_body_that_is_not_registered(bodies):
    for act in (
        lambda: bodies.dossier(CALLER, "x"),
        lambda: bodies.name(CALLER, naming(credit_code="x")),
        lambda: bodies.succeed(CALLER, step(after="x")),
    ):
        with pytest.raises(DepartmentUnknown):
            act()


# --- names ------------------------------------------------------------------------------------


def test_a_name_holds_from_its_day_and_old_certificates_stay_valid(house, bodies):
    old = house.issue.issue_one(CALLER, request()).identifier
    answer = bodies.name(CALLER, naming(since=TOMORROW))
    assert bodies.name(CALLER, naming(since=TOMORROW)) == answer
    assert (answer["row_version"], answer["effective_from"]) == (2, "2026-11-23")
    assert bodies.dossier(CALLER, ISSUER).department.name == "揭阳市交通运输局"
    house.clock.pass_time(hours=24)
    dossier = bodies.dossier(CALLER, ISSUER)
    assert dossier.department.name == "揭阳市交通局"
    assert [item.source.actor for item in dossier.names] == [CALLER.actor]
    new = house.issue.issue_one(CALLER, request("k2", number="N2")).identifier
    content = house.certificate(new).content
    assert (content.issuer_name, content.seal_name) == ("揭阳市交通局", "揭阳市交通局电子印章")
    assert house.certificate(old).content.issuer_name == "揭阳市交通运输局"
    report = house.verify.by_identifier(old, Question()).report
    assert report.code == "valid"
    assert "issuer-changed" in [item.code for item in report.findings]


def test_a_name_says_what_it_rests_on(bodies):
    with pytest.raises(Invalid) as caught:
        bodies.name(CALLER, naming("", basis=" "))
    assert [item.field for item in caught.value.problems] == ["/name", "/short_name", "/basis"]
    with pytest.raises(StaleVersion):
        bodies.name(CALLER, naming(expected_version=9))


# --- successions ------------------------------------------------------------------------------


def test_a_merger_passes_the_issue_list_on_from_its_day(house, bodies):
    kinds = [kind for kind, *_ in entries(house, issuer_code=ISSUER)]
    answer = bodies.succeed(CALLER, step())
    assert answer["entries_passed_on"] == len(kinds)
    assert entries(house, issuer_code=ISSUER) == [
        (kind, ISSUER, date(2020, 1, 1), date(2026, 12, 31)) for kind in kinds
    ]
    assert entries(house, issuer_code=OTHER) == [
        (kind, OTHER, FROM, date(2030, 1, 1)) for kind in kinds
    ]
    basis = _entries(house, TYPE, OTHER)[0].basis
    assert basis.startswith("机构改革方案 揭市编〔2026〕10号（承接）")
    day = {"issue_date": FROM, "valid_from": FROM}
    house.clock.pass_time(days=45)
    with pytest.raises(DepartmentEnded):
        house.issue.issue_one(CALLER, request("k1", **day))
    assert (
        house.issue.issue_one(STRANGER, request("k2", issuer_code=OTHER, **day)).issuer_code
        == OTHER
    )
    line = next(item for item in house.audit() if item.act == "department-succession")
    assert (line.target, line.details["successor"], line.details["kind"]) == (
        ISSUER, OTHER, "merged",
    )  # fmt: skip


def test_what_was_issued_before_a_late_record_keeps_its_authority(house, bodies):
    """Recorded afterwards: nobody is made unauthorised for what he issued in good faith."""
    issued = house.issue.issue_one(CALLER, request(issue_date=TODAY, valid_from=TODAY))
    bodies.succeed(CALLER, step(since=date(2026, 11, 1)))
    assert entries(house, type_code=TYPE, issuer_code=ISSUER)[0][3] == TODAY
    _, pdf = house.read.file(STRANGER, issued.identifier)
    assert house.verify.by_file(pdf, Question()).report.code == "valid"


def test_single_functions_pass_on_alone_and_entrustments_do_not(house, bodies):
    entrusted = IssueListEntry(TYPE, ISSUER, TODAY, None, "委托书", Capacity.ENTRUSTED, FOURTH)
    later = IssueListEntry(TYPE, ISSUER, date(2031, 1, 1))
    under = IssueListEntry(
        FOUR_EYES, ISSUER, date(2031, 1, 1), None, "编办", Capacity.SUBORDINATE, OTHER
    )
    for number, entry in enumerate((entrusted, later, under)):
        house.issue_list.enter(CALLER, EntryRequest(entry, f"e{number}"))
    moved = step(kind=SuccessionKind.MOVED, type_codes=frozenset({TYPE}))
    assert bodies.succeed(CALLER, moved)["entries_passed_on"] == 2
    assert entries(house, issuer_code=OTHER) == [
        (TYPE, OTHER, FROM, date(2030, 1, 1)), (TYPE, OTHER, date(2031, 1, 1), None),
    ]  # fmt: skip
    kept = _entries(house, TYPE, ISSUER)
    assert [(item.capacity.value, item.effective_to) for item in kept] == [
        ("own", date(2026, 12, 31)), ("own", None), ("entrusted", date(2026, 12, 31)),
    ]  # fmt: skip
    bodies.succeed(CALLER, step(key="s-2", since=date(2027, 2, 1)))
    own = _entries(house, FOUR_EYES, OTHER)
    assert {(item.capacity, item.principal_code) for item in own} == {(Capacity.OWN, "")}


def test_who_is_on_the_list_already_stays_as_it_is(house, bodies):
    entry = IssueListEntry(TYPE, OTHER, date(2026, 1, 1), basis="三定方案")
    house.issue_list.enter(CALLER, EntryRequest(entry, "e"))
    others = len(entries(house, issuer_code=ISSUER)) - 1
    assert bodies.succeed(CALLER, step())["entries_passed_on"] == others
    assert _entries(house, TYPE, OTHER) == [entry]


def test_the_list_stays_where_the_operator_says_so(house, bodies):
    before = entries(house)
    assert bodies.succeed(CALLER, step(pass_on=False))["entries_passed_on"] == 0
    assert entries(house) == before


def test_what_a_succession_lacks(bodies):
    wrong = step(after=ISSUER, type_codes=frozenset({TYPE}), basis="")
    with pytest.raises(Invalid) as caught:
        bodies.succeed(CALLER, wrong)
    assert [item.field for item in caught.value.problems] == [
        "/successor_code", "/type_codes", "/basis",
    ]  # fmt: skip
    with pytest.raises(TypeUnknown):
        bodies.succeed(CALLER, step(kind=SuccessionKind.MOVED, type_codes=frozenset({"x"})))


MOVED = {"kind": SuccessionKind.MOVED, "type_codes": frozenset({TYPE})}
EARLY, LATE = date(2026, 6, 1), date(2028, 1, 1)
NO_ROOM = [
    ([step()], step(THIRD, LATE, "2")),  # it stands in nobody's place any more
    ([step()], step(THIRD, EARLY, "2")),  # it would never come to the first
    ([step()], step(ISSUER, LATE, "2", credit_code=THIRD)),  # its successor has ended
    ([step(**MOVED)], step(THIRD, LATE, "2", **MOVED)),
    ([step(**MOVED)], step(ISSUER, LATE, "2", credit_code=THIRD, **MOVED)),
    ([step(**MOVED)], step(THIRD, EARLY, "2", **MOVED)),
]
ROOM = [
    ([step(**MOVED)], step(THIRD, LATE, "2")),  # the rest is merged later
    ([step(since=LATE)], step(THIRD, FROM, "2", **MOVED)),  # a function moves before the merger
    ([step(**MOVED)], step(ISSUER, LATE, "2", credit_code=OTHER, **MOVED)),  # it comes back
    (
        [step(**MOVED), step(ISSUER, LATE, "2", credit_code=OTHER, **MOVED)],
        step(THIRD, date(2029, 1, 1), "3", **MOVED),  # and goes elsewhere
    ),
    (
        [step(**MOVED), step(ISSUER, LATE, "2", credit_code=OTHER, **MOVED)],
        step(ISSUER, date(2029, 1, 1), "3", credit_code=THIRD, **MOVED),
    ),
]


@pytest.mark.parametrize(("before", "after"), NO_ROOM)
def test_successions_do_not_contradict_each_other(bodies, before, after):
    for one in before:
        bodies.succeed(CALLER, one)
    with pytest.raises(SuccessionContradicts):
        bodies.succeed(CALLER, after)


@pytest.mark.parametrize(("before", "after"), ROOM)
def test_successions_follow_each_other(bodies, before, after):
    for one in before:
        bodies.succeed(CALLER, one)
    assert bodies.succeed(CALLER, after)["row_version"] > 1


def test_a_successor_exists_on_the_day(bodies):
    ended = replace(BODY, effective_to=date(2026, 12, 31))
    bodies.put(CALLER, ended, 1)
    with pytest.raises(SuccessionContradicts):
        bodies.succeed(CALLER, step(THIRD))


def test_an_error_is_void_and_both_stay_on_record(bodies):
    event = bodies.succeed(CALLER, step())["event_id"]
    name = bodies.name(CALLER, naming())["event_id"]
    void = VoidingRequest(ISSUER, event, "录入错误", "v-1", expected_version=3)
    assert bodies.void(CALLER, void)["row_version"] == 4
    assert bodies.void(CALLER, void)["row_version"] == 4  # the first answer again
    bodies.void(CALLER, VoidingRequest(ISSUER, name, "录入错误", "v-2"))
    dossier = bodies.dossier(CALLER, ISSUER)
    assert dossier.department.name == "揭阳市交通运输局"
    assert [item.source.stands() for item in (*dossier.names, *dossier.successions)] == [
        False, False,
    ]  # fmt: skip
    assert bodies.succeed(CALLER, step(THIRD, key="s-2"))["event_id"] != event
    with pytest.raises(EventVoid):
        bodies.void(CALLER, VoidingRequest(ISSUER, event, "错", "v-3"))
    with pytest.raises(EventNotFound):
        bodies.void(CALLER, VoidingRequest(OTHER, event, "错", "v-4"))
    with pytest.raises(Invalid):
        bodies.void(CALLER, VoidingRequest(OTHER, event, " ", "v-5"))


# --- the issue list ---------------------------------------------------------------------------

ENTRY = IssueListEntry(TYPE, OTHER, TODAY, basis="揭府〔2026〕1号")


def enter(house, entry=ENTRY, key="e-1", expected=None):
    return house.issue_list.enter(CALLER, EntryRequest(entry, key, expected))


def test_an_entry_is_made_and_ended(house):
    first = enter(house)
    assert (first["capacity"], first["effective_to"], first["row_version"]) == ("own", None, 1)
    ended = enter(house, replace(ENTRY, effective_to=FROM), "e-2", 1)
    assert (ended["effective_to"], ended["row_version"]) == ("2027-01-01", 2)
    assert enter(house, replace(ENTRY, effective_to=FROM), "e-3")["row_version"] == 2
    assert enter(house) == first  # the first key's answer
    acts = [line for line in house.audit() if line.act == "issue-list"]
    assert [(line.target, line.details["effective_to"]) for line in acts] == [
        (TYPE, None), (TYPE, "2027-01-01"), (TYPE, "2027-01-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"effective_to": date(2026, 11, 21)}, ["end-in-past"]),
        ({"basis": "别的"}, ["entry-fixed"]),
    ],
)
def test_an_entry_that_is_there_changes_its_end_and_nothing_else(house, changed, expected):
    past = replace(ENTRY, effective_from=date(2026, 1, 1))
    enter(house, past)
    with pytest.raises(Invalid) as caught:
        enter(house, replace(past, **changed), "e-2")
    assert [item.code for item in caught.value.problems] == expected


def test_what_the_list_refuses(house):
    enter(house)
    with pytest.raises(StaleVersion):
        enter(house, replace(ENTRY, effective_to=FROM), "2", 7)
    for wrong, error in (
        (replace(ENTRY, effective_from=FROM), MandateKnown),
        (replace(ENTRY, type_code="x"), TypeUnknown),
        (replace(ENTRY, issuer_code="x"), DepartmentUnknown),
        (
            replace(ENTRY, capacity=Capacity.ENTRUSTED, principal_code="x"),
            DepartmentUnknown,
        ),
        (replace(ENTRY, capacity=Capacity.ENTRUSTED), Invalid),
    ):
        with pytest.raises(error):
            enter(house, wrong, "3")


def test_one_body_acts_for_two_principals_and_for_itself(house, bodies):
    before = len(entries(house))
    enter(house)
    for number, principal in enumerate((ISSUER, THIRD)):
        acting = replace(ENTRY, capacity=Capacity.ENTRUSTED, principal_code=principal)
        assert enter(house, acting, f"p{number}")["principal_code"] == principal
    assert len(entries(house, type_code=TYPE, issuer_code=OTHER)) == 3
    assert len(entries(house)) == before + 3
