"""A duty that nobody has reported on yet: no new page gives more time for it."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from api import public as status_page
from certlib.catalogue import type_version_from
from certlib.duties import DutyClock, DutyResult
from certlib.errors import Conflict, Invalid
from certlib.states import Action, State
from certlib.usecases.due_lists import DueAsk
from certlib.usecases.order import Ending
from certlib.usecases.record_results import ResultRow
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, definition, request
from tests.unit.usecases.inspected import DUTIES, INSPECTED, put_inspected
from tests.unit.usecases.versions import TODAY, decide, first, public, revised, verdict

LATE = date(2025, 10, 20)
"""Issued then, the yearly check is overdue for three days, its grace of thirty days and all."""
SOON = date(2025, 10, 29)
"""Issued then, it will be overdue in a week."""
LATE_FROM = date(2026, 11, 29)
CHECK = DUTIES[0]
LOWERED = Ending(legal_basis="法", document_number="号", authority="机关")


@pytest.fixture
def inspected(house):
    put_inspected(house.registry)
    return house


def issue(house, day=LATE, key="first", **changes):
    more = {"issue_date": day, "valid_from": day, "fields": request().order.fields, **changes}
    return first(house, key, type_code=INSPECTED, **more)


def put_version(house, version, *duties):
    """From now on certificates are issued under this version of the type."""
    changes = {"version": version, "term_years": None, "published_from": TODAY.isoformat()}
    data = definition(INSPECTED, duties=list(duties), **changes)
    with house.registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.commit()


def due(house, identifier, duty="check"):
    """The deadline by the record, and by the row of the public look-up."""
    certificate, row = house.certificate(identifier), public(house, identifier)
    with house.registry.read() as session:
        version = session.type_version(INSPECTED, certificate.content.type_version)
    (asked,) = (item for item in version.duties if item.code == duty)
    (told,) = certificate.standings([asked], TODAY)
    (shown,) = status_page._record(row).standings([asked], TODAY)
    assert shown.due == told.due
    return told.due


def listed(house, within_days=0, duty="check"):
    ask = DueAsk(INSPECTED, duty, within_days)
    return [line.certificate.identifier for line in house.due_lists.overdue(CALLER, ask).lines]


def shown(house, identifier):
    """What anybody is told."""
    row, now = public(house, identifier), house.clock.now()
    with house.registry.read() as session:
        version = session.type_version(INSPECTED, row.type_version)
    return status_page.judged(row, version, now).code


def every_code(house, identifier, **asked):
    """Of the verdict by identifier and by file, and of the public look-up: one answer."""
    pdf = house.objects.get(house.certificate(identifier).files[0].object_name)
    by_file = house.verify.by_file(pdf, Question(**asked)).report.code
    assert by_file == verdict(house, identifier, **asked)
    assert asked or by_file == shown(house, identifier)
    return by_file


@pytest.mark.parametrize("reason", ["change", "replacement", "lowered", "correction"])
def test_nobody_escapes_an_inspection_by_a_new_page(inspected, reason):
    old = issue(inspected)
    assert every_code(inspected, old) == "inspection-overdue"
    new = revised(inspected, old, reason, ending=LOWERED if reason == "lowered" else None)
    assert inspected.certificate(new).row_version == 1
    assert every_code(inspected, new) == "inspection-overdue"
    assert due(inspected, new) == date(2026, 10, 20)
    assert (listed(inspected), listed(inspected, duty="report")) == ([new], [new])


def test_it_becomes_overdue_on_the_day_on_which_it_would_have(inspected):
    old = issue(inspected, SOON)
    new = revised(inspected, old)
    assert (every_code(inspected, new), listed(inspected)) == ("valid", [])
    assert listed(inspected, within_days=7) == [new]
    inspected.clock.pass_time(days=10)
    assert (every_code(inspected, new), listed(inspected)) == ("inspection-overdue", [new])
    assert every_code(inspected, new, on=LATE_FROM) == "inspection-overdue"
    assert every_code(inspected, new, on=LATE_FROM - timedelta(days=1)) == "valid"


def test_a_chain_of_changes_keeps_the_first_day(inspected):
    version = issue(inspected, SOON)
    for days, reason in enumerate(("change", "correction", "replacement", "change"), 1):
        inspected.clock.pass_time(days=1)
        version = revised(inspected, version, reason, key=f"r-{days}")
    clocks = (DutyClock("check", SOON), DutyClock("report", SOON))
    assert inspected.certificate(version).duties_since == clocks
    assert due(inspected, version) == date(2026, 10, 29)
    inspected.clock.pass_time(days=4)
    assert every_code(inspected, version) == "inspection-overdue"


def test_a_renewal_begins_anew_and_what_follows_goes_on_from_it(inspected):
    old = issue(inspected)
    renewed = revised(inspected, old, "renewal", valid_from=TODAY, valid_to=date(2030, 1, 1))
    assert (every_code(inspected, renewed), listed(inspected)) == ("valid", [])
    assert inspected.certificate(renewed).duties_since == ()
    inspected.clock.pass_time(days=30)
    changed = revised(inspected, renewed, key="later")
    assert due(inspected, changed) == date(2027, 11, 22)


def test_a_version_that_stands_again_has_its_own_clock(inspected):
    old = issue(inspected, SOON)
    new = revised(inspected, old)
    decide(inspected, new, Action.VOID, "issuing-error")
    after = inspected.certificate(old)
    assert (after.state, after.duties_since) == (State.ISSUED, ())
    assert due(inspected, old) == date(2026, 10, 29)
    again = revised(inspected, old, key="again")
    assert due(inspected, again) == date(2026, 10, 29)
    decide(inspected, again, Action.VOID, "issuing-error")
    inspected.clock.pass_time(days=7)
    assert every_code(inspected, old) == "inspection-overdue"
    assert listed(inspected) == [old]


def test_a_changed_version_that_stands_again_too(inspected):
    changed = revised(inspected, issue(inspected, SOON))
    renewed = revised(
        inspected, changed, "renewal", "n", valid_from=TODAY, valid_to=date(2030, 1, 1)
    )
    assert due(inspected, renewed) == date(2027, 11, 22)
    decide(inspected, renewed, Action.VOID, "issuing-error")
    assert due(inspected, changed) == date(2026, 10, 29)


def test_a_result_moves_the_deadline_as_ever(inspected):
    """Also of an inspection that was made right before the change, and reported after it."""
    new = revised(inspected, issue(inspected))
    row = ResultRow("r", "check", DutyResult.PASSED, date(2026, 11, 20), new)
    (answer,) = inspected.results.record(CALLER, [row])
    assert (answer["next_due"], answer["overdue"]) == ("2027-11-20", False)
    assert (every_code(inspected, new), listed(inspected)) == ("valid", [])
    early = replace(row, key="early", done_on=LATE - timedelta(days=1))
    (refused,) = inspected.results.record(CALLER, [early])
    assert isinstance(refused, Invalid)
    failed = replace(row, key="f", duty_code="report", result=DutyResult.FAILED)
    (answer,) = inspected.results.record(CALLER, [failed])
    assert answer["next_due"] == "2026-10-20"


def test_a_duty_that_a_new_version_of_the_type_brings_begins_with_the_change(inspected):
    """Nobody had it before: nobody is late in it. What one had already goes on."""
    old = issue(inspected, SOON)
    put_version(inspected, "2026.2", CHECK, CHECK | {"code": "audit"})
    new = revised(inspected, old)
    assert inspected.certificate(new).duties_since == (DutyClock("check", SOON),)
    assert (due(inspected, new), due(inspected, new, "audit")) == (
        date(2026, 10, 29),
        date(2027, 11, 22),
    )
    inspected.clock.pass_time(days=20)
    last = revised(inspected, new, key="last")
    assert due(inspected, last, "audit") == date(2027, 11, 22)
    assert (listed(inspected), listed(inspected, duty="audit")) == ([last], [])


def test_nor_does_a_correction_date_it_back(inspected):
    """It bears the old day of issue: the duty begins when the correction comes on record."""
    old = issue(inspected, date(2024, 2, 2))
    put_version(inspected, "2026.2", CHECK | {"code": "audit"})
    new = revised(inspected, old, "correction")
    assert inspected.certificate(new).content.issue_date == date(2024, 2, 2)
    assert (due(inspected, new, "audit"), every_code(inspected, new)) == (
        date(2027, 11, 22),
        "valid",
    )
    inspected.clock.pass_time(days=20)
    last = revised(inspected, new, "correction", key="last")
    assert due(inspected, last, "audit") == date(2027, 11, 22)


def test_types_without_duties_have_no_clocks(house):
    assert house.certificate(revised(house, first(house))).duties_since == ()


def test_without_the_version_before_nothing_is_published(inspected):
    """The row of the version before is asked for its clocks: no guess where it cannot be read."""
    from certlib.registry import Publication
    from certlib.usecases.take_over import with_clocks

    new = revised(inspected, issue(inspected))
    with inspected.registry.read() as session:
        certificate, intent = session.certificate(new), session.intent(new)
        lost = replace(certificate, supersedes="1.2.156.3005.2.nothing")
        with pytest.raises(Conflict):
            with_clocks(session, Publication(lost, intent))
