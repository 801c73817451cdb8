"""Since when duties run: kept with the row once, told by every look-up, counted by the due list."""

from dataclasses import replace
from datetime import date

from certlib.certificate import Certificate
from certlib.departments import Holding
from certlib.duties import DutyClock, DutyResult
from certlib.registry import OverdueQuery, OverdueRule
from certlib.states import State
from tests.contract.conftest import Store
from tests.fakes import records

NAME = records.identifier(1)
DUTY = "annual-inspection"
SINCE = date(2025, 1, 31)
CLOCKS = (DutyClock(DUTY, SINCE), DutyClock("report", date(2027, 5, 6)))
RULE = OverdueRule("2026.1", date(2027, 3, 1), date(2026, 2, 28))
QUERY = OverdueQuery((Holding(records.ISSUER),), records.TYPE, DUTY, (RULE,), date(2027, 4, 1), 10)


def _published(store: Store, number: int, clocks: tuple[DutyClock, ...]) -> Certificate:
    intent = records.intent(number)
    store.reserve(intent)
    made = records.publication(intent, duties_since=clocks)
    with store.registry.begin() as unit:
        unit.publish([made])
        unit.commit()
    return made.certificate


def _read(store: Store, name: str = NAME) -> Certificate:
    with store.registry.read() as session:
        found = session.certificate(name)
    assert found is not None
    return found


def _overdue(store: Store, **changes: object) -> list[str]:
    with store.registry.read() as session:
        found = session.overdue(replace(QUERY, **changes))
    return [item.identifier for item in found]


def test_clocks_come_back_in_every_look_up(store: Store) -> None:
    made = _published(store, 1, CLOCKS)
    store.publish(records.intent(2))
    other = records.identifier(2)
    assert _read(store) == made
    assert _read(store, other).duties_since == ()
    with store.registry.read() as session:
        many = session.statuses([NAME, other])
        for name, clocks in ((NAME, CLOCKS), (other, ())):
            row = store.reader.status(name)
            assert row is not None
            assert row.duties_since == clocks
            assert row.issue_date == date(2026, 3, 2)
            assert session.status(name) == many[name] == row


def test_whatever_happens_later_leaves_them_as_they_are(store: Store) -> None:
    made = _published(store, 1, CLOCKS)
    with store.registry.begin() as unit:
        changed = replace(made, row_version=2, results=(records.result(),), duties_since=())
        unit.save(replace(changed, state=State.SUSPENDED), 1)
        unit.commit()
    assert _read(store).duties_since == CLOCKS
    row = store.reader.status(NAME)
    assert row is not None
    assert (row.duties_since, row.state) == (CLOCKS, State.SUSPENDED)


def test_the_overdue_by_the_day_on_which_their_duty_began(store: Store) -> None:
    """Three were issued in March 2026, which is in time; the first two go on from earlier days."""
    _published(store, 1, CLOCKS)
    _published(store, 2, (DutyClock(DUTY, RULE.begun_until),))
    _published(store, 3, (DutyClock("report", SINCE),))
    names = [records.identifier(place) for place in (1, 2, 3)]
    assert _overdue(store) == names[:2]
    assert _overdue(store, duty_code="report") == names[2:]
    assert _overdue(store, duty_code="other") == []
    assert _overdue(store, after=names[0]) == names[1:2]
    earlier = replace(RULE, begun_until=date(2026, 2, 27))
    assert _overdue(store, rules=(earlier,)) == names[:1]


def test_a_later_clock_counts_too(store: Store) -> None:
    """A correction under a type version that brought the duty: it began after the day of issue."""
    _published(store, 1, (DutyClock(DUTY, date(2026, 11, 22)),))
    store.publish(records.intent(2))
    rule = replace(RULE, begun_until=date(2026, 3, 2))
    assert _overdue(store, rules=(rule,)) == [records.identifier(2)]


def test_results_outweigh_the_clock(store: Store) -> None:
    made = _published(store, 1, CLOCKS)
    failed = records.result(result=DutyResult.FAILED, next_due=None)
    with store.registry.begin() as unit:
        unit.save(replace(made, row_version=2, results=(failed,)), 1)
        unit.commit()
    assert _overdue(store) == [NAME]
    with store.registry.begin() as unit:
        passed = records.result(2, done_on=date(2026, 3, 3), next_due=date(2027, 3, 3))
        unit.save(replace(made, row_version=3, results=(failed, passed)), 2)
        unit.commit()
    assert _overdue(store) == []
