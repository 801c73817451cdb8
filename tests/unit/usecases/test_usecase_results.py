"""Periodic results in batches: a row has an outcome of its own; lists say what is late today."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.delivery import Channel
from certlib.duties import DutyProblem, DutyResult
from certlib.errors import (
    CertificateNotFound,
    CertlibError,
    Conflict,
    IdempotencyMismatch,
    Invalid,
    OutsideDepartment,
    ScopeMissing,
    StaleVersion,
    StoreUnavailable,
    TransitionForbidden,
    TypeUnknown,
)
from certlib.usecases.amend import Amendment, Handover
from certlib.usecases.due_lists import DueAsk, LateAsk
from certlib.usecases.order import IssueRequest
from certlib.usecases.record_results import ResultRow
from certlib.usecases.verify import Question
from certlib.verification import Verdict
from tests.unit.usecases.house import CALLER, STRANGER, TYPE, order, request
from tests.unit.usecases.inspected import DUTIES, INSPECTED, put_inspected

DONE = date(2026, 11, 20)


@pytest.fixture
def inspected(house):
    put_inspected(house.registry)
    return house


def issue(house, number="1", **changes):
    made = order(
        type_code=INSPECTED,
        number=number,
        valid_to=None,
        valid_from=None,
        **{"issue_date": date(2025, 1, 10), **changes},
    )
    return house.issue.issue_one(CALLER, IssueRequest(made, f"k-{number}")).identifier


def row(identifier="", key="r-1", result="passed", **changes):
    base = ResultRow(key, "check", DutyResult(result), DONE, identifier)
    return replace(base, **changes)


def record(house, *rows, caller=CALLER):
    return house.results.record(caller, rows)


def code(house, identifier, **asked):
    report = house.verify.by_identifier(identifier, Question(**asked)).report
    return report.verdict, report.code


def test_what_is_overdue_is_caught_up_with(inspected):
    identifier = issue(inspected)
    assert code(inspected, identifier) == (Verdict.VALID, "inspection-overdue")
    (answer,) = record(inspected, row(identifier))
    assert answer["next_due"] == "2027-11-20"
    assert (answer["overdue"], answer["row_version"]) == (False, 2)
    assert code(inspected, identifier) == (Verdict.VALID, "valid")
    last = inspected.audit()[-1]
    assert (last.act, last.target) == ("periodic-result", identifier)
    assert last.details["duty"] == "check"


def test_what_failed_bars_its_use_from_its_day(inspected):
    identifier = issue(inspected)
    record(inspected, row(identifier, result="failed"))
    assert code(inspected, identifier) == (Verdict.INVALID, "inspection-failed-blocks")
    day = DONE - timedelta(days=1)
    assert code(inspected, identifier, on=day) == (Verdict.VALID, "valid-then")


def test_a_report_that_is_missed_takes_nothing_away(inspected):
    """A business licence has 年报 and never becomes invalid by missing it."""
    identifier = issue(inspected)
    record(inspected, row(identifier), row(identifier, "r-2", "failed", duty_code="report"))
    report = inspected.verify.by_identifier(identifier, Question()).report
    assert (report.verdict, report.code) == (Verdict.VALID, "valid")
    assert "duty-failed-noted" in {item.code for item in report.findings}


def test_rows_do_not_hang_on_one_another(inspected):
    good, ended = issue(inspected, "1"), issue(inspected, "2")
    inspected.change.change(CALLER, _revocation(ended))
    outcomes = record(
        inspected,
        row(good),
        row("1.2.156.3005.2.nothing", "r-2"),
        row(good, "r-3", duty_code="dance"),
        row(ended, "r-4"),
        row(good, "r-5", done_on=date(2030, 1, 1)),
        row(good, "r-6", "exempt", duty_code="report"),
    )
    kinds = [type(item) for item in outcomes]
    assert kinds[1:5] == [CertificateNotFound, Invalid, TransitionForbidden, Invalid]
    assert outcomes[2].problems[0].field == "/duty_code"
    assert [outcomes[0]["row_version"], outcomes[5]["row_version"]] == [2, 3]
    assert len(inspected.certificate(good).results) == 2


def test_a_key_gets_its_first_answer_and_a_refusal_leaves_it_free(inspected):
    identifier = issue(inspected)
    (first,) = record(inspected, row(identifier))
    assert record(inspected, row(identifier)) == [first]
    (other,) = record(inspected, row(identifier, result="failed"))
    assert isinstance(other, IdempotencyMismatch)
    assert record(inspected, row(identifier, "r-2"), row(identifier, "r-2"))[0] != first
    assert len(inspected.certificate(identifier).results) == 2
    (refused,) = record(inspected, row(identifier, "r-3", duty_code="dance"))
    assert isinstance(refused, Invalid)
    (kept,) = record(inspected, row(identifier, "r-3"))
    assert not isinstance(kept, CertlibError)


def test_a_number_names_the_version_that_counts(inspected):
    identifier = issue(inspected, "许可1号")
    by_number = row(type_code=INSPECTED, number="许可 1 号")
    (answer,) = record(inspected, by_number)
    assert answer["identifier"] == identifier
    newer = issue(inspected, "许可1号新", supersedes=identifier, issue_date=date(2026, 11, 20))
    assert newer != identifier
    (absent,) = record(inspected, row(key="r-2", type_code=INSPECTED, number="许可1号"))
    assert isinstance(absent, CertificateNotFound)
    (missing,) = record(inspected, row(key="r-3", type_code=INSPECTED, number="没有"))
    assert missing.field_path == "/number"


def test_a_number_of_several_certificates_names_none(inspected, monkeypatch):
    found = [inspected.certificate(issue(inspected, number)) for number in ("1", "2")]
    monkeypatch.setattr("storage.reading.search", lambda *_: found)
    (answer,) = record(inspected, row(type_code=INSPECTED, number="1"))
    assert [item.code for item in answer.problems] == ["several-found"]


def test_departments_see_their_own(inspected):
    identifier = issue(inspected)
    (hidden,) = record(inspected, row(identifier), caller=STRANGER)
    assert isinstance(hidden, CertificateNotFound)
    with pytest.raises(ScopeMissing):
        record(inspected, row(identifier), caller=replace(CALLER, scopes=frozenset()))
    assert record(inspected) == []


def test_who_may_read_but_not_change_is_refused(inspected, monkeypatch):
    identifier = issue(inspected)
    monkeypatch.setattr(
        "certlib.access.Access.may", lambda _self, act, _content: act.value == "read"
    )
    (answer,) = record(inspected, row(identifier))
    assert isinstance(answer, OutsideDepartment)


def test_a_store_that_refuses_one_row_keeps_the_others(inspected, monkeypatch):
    first, second = issue(inspected, "1"), issue(inspected, "2")
    real = type(inspected.registry.begin().__enter__()).save

    def failing(self, certificate, expected_version):
        if certificate.identifier == second:
            raise StaleVersion
        real(self, certificate, expected_version)

    monkeypatch.setattr("storage.unit_of_work.SqlUnitOfWork.save", failing)
    outcomes = record(inspected, row(first), row(second, "r-2"))
    assert outcomes[0]["row_version"] == 2
    assert isinstance(outcomes[1], Conflict)
    assert inspected.certificate(second).results == ()


def test_a_store_that_is_down_says_so_for_each_row(inspected, monkeypatch):
    identifier = issue(inspected)

    def down():
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(inspected.registry, "begin", down)
    outcomes = record(inspected, row(identifier), row(identifier, "r-2"))
    assert [type(item) for item in outcomes] == [StoreUnavailable, StoreUnavailable]


def test_a_store_that_fails_while_reading_spoils_no_other_row(inspected, monkeypatch):
    identifier = issue(inspected)

    def down(*_arguments):
        raise StoreUnavailable(what="database")

    monkeypatch.setattr("storage.reading.SqlReadSession.idempotency", down)
    (answer,) = record(inspected, row(identifier))
    assert isinstance(answer, StoreUnavailable)


def test_a_key_that_was_claimed_in_between_gets_that_answer(inspected, monkeypatch):
    identifier = issue(inspected)
    (first,) = record(inspected, row(identifier))
    monkeypatch.setattr("storage.reading.SqlReadSession.idempotency", lambda *_: None)
    assert record(inspected, row(identifier)) == [first]
    assert len(inspected.certificate(identifier).results) == 1


# --- lists ---------------------------------------------------------------------------------------


def test_the_list_of_the_overdue(inspected):
    late, soon = issue(inspected, "1"), issue(inspected, "2", issue_date=date(2025, 11, 1))
    fresh = issue(inspected, "3", issue_date=date(2026, 11, 20))
    done = issue(inspected, "4")
    record(inspected, row(done))
    ask = DueAsk(INSPECTED, "check")
    page = inspected.due_lists.overdue(CALLER, ask)
    assert [item.certificate.identifier for item in page.lines] == [late]
    assert page.lines[0].standing.problem is DutyProblem.OVERDUE
    assert (page.duty.code, page.after) == ("check", "")
    coming = inspected.due_lists.overdue(CALLER, replace(ask, within_days=60))
    assert {item.certificate.identifier for item in coming.lines} == {late, soon}
    year = inspected.due_lists.overdue(CALLER, replace(ask, within_days=366))
    assert fresh not in {item.certificate.identifier for item in year.lines}
    assert inspected.due_lists.overdue(STRANGER, ask).lines == []


def test_the_list_goes_page_by_page(inspected):
    every = sorted(issue(inspected, str(number)) for number in range(3))
    ask, seen = DueAsk(INSPECTED, "check", limit=2), []
    while True:
        page = inspected.due_lists.overdue(CALLER, ask)
        seen += [item.certificate.identifier for item in page.lines]
        if not page.after:
            break
        ask = replace(ask, after=page.after)
    assert seen == every


def test_each_version_of_a_type_has_its_own_rule(inspected):
    strict = [{**DUTIES[0], "months": 6}]
    put_inspected(inspected.registry, version="2026.2", duties=strict)
    put_inspected(inspected.registry, version="2026.3", duties=[])
    old = issue(inspected, "1", issue_date=date(2026, 3, 1), type_version="2026.1")
    new = issue(inspected, "2", issue_date=date(2026, 3, 1), type_version="2026.2")
    free = issue(inspected, "3", issue_date=date(2025, 1, 1), type_version="2026.3")
    page = inspected.due_lists.overdue(CALLER, DueAsk(INSPECTED, "check"))
    assert [item.certificate.identifier for item in page.lines] == [new]
    assert old != free


def test_what_cannot_be_listed(inspected):
    with pytest.raises(TypeUnknown):
        inspected.due_lists.overdue(CALLER, DueAsk("9" * 21, "check"))
    for type_code in (INSPECTED, TYPE):
        with pytest.raises(Invalid) as caught:
            inspected.due_lists.overdue(CALLER, DueAsk(type_code, "dance"))
        assert caught.value.problems[0].field == "query:duty_code"
    reader = replace(CALLER, scopes=frozenset())
    for ask in (
        lambda: inspected.due_lists.overdue(reader, DueAsk(INSPECTED, "check")),
        lambda: inspected.due_lists.late_deliveries(reader, LateAsk()),
    ):
        with pytest.raises(ScopeMissing):
            ask()


def test_late_and_missing_deliveries(house):
    made = {}
    for name, decided in (("late", 2), ("missing", 5), ("in time", 5), ("running", 20)):
        wish = request(name, number=name, decision_date=date(2026, 11, decided))
        made[name] = house.issue.issue_one(CALLER, wish).identifier
    made["ended"] = house.issue.issue_one(
        CALLER, request("ended", number="ended", decision_date=date(2026, 11, 1))
    ).identifier
    house.change.change(CALLER, _revocation(made["ended"]))
    for name, day in (("late", 21), ("in time", 19)):
        handover = Handover(date(2026, 11, max(day, 20)), Channel.POST)
        if name == "in time":
            handover = Handover(date(2026, 11, 19), Channel.POST)
        house.amend.deliver(CALLER, Amendment(made[name], f"d-{name}"), handover)
    page = house.due_lists.late_deliveries(CALLER, LateAsk())
    assert {item.delivery.identifier for item in page.lines} == {made["late"], made["missing"]}
    by = {item.delivery.identifier: item.deliver_by for item in page.lines}
    assert by[made["late"]] == date(2026, 11, 16)
    missing = house.due_lists.late_deliveries(CALLER, LateAsk(undelivered=True))
    assert [item.delivery.identifier for item in missing.lines] == [made["missing"]]
    first = house.due_lists.late_deliveries(CALLER, LateAsk(limit=1))
    rest = house.due_lists.late_deliveries(CALLER, LateAsk(limit=1, after=first.after))
    assert [first.after != "", rest.after] == [True, ""]
    assert house.due_lists.late_deliveries(CALLER, LateAsk(type_code="x")).lines == []
    assert house.due_lists.late_deliveries(STRANGER, LateAsk()).lines == []


def _revocation(identifier):
    from certlib.certificate import Decision
    from certlib.states import Action
    from certlib.usecases.change_state import ChangeRequest

    decision = Decision(Action.REVOKE, "penalty", DONE, "法", "号", "机关")
    return ChangeRequest(identifier, decision, f"x-{identifier}")
