"""What stands beside the state, through the use case: one commit, one line of history, one key."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.beside import Lifting
from certlib.beside_errors import DeliveryRecorded, NoRenewalOpen
from certlib.delivery import Channel
from certlib.errors import (
    CertificateNotFound,
    IdempotencyMismatch,
    Invalid,
    OutsideDepartment,
    ScopeMissing,
    StaleVersion,
    StoreUnavailable,
)
from certlib.renewals import RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind
from certlib.usecases.amend import Amendment, Handover
from certlib.usecases.order import IssueRequest
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, STRANGER, order, request

DAY = date(2026, 11, 22)
FREEZE = Restriction(RestrictionKind.FROZEN, "法院", "1号", date(2026, 11, 20))


@pytest.fixture
def issued(house):
    return house.issue.issue_one(CALLER, request()).identifier


def on(identifier, key="a-1", version=None):
    return Amendment(identifier, key, version)


def acts(house, amendment, caller=CALLER):
    """Every act, as far as it can come on a fresh certificate."""
    amend = house.amend
    return {
        "apply": lambda: amend.apply_for_renewal(caller, amendment, DAY, "业务1"),
        "restrict": lambda: amend.restrict(caller, amendment, FREEZE),
        "deliver": lambda: amend.deliver(caller, amendment, Handover(DAY, Channel.POST)),
    }


@pytest.mark.parametrize(
    ("name", "act"),
    [("apply", "renewal-application"), ("restrict", "restrict"), ("deliver", "deliver")],
)
def test_each_act_moves_the_version_and_is_written_down_once(house, issued, name, act):
    answer = acts(house, on(issued))[name]()
    assert (answer["act"], answer["row_version"]) == (act, 2)
    assert house.certificate(issued).row_version == 2
    last = house.audit()[-1]
    assert (last.act, last.target, last.actor) == (act, issued, CALLER.actor)
    assert last.details["request_id"] == CALLER.request_id
    again = acts(house, on(issued))[name]()
    assert again == answer
    assert house.certificate(issued).row_version == 2
    assert len([item for item in house.audit() if item.act == act]) == 1


@pytest.mark.parametrize("name", ["apply", "restrict", "deliver"])
def test_versions_keys_and_departments(house, issued, name):
    with pytest.raises(StaleVersion):
        acts(house, on(issued, version=7))[name]()
    with pytest.raises(OutsideDepartment):
        acts(house, on(issued), STRANGER)[name]()
    with pytest.raises(ScopeMissing):
        acts(house, on(issued), replace(CALLER, scopes=frozenset()))[name]()
    with pytest.raises(CertificateNotFound):
        acts(house, on("1.2.156.3005.2.nothing"))[name]()
    assert acts(house, on(issued, version=1))[name]()["row_version"] == 2
    with pytest.raises(IdempotencyMismatch):
        acts(house, on(issued, version=2))[name]()


def test_without_its_line_of_history_nothing_is_kept(house, issued, monkeypatch):
    def down(*_arguments):
        raise StoreUnavailable(what="history")

    monkeypatch.setattr("storage.audit_chain.append", down)
    for act in acts(house, on(issued)).values():
        with pytest.raises(StoreUnavailable):
            act()
    monkeypatch.undo()
    found = house.certificate(issued)
    assert (found.row_version, found.restrictions, found.renewals) == (1, (), ())
    assert acts(house, on(issued))["restrict"]()["row_version"] == 2


def test_a_renewal_from_application_to_the_new_version(house):
    first = request(valid_to=date(2026, 11, 30), issue_date=date(2023, 1, 1), valid_from=None)
    identifier = house.issue.issue_one(CALLER, first).identifier
    answer = house.amend.apply_for_renewal(CALLER, on(identifier), DAY, "业务1")
    assert [item["code"] for item in answer["warnings"]] == ["renewal-notice-short"]
    house.clock.pass_time(days=9)
    assert _code(house, identifier) == "renewal-pending"
    house.amend.decide_renewal(
        CALLER, on(identifier, "a-2"), RenewalOutcome.GRANTED, date(2026, 12, 1), "准延1号"
    )
    assert _code(house, identifier) == "renewal-granted"
    renewed = order(
        issue_date=date(2026, 12, 1),
        valid_from=date(2026, 12, 1),
        supersedes=identifier,
        supersede_reason="renewal",
    )
    house.issue.issue_one(CALLER, IssueRequest(renewed, "k-renewed"))
    assert _code(house, identifier) == "superseded"
    with house.registry.read() as session:
        assert session.status(identifier).renewal_pending_since is None


def test_a_refusal_is_seen_from_its_day(house):
    first = request(valid_to=date(2026, 11, 21), issue_date=date(2023, 1, 1), valid_from=None)
    identifier = house.issue.issue_one(CALLER, first).identifier
    house.amend.apply_for_renewal(CALLER, on(identifier), date(2026, 11, 1), "业务1")
    with house.registry.read() as session:
        assert session.status(identifier).renewal_pending_since == date(2026, 11, 1)
    before = house.clock.now()
    house.clock.pass_time(days=3)
    refused = (RenewalOutcome.REFUSED, date(2026, 11, 24), "不延1号")
    house.amend.decide_renewal(CALLER, on(identifier, "a-2"), *refused)
    assert _code(house, identifier) == "expired"
    assert _code(house, identifier, on=date(2026, 11, 23)) == "renewal-pending"
    assert _code(house, identifier, on=date(2026, 11, 24)) == "expired"
    known = _code(house, identifier, on=date(2026, 11, 24), known_at=before)
    assert known == "renewal-pending"
    with pytest.raises(NoRenewalOpen):
        house.amend.decide_renewal(CALLER, on(identifier, "a-3"), *refused)


def test_a_restriction_and_its_lifting_count_as_they_were_known(house, issued):
    house.amend.restrict(CALLER, on(issued), FREEZE)
    assert _code(house, issued) == "restricted"
    frozen = house.clock.now()
    house.clock.pass_time(days=2)
    lifting = Lifting(RestrictionKind.FROZEN, date(2026, 11, 23), lift_document="2号")
    answer = house.amend.lift(CALLER, on(issued, "a-2"), lifting)
    assert (answer["act"], answer["lifted_on"]) == ("lift-restriction", "2026-11-23")
    assert _code(house, issued) == "valid"
    assert _code(house, issued, on=date(2026, 11, 22)) == "restricted"
    assert _code(house, issued, on=date(2026, 11, 23)) == "valid"
    assert _code(house, issued, on=date(2026, 11, 23), known_at=frozen) == "restricted"


def test_delivery_is_recorded_once_and_never_tells_the_history_who_took_it(house):
    decided = request(decision_date=date(2026, 11, 5))
    identifier = house.issue.issue_one(CALLER, decided).identifier
    handover = Handover(date(2026, 11, 20), Channel.COUNTER, "王小明")
    answer = house.amend.deliver(CALLER, on(identifier), handover)
    assert (answer["late"], answer["deliver_by"]) == (True, "2026-11-19")
    _, kept = house.read.record(CALLER, identifier)
    assert (kept.receiver, kept.late, kept.channel) == ("王小明", True, Channel.COUNTER)
    assert "王小明" not in str([item.details for item in house.audit()])
    with pytest.raises(DeliveryRecorded):
        house.amend.deliver(CALLER, on(identifier, "a-2"), handover)
    other = replace(handover, receiver="李四")
    with pytest.raises(IdempotencyMismatch):
        house.amend.deliver(CALLER, on(identifier), other)


def test_without_a_decision_day_nothing_is_late(house, issued):
    answer = house.amend.deliver(CALLER, on(issued), Handover(DAY, Channel.ONLINE))
    assert (answer["late"], answer["deliver_by"]) == (False, None)


def test_impossible_days_of_delivery(house, issued):
    for day, code in ((date(2026, 11, 1), "date-order"), (date(2026, 12, 1), "day-in-future")):
        with pytest.raises(Invalid) as caught:
            house.amend.deliver(CALLER, on(issued), Handover(day, Channel.POST))
        assert [item.code for item in caught.value.problems] == [code]


@pytest.mark.parametrize("reason", ["correction", "change"])
def test_a_past_day_of_a_corrected_certificate_shows_both(house, issued, reason):
    """更正 is not 变更: only the corrected version speaks of days before it was recorded."""
    house.clock.pass_time(days=3)
    wish = order(supersedes=issued, supersede_reason=reason, fields={"KZ_JYFW": "旅客运输"})
    newer = house.issue.issue_one(CALLER, IssueRequest(wish, "k-newer")).identifier
    asked = Question(on=date(2026, 11, 22))
    report = house.verify.by_identifier(newer, asked).report
    told = [item for item in report.findings if item.code == "recorded-uncorrected"]
    assert bool(told) is (reason == "correction")
    if told:
        assert told[0].evidence == {"earlier": issued, "fields": ["KZ_JYFW"]}
        assert "经营范围" in told[0].zh
    assert house.certificate(newer).supersedes == issued


def test_a_corrected_version_without_its_record_is_judged_alone(house, issued, monkeypatch):
    wish = order(supersedes=issued, supersede_reason="correction", fields={"KZ_JYFW": "旅客运输"})
    newer = house.issue.issue_one(CALLER, IssueRequest(wish, "k-newer")).identifier
    found = house.certificate(newer)
    monkeypatch.setattr(
        "storage.reading.SqlReadSession.certificate",
        lambda _session, identifier: found if identifier == newer else None,
    )
    report = house.verify.by_identifier(newer, Question(on=date(2026, 11, 21))).report
    assert report.verdict == "valid"


def _code(house, identifier, **asked):
    return house.verify.by_identifier(identifier, Question(**asked)).report.code


def test_nothing_is_restricted_before_the_right_began(house, issued):
    early = replace(FREEZE, effective_from=date(1990, 1, 1))
    with pytest.raises(Invalid) as caught:
        house.amend.restrict(CALLER, on(issued), early)
    assert [(item.field, item.code) for item in caught.value.problems] == [
        ("/effective_from", "date-order")
    ]


def test_a_restriction_older_than_the_version_lies_upon_the_right(house):
    """The next version bears what was laid upon the one before, from its own day."""
    early = {"issue_date": date(2026, 6, 1), "valid_from": None, "valid_to": date(2030, 5, 31)}
    first = house.issue.issue_one(CALLER, request("first", **early)).identifier
    changed = RevisionRequest(first, "change", "next", {"fields": {"KZ_JYFW": "道路旅客运输"}})
    second = house.revise.revise(CALLER, changed).identifier
    old = replace(FREEZE, effective_from=date(2026, 7, 1))
    house.amend.restrict(CALLER, on(second), old)
    too_early = replace(old, effective_from=date(2026, 5, 31))
    with pytest.raises(Invalid):
        house.amend.restrict(CALLER, on(second, "a-2"), too_early)
